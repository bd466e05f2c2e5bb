"""Bootstrap confidence intervals: how much a score would vary over other samples of the same population."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
from amiable.resampling.scoring import check_count, cut, one_table, rounding, scores_of_blocks
from amiable.scores.evaluate import score_of_table
from amiable.scores.registry import function_of, record_of

__all__ = ["BootstrapResult", "ConfidenceInterval", "bootstrap"]

Method = Literal["standard", "centered", "percentile", "basic", "BCa"]
DEFAULT_METHOD: Method = "standard"

# Of a cell, one sample in so many is left out at most, so that what is left is nearly the same table.
_LEAST_LEFT = 8


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
        With ``method="standard"`` the one that the interval is made of: the larger of the jackknife's and the standard
        deviation of the bootstrap distribution. With other methods that standard deviation. It has n_resamples - 1 in
        the denominator.
    degrees_of_freedom : float or 0-d array
        Of Student's t, with ``method="standard"``; infinite with other methods.
    """

    statistic: Any
    confidence_interval: ConfidenceInterval
    bootstrap_distribution: Any
    standard_error: Any
    degrees_of_freedom: Any


@on_own_device
def bootstrap(
    labels_true: Any = None,
    labels_pred: Any = None,
    score: str | Callable[..., Any] = "ami",
    *,
    n_resamples: int = 9999,
    confidence_level: float = 0.95,
    method: Method = DEFAULT_METHOD,
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
        How many resamples are drawn. "standard" and "BCa" leave out one sample of each occupied cell besides; of more
        cells than `n_resamples`, they leave out that many samples drawn at random.
    confidence_level : float, default=0.95
        In (0, 1).
    method : {"standard", "centered", "percentile", "basic", "BCa"}, default="standard"
        "standard": the score plus and minus its standard error, times a quantile of Student's t. The others take
        quantiles of the bootstrap distribution. "percentile": as they are; "basic": reflected at the score;
        "centered": moved so that the mean of the distribution is the score, which is always between them; "BCa":
        corrected for bias and acceleration. With "BCa", the interval is NaN, with a warning, if all resamples are on
        one side of the score. The Notes say which method covers where.
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
    An interval is for the mean score of other samples of the same size from the same population. That is not the score
    of the population. Where clusters have a few samples each, scores of samples differ from it on average, and those
    that are corrected for chance may, too. Samples must be independent of each other: where whole clusters are merged,
    an interval of any method is too short. Intervals of a score of amiable are cut at the ends of its range.

    "standard" covers in all cases that were simulated, of few clusters and many, large and tiny, but two kinds. Of 20
    samples in two clusters it covers a little less than it says. And where many samples have a perfect score, so do all
    their resamples, and an interval of any method is a point. Near chance "standard" is longer than it need be.
    "centered" covers where clusters are large, and is too short for many small ones. "percentile", "basic" and "BCa"
    cover where clusters are large and the score is not near chance; for many small clusters they may miss the mean
    nearly always. The cases and the numbers are in ``benchmarks/results/coverage.md``.

    Resamples repeat samples, and repeated samples agree. So where clusters have a few samples each, the bootstrap
    distribution lies on the side of more agreement than the score, and it is too narrow. Leaving out samples repeats
    none: the standard error of the jackknife holds for small clusters. But it is that of a score on which samples have
    effects that add up. Near chance they do not, and it may be too small, where the standard deviation of the bootstrap
    distribution is not. So "standard" takes the larger one. The degrees of freedom of its t follow from the kurtosis of
    the effects of samples.

    To draw n samples with replacement is to draw a table from a multinomial distribution over the occupied cells, so
    the cost depends on these, not on n_samples.

    References
    ----------
    Efron (1987), Better bootstrap confidence intervals, J. American Statistical Association 82:171-185,
    10.1080/01621459.1987.10478410. Severiano, Carriço, Robinson, Ramirez and Pinto (2011), Evaluation of jackknife and
    bootstrap for defining confidence intervals for pairwise agreement measures, PLoS ONE 6:e19539,
    10.1371/journal.pone.0019539.

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
    from scipy.special import stdtrit  # which takes long to import

    xp, occupied = table.xp, table.counts > 0
    cells = [x[occupied] for x in (table.counts, table.rows, table.cols)]
    sampler = sampler_for(xp, rng, *cells, table.n_samples[None])
    tables = with_progress(_resamples(sampler, table.shape, n_resamples), n_resamples, progress)
    pieces = (piece for block in tables for piece in cut(block, batch))
    distributions = scores_of_blocks(scores, pieces, n_resamples, sampler.back)
    influences: list[_Influences | None] = [None] * len(scores)
    if method in ("standard", "BCa"):
        influences[:] = _influences(sampler, table, scores, n_resamples, batch)
    results = []
    for score, found, influence in zip(scores, distributions, influences, strict=True):
        observed, error = score_of_table(score, table), moments_of_sample(xp, found)[1]
        freedom = math.inf
        if influence is not None and method == "standard":
            error = xp.maximum(error, influence.error())
            freedom = influence.freedom()
            margin = error * float(stdtrit(freedom, (1 + confidence_level) / 2))
            ends = observed - margin, observed + margin
        else:
            ends = _quantiles(xp, method, found, observed, influence, confidence_level)
        interval = ConfidenceInterval(*map(as_result, _within_range(xp, score, observed, ends)))
        results.append(
            BootstrapResult(as_result(observed), interval, found, as_result(error), as_result(0 * error + freedom))
        )
    return results


def _resamples(sampler: Sampler, shape: tuple[int, ...], size: int) -> Iterator[Cells]:
    """Draw tables of as many samples, each from the same cells, in blocks."""
    xp, (counts, rows, cols, total) = sampler.xp, sampler.arrays
    keys = rows * shape[1] + cols
    for drawn in multinomial_tables(xp, sampler.source, total, counts, size):
        yield listed(xp, keys, drawn[:, 0, :], (shape[0], shape[1]))


@dataclass(frozen=True)
class _Influences:
    """How much a sample moves a score, told by leaving samples out, cell by cell.

    `values` (M,) are n times the change of the score that one sample more or less makes, around their mean, and
    `weights` (M,) the shares of the samples that they stand for. They rest on `n_known` of `n_samples` samples.
    """

    xp: Namespace
    values: Array
    weights: Array
    n_samples: int
    n_known: int

    def moment(self, power: int) -> Array:
        """Return the mean of a power."""
        return self.xp.sum(self.weights * self.values**power)

    def error(self) -> Array:
        """Return the standard error of the score by the jackknife."""
        return self.xp.sqrt(self.moment(2) / max(self.n_samples - 1, 1))

    def freedom(self) -> float:
        """Return the degrees of freedom of Student's t that is as uncertain as the square of the error.

        That is a mean of squares, whose own spread tells how uncertain it is.
        """
        squares, fourths = float(self.moment(2)), float(self.moment(4))
        excess = fourths / squares**2 - 1 if squares > 0 else 0.0
        return 2 * self.n_known / excess if excess > 0 else math.inf

    def acceleration(self) -> float:
        """Return that of "BCa": a sixth of the skewness of the score."""
        squares, cubes = float(self.moment(2)), float(self.moment(3))
        return cubes / (6 * squares * math.sqrt(squares * self.n_samples)) if squares > 0 else 0.0


def _influences(
    sampler: Sampler, table: Cells, scores: Sequence[Callable[..., Any]], most: int, batch: int | None
) -> list[_Influences]:
    """Leave samples of each occupied cell out; of more cells than `most`, as many samples drawn at random.

    One sample is left out where that changes a score by more than its rounding; of very many samples, more are.
    """
    xp, (counts, _, _, total) = sampler.xp, sampler.arrays
    drawn, n, n_known = counts, int(total[0]), int(total[0])
    if counts.shape[0] > most:
        n_known = most
        (drawn,) = multinomial_tables(xp, sampler.source, xp.ones_like(total) * most, counts, 1)
        drawn = drawn[0, 0, :]
    (chosen,) = xp.nonzero(drawn > 0)
    weights, held = xp.take(drawn, chosen), xp.take(counts, chosen)
    eps = float(table.xp.finfo(to_float(table.xp, sampler.back(counts)).dtype).eps)
    step = max(1, int(n * math.sqrt(eps)))  # rounding and curvature, as of any numerical derivative, are small
    one = xp.ones_like(held)
    fewer = xp.minimum(xp.maximum(held // _LEAST_LEFT, one), one * step)
    pieces = (piece for block in _left_out(sampler, table.shape, chosen, fewer) for piece in cut(block, batch))
    left_out = scores_of_blocks(scores, pieces, int(chosen.shape[0]), sampler.back)
    xp = table.xp
    weights, fewer = (to_float(xp, sampler.back(x)) for x in (weights, fewer))
    weights = weights / xp.sum(weights)
    found = []
    for score, values in zip(scores, left_out, strict=True):
        changes = (score_of_table(score, table) - to_float(xp, values)) * ((n - fewer) / fewer)
        found.append(_Influences(xp, changes - xp.sum(weights * changes), weights, n, n_known))
    return found


def _left_out(sampler: Sampler, shape: tuple[int, ...], chosen: Array, fewer: Array) -> Iterator[Cells]:
    """Return, for each of some cells (M,), the table with so many samples `fewer` (M,) in it, in blocks."""
    xp, (counts, rows, cols, _) = sampler.xp, sampler.arrays
    keys, n_cells = rows * shape[1] + cols, counts.shape[0]
    number = xp.arange(n_cells, dtype=chosen.dtype, device=device_of(counts))
    for run in blocks(chosen.shape[0], most_elements(counts) // n_cells):
        missing = fewer[run, None] * to_count(xp, chosen[run, None] == number[None, :])
        yield listed(xp, keys, counts[None, :] - missing, (shape[0], shape[1]))


def _quantiles(
    xp: Namespace, method: Method, found: Array, observed: Array, influence: _Influences | None, level: float
) -> tuple[Array, Array]:
    """Return the ends of the interval that comes from quantiles of the scores of resamples."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    if influence is not None:
        tails = _corrected(tails, _share_below(xp, found, observed), influence.acceleration)
    ordered = xp.sort(found)
    low, high = (_quantile(ordered, tail) for tail in tails)
    if method == "basic":
        return 2 * observed - high, 2 * observed - low
    if method == "centered":
        excess = xp.mean(to_float(xp, found)) - observed
        return xp.minimum(low - excess, observed), xp.maximum(high - excess, observed)
    return low, high


def _within_range(
    xp: Namespace, score: Callable[..., Any], observed: Array, ends: tuple[Array, Array]
) -> tuple[Array, Array]:
    """Cut an interval at the ends of the range of a score of amiable."""
    record = record_of(score)
    if record is None:
        return ends
    least, most = (xp.zeros_like(observed) + x for x in record.range_with(getattr(score, "keywords", {})))
    low, high = (xp.minimum(xp.maximum(end, least), most) for end in ends)
    return low, high


def _share_below(xp: Namespace, found: Array, observed: Array) -> float:
    """Return how many resamples are below the score; those that equal it, but for rounding, count half."""
    slack = rounding(xp, found, observed)
    below, up_to = (float(xp.sum(to_count(xp, x))) for x in (found < observed - slack, found <= observed + slack))
    return (below + up_to) / (2 * found.shape[0])


def _corrected(tails: list[float], below: float, acceleration: Callable[[], float]) -> list[float]:
    """Return tails corrected for bias, told by how many resamples are below the score, and acceleration."""
    if below in (0.0, 1.0):
        side = "above" if below == 0 else "below"
        warnings.warn(
            f"all resamples are {side} the score, so far that their bias has no estimate: the BCa interval is NaN; "
            "method='standard' gives one, and holds where clusters have a few samples each",
            stacklevel=6,
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
