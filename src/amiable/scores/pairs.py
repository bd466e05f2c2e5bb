"""Scores that count pairs of samples."""

from __future__ import annotations

import math
from typing import Any

from amiable._array.arithmetic import at_least, sum_along
from amiable._array.devices import is_traced, on_own_device
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number
from amiable._scalars.tables import pairs_of_table, pairs_of_tables
from amiable.chance.deviance import have_exact_products
from amiable.chance.random_models import NullModel, check_null, expected_rand
from amiable.contingency import Cells, chance_of_pair
from amiable.scores.arguments import as_table, check_share
from amiable.scores.evaluate import evaluate
from amiable.scores.loops import ADJUSTED_RAND, is_looped, sums_by_loop

_ROUNDING = 8  # weights that cancel leave so many eps at most

__all__ = [
    "adapted_rand_error",
    "adjusted_rand_score",
    "fowlkes_mallows_score",
    "pair_confusion_matrix",
    "pair_correlation_score",
    "pair_f1_score",
    "pair_jaccard_score",
    "pair_precision_score",
    "pair_recall_score",
    "rand_score",
]


@on_own_device
def pair_confusion_matrix(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Count ordered pairs of samples by whether each labeling puts the two into one cluster.

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
    pairs : array of whole numbers, shape (..., 2, 2)
        ``[[apart in both, together in pred only], [together in true only, together in both]]``; the four add up
        to n (n - 1). Of the inputs' library, on their device.

    Raises
    ------
    ValueError
        More samples than have their pairs counted in the integers of the device: 3037000500 in 64 bits. The
        scores made of pairs have no such limit.
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2:193-218, 10.1007/BF01908075.

    Examples
    --------
    >>> from amiable import pair_confusion_matrix
    >>> pair_confusion_matrix([0, 0, 1, 1], [0, 0, 1, 2])
    array([[8, 0],
           [2, 2]])
    """
    table = as_table(labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)
    xp = table.xp
    if table.is_weighted:
        apart, pred_only, true_only, together = _weighted_pairs(table)
    else:
        _check_pairs(table, labels_true, axis)
        apart, pred_only, true_only, together = _whole_pairs(table)
    return xp.stack([xp.stack([apart, pred_only], axis=-1), xp.stack([true_only, together], axis=-1)], axis=-2)


def _check_pairs(table: Cells, labels: Any, axis: int | None) -> None:
    """Raise ValueError where the integers of the device do not hold the number of ordered pairs."""
    if not table.static and not is_traced(table.counts):
        n = int(table.xp.max(table.n_samples))
    elif labels is not None:  # the counts cannot be read here, but the shape of the labels is known
        n = math.prod(labels.shape) if axis is None else labels.shape[axis]
    else:
        return
    limit = int(table.xp.iinfo(table.counts.dtype).max)
    if n * (n - 1) > limit:
        raise ValueError(
            f"{n} samples have {n * (n - 1)} ordered pairs, more than {table.counts.dtype} holds ({limit}): "
            "expected fewer samples; rand_score, adjusted_rand_score and fowlkes_mallows_score take any number"
        )


def rand_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Rand index (RI): the share of pairs of samples on which both labelings agree. Not corrected for chance.

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
    ri : float or array of shape (...)
        In [0, 1]; 1 where there are no pairs. A float for lists and 1-D NumPy labels, else an array of the
        inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Rand (1971), Objective criteria for the evaluation of clustering methods, J. American Statistical Association
    66:846-850, 10.1080/01621459.1971.10482356.

    Examples
    --------
    >>> from amiable import rand_score
    >>> round(rand_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.833333
    """
    return evaluate(_rand, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def _rand(table: Cells) -> Array:
    apart, pred_only, true_only, together = _pairs(table)
    return _ratio(apart + together, (apart + together) + (pred_only + true_only), 1.0)


def adjusted_rand_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    null: NullModel = "permutation",
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Adjusted Rand index (ARI): the Rand index corrected for chance.

    ARI = (RI - E[RI]) / (1 - E[RI]) under the permutation model, or under another `null`. Never overflows,
    whatever n_samples is.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    null : {"permutation", "num", "all", "num1", "all1"}, default="permutation"
        What is random; see `expected_mutual_information`.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    ari : float or array of shape (...)
        In [-0.5, 1] (at most 1 under another model); 1 for identical partitions, empty ones included, 0 on average
        for independent ones. A float for lists and 1-D NumPy labels, else an array of the inputs' library on their
        device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or an unknown `null`; the message names the argument.

    Notes
    -----
    Of a table of weights: 1 - D / E[D], where D is what pairs of samples weigh that are together in one labeling only,
    and predicted labels are shuffled among the samples, whose weights stay with them. It is then not symmetric.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2:193-218, 10.1007/BF01908075. Other
    models: Gates and Ahn (2017), JMLR 18(87):1-28, 10.48550/arXiv.1701.06508.

    Examples
    --------
    >>> from amiable import adjusted_rand_score
    >>> adjusted_rand_score([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    >>> round(adjusted_rand_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.571429
    """
    if check_null(null) != "permutation":
        return evaluate(
            _rand_for_model, labels_true, labels_pred, contingency, n_labels, axis, compiles=False, null=null
        )
    return evaluate(
        _adjusted_rand,
        labels_true,
        labels_pred,
        contingency,
        n_labels,
        axis,
        takes_weights=True,
        whole=ADJUSTED_RAND,
    )


def _rand_for_model(table: Cells, null: str) -> Array:
    expected = expected_rand(table.xp, table.row_sums, table.col_sums, null)
    return _ratio(_rand(table) - expected, 1 - expected, 1.0)


def _adjusted_rand(table: Cells) -> Array:
    apart, pred_only, true_only, together = _shares_of_pairs(table)
    if table.is_weighted:
        # 1 - D / E[D], of the pairs D that are together in one labeling only: of those together in true, pred separates
        # as many on average as of all
        chance = as_number(chance_of_pair(table))
        expected = (together + true_only) * (1 - chance) + (apart + pred_only) * chance
        return 1 - _ratio(pred_only + true_only, expected, 0.0)
    excess = 2 * (together * apart - true_only * pred_only)
    most = (together + true_only) * (true_only + apart) + (together + pred_only) * (pred_only + apart)
    return _ratio(excess, most, 1.0)


def fowlkes_mallows_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Fowlkes-Mallows index (FMI): geometric mean of pair precision and pair recall. Not corrected for chance.

    FMI = TP / sqrt((TP + FP) (TP + FN)) over pairs of samples.

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
    fmi : float or array of shape (...)
        In [0, 1]; 0 where no pair is together in both, also for two identical labelings of singletons and for
        empty labels, as in scikit-learn. A float for lists and 1-D NumPy labels, else an array of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Fowlkes and Mallows (1983), A method for comparing two hierarchical clusterings, J. American Statistical
    Association 78:553-569, 10.1080/01621459.1983.10478008.

    Examples
    --------
    >>> from amiable import fowlkes_mallows_score
    >>> round(fowlkes_mallows_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.707107
    """
    return evaluate(_fowlkes_mallows, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def _fowlkes_mallows(table: Cells) -> Array:
    _, pred_only, true_only, together = _pairs(table)
    xp = namespace_of(together)
    precision = _ratio(together, together + pred_only, 0.0)
    recall = _ratio(together, together + true_only, 0.0)
    return xp.sqrt(precision) * xp.sqrt(recall)


def pair_precision_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Pair precision: of the pairs of samples together in a cluster, the share of one class.

    TP / (TP + FP) over pairs of samples. Merging clusters lowers it; it is not corrected for chance. In entity
    resolution it is called pairwise precision, among similarity indices Wallace's (pred to true).

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
        In [0, 1]; where pred has no pair together, 1 if true has none either, else 0. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Wallace (1983), Comment on Fowlkes and Mallows, J. American Statistical Association 78:569-576,
    10.1080/01621459.1983.10478009.

    Examples
    --------
    >>> from amiable import pair_precision_score
    >>> round(pair_precision_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    1.0
    """
    return evaluate(_pair_precision, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def pair_recall_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Pair recall: of the pairs of samples of one class, the share that is together in a cluster.

    TP / (TP + FN) over pairs of samples. Splitting clusters lowers it; it is not corrected for chance. In entity
    resolution it is called pairwise recall, among similarity indices Wallace's (true to pred).

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
        In [0, 1]; where true has no pair together, 1 if pred has none either, else 0. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Wallace (1983), Comment on Fowlkes and Mallows, J. American Statistical Association 78:569-576,
    10.1080/01621459.1983.10478009.

    Examples
    --------
    >>> from amiable import pair_recall_score
    >>> round(pair_recall_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.5
    """
    return evaluate(_pair_recall, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def pair_f1_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Pair F1: the harmonic mean of pair precision and pair recall.

    2 TP / (2 TP + FP + FN) over pairs of samples, also known as the Dice or Czekanowski index of pairs. Not corrected
    for chance. Pairs that are apart in both labelings do not count.

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
    f1 : float or array of shape (...)
        In [0, 1]; 1 where neither labeling has a pair together. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Albatineh, Niewiadomska-Bugaj and Mihalko (2006), On similarity indices and correction for chance agreement, Journal
    of Classification 23:301-313, 10.1007/s00357-006-0017-z.

    Examples
    --------
    >>> from amiable import pair_f1_score
    >>> round(pair_f1_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.666667
    """
    return evaluate(_pair_f1, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def pair_jaccard_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Jaccard index of pairs: of the pairs together in either labeling, the share together in both.

    TP / (TP + FP + FN) over pairs of samples. Not corrected for chance. It is F1 / (2 - F1), so that both rank alike.

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
    jaccard : float or array of shape (...)
        In [0, 1]; 1 where neither labeling has a pair together. A float for lists and 1-D NumPy
        labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Albatineh, Niewiadomska-Bugaj and Mihalko (2006), On similarity indices and correction for chance agreement, Journal
    of Classification 23:301-313, 10.1007/s00357-006-0017-z.

    Examples
    --------
    >>> from amiable import pair_jaccard_score
    >>> round(pair_jaccard_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.5
    """
    return evaluate(_pair_jaccard, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def pair_correlation_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Pair correlation: over pairs of samples, that of being together in one labeling and in the other.

    (TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN)), also known as the phi coefficient or Pearson's
    index of pairs. 0 on average for random labelings with these cluster sizes: it is corrected for chance.

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
    correlation : float or array of shape (...)
        In [-1, 1]; where one labeling has all pairs together or none, 1 for identical partitions, else 0. A float for
        lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Gösgens, Tikhonov and Prokhorenkova (2021), Systematic analysis of cluster similarity indices: how to validate
    validation measures, ICML, PMLR 139:3799-3808.

    Examples
    --------
    >>> from amiable import pair_correlation_score
    >>> round(pair_correlation_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.632456
    """
    return evaluate(_pair_correlation, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def adapted_rand_error(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    alpha: float = 0.5,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Adapted Rand error (ARE) of connectomics, with precision and recall of pairs.

    1 - TP / (alpha (TP + FP) + (1 - alpha) (TP + FN)) over pairs of samples: with the default, 1 less pair F1.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast. No label is left out, where scikit-image leaves out
        the samples that are 0 in true.
    alpha : float, default=0.5
        In [0, 1]: the weight of precision. At 1 the error is 1 - precision, at 0 it is 1 - recall.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    error, precision, recall : float or array of shape (...)
        Each in [0, 1]. The error is exactly 0 for identical partitions, empty ones included; precision is 1 where no
        cluster mixes classes and recall 1 where no class is split, see `pair_precision_score` and `pair_recall_score`.
        Floats for lists and 1-D NumPy labels, else arrays of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or an `alpha` outside [0, 1]; the message names the argument.

    Notes
    -----
    scikit-image, up to version 0.26 at least, returns precision and recall in each other's place, and takes `alpha` for
    1 - alpha.

    References
    ----------
    Arganda-Carreras et al. (2015), Crowdsourcing the creation of image segmentation algorithms for connectomics,
    Frontiers in Neuroanatomy 9:142, 10.3389/fnana.2015.00142.

    Examples
    --------
    >>> from amiable import adapted_rand_error
    >>> error, precision, recall = adapted_rand_error([0, 0, 1, 1], [0, 0, 1, 2])
    >>> round(error, 6), precision, recall
    (0.333333, 1.0, 0.5)
    """
    alpha = check_share("alpha", alpha)
    return evaluate(
        _adapted_rand, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True, alpha=alpha
    )


def _adapted_rand(table: Cells, alpha: float) -> tuple[Array, Array, Array]:
    _, pred_only, true_only, together = _pairs(table)
    apart = alpha * pred_only + (1 - alpha) * true_only
    error = 1 - _share_of_pairs(table, together, together + apart)
    precision, recall = (_share_of_pairs(table, together, together + alone) for alone in (pred_only, true_only))
    return error, precision, recall


def _pair_precision(table: Cells) -> Array:
    _, pred_only, _, together = _pairs(table)
    return _share_of_pairs(table, together, together + pred_only)


def _pair_recall(table: Cells) -> Array:
    _, _, true_only, together = _pairs(table)
    return _share_of_pairs(table, together, together + true_only)


def _pair_f1(table: Cells) -> Array:
    _, pred_only, true_only, together = _pairs(table)
    return _share_of_pairs(table, 2 * together, 2 * together + pred_only + true_only)


def _pair_jaccard(table: Cells) -> Array:
    _, pred_only, true_only, together = _pairs(table)
    return _share_of_pairs(table, together, together + pred_only + true_only)


def _share_of_pairs(table: Cells, part: Array, whole: Array) -> Array:
    """Return part / whole; 0/0 is 1 for identical partitions, else 0."""
    return _ratio(part, whole, to_float(table.xp, table.structure().identical))


def _pair_correlation(table: Cells) -> Array:
    apart, pred_only, true_only, together = _shares_of_pairs(table)
    xp = namespace_of(together)
    of_pred = xp.sqrt(together + pred_only) * xp.sqrt(apart + true_only)
    of_true = xp.sqrt(together + true_only) * xp.sqrt(apart + pred_only)
    excess = together * apart - true_only * pred_only
    score = _ratio(excess, of_pred * of_true, 0.0)
    return xp.where(table.structure().identical, 1.0, xp.minimum(score, xp.ones_like(score)))


Pairs = tuple[Array, Array, Array, Array]


def _pairs(table: Cells) -> Pairs:
    """Count ordered pairs as floats: apart in both, together in pred only, in true only, together in both.

    Where whole numbers do not hold them, each sample of a cell of x is paired with those of the other cells,
    (n - a - b + x), b - x, a - x and x - 1 of them: nothing cancels, and as floats nothing overflows.
    """
    if table.is_weighted:
        apart, pred_only, true_only, together = (as_number(x) for x in _weighted_pairs(table))
        return apart, pred_only, true_only, together
    if is_looped(table):
        apart, pred_only, true_only, together = sums_by_loop(table, pairs_of_table, pairs_of_tables, n_sums=4)
        return apart, pred_only, true_only, together
    xp = table.xp
    if have_exact_products(xp, table.n_samples):
        apart, pred_only, true_only, together = (to_float(xp, as_number(pairs)) for pairs in _whole_pairs(table))
        return apart, pred_only, true_only, together

    def of_cell(xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
        partners = xp.stack([(n - a) - (b - x), b - x, a - x, at_least(xp, x - 1, 0)])
        return to_float(xp, x) * to_float(xp, partners)

    sums = table.sum_cells(of_cell)
    return as_number(sums[0, ...]), as_number(sums[1, ...]), as_number(sums[2, ...]), as_number(sums[3, ...])


def _weighted_pairs(table: Cells) -> list[Array]:
    """Add up what the same pairs weigh, w_s w_t for samples s and t that are not one."""
    xp = table.xp
    least = _ROUNDING * float(xp.finfo(table.counts.dtype).eps)  # what rounding may leave of nothing

    def pairs(xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
        apart = (n - a) - (b - x)
        apart = xp.where(apart > least * n, apart, 0.0)
        return xp.stack([x * others for others in (apart, at_least(xp, b - x, 0.0), at_least(xp, a - x, 0.0))])

    every = table.counts * table.counts
    together = every - table.squares
    together = xp.where(together > least * every, together, 0.0)
    others = table.sum_cells(pairs)
    return [*(others[i, ...] for i in range(3)), xp.sum(together, axis=-1)]


def _whole_pairs(table: Cells) -> Pairs:
    """Count the same in whole numbers, as far as these reach; their differences are exact."""
    xp, n = table.xp, table.n_samples
    together, of_true, of_pred = (sum_along(xp, x * (x - 1)) for x in (table.counts, table.row_sums, table.col_sums))
    true_only, pred_only = of_true - together, of_pred - together
    return n * (n - 1) - of_true - pred_only, pred_only, true_only, together


def _shares_of_pairs(table: Cells) -> Pairs:
    """Return the same as shares of all pairs, whose products stay inside float32, too; 0 where there are none."""
    apart, pred_only, true_only, together = _pairs(table)
    every = (apart + together) + (pred_only + true_only)
    known = namespace_of(every).where(every == 0, 1.0, every)
    return apart / known, pred_only / known, true_only / known, together / known


def _ratio(part: Array, whole: Array, where_zero: Array | float) -> Array:
    xp = namespace_of(whole)
    return xp.where(whole == 0, where_zero, part / xp.where(whole == 0, 1.0, whole))
