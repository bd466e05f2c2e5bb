"""Mutual information corrected for chance, and its expectation."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.devices import maybe_any, on_cpu, on_own_device
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_result, host_views
from amiable.chance.entropies import entropy, is_floor_positive
from amiable.chance.expectation import are_few, expected_sums
from amiable.chance.hypergeometric import Forms
from amiable.chance.random_models import (
    NullModel,
    check_null,
    expected_deviances,
    is_degenerate,
    largest_entropies,
)
from amiable.contingency import Cells
from amiable.inputs.counts import check_margins
from amiable.scores.arguments import as_table
from amiable.scores.averages import AVERAGES, AverageMethod, average, average_above, check_average_method
from amiable.scores.evaluate import evaluate
from amiable.scores.information import (
    Information,
    capped,
    concentration_of_cells,
    conditional_entropies,
    information,
)
from amiable.scores.loops import ADJUSTED_INFORMATION, expected_information_by_loop

__all__ = [
    "adjusted_completeness_score",
    "adjusted_homogeneity_score",
    "adjusted_mutual_info_score",
    "expected_mutual_information",
]


def adjusted_mutual_info_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    average_method: AverageMethod = "arithmetic",
    null: NullModel = "permutation",
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Adjusted mutual information (AMI): agreement of two labelings, corrected for chance.

    AMI = (MI - EMI) / (mean(H(true), H(pred)) - EMI), where EMI is the expectation of MI over all pairs of
    labelings with these cluster sizes (the permutation model), or under another `null`.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    average_method : {"arithmetic", "geometric", "min", "max"}, default="arithmetic"
        How the two entropies are averaged.
    null : {"permutation", "num", "all", "num1", "all1"}, default="permutation"
        What is random; see `expected_mutual_information`. Where sizes vary, the largest entropies that the model
        knows stand in for those of the labelings: log of the number of clusters for "num" and "num1", log n_samples
        for "all" and "all1", as in the package of the authors, clusim.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    ami : float or array of shape (...)
        At most 1; 1 for identical partitions, 0 on average for independent ones, negative below chance. Under a model
        whose sizes vary, 1 is for identical partitions of the largest entropy alone. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device. Absolute error below 1e-13 in float64, or
        relative where AMI is below -1; on an accelerator and under tracing, away from 0/0.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, an unknown `average_method` or `null`; the message names the argument.

    Notes
    -----
    Where the formula is 0/0 (a single cluster, or all singletons, on either side), the score is 1 for identical
    partitions and 0 otherwise. Both labelings empty: 1. Symmetric, up to rounding.

    References
    ----------
    Vinh, Epps and Bailey (2010), Information theoretic measures for clusterings comparison, JMLR 11:2837-2854,
    10.5555/1756006.1953024. Other models: Gates and Ahn (2017), The impact of random models on clustering similarity,
    JMLR 18(87):1-28, 10.48550/arXiv.1701.06508.

    Examples
    --------
    >>> from amiable import adjusted_mutual_info_score
    >>> adjusted_mutual_info_score([0, 0, 0, 1, 1, 1], ["b", "b", "b", "a", "a", "a"])
    1.0
    >>> round(adjusted_mutual_info_score([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 6)
    0.298792
    """
    check_average_method(average_method)
    if check_null(null) != "permutation":
        return evaluate(
            _adjusted_for_model,
            labels_true,
            labels_pred,
            contingency,
            n_labels,
            axis,
            compiles=False,
            average_method=average_method,
            null=null,
        )
    return _adjusted_by(average_method, labels_true, labels_pred, contingency, n_labels, axis)


def adjusted_homogeneity_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Adjusted homogeneity: (MI - EMI) / (H(true) - EMI), homogeneity corrected for chance.

    Unlike homogeneity it does not rise as clusters are split at random.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    homogeneity : float or array of shape (...)
        At most 1; 1 where each cluster holds samples of one class only, 0 on average for independent labelings.
        Where one of the labelings is a single cluster or all singletons: 1 for identical partitions, empty ones
        included, else 0. A float for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Romano, Vinh, Bailey and Verspoor (2016), Adjusting for chance clustering comparison measures, JMLR 17(134):1-32,
    10.48550/arXiv.1512.01286.

    Examples
    --------
    >>> from amiable import adjusted_homogeneity_score
    >>> adjusted_homogeneity_score([0, 0, 1, 1, 1], [0, 0, 1, 1, 2])
    1.0
    >>> round(adjusted_homogeneity_score([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 6)
    0.444444
    """
    return _adjusted_by("true", labels_true, labels_pred, contingency, n_labels, axis)


def adjusted_completeness_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Adjusted completeness: (MI - EMI) / (H(pred) - EMI), completeness corrected for chance.

    Unlike completeness it does not rise as clusters are merged at random.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    completeness : float or array of shape (...)
        At most 1; 1 where each class lies in one cluster only, 0 on average for independent labelings.
        Where one of the labelings is a single cluster or all singletons: 1 for identical partitions, empty ones
        included, else 0. A float for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Romano, Vinh, Bailey and Verspoor (2016), Adjusting for chance clustering comparison measures, JMLR 17(134):1-32,
    10.48550/arXiv.1512.01286.

    Examples
    --------
    >>> from amiable import adjusted_completeness_score
    >>> adjusted_completeness_score([0, 0, 1, 1, 2], [0, 0, 1, 1, 1])
    1.0
    >>> round(adjusted_completeness_score([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 6)
    0.225042
    """
    return _adjusted_by("pred", labels_true, labels_pred, contingency, n_labels, axis)


def _adjusted_by(average_method: str, *arguments: Any) -> Any:
    """Return mutual information corrected for chance, whose largest value is a mean of the entropies, or one."""
    whole = ADJUSTED_INFORMATION._replace(option=AVERAGES[average_method])
    return evaluate(observed, *arguments, finish=_adjusted, whole=whole, average_method=average_method)


class Observed(NamedTuple):
    """What needs no expectation: sizes of shape (..., R) and (..., C), all else (...)."""

    row_sums: Array
    col_sums: Array
    n_samples: Array
    mutual: Array  # above the floor, where that is positive
    h_true: Array
    h_pred: Array
    above_true: Array  # the entropies, above the floor where that is positive
    above_pred: Array
    floor_positive: Array  # whether the floor is positive
    rest_true: Array  # H(true | pred); 0 where EMI is far from both entropies
    rest_pred: Array
    identical: Array
    degenerate: Array


def observed(table: Cells) -> Observed:
    """Compute what a table tells before anything is expected."""
    known = information(table)
    xp, rows, cols = known.xp, known.row_concentration, known.col_concentration
    floor_positive = is_floor_positive(xp, rows, cols, known.structure.n_samples)
    # H(true) less the floor H(true) + H(pred) - log n is log n - H(pred), the concentration of pred
    above = xp.where(floor_positive, cols, known.h_true), xp.where(floor_positive, rows, known.h_pred)
    mutual = known.mutual
    if maybe_any(xp, floor_positive):
        mutual = xp.where(
            floor_positive, capped(xp, concentration_of_cells(table), known.structure, cols, rows), mutual
        )
    rests = (xp.zeros_like(mutual), xp.zeros_like(mutual))
    if on_cpu(mutual) and bool(xp.any(_may_be_close(known))):
        rests = conditional_entropies(table)
    margins, entropies = (table.row_sums, table.col_sums), (known.h_true, known.h_pred)
    return Observed(
        *margins,
        known.structure.n_samples,
        mutual,
        *entropies,
        *above,
        floor_positive,
        *rests,
        known.structure.identical,
        known.structure.degenerate,
    )


def _may_be_close(known: Information) -> Array:
    """Whether EMI may exceed half an entropy, being at most log(1 + (R - 1) (C - 1) / (n - 1)): Vinh et al. (2010)."""
    xp = known.xp
    rows, cols = (at_least(xp, to_float(xp, k) - 1, 0.0) for k in (known.structure.n_rows, known.structure.n_cols))
    most = xp.log1p(rows * cols / to_divisor(xp, known.structure.n_samples - 1))
    return 2 * most > xp.minimum(known.h_true, known.h_pred)


def excess_information(known: Observed, static: bool) -> tuple[Array, Array]:
    """Return MI - EMI, and EMI above the floor.

    MI is at least floor = H(true) + H(pred) - log n, since the joint entropy is at most log n. Where the floor is
    positive, MI, EMI and the entropies are measured from it: MI - floor = sum x log x / n. Their differences are the
    same, and the sums are smaller, so that fewer digits cancel.
    """
    xp = namespace_of(known.mutual)
    either = maybe_any(xp, known.floor_positive)
    forms: Forms = ("deviance", "xlogx") if either else ("deviance",)
    sums = expected_sums(namespace_of(known.row_sums), known.row_sums, known.col_sums, static=static, forms=forms)
    total = xp.where(known.floor_positive, sums[1], sums[0]) if either else sums[0]
    expected = total / to_divisor(xp, known.n_samples)
    return known.mutual - expected, expected


def _adjusted(*observed: Array, average_method: str, static: bool) -> Array:
    known = Observed(*observed)
    xp = namespace_of(known.mutual)
    excess, room = excess_and_room(known, average_method, static)
    score = excess / xp.where(known.degenerate, 1.0, room)
    return xp.where(known.identical, 1.0, xp.where(known.degenerate, 0.0, score))


def excess_and_room(known: Observed, average_method: str, static: bool) -> tuple[Array, Array]:
    """Return MI - EMI and the mean entropy less EMI, whose ratio is adjusted mutual information."""
    xp = namespace_of(known.mutual)
    excess, expected = excess_information(known, static)
    ceiling = average_above(xp, known.h_true, known.h_pred, known.above_true, known.above_pred, average_method)
    room = ceiling - expected
    close = (2 * expected > xp.minimum(known.above_true, known.above_pred)) & xp.logical_not(known.degenerate)
    if on_cpu(close) and bool(xp.any(close)):
        parts = zip(_below_entropies(known, average_method), (excess, room), strict=True)
        excess, room = (xp.where(close, below, above) for below, above in parts)
    return excess, room


def _below_entropies(known: Observed, average_method: str) -> tuple[Array, Array]:
    """Return MI - EMI and the mean entropy less EMI, measured from the entropies down, where EMI is close to one.

    H(pred) - MI = H(pred | true) and H(pred) - EMI, its expectation, are sums of positive terms, too.
    """
    xp, n = namespace_of(known.mutual), to_divisor(namespace_of(known.mutual), known.n_samples)
    margins = known.row_sums, known.col_sums
    sums = expected_sums(namespace_of(known.row_sums), *margins, forms=("given_row", "given_col"))
    rest_pred, rest_true = sums[0] / n, sums[1] / n
    excess = xp.where(rest_pred < rest_true, rest_pred - known.rest_pred, rest_true - known.rest_true)
    return excess, average_above(xp, known.h_true, known.h_pred, rest_true, rest_pred, average_method)


def _adjusted_for_model(table: Cells, average_method: str, null: str) -> Array:
    xp, known = table.xp, information(table)
    n = to_divisor(xp, table.n_samples)
    expected = expected_deviances(xp, table.row_sums, table.col_sums, null) / n
    ceiling = average(xp, *largest_entropies(xp, table.row_sums, table.col_sums, null), average_method)
    degenerate = is_degenerate(xp, table.row_sums, table.col_sums, null)
    excess = xp.minimum(known.mutual, ceiling) - expected  # MI is at most that, but for rounding
    score = excess / xp.where(degenerate, 1.0, ceiling - expected)
    return xp.where(degenerate, to_float(xp, known.structure.identical), score)


@on_own_device
def expected_mutual_information(row_sums: Any, col_sums: Any, *, null: NullModel = "permutation") -> Any:
    """Expected mutual information (EMI) of two labelings with given cluster sizes, in nats.

    The expectation is over all pairs of labelings with these sizes, equally likely (the permutation model: cell
    counts are hypergeometric), or under a model whose sizes vary. It is exact up to rounding, and its cost does not
    grow with n_samples.

    Parameters
    ----------
    row_sums, col_sums : array-like of whole numbers, shapes (..., R) and (..., C)
        Cluster sizes of the two labelings, with equal totals n_samples. Leading (batch) dimensions broadcast;
        sizes 0 contribute nothing. Or, as in scikit-learn, a contingency table and its number of samples:
        ``expected_mutual_information(contingency, n_samples)``.
    null : {"permutation", "num", "all", "num1", "all1"}, default="permutation"
        What is random: the membership of clusters of these sizes ("permutation"); each labeling among all partitions
        into its number of clusters ("num"), or among all partitions ("all"), equally likely; or so the labeling of
        `col_sums` alone, beside a fixed one with `row_sums` ("num1", "all1"). The models other than "permutation" wait
        for a device, and cannot be traced.

    Returns
    -------
    emi : float or array of shape (...)
        In [0, log n] nats; 0 for no samples. Relative error below 1e-14, whatever n_samples is. A float for
        lists and 1-D NumPy sizes, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Sizes that are negative, fractional, not finite or not numbers; totals that differ, or a table of another number
        of samples; an empty batch; an unknown `null`.

    References
    ----------
    Vinh, Epps and Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024; the other models: Gates and Ahn (2017),
    JMLR 18(87):1-28, 10.48550/arXiv.1701.06508.

    Examples
    --------
    >>> from amiable import expected_mutual_information
    >>> round(expected_mutual_information([3, 3, 3], [3, 3, 3]), 12)
    0.33629923055
    >>> round(expected_mutual_information([6 * 10**11, 4 * 10**11], [5 * 10**11, 5 * 10**11]) * 1e12, 6)
    0.5
    >>> round(expected_mutual_information([3, 3, 3], [3, 3, 3], null="num"), 12)
    0.303031215141
    >>> round(expected_mutual_information([[2, 1, 0], [0, 2, 1], [1, 0, 2]], 9), 12)
    0.33629923055
    """
    check_null(null)
    xp, *sizes = check_margins(*_margins(row_sums, col_sums))
    xp, (rows, cols), back = host_views(xp, *sizes)
    if null == "permutation":
        return as_result(back(expected_information(xp, rows, cols)))
    n = to_divisor(xp, xp.sum(rows, axis=-1))
    mean = expected_deviances(xp, rows, cols, null) / n
    return as_result(back(xp.minimum(mean, xp.log(n))))


def _margins(row_sums: Any, col_sums: Any) -> tuple[Any, Any]:
    """Return cluster sizes as they are; and those of a table, in place of the table and its number of samples."""
    if not isinstance(col_sums, Real) and getattr(col_sums, "shape", None) != ():
        return row_sums, col_sums
    if not isinstance(row_sums, Cells) and not hasattr(row_sums, "tocoo") and np.ndim(row_sums) != 2:
        return row_sums, col_sums
    table = as_table(None, None, row_sums, None)
    if table.counts.ndim != 1:
        raise ValueError(f"row_sums is a batch of tables, of shape {table.shape}: expected one beside n_samples")
    n_samples = int(table.n_samples)
    if n_samples != col_sums:
        raise ValueError(
            f"n_samples is {col_sums}, and the counts of the table add up to {n_samples}: expected the same"
        )
    return table.row_sums, table.col_sums


def expected_information(xp: Namespace, rows: Array, cols: Array) -> Array:
    """Return EMI (...) of checked cluster sizes, at most either entropy."""
    if are_few(rows, cols):
        known: Array = expected_information_by_loop(rows, cols)
        return known
    n = xp.sum(rows, axis=-1)
    mean = expected_sums(xp, rows, cols, forms=("deviance",))[0] / to_divisor(xp, n)
    return xp.minimum(mean, xp.minimum(entropy(xp, rows, n), entropy(xp, cols, n)))
