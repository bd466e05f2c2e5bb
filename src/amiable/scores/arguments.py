"""The arguments that all scores share, checked and turned into tables or cluster sizes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from amiable._array.devices import common_namespace
from amiable._array.libraries import is_dask
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import host_view
from amiable.contingency import Cells, ContingencyTable, TableStream, cells_of_batch, sizes_of_labels
from amiable.inputs.codes import coded, coded_labelings
from amiable.inputs.counts import check_counts
from amiable.inputs.labels import (
    check_labelings,
    check_labels,
    check_n_labels,
    check_one_n_labels,
    check_values_known,
    samples_last,
)


def as_tables(
    labels_true: Any,
    labels_pred: Any,
    contingency: Any | None,
    n_labels: tuple[int, int] | None,
    axis: int | None = -1,
    takes_weights: bool = False,
) -> TableStream:
    """Return the batch shape asked for, and its tables: one table of the whole batch, or blocks of it in order.

    Tables of weights are refused, unless the caller takes them.
    """
    if contingency is not None:
        check_alone(axis, labels_true=labels_true, labels_pred=labels_pred, n_labels=n_labels)
        if isinstance(contingency, TableStream):
            return contingency._replace(blocks=(x if takes_weights else _of_counts(x) for x in contingency.blocks))
        table = contingency if isinstance(contingency, Cells) else _table_without_totals(contingency)
        return TableStream(table.shape[:-2], iter([table if takes_weights else _of_counts(table)]))
    _check_both(labels_true, labels_pred)
    if is_dask(labels_true) or is_dask(labels_pred):
        table = ContingencyTable.from_labels(labels_true, labels_pred, n_labels=n_labels, axis=axis)
        return TableStream((), iter([table]))
    if n_labels is None:
        labels_true, labels_pred = (side.labels for side in coded_labelings(labels_true, labels_pred))
    xp, true, pred = check_labelings(labels_true, labels_pred, axis=axis)
    promised = None if n_labels is None else check_n_labels(n_labels)
    return cells_of_batch(xp, true, pred, promised)


def as_table(
    labels_true: Any,
    labels_pred: Any,
    contingency: Any | None,
    n_labels: tuple[int, int] | None,
    axis: int | None = -1,
    takes_weights: bool = False,
) -> Cells:
    """Return one table of all that was given, a whole batch included."""
    if contingency is None:
        _check_both(labels_true, labels_pred)
        return ContingencyTable.from_labels(labels_true, labels_pred, n_labels=n_labels, axis=axis)
    return next(as_tables(labels_true, labels_pred, contingency, n_labels, axis, takes_weights).blocks)


def _of_counts(table: Cells) -> Cells:
    """Return a table of counts; raise TypeError for one of weights."""
    if table.is_weighted:
        raise TypeError(
            "contingency is a table of weights: expected counts, as what is asked for depends on numbers of samples. "
            "Under weights, permutation_test(labels_true, labels_pred, score='mi', sample_weight=...) draws what a "
            "score has by chance"
        )
    return table


def _check_both(labels_true: Any, labels_pred: Any) -> None:
    """Raise TypeError for one argument alone, which may be a table."""
    if labels_true is not None and labels_pred is None and not isinstance(labels_true, Cells):
        raise TypeError(
            "labels_pred is None: expected labels, an array of shape (n_samples,) or (..., n_samples); "
            "a table of counts is given by name, as contingency"
        )


def _table_without_totals(contingency: Any) -> ContingencyTable:
    """Take counts; raise ValueError for one table in host memory that ends in totals."""
    table = ContingencyTable.from_counts(contingency)
    views = [view for x in table.arrays if (view := host_view(x)) is not None]
    if table.counts.ndim != 1 or len(views) < len(table.arrays):
        return table
    rows, cols, counts, *sums = views
    are_sums = (_ends_in_sums(rows, cols, counts, *sums), _ends_in_sums(cols, rows, counts, *sums[::-1]))
    if all(are_sums) and min(map(np.count_nonzero, sums)) > 2:  # of two clusters, equal sizes look like totals
        raise ValueError(
            "contingency has the sums of the others in its last row and last column, as pandas.crosstab(margins=True) "
            "has: expected counts without totals; if they are clusters, give ContingencyTable.from_counts(contingency)"
        )
    return table


def _ends_in_sums(
    rows: np.ndarray, cols: np.ndarray, counts: np.ndarray, row_sums: np.ndarray, col_sums: np.ndarray
) -> bool:
    """Whether the last row of a table with samples is the sum of all others."""
    n_samples = row_sums.sum()
    if n_samples == 0 or 2 * row_sums[-1] != n_samples:
        return False
    last = rows == row_sums.size - 1
    return bool(np.all(2 * np.bincount(cols[last], counts[last], col_sums.size) == col_sums))


def check_alone(axis: int | None, /, *, beside: str = "contingency", **others: Any) -> None:
    """Raise ValueError if anything is given together with a contingency, or another argument."""
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"{name} was given together with {beside}: expected one or the other")
    if axis != -1:
        raise ValueError(f"axis is {axis!r} and contingency is given: expected labels, a table has no axis of samples")


def cluster_sizes(
    labels: Any, contingency: Any | None, n_labels: int | None, axis: int | None
) -> tuple[Namespace, Array]:
    """Return the namespace and the cluster sizes (..., K) of one labeling, or those given in its place."""
    if contingency is not None:
        check_alone(axis, labels=labels, n_labels=n_labels)
        if isinstance(contingency, Cells):
            raise TypeError("contingency is a table of two labelings: expected cluster sizes, its row_sums or col_sums")
        sizes = check_counts("contingency", contingency, axis=-1)
        return common_namespace(contingency=sizes), sizes
    if is_dask(labels):
        n_each = None if n_labels is None else (n_labels, n_labels)
        table = ContingencyTable.from_labels(labels, labels, n_labels=n_each, axis=axis)
        return table.xp, table.row_sums
    given = coded("labels", labels).labels if n_labels is None else labels
    (x,) = samples_last(axis, labels=check_labels("labels", given, axis=axis))
    xp = common_namespace(labels=x)
    return xp, sizes_of_labels(xp, x, None if n_labels is None else check_one_n_labels(n_labels))


def check_strata(
    labels_true: Any, labels_pred: Any, strata: Any, axis: int | None = -1
) -> tuple[Namespace, Array, Array, Array]:
    """Return two labelings (n,) and the strata of their samples (n,), checked."""
    sides = [*coded_labelings(labels_true, labels_pred), coded("strata", strata)]
    given = dict(zip(("labels_true", "labels_pred", "strata"), (side.labels for side in sides), strict=True))
    checked = {name: check_labels(name, labels, axis=axis) for name, labels in given.items()}
    xp, (true, pred, groups) = common_namespace(**checked), samples_last(axis, **checked)
    for name, x in (("labels_true", true), ("labels_pred", pred), ("strata", groups)):
        if x.ndim != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}, a batch of labelings: expected one, (n_samples,)")
        check_values_known(name, x)
        if x.shape != true.shape:
            raise ValueError(f"{name} has {x.shape[0]} samples and labels_true {true.shape[0]}: expected one for each")
    return xp, true, pred, groups


def check_beta(beta: Any) -> float:
    """Return `beta`, a number of at least 0."""
    return _check_number("beta", beta, math.inf, "a number >= 0")


def check_share(name: str, value: Any) -> float:
    """Return a number from 0 to 1."""
    return _check_number(name, value, 1.0, "a number from 0 to 1")


def _check_number(name: str, value: Any, most: float, expected: str) -> float:
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (is_number and 0 <= float(value) <= most and math.isfinite(value)):
        raise ValueError(f"{name} is {value!r}: expected {expected}")
    return float(value)
