"""From labels as people have them, and the weights of their samples, to tables of weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amiable._array.dtypes import to_count
from amiable._array.libraries import is_dask
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_array
from amiable.contingency.cells import Cells
from amiable.contingency.policies import check_groups, check_labelings_and_missing, labels_or_codes, named, number_of
from amiable.contingency.subtables import IGNORING, ignored_samples, kept_labels, with_singletons, without_labels
from amiable.contingency.weights import cells_of_moments, moments_of, without
from amiable.inputs.labels import samples_last
from amiable.inputs.missing import Policies, either
from amiable.inputs.weights import check_sample_weight


def weighed_labels(
    labels_true: Any,
    labels_pred: Any,
    sample_weight: Any,
    n_labels: tuple[int, int] | None,
    groups: Any | None,
    policies: Policies,
    axis: int | None = -1,
) -> Cells:
    """Add up the weights of samples; the arguments are those of `ContingencyTable.from_labels`."""
    if any(map(is_dask, (labels_true, labels_pred, sample_weight))):
        raise TypeError("sample_weight takes arrays in memory: expected tables of parts of Dask arrays, which add up")
    sides = labels_or_codes(labels_true, labels_pred, n_labels, drops=policies.drops)
    names: list[Any] = [side.names for side in sides]
    xp, true, pred, lacking = check_labelings_and_missing(sides, drops=policies.drops, axis=axis)
    if axis != -1:
        whole = as_array("sample_weight", sample_weight, differentiable=True)
        (sample_weight,) = samples_last(axis, sample_weight=whole)
    at = None
    if groups is not None:
        at, no_group, called = check_groups(labels_true, true, pred, groups, n_labels, axis, drops=policies.drops)
        names.append(called)
        lacking = either(lacking, no_group)
    weights = check_sample_weight(sample_weight, true, pred, lacking)
    if n_labels is not None:
        return _of_codes(xp, true, pred, weights, lacking, n_labels, policies.ignored)
    n_missing: Any = 0
    if lacking is not None:
        n_missing = number_of(xp, lacking)
        if lacking.ndim == 1:
            true, pred, weights = (x[..., ~lacking] for x in (true, pred, weights))
            at = None if at is None else at[~lacking]
        else:  # a batch lacks samples of each its own
            weights = xp.where(lacking, 0.0, weights)
    found = cells_of_moments(xp, true, pred, moments_of(xp, weights), groups=at)
    return left_out(replace(named(found, *names), n_missing=n_missing), *policies.ignored)


def left_out(cells: Cells, true: Any, pred: Any, names: tuple[str, str] = IGNORING) -> Cells:
    """Leave out the samples that one of some labels holds: of counts, or of weights."""
    if not cells.is_weighted:
        return without_labels(cells, true, pred, names)
    if true is None and pred is None:
        return cells
    return without(cells, lambda table: kept_labels(table, true, pred, names))


def fallen_apart(cells: Cells, true: Any, pred: Any) -> Cells:
    """Make each sample of some labels a cluster of its own, which of a table of weights cannot be done."""
    if cells.is_weighted:
        raise TypeError("a table of weights does not know what each sample weighs: expected counts for singletons")
    return with_singletons(cells, true, pred)


def _of_codes(
    xp: Namespace,
    true: Array,
    pred: Array,
    weights: Array,
    lacking: Array | None,
    n_labels: tuple[int, int],
    ignored: tuple[Any, Any],
) -> Cells:
    """Add up the weights of promised codes; those that are ignored may be so for being outside of the promise."""
    n_missing: Any = 0 if lacking is None else number_of(xp, lacking)
    marked = either(lacking, ignored_samples(ignored, true, pred))
    if marked is None:
        return cells_of_moments(xp, true, pred, moments_of(xp, weights), n_labels)
    true, pred = (xp.where(marked, 0, to_count(xp, x)) for x in (true, pred))
    found = cells_of_moments(xp, true, pred, moments_of(xp, xp.where(marked, 0.0, weights)), n_labels)
    return replace(found, n_missing=n_missing, n_ignored=number_of(xp, marked) - n_missing)
