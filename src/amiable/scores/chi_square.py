"""Pearson's chi-square statistic of a table of two labelings, and the measures of association made of it."""

from __future__ import annotations

from typing import Any

from amiable._array.arithmetic import at_least
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable.chance.chi_square import moments_of_chi_square
from amiable.chance.deviance import mean_count, offset_from_mean
from amiable.contingency import Cells
from amiable.scores.cell_score import CellScore
from amiable.scores.evaluate import evaluate
from amiable.scores.information import means_of_unlisted, numbers_of_clusters

__all__ = ["chi_square", "cramers_v", "tschuprows_t"]


def chi_square(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Pearson's chi-square statistic of the table of two labelings: sum (n_ij - m_ij)**2 / m_ij, m_ij = a_i b_j / n.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels. Empty rows and columns are left out.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    chi2 : float or array of shape (...)
        In [0, n (min(R, C) - 1)] for R classes and C clusters, without unit; 0 for independent labelings, for a single
        class or cluster, and for empty labels. It grows with n_samples for the same agreement. A float for lists and
        1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Pearson (1900), Philosophical Magazine 50:157-175, 10.1080/14786440009463897. Its exact moments, which
    `score_moments` returns: Dawson (1954), Biometrika 41:280, 10.1093/biomet/41.1-2.280.

    Examples
    --------
    >>> from amiable import chi_square
    >>> round(chi_square([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    4.0
    >>> chi_square([0, 0, 1, 1], [0, 1, 0, 1])
    0.0
    """
    return evaluate(_chi_square, labels_true, labels_pred, contingency, n_labels, axis)


def cramers_v(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Cramér's V: sqrt(chi2 / (n (min(R, C) - 1))) for R classes and C clusters.

    Not corrected for chance, nor for bias.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels. Empty rows and columns are left out.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    v : float or array of shape (...)
        In [0, 1]; 1 where the labeling with more clusters refines the other. With a single class or cluster, 1 for
        identical partitions, else 0; 1 for empty labels. A float for lists and 1-D NumPy labels, else an array of the
        inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Cramér (1946), Mathematical Methods of Statistics, Princeton University Press, section 21.9.

    Examples
    --------
    >>> from amiable import cramers_v
    >>> round(cramers_v([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 6)
    0.816497
    """
    return evaluate(_cramers_v, labels_true, labels_pred, contingency, n_labels, axis)


def tschuprows_t(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Tschuprow's T: sqrt(chi2 / (n sqrt((R - 1) (C - 1)))) for R classes and C clusters.

    Not corrected for chance, nor for bias.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels. Empty rows and columns are left out.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    t : float or array of shape (...)
        In [0, 1]; 1 for identical partitions, empty ones included. With a single class or cluster, 0 for any others. A
        float for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Tschuprow (1939), Principles of the Mathematical Theory of Correlation, W. Hodge, chapter 5.

    Examples
    --------
    >>> from amiable import tschuprows_t
    >>> round(tschuprows_t([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]), 6)
    0.686589
    """
    return evaluate(_tschuprows_t, labels_true, labels_pred, contingency, n_labels, axis)


def _chi_square(table: Cells) -> Array:
    return _per_sample(table) * to_float(table.xp, table.n_samples)


def _cramers_v(table: Cells) -> Array:
    xp = table.xp
    rows, cols = numbers_of_clusters(table)
    structure = table.structure()
    is_one = (structure.homogeneous & (rows <= cols)) | (structure.complete & (cols <= rows))
    return _root_of_share(
        table, xp.minimum(rows, cols) - 1, is_one & (structure.identical | (xp.minimum(rows, cols) > 1))
    )


def _tschuprows_t(table: Cells) -> Array:
    xp = table.xp
    rows, cols = numbers_of_clusters(table)
    return _root_of_share(table, xp.sqrt(at_least(xp, (rows - 1) * (cols - 1), 0.0)), table.structure().identical)


def _root_of_share(table: Cells, most: Array, is_one: Array) -> Array:
    """Return the root of chi-square as a share of the most; 0 where both are."""
    xp = table.xp
    share = xp.where(most > 0, _per_sample(table) / xp.where(most > 0, most, 1.0), 0.0)
    root = xp.sqrt(share)
    return xp.where(is_one, 1.0, xp.minimum(root, xp.ones_like(root)))


def _per_sample(table: Cells) -> Array:
    """Return chi-square divided by n (...): terms never cancel; exact where one labeling refines the other."""
    xp = table.xp
    n = at_least(xp, to_float(xp, table.n_samples), 1.0)
    share = (table.sum_cells(_term) + means_of_unlisted(table)) / n  # a cell without samples adds its mean
    rows, cols = numbers_of_clusters(table)
    structure = table.structure()
    exact = xp.where(structure.homogeneous, rows - 1, xp.where(structure.complete, cols - 1, share))
    return at_least(xp, xp.minimum(exact, xp.minimum(rows, cols) - 1), 0.0)


def _term(xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
    mean, offset = mean_count(xp, a, b, n), offset_from_mean(xp, x, a, b, n)
    return xp.where(mean > 0, offset * offset / xp.where(mean > 0, mean, 1.0), 0.0)


class _ChiSquare(CellScore):
    """The statistic, with moments in closed form."""

    def observed(self, table: Cells) -> Array:
        return _chi_square(table)

    def excess(self, table: Cells) -> Array:
        return self.observed(table) - self.mean(table.row_sums, table.col_sums)

    def room(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> Array:
        return self.mean(row_sums, col_sums, static=static)  # the least is 0, of independent labelings

    def mean(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> Array:
        return self.moments(row_sums, col_sums, static=static)[0]

    def moments(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> tuple[Array, Array]:  # noqa: ARG002
        return moments_of_chi_square(namespace_of(row_sums), row_sums, col_sums)


CHI_SQUARE = _ChiSquare(lambda xp, x, a, b, n: (x - a * b / n) ** 2 / (a * b / n), degree=2, smooth=True)
