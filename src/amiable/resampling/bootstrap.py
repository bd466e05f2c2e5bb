"""Bootstrap confidence intervals: how much a score would vary over other samples of the same population."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from amiable._array.blocks import blocks
from amiable._array.devices import device_of, on_own_device
from amiable._array.dtypes import to_count, to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.random import Sampler, sampler_for
from amiable._array.transfers import as_result
from amiable.contingency import Cells, listed
from amiable.resampling.draws import most_elements, multinomial_tables, with_progress
from amiable.resampling.permutation import moments_of_sample
from amiable.resampling.scoring import check_count, cut, one_table, rounding, score_of_table, scores_of_blocks
from amiable.scores.registry import function_of

__all__ = ["BootstrapResult", "ConfidenceInterval", "bootstrap"]

Method = Literal["BCa", "percentile", "basic", "centered"]


class ConfidenceInterval(NamedTuple):
    """The two ends of an interval: floats or 0-d arrays."""

    low: Any
    high: Any


@dataclass(frozen=True)
class BootstrapResult:
    """A score, its bootstrap distribution, and what follows from that; named as SciPy's results are.

    Attributes
    ----------
    statistic : float or 0-d array
        The score of the labelings that were given.
    confidence_interval : ConfidenceInterval
        ``low`` and ``high``.
    bootstrap_distribution : array of shape (n_resamples,)
        The score of the resamples.
    standard_error : float or 0-d array
        The standard deviation of the bootstrap distribution, with n_resamples - 1 in the denominator.
    """

    statistic: Any
    confidence_interval: ConfidenceInterval
    bootstrap_distribution: Any
    standard_error: Any


@on_own_device
def bootstrap(
    labels_true: Any = None,
    labels_pred: Any = None,
    score: str | Callable[..., Any] = "ami",
    *,
    n_resamples: int = 9999,
    confidence_level: float = 0.95,
    method: Method = "BCa",
    rng: Any = None,
    batch: int | None = None,
    contingency: Any = None,
    progress: Callable[[int, int], Any] | None = None,
) -> BootstrapResult:
    """Confidence interval of a score, by resampling the samples.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Labels of any kind.
    score : str or callable, default="ami"
        A score of amiable, its name, or a function of tables; as in `permutation_test`.
    n_resamples : int, default=9999
        How many resamples are drawn.
    confidence_level : float, default=0.95
        In (0, 1).
    method : {"BCa", "percentile", "basic", "centered"}, default="BCa"
        "percentile": quantiles of the bootstrap distribution; "basic": these, reflected at the score; "centered":
        these, moved so that the mean of the distribution is the score, which is always between them; "BCa":
        quantiles corrected for bias and acceleration, the latter by leaving out one sample of each occupied cell. With
        "BCa", the interval is NaN, with a warning, if all resamples are on one side of the score.
    rng : seed, generator or key, optional
        As in `random_tables`.
    batch : int, optional
        The most tables that are scored at once. The result does not depend on it.
    contingency : ContingencyTable, array-like (R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    progress : callable, optional
        Called after each block with the number of resamples that are done and the number of all.

    Returns
    -------
    result : BootstrapResult
        ``statistic``, ``confidence_interval`` with ``low`` and ``high``, ``bootstrap_distribution`` (n_resamples,) and
        ``standard_error``. Floats and a NumPy array for lists and NumPy labels, else arrays of the inputs' library on
        their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, a batch of labelings, no samples, `n_resamples` or `batch` below 1, a `confidence_level`
        outside (0, 1), an unknown `method` or `score`, a `rng` of another library; the message names the argument.

    Notes
    -----
    To draw n samples with replacement is to draw a table from a multinomial distribution over the occupied cells, so
    the cost depends on these, not on n_samples. "BCa" scores one more table for each occupied cell, which takes longer
    than all else from a few thousand cells on; there, ask for another method. Samples must be independent of each other
    for the interval to mean something. Resamples repeat samples, and repeated samples agree: where clusters have a few
    samples each, scores have a bootstrap distribution above the score itself. That is no bias of a score that is
    corrected for chance, but "BCa" and "basic" take it for one, and "percentile" leaves it in: all three then miss the
    mean score of other samples. Ask for "centered" there; it tells how much the score varies.

    References
    ----------
    Efron (1987), Better bootstrap confidence intervals, J. American Statistical Association 82:171-185,
    10.1080/01621459.1987.10478410.

    Examples
    --------
    >>> from amiable import bootstrap
    >>> result = bootstrap(contingency=[[450, 50], [60, 440]], rng=0)
    >>> low, high = result.confidence_interval
    >>> low < result.statistic < high, round(result.standard_error, 3)
    (True, 0.03)
    """
    function = function_of(score)
    n_resamples = check_count("n_resamples", n_resamples)
    if batch is not None:
        batch = check_count("batch", batch)
    check_level(confidence_level)
    if method not in get_args(Method):
        raise ValueError(f"method is {method!r}: expected one of {', '.join(map(repr, get_args(Method)))}")
    table = one_table(labels_true, labels_pred, contingency)
    if int(table.n_samples) == 0:
        what = "labels_true" if contingency is None else "contingency"
        raise ValueError(f"{what} has no samples to draw from: expected at least one")
    options: dict[str, Any] = {"n_resamples": n_resamples, "confidence_level": confidence_level, "rng": rng}
    return bootstraps(table, [function], **options, method=method, batch=batch, progress=progress)[0]


def check_level(confidence_level: Any) -> None:
    """Raise ValueError for what is no share between 0 and 1."""
    if not (isinstance(confidence_level, (int, float, np.floating)) and 0 < confidence_level < 1):
        raise ValueError(f"confidence_level is {confidence_level!r}: expected a number between 0 and 1")


def bootstraps(
    table: Cells,
    scores: Sequence[Callable[..., Any]],
    *,
    n_resamples: int,
    confidence_level: float,
    method: Method,
    rng: Any,
    batch: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> list[BootstrapResult]:
    """Bootstrap each score of a table with the same resamples."""
    xp, occupied = table.xp, table.counts > 0
    cells = [x[occupied] for x in (table.counts, table.rows, table.cols)]
    sampler = sampler_for(xp, rng, *cells, table.n_samples[None])
    tables = with_progress(_resamples(sampler, table.shape, n_resamples), n_resamples, progress)
    pieces = (piece for block in tables for piece in cut(block, batch))
    distributions = scores_of_blocks(scores, pieces, n_resamples, sampler.back)
    results = []
    for score, found in zip(scores, distributions, strict=True):
        observed = score_of_table(score, table)
        tails = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
        if method == "BCa":
            below = _share_below(xp, found, observed)
            tails = _corrected(tails, below, partial(_acceleration, xp, sampler, table, score))
        ordered = xp.sort(found)
        low, high = (_quantile(ordered, tail) for tail in tails)
        if method == "basic":
            low, high = 2 * observed - high, 2 * observed - low
        if method == "centered":
            excess = xp.mean(to_float(xp, found)) - observed
            low, high = xp.minimum(low - excess, observed), xp.maximum(high - excess, observed)
        interval = ConfidenceInterval(as_result(low), as_result(high))
        results.append(
            BootstrapResult(as_result(observed), interval, found, as_result(moments_of_sample(xp, found)[1]))
        )
    return results


def _resamples(sampler: Sampler, shape: tuple[int, ...], size: int) -> Iterator[Cells]:
    """Draw tables of as many samples, each from the same cells, in blocks."""
    xp, (counts, rows, cols, total) = sampler.xp, sampler.arrays
    keys = rows * shape[1] + cols
    for drawn in multinomial_tables(xp, sampler.source, total, counts, size):
        yield listed(xp, keys, drawn[:, 0, :], (shape[0], shape[1]))


def _one_left_out(sampler: Sampler, shape: tuple[int, ...]) -> Iterator[Cells]:
    """Return, for each occupied cell, the table without one of its samples, in blocks."""
    xp, (counts, rows, cols, _) = sampler.xp, sampler.arrays
    keys, n_cells = rows * shape[1] + cols, counts.shape[0]
    number = xp.arange(n_cells, dtype=counts.dtype, device=device_of(counts))
    for run in blocks(n_cells, most_elements(counts) // n_cells):
        fewer = counts[None, :] - to_count(xp, number[run, None] == number[None, :])
        yield listed(xp, keys, fewer, (shape[0], shape[1]))


def _share_below(xp: Namespace, found: Array, observed: Array) -> float:
    """Return how many resamples are below the score; those that equal it, but for rounding, count half."""
    slack = rounding(xp, found, observed)
    below, up_to = (float(xp.sum(to_count(xp, x))) for x in (found < observed - slack, found <= observed + slack))
    return (below + up_to) / (2 * found.shape[0])


def _acceleration(xp: Namespace, sampler: Sampler, table: Cells, function: Callable[..., Any]) -> float:
    """Return the skewness that comes from the influence of each sample, by leaving it out."""
    counts = table.counts[table.counts > 0]
    (left_out,) = scores_of_blocks([function], _one_left_out(sampler, table.shape), counts.shape[0], sampler.back)
    weights = to_float(xp, counts)
    weights = weights / xp.sum(weights)
    influence = xp.sum(weights * left_out) - left_out
    squares, cubes = (float(xp.sum(weights * influence**power)) for power in (2, 3))
    return cubes / (6 * squares * math.sqrt(squares * float(table.n_samples))) if squares > 0 else 0.0


def _corrected(tails: list[float], below: float, acceleration: Callable[[], float]) -> list[float]:
    """Return tails corrected for bias, told by how many resamples are below the score, and acceleration."""
    if below in (0.0, 1.0):
        side = "above" if below == 0 else "below"
        warnings.warn(
            f"all resamples are {side} the score, so far that their bias has no estimate: the BCa interval is NaN; "
            "method='centered' gives one, and holds where clusters have a few samples each",
            stacklevel=4,
        )
        return [math.nan, math.nan]
    normal, a = NormalDist(), acceleration()
    bias = normal.inv_cdf(below)

    def moved(tail: float) -> float:
        z = bias + normal.inv_cdf(tail)
        return normal.cdf(bias + z / (1 - a * z))

    return [moved(tail) for tail in tails]


def _quantile(values: Array, share: float) -> Array:
    """Return the quantile of sorted values (N,), between neighbours by a straight line."""
    if math.isnan(share):
        return values[0] * share
    at = share * (values.shape[0] - 1)
    low = min(math.floor(at), values.shape[0] - 1)
    high = min(low + 1, values.shape[0] - 1)
    return values[low] + (values[high] - values[low]) * (at - low)
