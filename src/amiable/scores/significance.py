"""How far mutual information is from chance: its moments, the standardised score, a p-value without simulation."""

from __future__ import annotations

from typing import Any, NamedTuple

from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.bins import sum_by_key
from amiable._array.devices import on_cpu, on_own_device
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.special import gammaincc
from amiable._array.transfers import as_result, host_views
from amiable.chance.deviance import deviance, mean_count, offset_from_mean
from amiable.chance.entropies import number_of_clusters
from amiable.chance.variance import expected_line, is_one_cluster, slopes, variance_of_sum
from amiable.contingency import Cells
from amiable.inputs.counts import check_margins
from amiable.scores.adjusted_mutual_information import Observed, excess_information, expected_information, observed
from amiable.scores.evaluate import evaluate

__all__ = [
    "Moments",
    "mutual_info_pvalue",
    "mutual_information_moments",
    "standardized_mutual_info_score",
]


class Moments(NamedTuple):
    """The first two moments of a null distribution: floats, or arrays of shape (...)."""

    mean: Any  # in the unit of the score: nats, for mutual information
    variance: Any  # in its square


@on_own_device
def mutual_information_moments(row_sums: Any, col_sums: Any) -> Moments:
    """Exact mean and variance of the mutual information (MI) of two labelings with given cluster sizes.

    Over all pairs of labelings with these sizes, equally likely (the permutation model). Neither number is simulated,
    and their cost does not grow with n_samples: for many clusters it is that of a few hundred expectations of MI.

    Parameters
    ----------
    row_sums, col_sums : array-like of whole numbers, shapes (..., R) and (..., C)
        Cluster sizes of the two labelings, with equal totals n_samples. Leading (batch) dimensions broadcast;
        sizes 0 contribute nothing.

    Returns
    -------
    mean, variance : float or array of shape (...)
        A named tuple: expected mutual information in nats, and its variance in nats squared, exactly 0 where the sizes
        determine MI. Relative errors below 1e-14 and 1e-10. Floats for lists and 1-D NumPy sizes, else arrays of the
        inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Sizes that are negative, fractional, not finite or not numbers; totals that differ; an empty batch.

    Notes
    -----
    n_samples times MI tends to half a chi-square variable with (R - 1) (C - 1) degrees of freedom, of mean and variance
    (R - 1) (C - 1) / 2, as the cluster sizes grow. `amiable.chance.variance` derives the exact formula. The variance
    costs the third power of the number of different sizes, for which a few hundred stand in: up to 31 sizes below 32,
    and 12 for each doubling above. That is milliseconds for ten clusters, and seconds for ten thousand of all sizes.

    References
    ----------
    Vinh, Epps and Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024. The variance, by a slower formula: Romano,
    Bailey, Nguyen and Verspoor (2014), Standardized mutual information for clustering comparisons, ICML,
    PMLR 32(2):1143-1151.

    Examples
    --------
    >>> from amiable import mutual_information_moments
    >>> mean, variance = mutual_information_moments([4, 3, 1], [3, 3, 2])
    >>> round(mean, 6), round(variance, 6)
    (0.3477, 0.025222)
    """
    xp, *sizes = check_margins(row_sums, col_sums)
    xp, (rows, cols), back = host_views(xp, *sizes)
    n = to_divisor(xp, xp.sum(rows, axis=-1))
    variance = variance_of_sum(xp, rows, cols) / n / n
    return Moments(as_result(back(expected_information(xp, rows, cols))), as_result(back(variance)))


def standardized_mutual_info_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Standardized mutual information (SMI): how many standard deviations MI is above its expectation by chance.

    SMI = (MI - EMI) / sqrt(Var(MI)), both moments exact under the permutation model.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`. On an accelerator or under
        tracing the variance then takes memory and work of R C (R + C) times 2**14; traced, R and C of 16 is the most.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    smi : float or array of shape (...)
        Unbounded, without unit; over random labelings of these sizes its mean is 0 and its variance 1. Grows with
        n_samples for the same agreement: it measures evidence, AMI measures agreement. 0 where the cluster sizes
        determine MI, empty labels included. A float for lists and 1-D NumPy labels, else an array of the inputs'
        library on their device. Absolute error about 1e-15 MI / sqrt(Var(MI)), plus 1e-10 of the score.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Romano, Bailey, Nguyen and Verspoor (2014), Standardized mutual information for clustering comparisons: one step
    further in adjustment for chance, ICML, PMLR 32(2):1143-1151.

    Examples
    --------
    >>> from amiable import standardized_mutual_info_score
    >>> round(standardized_mutual_info_score([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 6)
    0.816497
    """
    options: dict[str, Any] = {"finish": _standardized, "compiles": False}
    return evaluate(_observed_with_line, labels_true, labels_pred, contingency, n_labels, axis, **options)


def _observed_with_line(table: Cells) -> tuple[Array, ...]:
    """Return what `observed` does, and the line of the one cluster beside singletons, with whether there is one.

    Where MI hardly varies, all digits of its excess are in that line (`amiable.chance.variance`).
    """
    xp, known = table.xp, observed(table)
    if not on_cpu(known.mutual):
        return (*known, xp.zeros_like(known.mutual), xp.zeros_like(known.floor_positive))
    lines = _line(table, False), _line(table, True)
    value = xp.where(lines[0][1], lines[0][0], lines[1][0])
    return (*known, value, (lines[0][1] | lines[1][1]) & xp.logical_not(known.floor_positive))


def _line(table: Cells, is_column: bool) -> tuple[Array, Array]:
    """Return the sum over one line of D(N_j, m_j) + t_j v_j, and whether its labeling has singletons beside it."""
    xp, n = table.xp, table.n_samples[..., None]
    sides = [(table.row_sums, table.rows), (table.col_sums, table.cols)]
    (sums, at), (others, across) = sides[::-1] if is_column else sides
    size = xp.max(sums, axis=-1, keepdims=True) if sums.shape[-1] else n
    held = xp.where(xp.take(sums, at, axis=-1) == size, table.counts, 0)
    held = sum_by_key(xp, across, held, others.shape[-1])
    t, mean = offset_from_mean(xp, held, size, others, n), mean_count(xp, size, others, n)
    slope = slopes(xp, others, n, number_of_clusters(xp, others)[..., None])
    terms = deviance(xp, to_float(xp, held), mean, t) + t * slope
    applies = is_one_cluster(xp, sums) if sums.shape[-1] else n[..., 0] < 0
    return xp.sum(terms, axis=-1), applies


def _standardized(*known: Array, static: bool) -> Array:
    *rest, line, has_line = known
    xp, found, excess, _ = _excess(tuple(rest), static)
    if on_cpu(has_line) and bool(xp.any(has_line)):
        n = to_divisor(xp, xp.sum(found.row_sums, axis=-1))
        excess = xp.where(has_line, (line - expected_line(xp, found.row_sums, found.col_sums)) / n, excess)
    variance, constant = _variance(xp, found, static)
    score = excess / xp.sqrt(xp.where(constant, 1.0, variance))
    return xp.where(constant, 0.0, score)


def mutual_info_pvalue(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """P-value of mutual information (MI) without simulation: the chance of random labelings to have at least this MI.

    Under the permutation model, from the gamma distribution that has the exact mean and variance of MI.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`. On an accelerator or under
        tracing the variance then takes memory and work of R C (R + C) times 2**14; traced, R and C of 16 is the most.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    pvalue : float or array of shape (...)
        In [0, 1]; 1 where the cluster sizes determine MI, empty labels included. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    Notes
    -----
    An approximation, except in the limit of large clusters, where n_samples MI is half a chi-square variable, which is
    a gamma variable. `benchmarks/results/pvalues.md` compares it with a million random tables in each of many cases:
    from 3 x 3 tables on, with ten samples or more a cluster, p-values down to 0.001 were right within 40 percent, and
    with a hundred samples a cluster within 4. Do not use it where MI takes few values: with fewer than some tens of
    samples, in 2 x 2 tables of fewer than a thousand samples or with a small cluster (off by factors of 2), for
    labelings of nearly all singletons or pairs; nor for p-values below 0.001 with clusters of a few samples. There use
    `permutation_test`.

    References
    ----------
    Vinh, Epps and Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024; Romano, Bailey, Nguyen and Verspoor
    (2014), ICML, PMLR 32(2):1143-1151.

    Examples
    --------
    >>> from amiable import mutual_info_pvalue
    >>> round(mutual_info_pvalue(contingency=[[30, 20], [20, 30]]), 3)
    0.046
    """
    return evaluate(observed, labels_true, labels_pred, contingency, n_labels, axis, finish=_pvalue, compiles=False)


def _pvalue(*known: Array, static: bool) -> Array:
    xp, found, excess, expected = _excess(known, static)
    variance, constant = _variance(xp, found, static)
    n = to_divisor(xp, xp.sum(found.row_sums, axis=-1))
    floor = found.h_true + found.h_pred - xp.log(n)
    mean = expected + xp.where(found.floor_positive, floor, 0.0)
    mean, variance = (xp.where(constant, 1.0, x) for x in (mean, variance))
    pvalue = gammaincc(xp, mean * (mean / variance), at_least(xp, (mean + excess) * (mean / variance), 0.0))
    return xp.where(constant, 1.0, pvalue)


def _excess(known: tuple[Array, ...], static: bool) -> tuple[Namespace, Observed, Array, Array]:
    found = Observed(*known)
    return namespace_of(found.row_sums), found, *excess_information(found, static)


def _variance(xp: Namespace, found: Observed, static: bool) -> tuple[Array, Array]:
    """Return the variance of MI and whether it is 0, which it is exactly where the sizes determine MI."""
    n = to_divisor(xp, xp.sum(found.row_sums, axis=-1))
    variance = variance_of_sum(xp, found.row_sums, found.col_sums, static=static) / n / n
    return variance, variance == 0
