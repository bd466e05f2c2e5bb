"""Metrics of a torch evaluation loop: an epoch, and single updates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.inputs import labelings
from benchmarks.measure import Case, Options, compare_all
from benchmarks.places import TORCH, Place
from benchmarks.report import Report

UPDATES, BATCH = 20, 500


def run(options: Options) -> Report:
    """Compare epochs with torchmetrics' class, updates with counting alone."""
    place = options.place if options.place.library == "torch" else TORCH
    return compare_all("Metrics of an evaluation loop, torch tensors", cases(place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the epochs and the updates; labels are (target, preds)."""
    epoch = partial(labelings, UPDATES * BATCH, 10, 10)
    for state, options in (("num_classes given", {"num_classes": 10}), ("any labels", {})):
        yield Case(
            f"AMI of {UPDATES} updates of {BATCH} labels, 10 classes, {state}",
            "torchmetrics",
            epoch,
            partial(_epoch, options),
            lambda module, target, preds: _their_epoch(target, preds),
            bar=1000,
            tolerance=0.01,
            place=place,
        )
    for n, k in ((100, 10), (100, 100), (100, 1000), (10**5, 10), (10**5, 1000)):
        for state, options in (("num_classes given", {"num_classes": k}), ("any labels", {})):
            promised = (k, k) if options else None
            yield Case(
                f"one update of {n:,} labels, {k} classes, {state}",
                "amiable",
                partial(labelings, n, k, k),
                partial(_updated, _ours("AdjustedMutualInfoScore", options, place)),
                partial(_counted, promised),
                bar=3 if n > 1000 and k == 10 and promised else None,
                at_most=True,
                error=_difference,
                place=place,
            )


def _ours(name: str, options: dict[str, Any], place: Place) -> Any:
    import amiable.torch

    return getattr(amiable.torch, name)(**options).to(place.device)


def _epoch(options: dict[str, Any], target: Any, preds: Any) -> Any:
    metric = _ours("AdjustedMutualInfoScore", options, Place("torch", target.device.type))
    for start in range(0, len(target), BATCH):
        metric.update(preds[start : start + BATCH], target[start : start + BATCH])
    return metric.compute()


def _their_epoch(target: Any, preds: Any) -> Any:
    from torchmetrics.clustering import AdjustedMutualInfoScore

    metric = AdjustedMutualInfoScore().to(target.device)
    for start in range(0, len(target), BATCH):
        metric.update(preds[start : start + BATCH], target[start : start + BATCH])
    return metric.compute()


def _updated(metric: Any, target: Any, preds: Any) -> Any:
    metric.update(preds, target)
    return metric


def _counted(n_labels: tuple[int, int] | None, module: Any, target: Any, preds: Any) -> Any:
    return module.ContingencyTable.from_labels(target, preds, n_labels=n_labels)


def _difference(metric: Any, table: Any) -> float:
    """Compare what a metric has counted in some updates of the same labels with the table of one."""
    return float((metric.table.to_dense() - metric.update_count * table.to_dense()).abs().max())
