"""What scores are made of: pairs together in both labelings, or mutual information, rescaled by the cluster sizes."""

from __future__ import annotations

from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable.chance.entropies import entropy, is_trivial, number_of_clusters
from amiable.chance.pairs import moments_of_pairs
from amiable.chance.variance import variance_of_sum
from amiable.contingency import Cells
from amiable.scores.adjusted_mutual_information import expected_information
from amiable.scores.averages import average
from amiable.scores.cell_score import CellScore, Rescaled, inverse
from amiable.scores.information import mutual_information


class _PairsTogether(CellScore):
    """The number of pairs of samples that are together in both labelings, with moments in closed form."""

    def mean(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> Array:
        return self.moments(row_sums, col_sums, static=static)[0]

    def moments(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> tuple[Array, Array]:  # noqa: ARG002
        return moments_of_pairs(namespace_of(row_sums), row_sums, col_sums)


PAIRS_TOGETHER = _PairsTogether(lambda xp, x, a, b, n: x * (x - 1) / 2, degree=2, smooth=True)


def rescaled_to_rand(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """RI = (N2 - A - B + 2 S) / N2, of N2 pairs, of which A and B are together in either."""
    of_all, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    known = inverse(xp, of_all)
    return xp.where(of_all == 0, 1.0, (of_all - of_true - of_pred) * known), 2 * known


def rescaled_to_precision(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Pair precision is S / B; 0/0 is 1 where A is 0, too."""
    _, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    return _where_no_pair(xp, of_true, of_pred), inverse(xp, of_pred)


def rescaled_to_recall(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Pair recall is S / A; 0/0 is 1 where B is 0, too."""
    _, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    return _where_no_pair(xp, of_true, of_pred), inverse(xp, of_true)


def rescaled_to_f1(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Pair F1 is 2 S / (A + B); 0/0 is 1."""
    _, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    return _where_no_pair(xp, of_true, of_pred), 2 * inverse(xp, of_true + of_pred)


def rescaled_to_adapted_rand_error(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """The adapted Rand error is 1 less pair F1."""
    shift, factor = rescaled_to_f1(xp, row_sums, col_sums)
    return 1 - shift, -factor


def rescaled_to_correlation(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Pair correlation is (S - A B / N2) / sqrt(A B (1 - A / N2) (1 - B / N2)); 0/0 is 1 for identical partitions."""
    of_all, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    one = inverse(xp, of_all)
    spread = xp.sqrt(of_true * (of_all - of_true) * one) * xp.sqrt(of_pred * (of_all - of_pred) * one)
    known = inverse(xp, spread)
    return xp.where((spread == 0) & (of_true == of_pred), 1.0, -of_true * (of_pred * one) * known), known


def _where_no_pair(xp: Namespace, of_true: Array, of_pred: Array) -> Array:
    return to_float(xp, (of_true == 0) & (of_pred == 0))


def rescaled_to_adjusted_rand(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """ARI = (S - A B / N2) / ((A + B) / 2 - A B / N2)."""
    of_all, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    expected = of_true * (of_pred * inverse(xp, of_all))
    room = (of_true * (of_all - of_pred) + of_pred * (of_all - of_true)) * inverse(xp, of_all) / 2
    known = inverse(xp, room)
    return xp.where(room == 0, 1.0, -expected * known), known


def rescaled_to_fowlkes_mallows(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """FMI = S / sqrt(A B)."""
    _, of_true, of_pred = _numbers_of_pairs(xp, row_sums, col_sums)
    known = inverse(xp, xp.sqrt(of_true) * xp.sqrt(of_pred))
    return xp.zeros_like(known), known


def _numbers_of_pairs(xp: Namespace, row_sums: Array, col_sums: Array) -> tuple[Array, Array, Array]:
    """Return N2, A and B (...): all pairs of samples, those together in true, those together in pred."""
    n = to_float(xp, xp.sum(row_sums, axis=-1))
    sizes = to_float(xp, row_sums), to_float(xp, col_sums)
    of_true, of_pred = (xp.sum(size * at_least(xp, size - 1, 0.0), axis=-1) / 2 for size in sizes)
    return n * at_least(xp, n - 1, 0.0) / 2, of_true, of_pred


class _MutualInformation(CellScore):
    """Mutual information in nats, with the kernels that keep its digits for any cluster sizes."""

    def observed(self, table: Cells) -> Array:
        return mutual_information(table)

    def mean(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> Array:  # noqa: ARG002
        return expected_information(namespace_of(row_sums), row_sums, col_sums)

    def moments(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> tuple[Array, Array]:
        xp = namespace_of(row_sums)
        n = to_divisor(xp, xp.sum(row_sums, axis=-1))
        variance = variance_of_sum(xp, row_sums, col_sums, static=static) / n / n
        return self.mean(row_sums, col_sums, static=static), variance


MUTUAL_INFORMATION = _MutualInformation(
    lambda xp, x, a, b, n: x / n * xp.log(xp.where(x > 0, x, 1.0) / a * (n / b)), smooth=True
)


def rescaled_to_true(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Homogeneity is MI / H(true), and 1 where there is one class."""
    return _share_of(xp, _entropies(xp, row_sums, col_sums)[0])


def rescaled_to_pred(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Completeness is MI / H(pred), and 1 where there is one cluster."""
    return _share_of(xp, _entropies(xp, row_sums, col_sums)[1])


def rescaled_to_mean(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """NMI and the V-measure are MI / mean(H(true), H(pred))."""
    h_true, h_pred = _entropies(xp, row_sums, col_sums)
    return _share_of(xp, (h_true + h_pred) / 2)


def rescaled_to_variation(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """VI = H(true) + H(pred) - 2 MI."""
    h_true, h_pred = _entropies(xp, row_sums, col_sums)
    return h_true + h_pred, xp.zeros_like(h_true) - 2


def rescaled_to_split(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """H(pred | true) = H(pred) - MI."""
    h_pred = _entropies(xp, row_sums, col_sums)[1]
    return h_pred, xp.zeros_like(h_pred) - 1


def rescaled_to_merge(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """H(true | pred) = H(true) - MI."""
    h_true = _entropies(xp, row_sums, col_sums)[0]
    return h_true, xp.zeros_like(h_true) - 1


def rescaled_to_information_distance(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """NID = 1 - MI / max(H(true), H(pred)), and 0 where there is one class and one cluster."""
    shift, factor = _share_of(xp, xp.maximum(*_entropies(xp, row_sums, col_sums)))
    return 1 - shift, -factor


def rescaled_to_adjusted(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """AMI = (MI - EMI) / (mean(H(true), H(pred)) - EMI), 0 or 1 where one of the labelings is trivial."""
    return _adjusted(xp, row_sums, col_sums, "arithmetic")


def rescaled_to_adjusted_true(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Adjusted homogeneity has H(true) in place of the mean."""
    return _adjusted(xp, row_sums, col_sums, "true")


def rescaled_to_adjusted_pred(xp: Namespace, row_sums: Array, col_sums: Array) -> Rescaled:
    """Adjusted completeness has H(pred) in place of the mean."""
    return _adjusted(xp, row_sums, col_sums, "pred")


def _adjusted(xp: Namespace, row_sums: Array, col_sums: Array, average_method: str) -> Rescaled:
    expected = expected_information(xp, row_sums, col_sums)
    most = average(xp, *_entropies(xp, row_sums, col_sums), average_method)
    rows, cols = (number_of_clusters(xp, sums) for sums in (row_sums, col_sums))
    trivial = is_trivial(xp, row_sums), is_trivial(xp, col_sums)
    known = xp.where(trivial[0] | trivial[1], 0.0, inverse(xp, most - expected))
    identical = trivial[0] & trivial[1] & (rows == cols)
    return xp.where(identical, 1.0, -expected * known), known


def _entropies(xp: Namespace, row_sums: Array, col_sums: Array) -> tuple[Array, Array]:
    n = xp.sum(row_sums, axis=-1)
    return entropy(xp, row_sums, n), entropy(xp, col_sums, n)


def _share_of(xp: Namespace, whole: Array) -> Rescaled:
    return to_float(xp, whole == 0), inverse(xp, whole)
