"""Lists of cells: tensors (M, 3) of the label of a row, the label of a column, and a count; pairs may repeat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from amiable._array.dtypes import to_count
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array
from amiable._array.transfers import host_views
from amiable.contingency import Cells, cells_of_labels, cells_of_pairs

_SHORT = 1 << 12  # cells, up to which a list is kept as it came


def list_of_labels(target: Tensor, preds: Tensor) -> Tensor:
    """Return the cells of int64 labels (N,): one a sample, or of a longer batch one a pair of labels."""
    if len(target) <= _SHORT:
        return torch.stack([target, preds, torch.ones_like(target)], dim=1)
    xp, (true, pred), back = host_views(namespace_of(target), target, preds)
    return back(_occupied(cells_of_labels(xp, true, pred)))


def table_of_lists(lists: Sequence[Tensor], device: torch.device) -> Cells:
    """Return the table of several lists."""
    cells = torch.cat([x.to(device) for x in (torch.zeros((0, 3), dtype=torch.int64), *lists)])
    return cells_of_pairs(namespace_of(cells), *cells.unbind(1))


def merged(lists: Sequence[Tensor], device: torch.device) -> Tensor:
    """Return several lists as one, in which each pair of labels stands once."""
    return _occupied(table_of_lists(lists, device))


def compacted(lists: Iterable[Tensor]) -> list[Tensor]:
    """Join lists of similar lengths, so that each is at most half as long as the one before.

    A list longer than 4096 cells then has each pair of labels once, and all lists together have at most 8192 cells, or
    twice as many as there are pairs. A cell takes part in a number of joins that grows like a logarithm.
    """
    kept: list[Tensor] = []
    for cells in sorted(filter(len, lists), key=len, reverse=True):
        kept.append(cells)
        while len(kept) > 1 and 2 * len(kept[-1]) > len(kept[-2]):
            one, two = kept[-2:]
            short = len(one) + len(two) <= _SHORT
            kept[-2:] = [torch.cat([one, two.to(one.device)]) if short else merged([one, two], one.device)]
    return kept


def _occupied(table: Cells) -> Array:
    """Return the occupied cells of one table."""
    xp = table.xp
    labels = (xp.take(x, at) for x, at in ((table.row_labels, table.rows), (table.col_labels, table.cols)))
    cells = xp.stack([*(to_count(xp, x) for x in labels), table.counts], axis=1)
    return cells[table.counts > 0] if table.is_grid else cells
