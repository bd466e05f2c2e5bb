"""Scores that are means over samples, of how much of its own clusters each shares in both labelings."""

from __future__ import annotations

from typing import Any

from amiable._array.protocols import Array
from amiable.contingency import Cells
from amiable.scores.cell_score import CellScore
from amiable.scores.evaluate import evaluate

__all__ = ["element_centric_similarity"]


def element_centric_similarity(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
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
    return evaluate(_element_centric, labels_true, labels_pred, contingency, n_labels)


def _element_centric(table: Cells) -> Array:
    similarity = ELEMENT_CENTRIC.observed(table)
    return table.xp.where(table.structure().identical, 1.0, similarity)


ELEMENT_CENTRIC = CellScore(lambda xp, x, a, b, n: x * x / (n * xp.maximum(a, b)), degree=2, smooth="count")
