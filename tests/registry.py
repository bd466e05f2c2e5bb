"""Every public score, registered once; the tests of this table's properties run on all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import sklearn.metrics as peer

import amiable
from tests.backends import Backend

AVERAGES = ("arithmetic", "geometric", "min", "max")


@dataclass(frozen=True)
class Score:
    """What is known of a score before it is computed."""

    name: str
    function: Callable[..., Any]
    peer: Callable[..., Any] | None = None  # scikit-learn's
    symmetric: bool = True
    lowest: float = 0.0
    highest: float | None = 1.0
    identical: float | None = 1.0  # for identical partitions that have two clusters or more, one of them with a pair
    is_distance: bool = False
    settled: float | None = None  # for empty labels and single samples, where it is not as for identical partitions
    single: float = 1e-5  # absolute error allowed in float32
    long_program: bool = False  # takes seconds to compile, so few tests do

    def error_on(self, backend: Backend, expected: Any = 0.0) -> float:
        """Return the absolute error allowed on a library; of scores without bounds, a share of what is expected."""
        size = 1.0 if self.highest is not None else max(1.0, float(np.max(np.abs(expected))))
        return (self.single if backend.single else backend.tolerance) * size

    def __str__(self) -> str:
        return self.name


SCORES = [
    *(
        Score(
            f"ami-{mean}",
            partial(amiable.adjusted_mutual_info_score, average_method=mean),
            partial(peer.adjusted_mutual_info_score, average_method=mean),
            lowest=-math.inf,
        )
        for mean in AVERAGES
    ),
    *(
        Score(
            f"nmi-{mean}",
            partial(amiable.normalized_mutual_info_score, average_method=mean),
            partial(peer.normalized_mutual_info_score, average_method=mean),
        )
        for mean in AVERAGES
    ),
    Score("mi", amiable.mutual_info_score, peer.mutual_info_score, highest=None, identical=None),
    Score("homogeneity", amiable.homogeneity_score, peer.homogeneity_score, symmetric=False),
    Score("completeness", amiable.completeness_score, peer.completeness_score, symmetric=False),
    Score("v", amiable.v_measure_score, peer.v_measure_score),
    Score(
        "v-0.3", partial(amiable.v_measure_score, beta=0.3), partial(peer.v_measure_score, beta=0.3), symmetric=False
    ),
    Score("rand", amiable.rand_score, peer.rand_score),
    Score("ari", amiable.adjusted_rand_score, peer.adjusted_rand_score, lowest=-0.5),
    Score("fmi", amiable.fowlkes_mallows_score, peer.fowlkes_mallows_score),
    Score(
        "smi",
        amiable.standardized_mutual_info_score,
        lowest=-math.inf,
        highest=None,
        identical=None,
        settled=0.0,
        single=1e-3,
        long_program=True,
    ),
    Score("pvalue", amiable.mutual_info_pvalue, identical=None, settled=1.0, single=1e-3, long_program=True),
    Score("vi", amiable.variation_of_information, highest=None, identical=0.0, is_distance=True),
    Score("nvi", partial(amiable.variation_of_information, normalized=True), identical=0.0, is_distance=True),
]

# Public, but not one number for two labelings: where each is tested instead.
NOT_SCORES = {
    "ContingencyTable": "tests/test_contingency.py",
    "bootstrap": "tests/nulls/test_resampling.py",
    "contingency_matrix": "tests/scores/test_matrix.py",
    "entropy": "tests/scores/test_mutual_information.py",
    "expected_mutual_information": "tests/test_expectation.py",
    "homogeneity_completeness_v_measure": "tests/scores/test_homogeneity.py",
    "iter_random_tables": "tests/nulls/test_tables.py",
    "mutual_information_moments": "tests/scores/test_significance.py",
    "pair_confusion_matrix": "tests/scores/test_pairs.py",
    "pairwise_scores": "tests/test_pairwise.py",
    "permutation_test": "tests/nulls/test_permutation.py",
    "random_tables": "tests/nulls/test_tables.py",
}


def function_of(score: Score) -> Callable[..., Any]:
    """Return the public function behind a score."""
    return score.function.func if isinstance(score.function, partial) else score.function
