"""What is known of one clustering: scores, their confidence intervals, how likely chance would do as well."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from amiable._array.transfers import to_numpy
from amiable.contingency import ContingencyTable, most_cells
from amiable.inputs.labels import is_identifier
from amiable.resampling.bootstrap import DEFAULT_METHOD, bootstraps, check_level
from amiable.resampling.permutation import PermutationTestResult, permutation_tests
from amiable.resampling.scoring import check_count, one_table
from amiable.scores.registry import SCORES, Order

# A page tells of all common scores but the approximate p-value, beside which it simulates one.
MEASURED = {short: score for short, score in SCORES.items() if score.is_common and short != "pvalue"}

# Numbers drawn for one clustering: large tables are simulated less often, so that each takes a few seconds at most.
_BUDGET = 5_000_000
_FEWEST_TABLES = 19  # p-values of 0.05 at least
_FEWEST_RESAMPLES = 199  # fewer tell little of the ends of an interval


@dataclass(frozen=True)
class Clustering:
    """One clustering against the true labels.

    Attributes
    ----------
    name : str
    table : ContingencyTable
        In NumPy; rows are true labels.
    scores : dict of str to float
        By their short names: "ami", "nmi", "ari" and so on.
    intervals : dict of str to (float, float)
        Confidence intervals of all scores but the standardized one; none where the table is too large.
    pvalues : dict of str to float
        By order: "information": of the scores that follow mutual information; "pairs": of those that count pairs of
        samples.
    null : PermutationTestResult
        Of adjusted mutual information.
    n_tables, n_resamples : int
        How many random tables the p-values come from, and how many resamples the intervals.
    confidence_level : float
        Of the intervals.
    """

    name: str
    table: ContingencyTable
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    pvalues: dict[Order, float]
    null: PermutationTestResult
    n_tables: int
    n_resamples: int
    confidence_level: float

    @property
    def n_samples(self) -> int:
        """How many samples are scored."""
        return int(self.table.n_samples)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return self.table.shape[0]

    @property
    def n_clusters(self) -> int:
        """How many clusters there are."""
        return self.table.shape[1]

    @property
    def n_left_out(self) -> int:
        """How many samples lack a label, or have one that is ignored, and are not scored."""
        return int(self.table.n_missing) + int(self.table.n_ignored)

    @property
    def is_identifier(self) -> bool:
        """Whether nearly every sample is a cluster of its own, as with an id or index."""
        return is_identifier(self.n_clusters, self.n_samples)

    @property
    def is_by_chance(self) -> bool:
        """Whether chance alone may well agree as much: a p-value above 0.05."""
        return self.is_identifier or self.pvalues["information"] > 0.05


def measure_clustering(
    name: str, contingency: Any, *, n_resamples: int = 999, confidence_level: float = 0.95, rng: int = 0
) -> Clustering:
    """Measure one clustering against the true labels: all scores, their confidence intervals and p-values.

    Parameters
    ----------
    name : str
        What the clustering is called.
    contingency : ContingencyTable, array-like (R, C) or SciPy sparse (R, C)
        Its table, of any library; rows are true labels.
    n_resamples : int, default=999
        Random tables for the p-values, and resamples for the intervals. Of tables with more than 5 million /
        n_resamples cells there are fewer: at least 19 random tables, and no intervals if they were to come from fewer
        than 199 resamples.
    confidence_level : float, default=0.95
        In (0, 1).
    rng : int, default=0
        The seed of both simulations.

    Returns
    -------
    clustering : Clustering

    Raises
    ------
    ValueError, TypeError
        Bad counts, no samples, a batch of tables, a bad option; the message names it.

    Notes
    -----
    Intervals are those of `amiable.bootstrap`. They are for the mean score of sets of so many samples, and do not tell
    how far that is from the score of infinitely many. p-values are those of permutation
    tests with fixed cluster sizes; under these, scores that rise or fall with mutual information share one, and those
    that do with the number of pairs of samples together in both labelings another.

    Examples
    --------
    >>> from amiable.report import measure_clustering
    >>> clustering = measure_clustering("k-means", [[8, 2], [1, 9]], n_resamples=199)
    >>> round(clustering.scores["ami"], 3), clustering.pvalues["information"] < 0.05
    (0.374, True)
    """
    n_resamples = check_count("n_resamples", n_resamples)
    check_level(confidence_level)
    table = one_table(None, None, contingency)
    if int(table.n_samples) == 0:
        raise ValueError("contingency has no samples: expected at least one")
    table = table.with_arrays(map(to_numpy, table.arrays))
    n_drawn = min(math.prod(table.shape), most_cells(int(table.n_samples)))
    n_tables = min(n_resamples, max(_BUDGET // n_drawn, _FEWEST_TABLES))
    # one score stands for all of its order: the first, which is AMI where mutual information orders them
    leaders = {score.order: score for score in reversed(MEASURED.values())}
    tests = permutation_tests(table, [score.function for score in leaders.values()], n_resamples=n_tables, rng=rng)
    of_order = dict(zip(leaders, tests, strict=True))
    n_resampled, intervals = _intervals(table, n_resamples, confidence_level, rng)
    return Clustering(
        name,
        table,
        scores={short: float(score.function(contingency=table)) for short, score in MEASURED.items()},
        intervals=intervals,
        pvalues={order: float(test.pvalue) for order, test in of_order.items()},
        null=of_order[SCORES["ami"].order],
        n_tables=n_tables,
        n_resamples=n_resampled,
        confidence_level=confidence_level,
    )


def ranked(clusterings: Iterable[Clustering]) -> list[Clustering]:
    """Return clusterings with the best AMI first, equal ones by name, and those that are identifiers last."""
    return sorted(clusterings, key=lambda one: (one.is_identifier, -one.scores["ami"], one.name))


def _intervals(
    table: ContingencyTable, n_resamples: int, confidence_level: float, rng: int
) -> tuple[int, dict[str, tuple[float, float]]]:
    """Return bootstrap intervals around each score."""
    allowed = _BUDGET // int(np.count_nonzero(np.asarray(table.counts)))
    if allowed < min(n_resamples, _FEWEST_RESAMPLES):
        return 0, {}
    n_resampled = min(n_resamples, allowed)
    scores = {short: score for short, score in MEASURED.items() if score.measures == "agreement"}
    functions = [score.function for score in scores.values()]
    results = bootstraps(
        table, functions, n_resamples=n_resampled, confidence_level=confidence_level, method=DEFAULT_METHOD, rng=rng
    )
    intervals = {}
    for short, result in zip(scores, results, strict=True):
        low, high = map(float, result.confidence_interval)
        intervals[short] = (low, high)
    return n_resampled, intervals
