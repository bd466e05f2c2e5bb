"""What is computed of many tables: a score of amiable by name, or a function of tables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any

from amiable._array.blocks import blocks
from amiable._array.namespace import Array, namespace_of
from amiable.contingency import ContingencyTable, TableStream
from amiable.nulls.draws import check_untraced
from amiable.scores.adjusted_mutual_information import adjusted_mutual_info_score
from amiable.scores.arguments import as_table
from amiable.scores.evaluate import score_of_tables
from amiable.scores.homogeneity import completeness_score, homogeneity_score, v_measure_score
from amiable.scores.mutual_information import (
    mutual_info_score,
    normalized_mutual_info_score,
    variation_of_information,
)
from amiable.scores.pairs import adjusted_rand_score, fowlkes_mallows_score, rand_score
from amiable.scores.significance import mutual_info_pvalue, standardized_mutual_info_score

SCORES: dict[str, Callable[..., Any]] = {
    score.__name__: score
    for score in (
        adjusted_mutual_info_score,
        adjusted_rand_score,
        completeness_score,
        fowlkes_mallows_score,
        homogeneity_score,
        mutual_info_pvalue,
        mutual_info_score,
        normalized_mutual_info_score,
        rand_score,
        standardized_mutual_info_score,
        v_measure_score,
        variation_of_information,
    )
}

# Statistics of equal tables differ by rounding, as their cells are summed in another order: by so many eps at most.
_ROUNDING = 100

Statistic = str | Callable[..., Any]
Back = Callable[[Array], Array]


def check_statistic(statistic: Statistic) -> Callable[..., Any]:
    """Return the function that `statistic` is or names."""
    if isinstance(statistic, str) and statistic in SCORES:
        return SCORES[statistic]
    if not callable(statistic):
        raise ValueError(
            f"statistic is {statistic!r}: expected a function of tables, or one of {', '.join(map(repr, SCORES))}"
        )
    return statistic


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
        what = "labels_true and labels_pred make" if contingency is None else "contingency is"
        raise ValueError(f"{what} a batch of tables of shape {table.shape}: expected one table")
    return table


def statistic_of_table(statistic: Callable[..., Any], table: ContingencyTable) -> Any:
    """Return the statistic of one table, as of a batch of one."""
    batch = table.with_arrays([*table.arrays[:2], *(x[None, ...] for x in table.arrays[2:])])
    return score_of_tables(statistic, batch, "statistic")[0]


def statistics_of_tables(
    statistics: Sequence[Callable[..., Any]], tables: Iterable[ContingencyTable], size: int, back: Back
) -> list[Array]:
    """Return each statistic (size,) of tables that come in blocks.

    A score of amiable, if it is the only one, takes all blocks at once, so that it computes what they share once; else
    functions are given one block after another, in the library of the original table.
    """
    if len(statistics) == 1 and is_own(statistics[0]):
        return [back(statistics[0](contingency=TableStream((size,), iter(tables))))]
    given = (table.with_arrays(map(back, table.arrays)) for table in tables)
    found = [[score_of_tables(statistic, table, "statistic") for statistic in statistics] for table in given]
    xp: ModuleType = namespace_of(found[0][0])
    return [xp.concat(parts) for parts in zip(*found, strict=True)]


def is_own(statistic: Callable[..., Any]) -> bool:
    """Whether a statistic is a score of amiable, maybe with options bound."""
    while isinstance(statistic, functools.partial):
        statistic = statistic.func
    return statistic in SCORES.values()


def rounding(xp: ModuleType, values: Array, observed: Array) -> Array:
    """Return by how much values of one statistic may differ where they are equal but for the order of their sums.

    A small part of the spread holds few values if they are many, and exceeds what rounding does.
    """
    eps, largest = float(xp.finfo(values.dtype).eps), xp.maximum(xp.max(xp.abs(values)), xp.abs(observed))
    spread = xp.maximum(xp.max(values), observed) - xp.minimum(xp.min(values), observed)
    return _ROUNDING * eps * largest + eps**0.5 * spread


def cut(table: ContingencyTable, batch: int | None) -> Iterable[ContingencyTable]:
    """Cut a block of tables (K, R, C) into such of at most `batch` tables."""
    if batch is None:
        yield table
        return
    for run in blocks(table.counts.shape[0], batch):
        rows, cols, counts, *sums = table.arrays
        yield table.with_arrays([rows, cols, counts[run, :], *(x if x.ndim == 1 else x[run, :] for x in sums)])
