"""Agreement within strata: what two labelings tell of each other where a third is known."""

from __future__ import annotations

from typing import Any

from amiable._array.arithmetic import at_least
from amiable._array.devices import on_own_device
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array
from amiable.contingency import tables_of_strata
from amiable.scores.adjusted_mutual_information import Observed, excess_and_room, observed
from amiable.scores.arguments import check_strata
from amiable.scores.averages import AverageMethod, check_average_method
from amiable.scores.evaluate import evaluate

__all__ = ["conditional_adjusted_mutual_info_score"]


@on_own_device
def conditional_adjusted_mutual_info_score(
    labels_true: Any,
    labels_pred: Any,
    strata: Any,
    *,
    average_method: AverageMethod = "arithmetic",
    axis: int | None = -1,
) -> Any:
    """Adjusted mutual information within strata: how much two labelings agree beyond what a third explains.

    sum of n_w (MI - EMI) over the strata w of n_w samples, divided by the sum of n_w (mean(H(true), H(pred)) - EMI),
    where all four are those of the stratum's own samples. The null model shuffles labels within strata alone.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Labels of any kind.
    strata : array-like of shape (n_samples,)
        Which stratum each sample is in: a donor, a batch, a block of an experiment, a clustering that is known already.
    average_method : {"arithmetic", "geometric", "min", "max"}, default="arithmetic"
        How the two entropies of a stratum are averaged.
    axis : int or None, default=-1
        The axis along which samples lie. With None, the labels and strata of an image or volume are one labeling each.

    Returns
    -------
    ami : float or array of shape ()
        At most 1; 1 where both are one partition within every stratum, 0 on average for labelings that are shuffled
        within strata. A stratum in which the sizes determine MI adds nothing to the excess; where all are such: 1 for
        identical partitions within each, empty ones included, else 0. A float for lists and NumPy labels, else an array
        of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels, a batch of labelings, traced ones, an unknown `average_method`; the message names the argument.

    See Also
    --------
    permutation_test : takes `strata`, too, with any score.

    References
    ----------
    Vinh, Epps and Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024, for each stratum; of conditional mutual
    information: Cover and Thomas (2006), Elements of Information Theory, section 2.5, 10.1002/047174882X.

    Examples
    --------
    Two hospitals differ in their mixture of diseases, and in that of clusters. Within a hospital the clusters tell
    nothing of the diseases:

    >>> from amiable import adjusted_mutual_info_score, conditional_adjusted_mutual_info_score
    >>> hospital = [0] * 8 + [1] * 8
    >>> disease = [0, 0, 0, 1] * 2 + [1, 1, 1, 0] * 2
    >>> cluster = [0, 0, 0, 0, 0, 0, 1, 1] + [1, 1, 1, 1, 1, 1, 0, 0]
    >>> round(adjusted_mutual_info_score(disease, cluster), 2)
    0.15
    >>> round(conditional_adjusted_mutual_info_score(disease, cluster, hospital), 2)
    -0.08
    """
    check_average_method(average_method)
    tables = tables_of_strata(*check_strata(labels_true, labels_pred, strata, axis))
    return evaluate(observed, None, None, tables, None, finish=_within, compiles=False, average_method=average_method)


def _within(*arrays: Array, average_method: str, static: bool) -> Array:
    known = Observed(*arrays)
    xp = namespace_of(known.row_sums)
    excess, room = excess_and_room(known, average_method, static)
    n = to_float(xp, xp.sum(known.row_sums, axis=-1))
    excess = xp.sum(xp.where(known.degenerate, 0.0, n * excess))
    room = xp.sum(xp.where(known.identical & known.degenerate, 0.0, n * at_least(xp, room, 0.0)))
    score = excess / xp.where(room > 0, room, 1.0)
    return xp.where(xp.all(known.identical), 1.0, xp.where(room > 0, score, 0.0))
