"""The arguments that all scores share, turned into tables and cluster sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from amiable._array.blocks import blocks
from amiable._array.counting import count_inside, count_keys
from amiable._array.namespace import Array, common_namespace, device_of, on_cpu
from amiable.codes import encode
from amiable.contingency import ContingencyTable, table_of_codes, table_of_promised_codes
from amiable.counts import check_counts
from amiable.labels import (
    check_codes,
    check_labelings,
    check_labels,
    check_n_labels,
    check_one_n_labels,
    check_values_known,
)

# Elements that the counts, or the keys, of one block of a batch of labelings may have: 64 MB of int64.
_BATCH = 1 << 23


def as_tables(
    labels_true: Any, labels_pred: Any, contingency: Any | None, n_labels: tuple[int, int] | None
) -> tuple[tuple[int, ...], Iterator[ContingencyTable]]:
    """Return the batch shape asked for, and its tables: one table of the whole batch, or blocks of it in order."""
    if contingency is not None:
        check_alone(labels_true=labels_true, labels_pred=labels_pred, n_labels=n_labels)
        given = isinstance(contingency, ContingencyTable)
        table = contingency if given else ContingencyTable.from_counts(contingency)
        return table.shape[:-2], iter([table])
    xp, true, pred = check_labelings(labels_true, labels_pred)
    lead = np.broadcast_shapes(tuple(true.shape[:-1]), tuple(pred.shape[:-1]))
    _check_column("labels_true", true)
    _check_column("labels_pred", pred)
    if n_labels is None:
        check_values_known("labels_true", true)
        check_values_known("labels_pred", pred)
        return lead, _tables_of_blocks(xp, [encode(xp, true), encode(xp, pred)], lead)
    if not (on_cpu(true) and on_cpu(pred)):  # one program of static shapes
        return lead, iter([table_of_promised_codes(xp, true, pred, check_n_labels(n_labels))])
    sides = zip(("labels_true", "labels_pred"), (true, pred), check_n_labels(n_labels), strict=True)
    return lead, _tables_of_blocks(xp, [(check_codes(xp, name, x, k), k) for name, x, k in sides], lead)


def _tables_of_blocks(
    xp: ModuleType, sides: list[tuple[Array, Array | int]], lead: tuple[int, ...]
) -> Iterator[ContingencyTable]:
    """Count a batch in blocks, so that neither its keys nor its counts outgrow the budget.

    `sides` are the codes of each labeling, with their labels or number of labels.
    """
    n_samples, n_tables = sides[0][0].shape[-1], math.prod(lead)
    n_cells = math.prod(labels if isinstance(labels, int) else labels.shape[0] for _, labels in sides)
    step = _BATCH // max(n_cells, n_samples, 1)
    if n_tables <= max(step, 1):
        yield table_of_codes(xp, sides[0][0], sides[1][0], sides[0][1], sides[1][1])
        return
    # tables of many cells list those that any table of the block occupies: at most step * n_samples
    sparse = n_cells > n_samples
    step = max(1, math.isqrt(_BATCH // n_samples) if sparse else step)
    flat = [xp.reshape(codes, (-1, n_samples)) for codes, _ in sides]
    which = [
        np.broadcast_to(np.arange(math.prod(codes.shape[:-1])).reshape(codes.shape[:-1]), lead).flatten()
        for codes, _ in sides
    ]
    for block in blocks(n_tables, step):
        at = [xp.asarray(rows[block], device=device_of(flat[0])) for rows in which]
        codes = [xp.take(x, rows, axis=0) for x, rows in zip(flat, at, strict=True)]
        known = [encode(xp, x) if sparse else (x, labels) for x, (_, labels) in zip(codes, sides, strict=True)]
        yield table_of_codes(xp, known[0][0], known[1][0], known[0][1], known[1][1])


def as_table(
    labels_true: Any, labels_pred: Any, contingency: Any | None, n_labels: tuple[int, int] | None
) -> ContingencyTable:
    """Return one table of all that was given, a whole batch included."""
    if contingency is None:
        return ContingencyTable.from_labels(labels_true, labels_pred, n_labels=n_labels)
    _, tables = as_tables(labels_true, labels_pred, contingency, n_labels)
    return next(tables)


def _check_column(name: str, x: Array) -> None:
    """Raise ValueError for a column (n, 1) of labels, which would be n labelings of one sample."""
    if x.shape[-1] == 1 and math.prod(x.shape) > 1:
        raise ValueError(
            f"{name} must be 1D: shape is {tuple(x.shape)}, a batch of labelings of one sample each; "
            "expected (n_samples,), or (..., n_samples) with more than one sample"
        )


def check_alone(**others: Any) -> None:
    """Raise ValueError if anything is given together with a contingency."""
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"{name} was given together with contingency: expected one or the other")


def cluster_sizes(labels: Any, contingency: Any | None, n_labels: int | None) -> tuple[ModuleType, Array]:
    """Return the namespace and the cluster sizes (..., K) of one labeling, or those given in its place."""
    if contingency is not None:
        check_alone(labels=labels, n_labels=n_labels)
        if isinstance(contingency, ContingencyTable):
            raise TypeError("contingency is a table of two labelings: expected cluster sizes, its row_sums or col_sums")
        sizes = check_counts("contingency", contingency, axis=-1)
        return common_namespace(contingency=sizes), sizes
    x = check_labels("labels", labels)
    xp = common_namespace(labels=x)
    _check_column("labels", x)
    if n_labels is None:
        check_values_known("labels", x)
        codes, values = encode(xp, x)
        return xp, count_keys(xp, codes, values.shape[0])
    n_bins = check_one_n_labels(n_labels)
    codes = check_codes(xp, "labels", x, n_bins)
    if on_cpu(x):
        return xp, count_keys(xp, codes, n_bins)
    return xp, count_inside(xp, codes, (codes >= 0) & (codes < n_bins), n_bins)
