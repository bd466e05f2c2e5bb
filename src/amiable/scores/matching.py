"""Scores of matched clusters: each with the class that it shares most samples with, or one with one by assignment."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.devices import device_of, is_traced, on_own_device
from amiable._array.dtypes import to_count, to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import to_numpy
from amiable.contingency import Cells
from amiable.scores.arguments import as_table
from amiable.scores.evaluate import evaluate
from amiable.scores.information import numbers_of_clusters

__all__ = [
    "Matching",
    "cluster_matching",
    "inverse_purity_score",
    "matching_accuracy_score",
    "normalized_clustering_accuracy",
    "pair_sets_index",
    "purity_score",
]

# Tables of so many cells are matched as a whole; of larger ones, cells with samples alone.
_DENSE = 1 << 20

# f(x, a, b, n) of NumPy floats: what it is worth to match clusters of a and b samples that share x of n
Worth = Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]


class Matching(NamedTuple):
    """Which cluster goes with which class: arrays of shape (M,), matched ones at the same place."""

    labels_true: Any
    labels_pred: Any
    counts: Any  # how many samples, or what weight, the two share


def purity_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Purity: the share of samples that are of the class that most samples of their cluster are of.

    sum over clusters of the largest n_ij, divided by n. Splitting clusters raises it, up to 1 for singletons; it is not
    corrected for chance.

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
    purity : float or array of shape (...)
        In (0, 1]; 1 where each cluster holds samples of one class only, and for empty labels. A float for lists and 1-D
        NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Manning, Raghavan and Schütze (2008), Introduction to Information Retrieval, section 16.3,
    10.1017/CBO9780511809071.

    Examples
    --------
    >>> from amiable import purity_score
    >>> purity_score([0, 0, 1, 1], [0, 0, 0, 1])
    0.75
    """
    return evaluate(_purity, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def inverse_purity_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Inverse purity: the share of samples that lie in the cluster that most samples of their class lie in.

    sum over classes of the largest n_ij, divided by n: purity with the labelings swapped. Merging clusters raises it,
    up to 1 for a single one; it is not corrected for chance.

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
    inverse_purity : float or array of shape (...)
        In (0, 1]; 1 where each class lies in one cluster only, and for empty labels. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Amigó, Gonzalo, Artiles and Verdejo (2009), A comparison of extrinsic clustering evaluation metrics based on formal
    constraints, Information Retrieval 12:461-486, 10.1007/s10791-008-9066-8.

    Examples
    --------
    >>> from amiable import inverse_purity_score
    >>> inverse_purity_score([0, 0, 1, 1], [0, 0, 0, 1])
    0.75
    >>> inverse_purity_score([0, 0, 1, 1], [0, 0, 0, 0])
    1.0
    """
    return evaluate(_inverse_purity, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def matching_accuracy_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Matching accuracy (ACC): the accuracy of the best matching of clusters with classes, one with one.

    max over matchings of sum n_ij / n, the clustering accuracy of deep clustering, which the Hungarian algorithm finds.
    Samples of clusters that are left over count as wrong. Not corrected for chance. `cluster_matching` returns the
    matching.

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
    accuracy : float or array of shape (...)
        In (0, 1]; 1 for identical partitions, empty ones included. A float for lists and 1-D NumPy labels, else an
        array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or traced ones; the message names the argument.

    Notes
    -----
    SciPy finds the matching in host memory, one table after another. From a device the counts are copied for it, never
    the labels.

    References
    ----------
    Kuhn (1955), The Hungarian method for the assignment problem, Naval Research Logistics Quarterly 2:83-97,
    10.1002/nav.3800020109. As a score of clusterings: Yang, Xu, Nie, Yan and Zhuang (2010), Image clustering using
    local discriminant models and global integration, IEEE Transactions on Image Processing 19(10):2761-2773,
    10.1109/TIP.2010.2049235.

    Examples
    --------
    >>> from amiable import matching_accuracy_score
    >>> matching_accuracy_score([0, 0, 1, 1], [5, 5, 5, 3])
    0.75
    """
    return evaluate(
        _matching_accuracy, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, compiles=False
    )


@on_own_device
def cluster_matching(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Matching:
    """Match clusters with classes, one with one, so that matched ones share as many samples as can be.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Labels of any kind.
    contingency : ContingencyTable, array-like (R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    matching : Matching
        ``labels_true``, ``labels_pred`` and ``counts``, each of shape (M,), in the order of the classes: what class and
        cluster are matched, and how many samples they share. Classes and clusters that share no sample with what is
        left for them are left out. Of a table without labels, the numbers of rows and columns. NumPy arrays for lists
        and NumPy labels, else arrays of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, a batch of labelings, or traced ones; the message names the argument.

    Notes
    -----
    As in `matching_accuracy_score`. Of several best matchings, one is returned.

    References
    ----------
    Kuhn (1955), The Hungarian method for the assignment problem, Naval Research Logistics Quarterly 2:83-97,
    10.1002/nav.3800020109.

    Examples
    --------
    >>> from amiable import cluster_matching
    >>> matching = cluster_matching(["cat", "cat", "dog", "dog"], [5, 5, 5, 3])
    >>> dict(zip(matching.labels_pred.tolist(), matching.labels_true.tolist()))
    {5: 'cat', 3: 'dog'}
    """
    table = as_table(labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)
    if len(table.shape) != 2:
        what = "labels_true and labels_pred make" if contingency is None else "contingency is"
        raise ValueError(f"{what} a batch of tables of shape {table.shape}: expected one table")
    xp, (rows, cols, counts, *_) = table.xp, _on_host(table)
    at = _assigned(rows, cols, counts.astype(np.float64))
    at = at[np.argsort(rows[at], kind="stable")]

    def named(positions: np.ndarray, labels: Any) -> Any:
        there = xp.asarray(positions, dtype=table.rows.dtype, device=device_of(table.rows))
        return there if labels is None else xp.take(labels, there)

    shared = xp.asarray(counts[at], dtype=table.counts.dtype, device=device_of(table.counts))
    return Matching(named(rows[at], table.row_labels), named(cols[at], table.col_labels), shared)


def pair_sets_index(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Pair sets index (PSI): how well clusters match classes one with one, corrected for chance.

    (S - E) / (max(R, C) - E) of R classes and C clusters, at least 0. S is the largest sum of n_ij / max(a_i, b_j) over
    matchings; E is the sum of a_i b_j / n / max(a_i, b_j) over the largest class and cluster, the second largest, and
    so on, which stands in for the expectation. Every cluster weighs the same, large or small.

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
    psi : float or array of shape (...)
        In [0, 1]; 1 for identical partitions, empty ones included. A float for lists and 1-D NumPy labels, else an
        array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or traced ones; the message names the argument.

    Notes
    -----
    The matching is found as in `matching_accuracy_score`.

    References
    ----------
    Rezaei and Fränti (2016), Set matching measures for external cluster validity, IEEE Transactions on Knowledge and
    Data Engineering 28(8):2173-2186, 10.1109/TKDE.2016.2551240.

    Examples
    --------
    >>> from amiable import pair_sets_index
    >>> round(pair_sets_index([0, 0, 1, 1], [0, 0, 0, 1]), 6)
    0.333333
    """
    return evaluate(
        _pair_sets, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, compiles=False
    )


def normalized_clustering_accuracy(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Normalised clustering accuracy (NCA): the mean accuracy over classes of the best matching, 0 if all are one.

    (max over matchings of sum n_ij / a_i - 1) / (R - 1) of R classes. Every class weighs the same, large or small. A
    single cluster has 0. It is not corrected for chance.

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
    accuracy : float or array of shape (...)
        In (-1, 1]; negative only with more clusters than classes. 1 for identical partitions, empty ones included; 0
        for any other clustering of a single class. A float for lists and 1-D NumPy labels, else an array of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or traced ones; the message names the argument.

    Notes
    -----
    The matching, of shares n_ij / a_i, is found as in `matching_accuracy_score`. The definition is for as many clusters
    as classes; with fewer, classes without one count 0, and with more, clusters without a class are left out.

    References
    ----------
    Gagolewski (2025), Normalised clustering accuracy: an asymmetric external cluster validity measure, Journal of
    Classification 42:2-30, 10.1007/s00357-024-09482-2.

    Examples
    --------
    >>> from amiable import normalized_clustering_accuracy
    >>> normalized_clustering_accuracy([0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1])
    0.75
    """
    return evaluate(
        _normalized_accuracy, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, compiles=False
    )


def _purity(table: Cells) -> Array:
    share = _share_of_samples(table, _largest(table, of_columns=True))
    return _rounded_down(table, share, table.structure().homogeneous) if table.is_weighted else share


def _inverse_purity(table: Cells) -> Array:
    share = _share_of_samples(table, _largest(table, of_columns=False))
    return _rounded_down(table, share, table.structure().complete) if table.is_weighted else share


def _share_of_samples(table: Cells, counts: Array) -> Array:
    xp, n = table.xp, table.n_samples
    share = to_float(xp, xp.sum(counts, axis=-1)) / to_divisor(xp, n)
    return xp.where(n == 0, 1.0, share)


def _rounded_down(table: Cells, share: Array, is_one: Array) -> Array:
    """Return a share of weights, whose sums are rounded, as at most 1, and as 1 where it is."""
    one = table.xp.ones_like(share)
    return table.xp.where(is_one, one, table.xp.minimum(share, one))


def _largest(table: Cells, *, of_columns: bool) -> Array:
    """Return the largest count of each column (..., C), or of each row (..., R)."""
    xp, (n_rows, n_cols) = table.xp, table.shape[-2:]
    sums, at = (table.col_sums, table.cols) if of_columns else (table.row_sums, table.rows)
    if 0 in (n_rows, n_cols) or table.counts.shape[-1] == 0:
        return xp.zeros_like(table.counts[..., :0])
    if table.is_grid:
        return xp.max(xp.reshape(table.counts, table.shape), axis=-2 if of_columns else -1)
    # sorted by line, and by count in each, the last cell of a line is its largest
    order = xp.argsort(table.counts, axis=-1)
    lines = xp.reshape(xp.take(at, xp.reshape(order, (-1,))), order.shape)
    order = xp.take_along_axis(order, xp.argsort(lines, axis=-1, stable=True), axis=-1)
    ordered = xp.take_along_axis(table.counts, order, axis=-1)
    number = xp.arange(sums.shape[-1], dtype=at.dtype, device=device_of(at))
    after = to_count(xp, xp.searchsorted(xp.sort(at), number, side="right"))
    before = to_count(xp, xp.searchsorted(xp.sort(at), number, side="left"))
    return xp.where(after > before, xp.take(ordered, at_least(xp, after - 1, 0), axis=-1), 0)


def _matching_accuracy(table: Cells) -> Array:
    most = _most(table, lambda x, a, b, n: x)
    share = most / to_divisor(table.xp, table.n_samples)
    share = table.xp.where(table.n_samples == 0, 1.0, share)
    return _rounded_down(table, share, table.structure().identical) if table.is_weighted else share


def _pair_sets(table: Cells) -> Array:
    xp = table.xp
    most = _most(table, lambda x, a, b, n: x / np.maximum(a, b))
    largest = [-xp.sort(-to_float(xp, sums), axis=-1) for sums in (table.row_sums, table.col_sums)]
    k = min(sums.shape[-1] for sums in largest)
    a, b = (sums[..., :k] for sums in largest)
    n = to_divisor(xp, table.n_samples)
    expected = xp.sum(xp.minimum(a, b) / n[..., None], axis=-1)  # a b / max(a, b) = min(a, b)
    rows, cols = numbers_of_clusters(table)
    score = _ratio(xp, most - expected, xp.maximum(rows, cols) - expected)
    score = at_least(xp, xp.minimum(score, xp.ones_like(score)), 0.0)
    return xp.where(table.structure().identical, 1.0, score)


def _normalized_accuracy(table: Cells) -> Array:
    xp = table.xp
    most = _most(table, lambda x, a, b, n: x / a)
    score = _ratio(xp, most - 1, numbers_of_clusters(table)[0] - 1)
    score = xp.minimum(score, xp.ones_like(score))
    structure = table.structure()
    return xp.where(structure.identical, 1.0, score)


def _ratio(xp: Namespace, part: Array, whole: Array) -> Array:
    """Return part / whole, and 0 where whole is not positive."""
    return xp.where(whole > 0, part / xp.where(whole > 0, whole, 1.0), 0.0)


def _most(table: Cells, worth: Worth) -> Array:
    """Return the largest sum of `worth` (...) over matchings of rows with columns."""
    lead = table.shape[:-2]
    rows, cols, *of_batch = _on_host(table)
    counts, *of_tables = (
        np.broadcast_to(x, (*lead, x.shape[-1])).reshape(math.prod(lead), x.shape[-1]).astype(np.float64)
        for x in of_batch
    )
    found = []
    for x, a, b in zip(counts, *of_tables, strict=True):
        held = np.flatnonzero(x)
        gain = worth(x[held], a[rows[held]], b[cols[held]], float(a.sum()))
        found.append(math.fsum(gain[_assigned(rows[held], cols[held], gain)]))
    xp = table.xp
    like = to_float(xp, table.n_samples)
    return xp.reshape(xp.asarray(np.asarray(found, dtype=np.float64), dtype=like.dtype, device=device_of(like)), lead)


def _on_host(table: Cells) -> list[np.ndarray]:
    if any(map(is_traced, table.arrays)):
        raise ValueError(
            "labels or contingency are traced: expected values, as clusters are matched by SciPy in host memory, "
            "outside of tracing"
        )
    return list(map(to_numpy, table.arrays[:5]))


def _assigned(rows: np.ndarray, cols: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Return which cells (M,) of one table are chosen: at most one a row and a column, worth as much as can be.

    Cells without samples are never chosen.
    """
    held = np.flatnonzero(worth > 0)
    if held.size == 0:
        return held
    (rows, n_rows), (cols, n_cols) = (_without_gaps(x[held]) for x in (rows, cols))
    if n_rows * n_cols > _DENSE:
        listed: np.ndarray = held[_assigned_of_list(rows, cols, worth[held], n_rows, n_cols)]
        return listed
    from scipy.optimize import linear_sum_assignment

    gains, number = np.zeros((n_rows, n_cols)), np.full((n_rows, n_cols), -1)
    gains[rows, cols], number[rows, cols] = worth[held], held
    chosen: np.ndarray = number[linear_sum_assignment(gains, maximize=True)]
    return chosen[chosen >= 0]


def _without_gaps(positions: np.ndarray) -> tuple[np.ndarray, int]:
    """Return codes of positions that occur, from 0 on, and how many there are."""
    occurs = np.zeros(int(positions.max()) + 1, dtype=bool)
    occurs[positions] = True
    codes = np.cumsum(occurs) - 1
    return codes[positions], int(codes[-1]) + 1


def _assigned_of_list(rows: np.ndarray, cols: np.ndarray, worth: np.ndarray, n_rows: int, n_cols: int) -> np.ndarray:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    # a column of its own for every row, for no gain, lets all rows be matched
    own = np.arange(n_rows)
    top = worth.max() + 1
    costs = np.concatenate([top - worth, np.full(n_rows, top)])
    places = [np.concatenate(x).astype(np.int32) for x in ([rows, own], [cols, n_cols + own])]  # which SciPy asks for
    graph = csr_array((costs, (places[0], places[1])), shape=(n_rows, n_cols + n_rows))
    matched_rows, matched_cols = min_weight_full_bipartite_matching(graph)
    keys = rows * n_cols + cols
    order = np.argsort(keys)
    chosen = matched_cols < n_cols
    found: np.ndarray = order[np.searchsorted(keys[order], matched_rows[chosen] * n_cols + matched_cols[chosen])]
    return found
