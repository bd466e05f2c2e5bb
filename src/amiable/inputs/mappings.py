"""Two labelings that are mappings from samples to labels, brought into one order."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from amiable.inputs.categories import is_missing
from amiable.inputs.members import is_mapping, objects


class Aligned(NamedTuple):
    """The labels of the samples that both mappings know, in one order."""

    true: np.ndarray  # (n,)
    pred: np.ndarray  # (n,)
    n_missing: int  # samples that are left out


def align(true: Any, pred: Any, *, drops: bool) -> Aligned:
    """Return the labels of the same samples; the arguments are those of `ContingencyTable.from_mappings`."""
    sides = {"true": _labels_by_sample("true", true), "pred": _labels_by_sample("pred", pred)}
    samples = list(dict.fromkeys(sample for labels in sides.values() for sample in labels))
    lacking = {name: [sample for sample in samples if is_missing(labels.get(sample))] for name, labels in sides.items()}
    left_out = set().union(*lacking.values())
    common = [sample for sample in samples if sample not in left_out]
    in_both = sides["true"].keys() & sides["pred"].keys()
    if samples and not common and not (drops and in_both):
        raise ValueError(
            f"true and pred have no labelled sample in common, they have {_such(sides['true'])} and "
            f"{_such(sides['pred'])}: expected labels of the same samples"
        )
    if left_out and not drops:
        found = [
            f"{name} has no label for {len(lacks)} of {len(samples)} samples, such as {lacks[0]!r}"
            for name, lacks in lacking.items()
            if lacks
        ]
        raise ValueError(f"{'; '.join(found)}: expected a label of every sample in both, or missing='drop'")
    labels_true, labels_pred = (objects([labels[sample] for sample in common]) for labels in sides.values())
    return Aligned(labels_true, labels_pred, len(left_out))


def _labels_by_sample(name: str, labels: Any) -> dict[Hashable, Any]:
    if not is_mapping(labels):
        raise TypeError(
            f"{name} is a {type(labels).__name__}: expected a mapping from samples to labels, such as a dict or a "
            "pandas Series; ContingencyTable.from_labels takes labels in the order of the samples"
        )
    found = dict(labels.items())
    if len(found) != len(labels):
        repeated = labels.index[labels.index.duplicated()].tolist()
        raise ValueError(f"{name} has several labels of {repeated[0]!r} in its index: expected one a sample")
    return found


def _such(labels: dict[Hashable, Any]) -> str:
    return f"{next(iter(labels))!r}" if labels else "none"
