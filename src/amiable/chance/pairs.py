"""Exact mean and variance of the number of pairs of samples that two random labelings both put together.

Of N2 = n (n - 1) / 2 pairs of samples, labeling U puts a share p together. p1 is the share of triples that it puts
together, and p2 that of two disjoint pairs that are each together. V has q, q1 and q2. Two pairs are one, or share a
sample, or are disjoint, so that

    Var(S) / N2 = (p q - p² q²) + 2 (n - 2) (p1 q1 - p² q²) + C(n - 2, 2) (p2 q2 - p² q²).

Let d0 = p - p², d1 = p1 - p², d2 = p2 - p², and e0, e1, e2 likewise of V. However U is shuffled, its number of pairs is
the same, so that d0 + 2 (n - 2) d1 + C(n - 2, 2) d2 = 0. Therefore all terms with a single d or e add up to 0, and
nothing large cancels in

    Var(S) / N2 = d0 e0 + 2 (n - 2) d1 e1 + (d0 + 2 (n - 2) d1) (e0 + 2 (n - 2) e1) / C(n - 2, 2).

Steinley, Brusco and Hubert (2016), The variance of the adjusted Rand index, Psychological Methods 21(2):261-272,
10.1037/met0000049, have the variance in another form.
"""

from __future__ import annotations

from amiable._array.arithmetic import at_least
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace

_ROUNDING = 8  # terms that cancel leave so many eps of their size at most


def moments_of_pairs(xp: Namespace, row_sums: Array, col_sums: Array) -> tuple[Array, Array]:
    """Return mean and variance (...) of the number of pairs that are together in both, for sizes (..., R), (..., C)."""
    n = to_float(xp, xp.sum(row_sums, axis=-1))
    of_row, *d = _shares(xp, row_sums)
    of_col, *e = _shares(xp, col_sums)
    n_pairs = n * (n - 1) / 2
    others = at_least(xp, n - 2, 0.0)
    disjoint = others * at_least(xp, n - 3, 0.0) / 2
    apart = (d[0] + 2 * others * d[1]) * (e[0] + 2 * others * e[1]) / xp.where(disjoint > 0, disjoint, 1.0)
    terms = xp.stack([d[0] * e[0], 2 * others * d[1] * e[1], xp.where(disjoint > 0, apart, 0.0)])
    share, size = xp.sum(terms, axis=0), xp.sum(xp.abs(terms), axis=0)
    is_rounding = share <= _ROUNDING * xp.finfo(share.dtype).eps * size  # of a sum that is 0
    return n_pairs * of_row * of_col, n_pairs * xp.where(is_rounding, 0.0, share)


def _shares(xp: Namespace, sums: Array) -> tuple[Array, Array, Array]:
    """Return p, p - p² and p1 - p² (...) of cluster sizes (..., K)."""
    n = to_float(xp, xp.sum(sums, axis=-1))[..., None]
    size = to_float(xp, sums)
    weight = size / at_least(xp, n, 1.0)
    # the chance of another sample to lie in the cluster of a sample, or outside
    inside, outside = at_least(xp, size - 1, 0.0) / at_least(xp, n - 1, 1.0), (n - size) / at_least(xp, n - 1, 1.0)
    p, rest = xp.sum(weight * inside, axis=-1), xp.sum(weight * outside, axis=-1)
    # (a - 2) / (n - 2) = inside - outside / (n - 2), so p1 is the mean of inside² less inside outside / (n - 2)
    spread = xp.sum(weight * (inside - p[..., None]) ** 2, axis=-1)
    lost = xp.sum(weight * inside * outside, axis=-1) / at_least(xp, n[..., 0] - 2, 1.0)
    return p, p * rest, spread - lost
