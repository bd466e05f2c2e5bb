"""Lists of cells: tensors (M, 3) of the label of a row, the label of a column, and a count; pairs may repeat.

Of weights, tensors (M, 5): the count is of samples, and the bits of two float64 follow, of weight and squared weight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from amiable._array.dtypes import to_count
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array
from amiable._array.transfers import host_views
from amiable.contingency import Cells, cells_of_labels, cells_of_moments, cells_of_pairs, moments_of

COUNTED, WEIGHED = 3, 5  # columns of a list
_SHORT = 1 << 12  # cells, up to which a list is kept as it came


def list_of_labels(target: Tensor, preds: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the cells of int64 labels (N,): one a sample, or of a longer batch one a pair of labels."""
    if weights is not None:
        moments: Any = moments_of(namespace_of(weights), weights)
        bits = moments[:2].view(torch.int64)
        cells = torch.stack([target, preds, moments[2].to(torch.int64), *bits], dim=1)
        return cells if len(target) <= _SHORT else merged([cells], target.device, cells.shape[1])
    if len(target) <= _SHORT:
        return torch.stack([target, preds, torch.ones_like(target)], dim=1)
    xp, (true, pred), back = host_views(namespace_of(target), target, preds)
    return back(_occupied(cells_of_labels(xp, true, pred)))


def table_of_lists(lists: Sequence[Tensor], device: torch.device, width: int = COUNTED) -> Cells:
    """Return the table of several lists (M, width)."""
    cells = torch.cat([x.to(device) for x in (torch.zeros((0, width), dtype=torch.int64), *lists)])
    true, pred, counts, *bits = cells.unbind(1)
    if not bits:
        return cells_of_pairs(namespace_of(cells), true, pred, counts)
    moments = torch.stack([*(x.contiguous().view(torch.float64) for x in bits), counts.to(torch.float64)])
    return cells_of_moments(namespace_of(cells), true, pred, moments)


def merged(lists: Sequence[Tensor], device: torch.device, width: int = COUNTED) -> Tensor:
    """Return several lists (M, width) as one, in which each pair of labels stands once."""
    return _occupied(table_of_lists(lists, device, width))


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
            kept[-2:] = [
                torch.cat([one, two.to(one.device)]) if short else merged([one, two], one.device, one.shape[1])
            ]
    return kept


def _occupied(table: Cells) -> Array:
    """Return the occupied cells of one table."""
    xp = table.xp
    labels = (xp.take(x, at) for x, at in ((table.row_labels, table.rows), (table.col_labels, table.cols)))
    counts: Any = table.counts if table.numbers is None else to_count(xp, table.numbers)
    bits: Any = () if table.squares is None else torch.stack([table.counts, table.squares]).view(torch.int64)
    cells = xp.stack([*(to_count(xp, x) for x in labels), counts, *bits], axis=1)
    return cells[counts > 0] if table.is_grid else cells
