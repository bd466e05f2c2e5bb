"""Every metric with its options, made from the records, and the function that it is thin over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import amiable.torch as metrics
from amiable.scores.registry import SCORES
from tests.registry import VALUES

# beside those in `tests.registry`, which have records or tests of their own for the scores
MORE_VALUES = {
    **VALUES,
    "average_method": ("arithmetic", "max"),
    "normalized": (False, True),
    "null": ("permutation", "num"),
}


@dataclass(frozen=True)
class Registered:
    """A metric class, its options, and the function of the same name and options."""

    metric: type[metrics.ContingencyMetric]
    score: Callable[..., Any]
    options: dict[str, Any]

    def make(self, **kwargs: Any) -> metrics.ContingencyMetric:
        """Return a new metric."""
        return self.metric(**self.options, **kwargs)

    @property
    def function(self) -> Callable[..., Any]:
        """The function with the same options."""
        return partial(self.score, **self.options)

    def __str__(self) -> str:
        # no dots, which torch allows in no name of a module
        options = (f"{name}={value}" for name, value in self.options.items())
        return "-".join([self.metric.__name__, *options]).replace(".", ",")


METRICS = [
    Registered(getattr(metrics, record.metric), record.function, options)
    for record in SCORES.values()
    if record.metric
    for options in ({}, *({name: value} for name in record.options for value in MORE_VALUES.get(name, ())[1:]))
]

Batch = tuple[np.ndarray, np.ndarray]


def batches_of_rank(rank: int, world: int) -> list[Batch]:
    """Return (preds, target) batches: labels shared in part, lengths that differ, none for the last of many ranks."""
    if world > 1 and rank == world - 1:
        return []
    rng = np.random.default_rng(rank)
    return [
        (rng.integers(0, 4 + rank, n), rng.integers(rank, 3 + 2 * rank, n)) for n in range(11 + rank, 90, 23 - 2 * rank)
    ]
