"""Every score with its options, made from the records; the tests of this table's properties run on all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import sklearn.metrics as peer

from amiable.scores.registry import SCORES, Score
from tests.backends import Backend

# options of functions that are tested beside their defaults
VALUES: dict[str, tuple[Any, ...]] = {
    "alpha": (0.5, 0.8),
    "average_method": ("arithmetic", "geometric", "min", "max"),
    "beta": (1.0, 0.3),
    "normalized": (False,),  # the other value has a record of its own
    "symmetric": (False, True),
    "null": ("permutation",),  # the others take cluster sizes, and have tests of their own
}
# for empty labels and single samples, where it is not as for identical partitions
DEGENERATE = {"smi": 0.0, "pvalue": 1.0, "chi2": 0.0}


@dataclass(frozen=True)
class Case:
    """A score with some options bound, and what is known of it before it is computed."""

    record: Score
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """The short name with the options that are not the default."""
        return "-".join([self.record.short_name, *map(str, self.options.values())])

    @property
    def function(self) -> Callable[..., Any]:
        """The function with these options."""
        return partial(self.record.function, **self.options) if self.options else self.record.function

    @property
    def public(self) -> Callable[..., Any]:
        """The public function behind it."""
        return self.record.public

    @property
    def peer(self) -> Callable[..., Any] | None:
        """The function of scikit-learn with these options, if it has one."""
        function = getattr(peer, self.record.name, None)
        return None if function is None else partial(function, **self.options)

    @property
    def symmetric(self) -> bool:
        return self.record.is_symmetric_with(self.options)

    @property
    def lowest(self) -> float:
        return self.record.low

    @property
    def highest(self) -> float | None:
        return self.record.high if math.isfinite(self.record.high) else None

    @property
    def is_distance(self) -> bool:
        return self.record.is_distance

    @property
    def identical(self) -> float | None:
        """The value for identical partitions that have two clusters or more, one of them with a pair."""
        if self.record.measures == "evidence":
            return None
        return 0.0 if self.is_distance else self.highest

    @property
    def degenerate(self) -> float | None:
        return DEGENERATE.get(self.record.short_name)

    @property
    def long_program(self) -> bool:
        """Whether it takes seconds to compile, so that few tests do."""
        return self.record.measures == "evidence"

    def error_on(self, backend: Backend, expected: Any = 0.0) -> float:
        """Return the absolute error allowed on a library; of scores without bounds, a share of what is expected."""
        size = 1.0 if self.highest is not None else max(1.0, float(np.max(np.abs(expected))))
        single = 1e-3 if self.record.measures == "evidence" else 1e-5
        return (single if backend.single else backend.tolerance) * size

    def __str__(self) -> str:
        return self.name


def cases_of(record: Score) -> list[Case]:
    """Return a score with its defaults, and with every other value of one option."""
    others = [{name: value} for name in record.options for value in VALUES.get(name, ())[1:]]
    return [Case(record, options) for options in ({}, *others)]


CASES = [case for record in SCORES.values() for case in cases_of(record)]

# Public, but not one number for two labelings: where each is tested instead.
NOT_SCORES = {
    "Matching": "tests/scores/test_matching.py",
    "compare_scores": "tests/resampling/test_comparison.py",
    "conditional_adjusted_mutual_info_score": "tests/scores/test_conditional.py",
    "cluster_matching": "tests/scores/test_matching.py",
    "CellScore": "tests/scores/test_exact_null.py",
    "adjusted_score": "tests/scores/test_exact_null.py",
    "expected_score": "tests/scores/test_exact_null.py",
    "score_pvalue": "tests/scores/test_exact_null.py",
    "score_moments": "tests/scores/test_exact_null.py",
    "standardized_score": "tests/scores/test_exact_null.py",
    "BestPairs": "tests/test_pairwise_selection.py",
    "ScoredPairs": "tests/test_pairwise_selection.py",
    "BootstrapResult": "tests/resampling/test_bootstrap.py",
    "ComparisonResult": "tests/resampling/test_comparison.py",
    "ConfidenceInterval": "tests/resampling/test_bootstrap.py",
    "threads": "tests/_array/test_loops.py",
    "ContingencyTable": "tests/contingency/test_table.py",
    "Moments": "tests/scores/test_significance.py",
    "PermutationTestResult": "tests/resampling/test_permutation.py",
    "bcubed_precision_recall_fscore": "tests/scores/test_elements.py",
    "bootstrap": "tests/resampling/test_bootstrap.py",
    "contingency_matrix": "tests/scores/test_matrix.py",
    "entropy": "tests/scores/test_mutual_information.py",
    "expected_mutual_information": "tests/chance/test_expectation.py",
    "labels_of_clusters": "tests/inputs/test_members.py",
    "homogeneity_completeness_v_measure": "tests/scores/test_homogeneity.py",
    "iter_random_tables": "tests/resampling/test_tables.py",
    "mutual_information_moments": "tests/scores/test_significance.py",
    "pair_confusion_matrix": "tests/scores/test_pairs.py",
    "pairwise_scores": "tests/test_pairwise.py",
    "permutation_test": "tests/resampling/test_permutation.py",
    "random_tables": "tests/resampling/test_tables.py",
}
