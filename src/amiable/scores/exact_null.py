"""Scores beside their exact null distribution, for every score that is a sum over cells, your own included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amiable._array.arithmetic import at_least
from amiable._array.devices import on_cpu, on_own_device
from amiable._array.protocols import Array, Namespace
from amiable._array.special import gammaincc
from amiable._array.transfers import as_result, host_views
from amiable.contingency import Cells
from amiable.inputs.counts import check_margins
from amiable.scores.cell_score import CellScore, inverse
from amiable.scores.evaluate import evaluate
from amiable.scores.registry import SCORES, Score, function_of, record_called, record_of
from amiable.scores.significance import Moments, mutual_info_pvalue, standardized_mutual_info_score
from amiable.scores.sums import MUTUAL_INFORMATION

__all__ = ["adjusted_score", "expected_score", "score_moments", "score_pvalue", "standardized_score"]

_FARTHEST = 1e3  # standard deviations of the mean from where the distribution begins


@on_own_device
def expected_score(score: str | Callable[..., Any] | CellScore, row_sums: Any, col_sums: Any) -> Any:
    """Exact expectation of a score of two labelings with given cluster sizes.

    Over all pairs of labelings with these sizes, equally likely (the permutation model), without simulation.

    Parameters
    ----------
    score : str, callable or CellScore
        A score of amiable, by its short name ("ari", "vi") or its function's, or the function; or one of your own.
        It is a sum over cells, but for a shift and a factor that the cluster sizes determine.
    row_sums, col_sums : array-like of whole numbers, shapes (..., R) and (..., C)
        Cluster sizes of the two labelings, with equal totals n_samples. Leading (batch) dimensions broadcast; sizes 0
        contribute nothing.

    Returns
    -------
    mean : float or array of shape (...)
        In the unit of the score. A float for lists and 1-D NumPy sizes, else an array of the inputs' library on their
        device.

    Raises
    ------
    ValueError, TypeError
        Bad sizes; a score whose expectation has no closed form; a bad `CellScore`. The message names the argument.

    References
    ----------
    Romano, Vinh, Bailey and Verspoor (2016), Adjusting for chance clustering comparison measures, JMLR 17(134):1-32,
    10.48550/arXiv.1512.01286.

    Examples
    --------
    >>> from amiable import expected_score
    >>> round(expected_score("ri", [4, 3, 1], [3, 3, 2]), 6)
    0.589286
    """
    cells, record = _exact(score)
    xp, rows, cols, back = _margins(row_sums, col_sums)
    return as_result(back(_mean(xp, record, rows, cols, lambda: cells.mean(rows, cols))))


@on_own_device
def score_moments(score: str | Callable[..., Any] | CellScore, row_sums: Any, col_sums: Any) -> Moments:
    """Exact mean and variance of a score of two labelings with given cluster sizes.

    Over all pairs of labelings with these sizes, equally likely (the permutation model), without simulation.

    Parameters
    ----------
    score : str, callable or CellScore
        As in `expected_score`.
    row_sums, col_sums : array-like of whole numbers, shapes (..., R) and (..., C)
        As in `expected_score`.

    Returns
    -------
    mean, variance : float or array of shape (...)
        A named tuple, in the unit of the score and in its square; the variance is exactly 0 where the sizes determine
        the score. Floats for lists and 1-D NumPy sizes, else arrays of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        As in `expected_score`.

    Notes
    -----
    Scores of pairs (Rand, adjusted Rand, Fowlkes-Mallows) and chi-square cost R + C operations, polynomials in the
    count R C (R + C) times a number of nodes, other sums of your own R C (R + C) times its square. The nodes are counts
    that a cell may have, up to a hundred or so where a sum is said to be smooth, and many more where it is not: for
    clusters of thousands of samples say so if it is true. Relative errors of the variance grow with the counts of
    single cells, from 1e-15 for pairs to about 1e-16 times a usual count for your own; a standard deviation below 1e-14
    of the mean is taken for 0.

    References
    ----------
    The derivation is in `amiable.chance.cell_sums` and `amiable.chance.pairs`. The variance of the adjusted Rand index,
    in another form: Steinley, Brusco and Hubert (2016), Psychological Methods 21(2):261-272, 10.1037/met0000049.

    Examples
    --------
    >>> from amiable import score_moments
    >>> mean, variance = score_moments("ari", [4, 3, 1], [3, 3, 2])
    >>> round(mean, 6), round(variance, 6)
    (0.0, 0.038077)
    """
    cells, record = _exact(score)
    xp, rows, cols, back = _margins(row_sums, col_sums)
    mean, variance = cells.moments(rows, cols)
    factor = _rescaled(xp, record, rows, cols)[1]
    of_score = _mean(xp, record, rows, cols, lambda: mean)
    return Moments(as_result(back(of_score)), as_result(back(factor * factor * variance)))


def adjusted_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    score: str | Callable[..., Any] | CellScore,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """A score corrected for chance: (score - E[score]) / (best - E[score]), the expectation exact.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    score : str, callable or CellScore
        As in `expected_score`. The best value is 1, 0 for a distance; for mutual information and chi-square the mean of
        the scores of each labeling with itself; for a `CellScore` what its `largest` says.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    adjusted : float or array of shape (...)
        0 on average for independent labelings, 1 for the best value. Where one of the labelings is a single cluster or
        all singletons: 1 for identical partitions, else 0. A float for lists and 1-D NumPy labels, else an array of the
        inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or as in `expected_score`; the message names the argument.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2:193-218, 10.1007/BF01908075.

    Examples
    --------
    >>> from amiable import adjusted_rand_score, adjusted_score
    >>> true, pred = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]
    >>> round(adjusted_score(true, pred, score="ri"), 6) == round(adjusted_rand_score(true, pred), 6)
    True
    >>> round(adjusted_score(true, pred, score="homogeneity"), 6)
    0.444444
    """
    cells, record = _exact(score)
    options: dict[str, Any] = {"compiles": False, "cells": cells, "record": record}
    return evaluate(_adjusted, labels_true, labels_pred, contingency, n_labels, axis, **options)


def standardized_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    score: str | Callable[..., Any] | CellScore,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """How many standard deviations a score is from its expectation by chance, both moments exact.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    score : str, callable or CellScore
        As in `expected_score`.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    standardized : float or array of shape (...)
        Unbounded, without unit: (score - E[score]) / SD[score], which is negative for a distance where the labelings
        agree. 0 where the cluster sizes determine the score. A float for lists and 1-D NumPy labels, else an array of
        the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or as in `expected_score`; the message names the argument.

    References
    ----------
    Romano, Bailey, Nguyen and Verspoor (2014), Standardized mutual information for clustering comparisons, ICML,
    PMLR 32(2):1143-1151.

    Examples
    --------
    >>> from amiable import standardized_score
    >>> round(standardized_score([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], score="ari"), 6)
    0.816497
    """
    cells, record = _exact(score)
    if cells is MUTUAL_INFORMATION and record is not None:  # which keeps its digits where it hardly varies
        smi = standardized_mutual_info_score(
            labels_true, labels_pred, contingency=contingency, n_labels=n_labels, axis=axis
        )
        return -smi if record.is_distance else smi
    options: dict[str, Any] = {"compiles": False, "cells": cells, "record": record}
    return evaluate(_standardized, labels_true, labels_pred, contingency, n_labels, axis, **options)


def score_pvalue(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    score: str | Callable[..., Any] | CellScore,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """P-value of a score without simulation: the chance of random labelings to agree at least as much.

    Under the permutation model, from the gamma distribution that has the exact mean and variance, and begins at the
    least value that tables of any real counts with these cluster sizes have.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    score : str, callable or CellScore
        As in `expected_score`. Of a `CellScore` large values count as agreement, of a distance small ones.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    pvalue : float or array of shape (...)
        In [0, 1]; 1 where the cluster sizes determine the score, empty labels included. Scores that rise and fall
        together, as Rand and adjusted Rand, have one p-value; for those of mutual information it is that of
        `mutual_info_pvalue`. A float for lists and 1-D NumPy labels, else an array of the inputs' library on their
        device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or as in `expected_score`; the message names the argument.

    Notes
    -----
    An approximation, except in the limit of large clusters of equal sizes. `benchmarks/results/pvalues.md` compares it
    with random tables for several scores in many cases, and with the beta distribution that ends at the largest value,
    too, which is no closer. Do not use it where the score takes few values (2 x 2 tables, fewer than some tens of
    samples, clusters of a few samples), for p-values below 0.001 with clusters of very unequal sizes, or for sums whose
    terms are far from parabolas, least of all chi-square with expected counts below 1: there use `permutation_test`.
    A score whose terms are convex in some cells and concave in others gets the normal distribution, whose tails may be
    wrong by orders of magnitude; one whose terms are all concave is refused, as it is large where labelings differ.

    References
    ----------
    Romano, Bailey, Nguyen and Verspoor (2014), ICML, PMLR 32(2):1143-1151, for mutual information. P-values tell how
    sure agreement is, where standardised scores are not monotone: Klede, Altstidl, Zanca and Eskofier (2023), p-value
    adjustment for monotonous, unbiased, and fast clustering comparison, NeurIPS 36.

    Examples
    --------
    >>> from amiable import score_pvalue
    >>> table = [[20, 8, 5], [6, 25, 4], [9, 3, 20]]
    >>> score_pvalue(contingency=table, score="ari") < 1e-6
    True
    >>> round(score_pvalue(contingency=[[12, 9, 9], [10, 12, 8], [8, 9, 13]], score="ari"), 2)
    0.6
    """
    cells, record = _exact(score)
    if cells is MUTUAL_INFORMATION and record is not None:
        return mutual_info_pvalue(labels_true, labels_pred, contingency=contingency, n_labels=n_labels, axis=axis)
    return evaluate(_pvalue, labels_true, labels_pred, contingency, n_labels, axis, compiles=False, cells=cells)


def _exact(score: Any) -> tuple[CellScore, Score | None]:
    """Return the sum over cells that a score is made of, and its record if it is of amiable; raise for another."""
    if isinstance(score, CellScore):
        return score, None
    record = record_called(score) if isinstance(score, str) else record_of(score) if callable(score) else None
    if record is not None and not isinstance(score, str) and score not in (record.public, record.function):
        raise ValueError("score has options bound: expected a name, a function as it is, or a CellScore")
    if record is None or record.cells is None:
        known = ", ".join(repr(name) for name, other in SCORES.items() if other.cells is not None)
        function_of(score)  # raises for what is no score at all
        if record is not None and record.measures == "evidence":
            raise ValueError(
                f"score is {record.short_name!r}, which is measured against chance already: expected one of {known}, "
                "or a CellScore"
            )
        raise ValueError(
            f"score is {getattr(score, '__name__', score)!r}, which is no sum over cells, so that its moments have no "
            f"closed form: expected one of {known}, or a CellScore; for any other use permutation_test"
        )
    return record.cells, record


def _margins(row_sums: Any, col_sums: Any) -> tuple[Namespace, Array, Array, Callable[[Array], Array]]:
    """Return checked cluster sizes, as views of host memory where they lie there, and the way back for results."""
    xp, *sizes = check_margins(row_sums, col_sums)
    xp, (rows, cols), back = host_views(xp, *sizes)
    return xp, rows, cols, back


def _mean(xp: Namespace, record: Score | None, row_sums: Array, col_sums: Array, of_sum: Callable[[], Array]) -> Array:
    """Return the mean (...) of a score; of one that is corrected for chance 0, unless the sizes alone determine it."""
    shift, factor = _rescaled(xp, record, row_sums, col_sums)
    if record is not None and record.by_chance == "zero":
        return xp.where(factor == 0, shift, 0.0)
    mean: Array = shift + factor * of_sum()
    return mean


def _rescaled(xp: Namespace, record: Score | None, row_sums: Array, col_sums: Array) -> tuple[Any, Any]:
    """Return shift and factor (...): a score is shift + factor * sum."""
    if record is None or record.rescaled is None:
        return 0.0, 1.0
    return record.rescaled(xp, row_sums, col_sums)


def _adjusted(table: Cells, cells: CellScore, record: Score | None) -> Array:
    xp, rows, cols = table.xp, table.row_sums, table.col_sums
    shift, factor = _rescaled(xp, record, rows, cols)
    if record is None or record.rescaled is None:
        best = cells.most(rows, cols)
    else:  # in the unit of the sum
        best = ((0.0 if record.is_distance else record.high) - shift) * inverse(xp, factor)
    structure = table.structure()
    adjusted = cells.excess(table) * inverse(xp, best - cells.mean(rows, cols, static=table.static))
    adjusted = xp.where(structure.degenerate, 0.0, adjusted)
    is_best = structure.identical if cells.largest is None else structure.identical & structure.degenerate
    return xp.where(is_best, 1.0, adjusted)


def _standardized(table: Cells, cells: CellScore, record: Score | None) -> Array:
    xp = table.xp
    variance = cells.moments(table.row_sums, table.col_sums, static=table.static)[1]
    score = cells.excess(table) * inverse(xp, xp.sqrt(variance))
    return -score if record is not None and record.is_distance else score


def _pvalue(table: Cells, cells: CellScore) -> Array:
    """Return the upper tail of a gamma distribution that begins where no table is."""
    xp, rows, cols = table.xp, table.row_sums, table.col_sums
    variance = cells.moments(rows, cols, static=table.static)[1]
    is_fixed = variance == 0
    variance = xp.where(is_fixed, 1.0, variance)
    room = cells.room(rows, cols, static=table.static)
    if on_cpu(room) and bool(xp.any((room < 0) & xp.logical_not(is_fixed))):
        raise ValueError(
            "score is a sum of concave terms, which is large where labelings do not agree: expected its negative, or "
            "permutation_test"
        )
    most = _FARTHEST * xp.sqrt(variance)  # from where a gamma distribution is as good as normal
    room = xp.where((room > 0) & (room < most), room, most)
    scale = room / variance
    tail = gammaincc(xp, room * scale, at_least(xp, (room + cells.excess(table)) * scale, 0.0))
    return xp.where(is_fixed, 1.0, tail)
