"""The scores of many random tables, as they come in blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from amiable._array.blocks import blocks
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable.contingency import Cells, ContingencyTable, TableStream, table_of
from amiable.resampling.draws import check_untraced
from amiable.scores.arguments import as_table
from amiable.scores.evaluate import call_score
from amiable.scores.loops import shared_sums
from amiable.scores.registry import is_own

# Scores of equal tables differ by rounding, as their cells are summed in another order: by so many eps at most.
_ROUNDING = 100

Back = Callable[[Array], Array]


def check_count(name: str, value: Any) -> int:
    """Return a positive whole number."""
    if not hasattr(value, "__index__") or isinstance(value, bool) or int(value) < 1:
        raise ValueError(f"{name} is {value!r}: expected a whole number of at least 1")
    return int(value)


def one_table(labels_true: Any, labels_pred: Any, contingency: Any) -> ContingencyTable:
    """Return the table of one pair of labelings, or the one that is given."""
    for name, given in (("labels_true", labels_true), ("labels_pred", labels_pred), ("contingency", contingency)):
        check_untraced(name, getattr(given, "counts", given))
    table = as_table(labels_true, labels_pred, contingency, None)
    if len(table.shape) != 2:
        advice = ", which ContingencyTable.from_labels(..., axis=None) makes of label images and volumes"
        what, advice = ("labels_true and labels_pred make", advice) if contingency is None else ("contingency is", "")
        raise ValueError(f"{what} a batch of tables of shape {table.shape}: expected one table{advice}")
    return table_of(table)


def scores_of_blocks(
    scores: Sequence[Callable[..., Any]], tables: Iterable[Cells], size: int, back: Back
) -> list[Array]:
    """Return each score (size,) of tables that come in blocks.

    A score of amiable, if it is the only one, takes all blocks at once, so that it computes what they share once; else
    functions are given one block after another, in the library of the original table.
    """
    if len(scores) == 1 and is_own(scores[0]):
        return [back(scores[0](contingency=TableStream((size,), iter(tables))))]
    found = [_scores(scores, table.with_arrays(map(back, table.arrays))) for table in tables]
    xp: Namespace = namespace_of(found[0][0])
    return [xp.concat(parts) for parts in zip(*found, strict=True)]


def _scores(scores: Sequence[Callable[..., Any]], table: Cells) -> list[Array]:
    with shared_sums():
        return [call_score(score, table) for score in scores]


def rounding(xp: Namespace, values: Array, observed: Array) -> Array:
    """Return by how much two values of one score may differ through rounding alone, as sums have another order.

    A small share of the spread is added: few of many values lie within it, and rounding errors are smaller.
    """
    eps: float = float(xp.finfo(values.dtype).eps)
    largest = xp.maximum(xp.max(xp.abs(values)), xp.abs(observed))
    spread = xp.maximum(xp.max(values), observed) - xp.minimum(xp.min(values), observed)
    return _ROUNDING * eps * largest + math.sqrt(eps) * spread


def cut(table: Cells, batch: int | None) -> Iterable[Cells]:
    """Cut a block of tables (K, R, C) into such of at most `batch` tables."""
    if batch is None:
        yield table
        return
    for run in blocks(table.counts.shape[0], batch):
        rows, cols, counts, *sums = table.arrays
        yield table.with_arrays([rows, cols, counts[run, :], *(x if x.ndim == 1 else x[run, :] for x in sums)])
