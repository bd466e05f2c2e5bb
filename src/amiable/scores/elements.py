"""Scores that are means over samples, of how much of its own clusters each shares in both labelings."""

from __future__ import annotations

from typing import Any

from amiable._array.protocols import Array
from amiable.contingency import Cells
from amiable.scores.arguments import check_beta
from amiable.scores.cell_score import CellScore
from amiable.scores.evaluate import evaluate

__all__ = [
    "bcubed_fscore",
    "bcubed_precision_recall_fscore",
    "bcubed_precision_score",
    "bcubed_recall_score",
    "element_centric_similarity",
]


def element_centric_similarity(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Element-centric similarity (ECS): over all samples, the mean overlap of the two clusters that hold a sample.

    The overlap is the number of common samples as a share of the larger cluster: ECS = (1/n) sum n_ij**2 / max(a_i,
    b_j). Not corrected for chance; for hard partitions it is that of the authors, whatever their parameter alpha is.

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
    similarity : float or array of shape (...)
        In (0, 1]; 1 for identical partitions, empty ones included. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Gates, Wood, Hetrick and Ahn (2019), Element-centric clustering comparison unifies overlaps and hierarchy,
    Scientific Reports 9:8574, 10.1038/s41598-019-44892-y.

    Examples
    --------
    >>> from amiable import element_centric_similarity
    >>> round(element_centric_similarity([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.75
    """
    return evaluate(_element_centric, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def bcubed_precision_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """B-cubed precision: over all samples, the mean share of a sample's cluster that is of its class.

    sum n_ij**2 / (n b_j). Merging clusters lowers it; not corrected for chance. Each sample weighs the same, where
    pairs give large clusters most of the weight.

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
    precision : float or array of shape (...)
        In (0, 1]; 1 for empty labels. A float for lists and 1-D NumPy labels, else an array of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Amigó, Gonzalo, Artiles and Verdejo (2009), A comparison of extrinsic clustering evaluation metrics based on formal
    constraints, Information Retrieval 12:461-486, 10.1007/s10791-008-9066-8. Bagga and Baldwin (1998), Entity-based
    cross-document coreferencing using the vector space model, COLING-ACL, 79-85, 10.3115/980845.980859.

    Examples
    --------
    >>> from amiable import bcubed_precision_score
    >>> round(bcubed_precision_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    1.0
    """
    return evaluate(_bcubed_precision, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def bcubed_recall_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """B-cubed recall: over all samples, the mean share of a sample's class that is in its cluster.

    sum n_ij**2 / (n a_i). Splitting clusters lowers it; not corrected for chance.

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
    recall : float or array of shape (...)
        In (0, 1]; 1 for empty labels. A float for lists and 1-D NumPy labels, else an array of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Amigó, Gonzalo, Artiles and Verdejo (2009), A comparison of extrinsic clustering evaluation metrics based on formal
    constraints, Information Retrieval 12:461-486, 10.1007/s10791-008-9066-8. Bagga and Baldwin (1998), Entity-based
    cross-document coreferencing using the vector space model, COLING-ACL, 79-85, 10.3115/980845.980859.

    Examples
    --------
    >>> from amiable import bcubed_recall_score
    >>> round(bcubed_recall_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.75
    """
    return evaluate(_bcubed_recall, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def bcubed_fscore(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    beta: float = 1.0,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """B-cubed F: the weighted harmonic mean of B-cubed precision and recall.

    (1 + beta**2) P R / (beta**2 P + R), as in scikit-learn's `fbeta_score`. Not corrected for chance.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    beta : float, default=1.0
        At least 0. Above 1 weighs recall more, below 1 precision.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    fscore : float or array of shape (...)
        In (0, 1]; 1 for empty labels. A float for lists and 1-D NumPy labels, else an array of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or a `beta` below 0; the message names the argument.

    References
    ----------
    Amigó, Gonzalo, Artiles and Verdejo (2009), A comparison of extrinsic clustering evaluation metrics based on formal
    constraints, Information Retrieval 12:461-486, 10.1007/s10791-008-9066-8. Bagga and Baldwin (1998), Entity-based
    cross-document coreferencing using the vector space model, COLING-ACL, 79-85, 10.3115/980845.980859.

    Examples
    --------
    >>> from amiable import bcubed_fscore
    >>> round(bcubed_fscore([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.857143
    """
    return evaluate(
        _bcubed_f, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, beta=check_beta(beta)
    )


def bcubed_precision_recall_fscore(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    beta: float = 1.0,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """B-cubed precision, recall and F at once.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    beta : float, default=1.0
        At least 0. Above 1 weighs recall more, below 1 precision.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    precision, recall, fscore : float or array of shape (...)
        Each in (0, 1]; all 1 for empty labels. Floats for lists and 1-D NumPy labels, else arrays of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or a `beta` below 0; the message names the argument.

    References
    ----------
    Amigó, Gonzalo, Artiles and Verdejo (2009), A comparison of extrinsic clustering evaluation metrics based on formal
    constraints, Information Retrieval 12:461-486, 10.1007/s10791-008-9066-8. Bagga and Baldwin (1998), Entity-based
    cross-document coreferencing using the vector space model, COLING-ACL, 79-85, 10.3115/980845.980859.

    Examples
    --------
    >>> from amiable import bcubed_precision_recall_fscore
    >>> precision, recall, fscore = bcubed_precision_recall_fscore([0, 0, 1, 1], [0, 0, 1, 2])
    >>> precision, recall, round(fscore, 6)
    (1.0, 0.75, 0.857143)
    """
    return evaluate(
        _bcubed, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, beta=check_beta(beta)
    )


def _element_centric(table: Cells) -> Array:
    similarity = ELEMENT_CENTRIC.observed(table)
    return table.xp.where(table.structure().identical, 1.0, similarity)


ELEMENT_CENTRIC = CellScore(lambda xp, x, a, b, n: x * x / (n * xp.maximum(a, b)), degree=2, smooth="count")


def _bcubed(table: Cells, beta: float) -> tuple[Array, Array, Array]:
    precision, recall = _bcubed_precision(table), _bcubed_recall(table)
    weight = 1 / (1 + (1 / beta) ** 2) if beta > 1 else beta**2 / (1 + beta**2)  # of precision; no beta is too large
    return precision, recall, precision * recall / (weight * precision + (1 - weight) * recall)


def _bcubed_precision(table: Cells) -> Array:
    return _at_most_one(table, BCUBED_PRECISION.observed(table), table.structure().homogeneous)


def _bcubed_recall(table: Cells) -> Array:
    return _at_most_one(table, BCUBED_RECALL.observed(table), table.structure().complete)


def _bcubed_f(table: Cells, beta: float) -> Array:
    return _bcubed(table, beta)[2]


def _at_most_one(table: Cells, share: Array, is_one: Array) -> Array:
    """Return a share without what rounding adds beyond 1, and exactly 1 where it is."""
    one = table.xp.ones_like(share)
    return table.xp.where(is_one, one, table.xp.minimum(share, one))


BCUBED_PRECISION = CellScore(lambda xp, x, a, b, n: x * x / (n * b), degree=2, smooth=True)
BCUBED_RECALL = CellScore(lambda xp, x, a, b, n: x * x / (n * a), degree=2, smooth=True)
