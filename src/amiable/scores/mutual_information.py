"""Mutual information and what is made of it without a null model: normalised; entropy; variation of information."""

from __future__ import annotations

from typing import Any

import numpy as np

from amiable._array.arithmetic import to_divisor
from amiable._array.devices import on_own_device
from amiable._array.protocols import Array
from amiable._array.transfers import as_result, host_views
from amiable.chance.entropies import entropy as entropy_of_sizes
from amiable.contingency import Cells
from amiable.scores.arguments import cluster_sizes
from amiable.scores.averages import AVERAGES, AverageMethod, average, check_average_method
from amiable.scores.evaluate import evaluate
from amiable.scores.information import conditional_entropies, information, joint_entropy, mutual_information
from amiable.scores.loops import NORMALIZED_INFORMATION

__all__ = [
    "entropy",
    "mutual_info_score",
    "normalized_information_distance",
    "normalized_mutual_info_score",
    "variation_of_information",
    "variation_of_information_merge",
    "variation_of_information_split",
]


def normalized_mutual_info_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    average_method: AverageMethod = "arithmetic",
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Normalized mutual information (NMI): MI / mean(H(true), H(pred)). Not corrected for chance.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    average_method : {"arithmetic", "geometric", "min", "max"}, default="arithmetic"
        How the two entropies are averaged.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    nmi : float or array of shape (...)
        In [0, 1]. 1 for identical partitions (both empty or single clusters too), 0 where MI is 0. A float for
        lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or an unknown `average_method`; the message names the argument.

    References
    ----------
    Strehl and Ghosh (2002), Cluster ensembles, JMLR 3:583-617, 10.1162/153244303321897735.

    Examples
    --------
    >>> from amiable import normalized_mutual_info_score
    >>> normalized_mutual_info_score([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    >>> round(normalized_mutual_info_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.8
    """
    check_average_method(average_method)
    return evaluate(
        _normalized,
        labels_true,
        labels_pred,
        contingency,
        n_labels,
        axis,
        takes_weights=True,
        whole=NORMALIZED_INFORMATION._replace(option=AVERAGES[average_method]),
        average_method=average_method,
    )


def _normalized(table: Cells, average_method: str) -> Array:
    known = information(table)
    xp = known.xp
    mean = average(xp, known.h_true, known.h_pred, average_method)
    one = xp.ones_like(mean)
    none = known.mutual == 0
    score = xp.where(none, known.mutual, known.mutual / xp.where(none, one, mean))
    return xp.where(known.structure.identical, one, xp.minimum(score, one))


def mutual_info_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Mutual information (MI) of two labelings, in nats.

    MI = sum over cells of n_ij / n log(n n_ij / (a_i b_j)).

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast. Ignored where `contingency` is given, as in
        scikit-learn.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    mi : float or array of shape (...)
        In [0, min(H(true), H(pred))], in nats; 0 for empty labels. Relative error about 1e-14, however small MI
        is. A float for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Vinh, Epps and Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024.

    Examples
    --------
    >>> from amiable import mutual_info_score
    >>> round(mutual_info_score([0, 0, 1, 1], [0, 0, 1, 2]), 6)  # log 2
    0.693147
    >>> mutual_info_score([0, 0, 1, 1], [0, 1, 0, 1])
    0.0
    """
    if contingency is not None:
        labels_true = labels_pred = None
    return evaluate(mutual_information, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def variation_of_information(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    normalized: bool = False,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Variation of information (VI): H(true | pred) + H(pred | true), a distance between partitions, in nats.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    normalized : bool, default=False
        Divide by the joint entropy H(true, pred): 1 - MI / H(true, pred), also a metric.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    vi : float or array of shape (...)
        In [0, log n] nats, or in [0, 1] if normalized; exactly 0 for identical partitions, both empty included.
        A float for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, or `normalized` that is no boolean; the message names the argument.

    References
    ----------
    Meila (2007), Comparing clusterings, an information based distance, J. Multivariate Analysis 98:873-895,
    10.1016/j.jmva.2006.11.013. The normalised form: Vinh, Epps and Bailey (2010), 10.5555/1756006.1953024.

    Examples
    --------
    >>> from amiable import variation_of_information
    >>> variation_of_information([0, 0, 1, 1], [1, 1, 0, 0])
    0.0
    >>> round(variation_of_information([0, 0, 1, 1], [0, 0, 1, 2]), 6)  # half of log 2
    0.346574
    >>> variation_of_information([0, 0, 1, 1], [0, 1, 0, 1], normalized=True)
    1.0
    """
    if not isinstance(normalized, (bool, np.bool_)):
        raise TypeError(f"normalized is {normalized!r}: expected True or False")
    return evaluate(
        _variation,
        labels_true,
        labels_pred,
        contingency,
        n_labels,
        axis,
        takes_weights=True,
        normalized=bool(normalized),
    )


def variation_of_information_split(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """The part of the variation of information that splits cause: H(pred | true), in nats.

    What is left unknown of the cluster of a sample once its class is known: over-segmentation. It is 0 where no class
    is split; with `variation_of_information_merge` it adds up to `variation_of_information`.

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
    split : float or array of shape (...)
        In [0, log n] nats; exactly 0 where each class lies in one cluster only, and for empty labels. A float for lists
        and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Meila (2007), Comparing clusterings, an information based distance, J. Multivariate Analysis 98:873-895,
    10.1016/j.jmva.2006.11.013. Of segmentations: Nunez-Iglesias, Kennedy, Parag, Shi and Chklovskii (2013), PLoS ONE
    8(8):e71715, 10.1371/journal.pone.0071715.

    Examples
    --------
    >>> from amiable import variation_of_information_split
    >>> round(variation_of_information_split([0, 0, 1, 1], [0, 0, 1, 2]), 6)  # half of log 2
    0.346574
    >>> variation_of_information_split([0, 0, 1, 1], [0, 0, 0, 0])
    0.0
    """
    return evaluate(_split, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def variation_of_information_merge(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """The part of the variation of information that merges cause: H(true | pred), in nats.

    What is left unknown of the class of a sample once its cluster is known: under-segmentation. It is 0 where no
    cluster mixes classes; with `variation_of_information_split` it adds up to `variation_of_information`.

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
    merge : float or array of shape (...)
        In [0, log n] nats; exactly 0 where each cluster holds samples of one class only, and for empty labels. A float
        for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Meila (2007), Comparing clusterings, an information based distance, J. Multivariate Analysis 98:873-895,
    10.1016/j.jmva.2006.11.013. Of segmentations: Nunez-Iglesias, Kennedy, Parag, Shi and Chklovskii (2013), PLoS ONE
    8(8):e71715, 10.1371/journal.pone.0071715.

    Examples
    --------
    >>> from amiable import variation_of_information_merge
    >>> variation_of_information_merge([0, 0, 1, 1], [0, 0, 1, 2])
    0.0
    >>> round(variation_of_information_merge([0, 0, 1, 1], [0, 0, 0, 0]), 6)  # log 2
    0.693147
    """
    return evaluate(_merge, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def normalized_information_distance(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Normalized information distance (NID): 1 - MI / max(H(true), H(pred)), a metric in [0, 1].

    It is 1 less NMI with ``average_method="max"``. Not corrected for chance.

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
    nid : float or array of shape (...)
        In [0, 1]; exactly 0 for identical partitions, empty ones included. A float for lists and 1-D NumPy labels, else
        an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts; the message names the argument.

    References
    ----------
    Vinh, Epps and Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024.

    Examples
    --------
    >>> from amiable import normalized_information_distance
    >>> round(normalized_information_distance([0, 0, 1, 1], [0, 0, 1, 2]), 6)
    0.333333
    """
    return evaluate(_information_distance, labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)


def _variation(table: Cells, normalized: bool) -> Array:
    true_given_pred, pred_given_true = conditional_entropies(table)
    xp = table.xp
    distance = true_given_pred + pred_given_true
    if not normalized and table.is_weighted:  # by samples, of which there may be any number
        return distance
    if not normalized:
        return xp.minimum(distance, xp.log(to_divisor(xp, table.n_samples)))
    joint = joint_entropy(table)
    one = xp.ones_like(joint)
    return xp.minimum(distance / xp.where(joint > 0, joint, one), one)


def _split(table: Cells) -> Array:
    return conditional_entropies(table)[1]


def _merge(table: Cells) -> Array:
    return conditional_entropies(table)[0]


def _information_distance(table: Cells) -> Array:
    """Return the larger H(U | V) as a share of the larger entropy, which is 1 - MI / max(H) without a difference."""
    known = information(table)
    xp = known.xp
    most = xp.maximum(known.h_true, known.h_pred)
    rest = xp.maximum(*conditional_entropies(table))
    share = rest / xp.where(most > 0, most, 1.0)
    is_one = (known.mutual == 0) & (most > 0)
    return xp.where(is_one, 1.0, xp.minimum(share, xp.ones_like(share)))


@on_own_device
def entropy(labels: Any = None, *, contingency: Any = None, n_labels: int | None = None, axis: int | None = -1) -> Any:
    """Entropy of a labeling, in nats: -sum a_i / n log(a_i / n) over the cluster sizes a_i.

    Parameters
    ----------
    labels : array-like of shape (..., n_samples)
        Labels of any kind.
    contingency : array-like of shape (..., n_clusters), optional
        Cluster sizes in place of labels: the table of a single labeling. Of a `ContingencyTable`, give its
        `row_sums` or `col_sums`.
    n_labels : int, optional
        The labels are codes below this number; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, a label image or volume is one labeling.

    Returns
    -------
    entropy : float or array of shape (...)
        In [0, log n] nats. 1.0 for empty labels, as in scikit-learn. A float for lists and 1-D NumPy labels, else
        an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or sizes; the message names the argument.

    References
    ----------
    Shannon (1948), A mathematical theory of communication, 10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> from amiable import entropy
    >>> round(entropy(["a", "a", "b", "b"]), 6)  # log 2
    0.693147
    >>> round(entropy(contingency=[2, 2]), 6)
    0.693147
    """
    xp, given = cluster_sizes(labels, contingency, n_labels, axis)
    xp, (sizes,), back = host_views(xp, given)
    n = xp.sum(sizes, axis=-1)
    h = entropy_of_sizes(xp, sizes, n)
    return as_result(back(xp.where(n > 0, h, 1.0)))
