"""From labels as people have them to cells: what is missing or ignored is left out, groups are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from amiable._array.bins import sum_by_key
from amiable._array.devices import common_namespace
from amiable._array.dtypes import to_count
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number
from amiable.contingency.cells import Cells
from amiable.contingency.counting import cells_of_labels, cells_of_pairs
from amiable.contingency.groups import cells_of_groups
from amiable.contingency.subtables import (
    IGNORING,
    count_marked,
    ignored_samples,
    marks_of,
    without_empty,
    without_labels,
)
from amiable.inputs.codes import Coded, coded, coded_labelings, encode
from amiable.inputs.counts import check_counts
from amiable.inputs.labels import check_labelings, check_labels, check_values_known, samples_last, warn_of_order
from amiable.inputs.missing import Policies, either, labels_and_missing


def counted_labels(
    labels_true: Any,
    labels_pred: Any,
    n_labels: tuple[int, int] | None,
    groups: Any | None,
    policies: Policies,
    *,
    axis: int | None = -1,
    warns: bool = True,
) -> Cells:
    """Count two labelings; the arguments are those of `ContingencyTable.from_labels`."""
    sides = labels_or_codes(labels_true, labels_pred, n_labels, drops=policies.drops, warns=warns)
    n_missing: Any
    names: list[Any] = [side.names for side in sides]
    options: dict[str, Any] = {"axis": axis, "drops": policies.drops, "warns": warns}
    xp, true, pred, lacking = check_labelings_and_missing(sides, **options)
    if groups is not None:
        at, no_group, called = check_groups(labels_true, true, pred, groups, n_labels, axis, drops=policies.drops)
        n_missing, lacking = 0, either(lacking, no_group)
        if lacking is not None:
            n_missing, keep = number_of(xp, lacking), ~lacking
            true, pred, at = true[keep], pred[keep], at[keep]
        columns = [Coded(x, known) for x, known in zip((true, pred, at), [*names, called], strict=True)]
        return replace(counted_codes(xp, columns, None, policies), n_missing=n_missing)
    if lacking is not None and lacking.ndim == 1 and n_labels is None:
        true, pred = true[~lacking], pred[~lacking]
        found = replace(cells_of_labels(xp, true, pred), n_missing=number_of(xp, lacking))
        return without_labels(named(found, *names), *policies.ignored)
    if lacking is None and (n_labels is None or policies.ignored == (None, None)):
        return without_labels(named(cells_of_labels(xp, true, pred, n_labels), *names), *policies.ignored)
    true, pred = (x if known is None else known[x] for x, known in zip((true, pred), names, strict=True))
    # codes that are promised may be ignored for being outside of the promise; a batch lacks samples of each its own
    n_missing = 0 if lacking is None else number_of(xp, lacking)
    marked = either(lacking, ignored_samples(policies.ignored, true, pred))
    if marked is None:
        return cells_of_labels(xp, true, pred, n_labels)
    found = count_marked(xp, true, pred, marked, n_labels)
    return replace(found, n_missing=n_missing, n_ignored=number_of(xp, marked) - n_missing)


def labels_or_codes(
    labels_true: Any, labels_pred: Any, n_labels: tuple[int, int] | None, *, drops: bool, warns: bool = True
) -> list[Coded]:
    """Return two labelings, of which those of a categorical type are codes, unless codes were promised."""
    if n_labels is None:
        return coded_labelings(labels_true, labels_pred, drops=drops, warns=warns)
    warn_of_order(labels_true=labels_true, labels_pred=labels_pred)
    return [Coded(labels_true), Coded(labels_pred)]


def check_labelings_and_missing(
    sides: Sequence[Coded], *, drops: bool, axis: int | None = -1, warns: bool = True
) -> tuple[Namespace, Array, Array, Array | None]:
    """Return what `check_labelings` does and, with `drops`, which samples (..., n) lack a label; None if none does."""
    labels_true, labels_pred = (side.labels for side in sides)
    if not drops:
        return *check_labelings(labels_true, labels_pred, axis=axis, warns=warns), None
    true, no_true = labels_and_missing("labels_true", labels_true, axis=axis, warns=warns)
    pred, no_pred = labels_and_missing("labels_pred", labels_pred, axis=axis, warns=warns)
    xp, true, pred = check_labelings(true, pred, axis=axis, warns=False)
    no_true, no_pred = (None if x is None else samples_last(axis, missing=x)[0] for x in (no_true, no_pred))
    lacking = either(no_true, no_pred)
    for side in sides:
        lacking = either(lacking, side.missing)
    return xp, true, pred, lacking


def named(cells: Cells, *names: np.ndarray | None) -> Cells:
    """Call rows, columns and groups what their codes stand for, where labels were counted by codes."""
    known = {}
    for field, values in zip(("row_labels", "col_labels", "group_labels"), names, strict=False):
        codes: Any = getattr(cells, field)
        if values is not None and codes is not None:
            known[field] = values[codes]
    return replace(cells, **known) if known else cells


def number_of(xp: Namespace, marked: Array) -> Any:
    """Return how many samples are marked: a number for one labeling, else an array (...)."""
    return as_number(xp.sum(to_count(xp, marked), axis=-1))


def counted_pairs(labels_true: Any, labels_pred: Any, counts: Any, groups: Any | None, policies: Policies) -> Cells:
    """Take pairs of labels with their counts; the arguments are those of `ContingencyTable.from_cells`."""
    sides = coded_labelings(labels_true, labels_pred, drops=policies.drops)
    names = [side.names for side in sides]
    xp, true, pred, lacking = check_labelings_and_missing(sides, drops=policies.drops)
    given = {"labels_true": true, "labels_pred": pred, "counts": check_counts("counts", counts, axis=-1)}
    if groups is not None:
        given["groups"], no_group, called = _coded_groups(groups, drops=policies.drops)
        lacking = either(lacking, no_group)
        names.append(called)
    amounts = given["counts"]
    common_namespace(**given)
    if any(x.ndim != 1 or x.shape != true.shape for x in given.values()):
        shapes = ", ".join(f"{name} {tuple(x.shape)}" for name, x in given.items())
        raise ValueError(f"the shapes are those of {shapes}: expected (M,) for all")
    for name, x in given.items():
        check_values_known(name, x)
    n_missing = 0
    if lacking is not None:
        n_missing, keep = int(xp.sum(xp.where(lacking, amounts, xp.zeros_like(amounts)))), ~lacking
        given = {name: x[keep] for name, x in given.items()}
    amounts = given.pop("counts")
    columns = [Coded(x, known) for x, known in zip(given.values(), names, strict=True)]
    return replace(counted_codes(xp, columns, amounts, policies), n_missing=n_missing)


def _cells_within_groups(
    xp: Namespace, groups: Array, true: Array, pred: Array, counts: Array | None, marked: Array | None
) -> Cells:
    """Count checked labels (n,), or pairs that stand for `counts` (n,) samples, within groups, but for those marked.

    Groups of which no sample is left have a table, too.
    """
    if marked is None:
        return cells_of_groups(xp, groups, true, pred, counts)
    amounts = xp.ones_like(to_count(xp, marked)) if counts is None else counts
    nothing = xp.zeros_like(amounts)
    found = cells_of_groups(xp, groups, true, pred, xp.where(marked, nothing, amounts))
    at, names = encode(xp, groups)
    n_ignored = sum_by_key(xp, at, xp.where(marked, amounts, nothing), names.shape[0])
    return replace(without_empty(found), n_ignored=n_ignored)


def check_groups(
    labels_true: Any,
    true: Array,
    pred: Array,
    groups: Any,
    n_labels: tuple[int, int] | None,
    axis: int | None,
    *,
    drops: bool,
) -> tuple[Array, Array | None, np.ndarray | None]:
    """Return the groups (n,) of samples, or codes of categories, which samples lack one, and what codes are called."""
    if n_labels is not None:
        raise ValueError("n_labels was given together with groups: expected one or the other")
    at, lacking, names = _coded_groups(groups, drops=drops, axis=axis)
    shape = tuple(labels_true.shape if hasattr(labels_true, "shape") else np.asarray(labels_true, dtype=object).shape)
    if axis is None and at.shape != shape:
        raise ValueError(
            f"labels_true has shape {shape} and groups {tuple(at.shape)}: with axis=None, expected one shape"
        )
    (at,) = samples_last(axis, groups=at)
    lacking = None if lacking is None else samples_last(axis, missing=lacking)[0]
    common_namespace(labels_true=true, groups=at)
    for name, x in (("labels_true", true), ("labels_pred", pred), ("groups", at)):
        if x.ndim != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}: expected (n_samples,) beside groups")
        check_values_known(name, x)
    if at.shape != true.shape:
        raise ValueError(f"groups has {at.shape[0]} samples and labels_true {true.shape[0]}: expected a group for each")
    return at, lacking, names


def counted_codes(xp: Namespace, columns: Sequence[Coded], counts: Array | None, policies: Policies) -> Cells:
    """Count two columns of checked labels (n,), within groups if there is a third; `counts` (n,) are of samples."""
    names = [column.names for column in columns]
    true, pred, *groups = (column.labels for column in columns)
    if not groups:
        found = cells_of_labels(xp, true, pred) if counts is None else cells_of_pairs(xp, true, pred, counts)
        return without_labels(named(found, *names), *policies.ignored)
    marks = []
    for name, value, x, known in zip(IGNORING, policies.ignored, (true, pred), names[:2], strict=True):
        ignored = marks_of(name, value, x if known is None else known)
        marks.append(ignored if ignored is None or known is None else xp.take(ignored, x))
    return named(_cells_within_groups(xp, groups[0], true, pred, counts, either(*marks)), *names)


def _coded_groups(groups: Any, *, drops: bool, axis: int | None = -1) -> tuple[Array, Array | None, np.ndarray | None]:
    """Return checked groups, or codes of categories, which samples lack one, and what codes are called."""
    group = coded("groups", groups, drops=drops)
    if not drops:
        return check_labels("groups", group.labels, axis=axis), None, group.names
    at, lacking = labels_and_missing("groups", group.labels, axis=axis)
    return at, either(group.missing, lacking), group.names
