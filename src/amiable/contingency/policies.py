"""From labels as people have them to cells: what is missing or ignored is left out, groups are told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amiable._array.bins import sum_by_key
from amiable._array.devices import common_namespace
from amiable._array.dtypes import to_count
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number
from amiable.contingency.cells import Cells
from amiable.contingency.counting import cells_of_labels, cells_of_pairs
from amiable.contingency.groups import cells_of_groups
from amiable.contingency.subtables import count_marked, marks_of, without_empty, without_labels
from amiable.inputs.codes import encode
from amiable.inputs.counts import check_counts
from amiable.inputs.labels import check_labelings, check_labels, check_values_known
from amiable.inputs.missing import Policies, labels_and_missing


def counted_labels(
    labels_true: Any,
    labels_pred: Any,
    n_labels: tuple[int, int] | None,
    groups: Any | None,
    policies: Policies,
    *,
    warns: bool = True,
) -> Cells:
    """Count two labelings; the arguments are those of `ContingencyTable.from_labels`."""
    xp, true, pred, lacking = check_labelings_and_missing(labels_true, labels_pred, drops=policies.drops, warns=warns)
    if groups is not None:
        return _counted_groups(xp, true, pred, groups, lacking, n_labels, policies)
    if lacking is not None and lacking.ndim == 1 and n_labels is None:
        true, pred = true[~lacking], pred[~lacking]
        found = replace(cells_of_labels(xp, true, pred), n_missing=_number_of(xp, lacking))
        return without_labels(found, *policies.ignored)
    if lacking is None and (n_labels is None or policies.ignored == (None, None)):
        return without_labels(cells_of_labels(xp, true, pred, n_labels), *policies.ignored)
    # codes that are promised may be ignored for being outside of the promise; a batch lacks samples of each its own
    n_missing: Any = 0 if lacking is None else _number_of(xp, lacking)
    marked = lacking
    for name, value, x in zip(("ignore_true", "ignore_pred"), policies.ignored, (true, pred), strict=True):
        marks = marks_of(name, value, x)
        if marks is not None:
            marked = marks if marked is None else marked | marks
    if marked is None:
        return cells_of_labels(xp, true, pred, n_labels)
    found = count_marked(xp, true, pred, marked, n_labels)
    return replace(found, n_missing=n_missing, n_ignored=_number_of(xp, marked) - n_missing)


def check_labelings_and_missing(
    labels_true: Any, labels_pred: Any, *, drops: bool, warns: bool = True
) -> tuple[Namespace, Array, Array, Array | None]:
    """Return what `check_labelings` does and, with `drops`, which samples (..., n) lack a label; None if none does."""
    if not drops:
        return *check_labelings(labels_true, labels_pred, warns=warns), None
    true, no_true = labels_and_missing("labels_true", labels_true, warns=warns)
    pred, no_pred = labels_and_missing("labels_pred", labels_pred, warns=warns)
    xp, true, pred = check_labelings(true, pred, warns=False)
    return xp, true, pred, no_pred if no_true is None else no_true if no_pred is None else no_true | no_pred


def _number_of(xp: Namespace, marked: Array) -> Any:
    """Return how many samples are marked: a number for one labeling, else an array (...)."""
    return as_number(xp.sum(to_count(xp, marked), axis=-1))


def counted_pairs(labels_true: Any, labels_pred: Any, counts: Any, groups: Any | None, policies: Policies) -> Cells:
    """Take pairs of labels with their counts; the arguments are those of `ContingencyTable.from_cells`."""
    xp, true, pred, lacking = check_labelings_and_missing(labels_true, labels_pred, drops=policies.drops)
    amounts = check_counts("counts", counts, axis=-1)
    given = {"labels_true": true, "labels_pred": pred, "counts": amounts}
    at = None
    if groups is not None:
        at, lacking = _groups_and_missing(groups, lacking, drops=policies.drops)
        given["groups"] = at
    common_namespace(**given)
    if any(x.ndim != 1 or x.shape != true.shape for x in given.values()):
        shapes = ", ".join(f"{name} {tuple(x.shape)}" for name, x in given.items())
        raise ValueError(f"the shapes are those of {shapes}: expected (M,) for all")
    for name, x in given.items():
        check_values_known(name, x)
    n_missing = 0
    if lacking is not None:
        n_missing, keep = int(xp.sum(xp.where(lacking, amounts, xp.zeros_like(amounts)))), ~lacking
        true, pred, amounts = true[keep], pred[keep], amounts[keep]
        at = None if at is None else at[keep]
    found = (
        without_labels(cells_of_pairs(xp, true, pred, amounts), *policies.ignored)
        if at is None
        else cells_within_groups(xp, at, true, pred, amounts, policies)
    )
    return replace(found, n_missing=n_missing)


def cells_within_groups(
    xp: Namespace, groups: Array, true: Array, pred: Array, counts: Array | None, policies: Policies
) -> Cells:
    """Count checked labels (n,), or pairs that stand for `counts` (n,) samples, within groups, but for those ignored.

    Groups of which no sample is left have a table, too.
    """
    marked = None
    for name, value, x in zip(("ignore_true", "ignore_pred"), policies.ignored, (true, pred), strict=True):
        marks = marks_of(name, value, x)
        if marks is not None:
            marked = marks if marked is None else marked | marks
    if marked is None:
        return cells_of_groups(xp, groups, true, pred, counts)
    amounts = xp.ones_like(to_count(xp, marked)) if counts is None else counts
    nothing = xp.zeros_like(amounts)
    found = cells_of_groups(xp, groups, true, pred, xp.where(marked, nothing, amounts))
    at, names = encode(xp, groups)
    n_ignored = sum_by_key(xp, at, xp.where(marked, amounts, nothing), names.shape[0])
    return replace(without_empty(found), n_ignored=n_ignored)


def _counted_groups(
    xp: Namespace,
    true: Array,
    pred: Array,
    groups: Any,
    lacking: Array | None,
    n_labels: tuple[int, int] | None,
    policies: Policies,
) -> Cells:
    """Count two labelings (n,) within groups."""
    if n_labels is not None:
        raise ValueError("n_labels was given together with groups: expected one or the other")
    at, lacking = _groups_and_missing(groups, lacking, drops=policies.drops)
    common_namespace(labels_true=true, groups=at)
    for name, x in (("labels_true", true), ("labels_pred", pred), ("groups", at)):
        if x.ndim != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}: expected (n_samples,) beside groups")
        check_values_known(name, x)
    if at.shape != true.shape:
        raise ValueError(f"groups has {at.shape[0]} samples and labels_true {true.shape[0]}: expected a group for each")
    n_missing: Any = 0
    if lacking is not None:
        n_missing, keep = _number_of(xp, lacking), ~lacking
        true, pred, at = true[keep], pred[keep], at[keep]
    return replace(cells_within_groups(xp, at, true, pred, None, policies), n_missing=n_missing)


def _groups_and_missing(groups: Any, lacking: Array | None, *, drops: bool) -> tuple[Array, Array | None]:
    """Return checked groups (n,), and, with `drops`, which samples lack a label or a group."""
    if not drops:
        return check_labels("groups", groups), lacking
    at, no_group = labels_and_missing("groups", groups)
    return at, no_group if lacking is None else lacking if no_group is None else lacking | no_group
