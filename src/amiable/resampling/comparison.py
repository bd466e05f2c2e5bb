"""Two clusterings against one truth: whether their scores differ, told from the same samples."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amiable._array.bins import sum_by_key, unique_inverse
from amiable._array.devices import common_namespace, on_own_device
from amiable._array.libraries import is_dask
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_result
from amiable.contingency import Cells, cells_of_pairs, listed, table_of
from amiable.inputs.codes import coded, encode
from amiable.inputs.labels import check_labels, check_values_known, warn_of_order
from amiable.resampling.bootstrap import ConfidenceInterval, bootstraps, check_level
from amiable.resampling.scoring import check_count
from amiable.scores.evaluate import call_score, score_of_table
from amiable.scores.registry import function_of, record_of

__all__ = ["ComparisonResult", "compare_scores"]


@dataclass(frozen=True)
class ComparisonResult:
    """Two scores of the same samples, and whether they differ.

    Attributes
    ----------
    difference : float or 0-d array
        The score of the first clustering less that of the second.
    scores : tuple of two float or 0-d arrays
        Of the first and of the second clustering.
    confidence_interval : ConfidenceInterval
        Of the difference: ``low`` and ``high``.
    pvalue : float or 0-d array
        Two-sided, of no difference.
    standard_error : float or 0-d array
        Of the difference.
    bootstrap_distribution : array of shape (n_resamples,)
        The difference in the resamples.
    """

    difference: Any
    scores: tuple[Any, Any]
    confidence_interval: ConfidenceInterval
    pvalue: Any
    standard_error: Any
    bootstrap_distribution: Any


@on_own_device
def compare_scores(
    labels_true: Any,
    labels_a: Any,
    labels_b: Any,
    score: str | Callable[..., Any] = "ami",
    *,
    n_resamples: int = 9999,
    confidence_level: float = 0.95,
    rng: Any = None,
    batch: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> ComparisonResult:
    """Compare the scores of two clusterings of the same samples against one truth.

    Both clusterings are scored on the same resamples, so that what is hard for both drops out of the difference. Two
    clusterings whose own intervals overlap widely can differ beyond doubt.

    Parameters
    ----------
    labels_true : array-like of shape (n_samples,)
        The truth, labels of any kind.
    labels_a, labels_b : array-like of shape (n_samples,)
        The two clusterings.
    score : str or callable, default="ami"
        A score of amiable, its name, or a function of tables; as in `permutation_test`.
    n_resamples : int, default=9999
        As in `bootstrap`.
    confidence_level : float, default=0.95
        In (0, 1).
    rng : seed, generator or key, optional
        As in `random_tables`.
    batch : int, optional
        The most tables that are scored at once. The result does not depend on it.
    progress : callable, optional
        Called after each block with the number of resamples that are done and the number of all.

    Returns
    -------
    result : ComparisonResult
        ``difference``, ``scores``, ``confidence_interval``, ``pvalue``, ``standard_error`` and
        ``bootstrap_distribution``. The p-value is that of Student's t of the difference by its standard error, of which
        the interval is made, too. Where no resample differs, it is 1 without a difference, else 1 / (1 + n_resamples).
        Floats and a NumPy array for lists and NumPy labels, else arrays of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels, a batch of labelings, unequal lengths, no samples, a bad option; the message names the argument.

    Notes
    -----
    Resamples are drawn from the cells of the three-way table of class and both clusters, so the cost depends on how
    many of these are occupied, not on n_samples. Standard error and interval are those of ``method="standard"`` of
    `bootstrap`, and hold where they do: for samples that are independent of each other, and scores on which no handful
    of samples decides. Of pair F1 where next to no pair is together, say, neither interval nor p-value means anything.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 16, 10.1201/9780429246593.

    Examples
    --------
    >>> import numpy as np
    >>> from amiable import compare_scores
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 4, 500)
    >>> good = np.where(rng.random(500) < 0.7, true, rng.integers(0, 4, 500))
    >>> worse = np.where(rng.random(500) < 0.8, good, rng.integers(0, 4, 500))
    >>> result = compare_scores(true, good, worse, rng=0)
    >>> low, high = result.confidence_interval
    >>> 0 < low < result.difference < high, result.pvalue < 1e-4
    (True, True)
    """
    options: dict[str, Any] = {"n_resamples": n_resamples, "confidence_level": confidence_level, "rng": rng}
    return compare_triples((labels_true, labels_a, labels_b), None, score, **options, batch=batch, progress=progress)


def compare_triples(
    labels: tuple[Any, Any, Any],
    counts: Any,
    score: str | Callable[..., Any],
    *,
    n_resamples: int,
    confidence_level: float,
    rng: Any,
    batch: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> ComparisonResult:
    """Compare two clusterings, given labels of class, first and second cluster, and how many samples have each triple.

    Without `counts`, each is that of one sample.
    """
    function = function_of(score)
    n_resamples = check_count("n_resamples", n_resamples)
    if batch is not None:
        batch = check_count("batch", batch)
    check_level(confidence_level)
    xp, true, a, b = _check_three(*labels, warns=counts is None)
    (of_a, names_a), (of_b, names_b) = encode(xp, a), encode(xp, b)
    pairs, which = unique_inverse(xp, of_a * names_b.shape[0] + of_b)
    table = cells_of_pairs(xp, true, which, xp.ones_like(which) if counts is None else counts)
    sides = [
        _Side(function, pairs // names_b.shape[0], names_a.shape[0]),
        _Side(function, pairs % names_b.shape[0], names_b.shape[0]),
    ]
    (result,) = bootstraps(
        table,
        [lambda contingency: sides[0](contingency) - sides[1](contingency)],
        n_resamples=n_resamples,
        confidence_level=confidence_level,
        method="standard",
        rng=rng,
        batch=batch,
        progress=progress,
    )
    scores = tuple(as_result(score_of_table(side, table)) for side in sides)
    return ComparisonResult(
        result.statistic,
        (scores[0], scores[1]),
        _within(function, result.confidence_interval),
        _pvalue(result.statistic, result.standard_error, float(result.degrees_of_freedom), n_resamples),
        result.standard_error,
        result.bootstrap_distribution,
    )


@dataclass(frozen=True)
class _Side:
    """The score of one of two clusterings, as a function of tables of classes by pairs of clusters."""

    score: Callable[..., Any]
    clusters: Array  # (P,), the cluster in each pair
    n_clusters: int

    def __call__(self, contingency: Cells) -> Array:
        xp = contingency.xp
        keys = contingency.rows * self.n_clusters + xp.take(self.clusters, contingency.cols)
        distinct, which = unique_inverse(xp, keys)
        counts = sum_by_key(xp, which, contingency.counts, distinct.shape[0])
        shape = (contingency.shape[-2], self.n_clusters)
        return call_score(self.score, table_of(listed(xp, distinct, counts, shape)))


def _within(score: Callable[..., Any], interval: ConfidenceInterval) -> ConfidenceInterval:
    """Cut an interval at the largest difference that a score of amiable can have."""
    record = record_of(score)
    if record is None:
        return interval
    least, largest = record.range_with(getattr(score, "keywords", {}))
    most = largest - least
    if not math.isfinite(most):
        return interval
    cut = (min(max(float(end), -most), most) for end in interval)
    low, high = (new if isinstance(old, float) else 0 * old + new for new, old in zip(cut, interval, strict=True))
    return ConfidenceInterval(low, high)


def _pvalue(difference: Any, error: Any, freedom: float, n_resamples: int) -> Any:
    from scipy.special import stdtr

    if math.isnan(float(difference)) or math.isnan(float(error)):
        pvalue = math.nan
    elif float(error) > 0:
        pvalue = max(2 * float(stdtr(freedom, -abs(float(difference)) / float(error))), sys.float_info.min)
    else:
        pvalue = 1.0 if float(difference) == 0 else 1 / (1 + n_resamples)
    return pvalue if isinstance(difference, float) else 0 * difference + pvalue


def _check_three(
    labels_true: Any, labels_a: Any, labels_b: Any, *, warns: bool
) -> tuple[Namespace, Array, Array, Array]:
    if any(map(is_dask, (labels_true, labels_a, labels_b))):
        raise TypeError("labels_true, labels_a or labels_b is a Dask array: expected labels in memory")
    given = {"labels_true": labels_true, "labels_a": labels_a, "labels_b": labels_b}
    for name in ("labels_a", "labels_b"):
        warn_of_order(labels_true=labels_true, **{name: given[name]})
    found = {name: check_labels(name, coded(name, x, warns=warns).labels, warns=warns) for name, x in given.items()}
    true = found["labels_true"]
    xp = common_namespace(**found)
    for name, x in found.items():
        if x.ndim != 1:
            raise ValueError(f"{name} has shape {tuple(x.shape)}, a batch of labelings: expected one, (n_samples,)")
        check_values_known(name, x)
        if x.shape != true.shape:
            raise ValueError(f"{name} has {x.shape[0]} samples and labels_true {true.shape[0]}: expected equal numbers")
    if true.shape[0] == 0:
        raise ValueError("labels_true has no samples to draw from: expected at least one")
    return xp, true, found["labels_a"], found["labels_b"]
