"""Every metric, registered once with the function that it is thin over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

import amiable
import amiable.torch as metrics


@dataclass(frozen=True)
class Registered:
    """A metric class, its options, and the function of the same name and options."""

    metric: type[metrics.ContingencyMetric]
    score: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)

    def make(self, **kwargs: Any) -> metrics.ContingencyMetric:
        """Return a new metric."""
        return self.metric(**self.options, **kwargs)

    @property
    def function(self) -> Callable[..., Any]:
        """The function with the same options."""
        return partial(self.score, **self.options)

    def __str__(self) -> str:
        # no dots, which torch allows in no name of a module
        return "-".join([self.metric.__name__, *map(str, self.options.values())]).replace(".", ",")


METRICS = [
    Registered(metrics.AdjustedMutualInfoScore, amiable.adjusted_mutual_info_score),
    Registered(metrics.AdjustedMutualInfoScore, amiable.adjusted_mutual_info_score, {"average_method": "max"}),
    Registered(metrics.AdjustedMutualInfoScore, amiable.adjusted_mutual_info_score, {"random_model": "num"}),
    Registered(metrics.NormalizedMutualInfoScore, amiable.normalized_mutual_info_score),
    Registered(metrics.NormalizedMutualInfoScore, amiable.normalized_mutual_info_score, {"average_method": "min"}),
    Registered(metrics.MutualInfoScore, amiable.mutual_info_score),
    Registered(metrics.StandardizedMutualInfoScore, amiable.standardized_mutual_info_score),
    Registered(metrics.HomogeneityScore, amiable.homogeneity_score),
    Registered(metrics.CompletenessScore, amiable.completeness_score),
    Registered(metrics.VMeasureScore, amiable.v_measure_score),
    Registered(metrics.VMeasureScore, amiable.v_measure_score, {"beta": 0.3}),
    Registered(metrics.RandScore, amiable.rand_score),
    Registered(metrics.AdjustedRandScore, amiable.adjusted_rand_score),
    Registered(metrics.AdjustedRandScore, amiable.adjusted_rand_score, {"random_model": "all1"}),
    Registered(metrics.FowlkesMallowsIndex, amiable.fowlkes_mallows_score),
    Registered(metrics.VariationOfInformation, amiable.variation_of_information),
    Registered(metrics.VariationOfInformation, amiable.variation_of_information, {"normalized": True}),
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
