"""Homogeneity, completeness and their weighted harmonic mean."""

from __future__ import annotations

from typing import Any

from amiable._array.protocols import Array
from amiable.contingency import Cells
from amiable.scores.arguments import check_beta
from amiable.scores.evaluate import evaluate
from amiable.scores.information import information

__all__ = [
    "completeness_score",
    "homogeneity_completeness_v_measure",
    "homogeneity_score",
    "v_measure_score",
]


def homogeneity_completeness_v_measure(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    beta: float = 1.0,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Homogeneity, completeness and V-measure at once.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    beta : float, default=1.0
        At least 0. Above 1 weighs completeness more, below 1 homogeneity.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    homogeneity, completeness, v_measure : float or array of shape (...)
        Each in [0, 1]; all 1 for empty labels. Floats for lists and 1-D NumPy labels, else arrays of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or a `beta` below 0; the message names the argument.

    References
    ----------
    Rosenberg and Hirschberg (2007), V-measure: a conditional entropy-based external cluster evaluation measure,
    EMNLP-CoNLL, 410-420.

    Examples
    --------
    >>> from amiable import homogeneity_completeness_v_measure
    >>> h, c, v = homogeneity_completeness_v_measure([0, 0, 1, 1], [0, 0, 1, 2])
    >>> h, round(c, 6), round(v, 6)
    (1.0, 0.666667, 0.8)
    """
    return evaluate(
        _measures, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, beta=check_beta(beta)
    )


def homogeneity_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Homogeneity: MI / H(true), 1 where each cluster holds samples of one class only.

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
        In [0, 1]; 1 where H(true) is 0, empty labels included. A float for lists and 1-D NumPy labels, else an
        array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Rosenberg and Hirschberg (2007), V-measure, EMNLP-CoNLL, 410-420.

    Examples
    --------
    >>> from amiable import homogeneity_score
    >>> homogeneity_score([0, 0, 1, 1], [0, 0, 1, 2])
    1.0
    """
    return evaluate(_measures, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)[0]


def completeness_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Completeness: MI / H(pred), 1 where all samples of a class lie in one cluster.

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
        In [0, 1]; 1 where H(pred) is 0, empty labels included. A float for lists and 1-D NumPy labels, else an
        array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Rosenberg and Hirschberg (2007), V-measure, EMNLP-CoNLL, 410-420.

    Examples
    --------
    >>> from amiable import completeness_score
    >>> completeness_score([0, 0, 1, 2], [0, 0, 1, 1])
    1.0
    """
    return evaluate(_measures, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)[1]


def v_measure_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    beta: float = 1.0,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """V-measure: the weighted harmonic mean (1 + beta) h c / (beta h + c) of homogeneity and completeness.

    At beta = 1 it equals NMI with the arithmetic mean.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    beta : float, default=1.0
        At least 0. Above 1 weighs completeness more, below 1 homogeneity.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    v_measure : float or array of shape (...)
        In [0, 1]; 0 where the formula is 0/0, 1 for empty labels. A float for lists and 1-D NumPy labels, else an
        array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or a `beta` below 0; the message names the argument.

    References
    ----------
    Rosenberg and Hirschberg (2007), V-measure, EMNLP-CoNLL, 410-420.

    Examples
    --------
    >>> from amiable import v_measure_score
    >>> round(v_measure_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.8
    """
    return evaluate(
        _measures, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, beta=check_beta(beta)
    )[2]


def _measures(table: Cells, beta: float = 1.0) -> tuple[Array, Array, Array]:
    known = information(table)
    xp = known.xp
    one = xp.ones_like(known.mutual)
    parts = []
    for is_one, h in ((known.structure.homogeneous, known.h_true), (known.structure.complete, known.h_pred)):
        parts.append(xp.where(is_one, one, xp.minimum(known.mutual / xp.where(h > 0, h, one), one)))
    homogeneity, completeness = parts
    below = beta * homogeneity + completeness
    v_measure = (1 + beta) * homogeneity * completeness / xp.where(below > 0, below, one)
    return homogeneity, completeness, v_measure
