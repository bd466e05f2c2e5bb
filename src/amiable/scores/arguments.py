"""The arguments that all scores share, turned into tables and cluster sizes."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from amiable._array.counting import count_inside, count_keys
from amiable._array.namespace import Array, as_array, common_namespace
from amiable.contingency import ContingencyTable
from amiable.counts import check_counts
from amiable.labels import check_codes, check_labels, check_n_labels, check_values_known, encode


def as_table(
    labels_true: Any, labels_pred: Any, contingency: Any | None, n_labels: tuple[int, int] | None
) -> ContingencyTable:
    """Return the table that a score is asked for: of labels, or the contingency given in their place."""
    if contingency is None:
        table = ContingencyTable.from_labels(labels_true, labels_pred, n_labels=n_labels)
        if table.counts.ndim > 1:
            _check_columns(labels_true=labels_true, labels_pred=labels_pred)
        return table
    _check_alone(labels_true=labels_true, labels_pred=labels_pred, n_labels=n_labels)
    return contingency if isinstance(contingency, ContingencyTable) else ContingencyTable.from_counts(contingency)


def _check_alone(**others: Any) -> None:
    """Raise ValueError if anything is given together with a contingency."""
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"{name} was given together with contingency: expected one or the other")


def cluster_sizes(labels: Any, contingency: Any | None, n_labels: int | None) -> tuple[ModuleType, Array]:
    """Return the namespace and the cluster sizes (..., K) of one labeling, or those given in its place."""
    if contingency is not None:
        _check_alone(labels=labels, n_labels=n_labels)
        if isinstance(contingency, ContingencyTable):
            raise TypeError("contingency is a table of two labelings: expected cluster sizes, its row_sums or col_sums")
        sizes = check_counts("contingency", contingency, axis=-1)
        return common_namespace(contingency=sizes), sizes
    x = check_labels("labels", labels)
    xp = common_namespace(labels=x)
    if n_labels is None:
        check_values_known("labels", x)
        codes, values = encode(xp, "labels", x)
        return xp, count_keys(xp, codes, values.shape[0])
    n_labels, _ = check_n_labels((n_labels, 1))
    return xp, count_inside(xp, check_codes(xp, "labels", x, n_labels), n_labels)


def _check_columns(**labelings: Any) -> None:
    """Raise ValueError for a column (n, 1) of labels, which would be n labelings of one sample, each scored 1."""
    for name, labels in labelings.items():
        shape = tuple(as_array(name, labels).shape)
        if len(shape) > 1 and shape[-1] == 1:
            raise ValueError(
                f"{name} must be 1D: shape is {shape}, a batch of {math.prod(shape)} labelings of one sample each; "
                "expected (n_samples,), or (..., n_samples) with more than one sample"
            )
