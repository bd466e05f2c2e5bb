"""Exact mean and variance of Pearson's chi-square statistic of two random labelings, from their cluster sizes alone.

With r and s clusters of a_i and b_j samples, and for the rows

    v = (r - 1) (n - r) / (n - 1),   w = (sum n / a_i - r²) / (n - 2),   for the columns likewise,

    E = n (r - 1) (s - 1) / (n - 1),   Var = 2 n / (n - 3) (v - w) (v' - w') + n² / (n - 1) w w'.

Both w and v - w are sums of terms that are not negative. With d_i = a_i - 1 and D their sum,

    (n - 2) w = sum (n - r a_i)² / (n a_i),
    (n - 1) (n - 2) (v - w) = sum d_i / a_i ((D - d_i) (n - 1) + (r - 1) (n - 1 - a_i)).

Dawson (1954), A simplified expression for the variance of the chi-square function on a contingency table, Biometrika
41:280, 10.1093/biomet/41.1-2.280; first found by Haldane (1940).
"""

from __future__ import annotations

from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace
from amiable.chance.entropies import number_of_clusters


def moments_of_chi_square(xp: Namespace, row_sums: Array, col_sums: Array) -> tuple[Array, Array]:
    """Return mean and variance (...) of chi-square, for cluster sizes (..., R) and (..., C)."""
    n = to_float(xp, xp.sum(row_sums, axis=-1))
    (r, even, uneven), (s, even_too, uneven_too) = (_spread(xp, sums, n) for sums in (row_sums, col_sums))
    before = at_least(xp, n - 1, 1.0)
    mean = n * (r - 1) * (s - 1) / before
    first = 2 * n / at_least(xp, n - 3, 1.0) * even * even_too
    return mean, at_least(xp, xp.where(n > 3, first, 0.0) + n * n / before * uneven * uneven_too, 0.0)


def _spread(xp: Namespace, sums: Array, n: Array) -> tuple[Array, Array, Array]:
    """Return the number of clusters, v - w and w (...) of cluster sizes (..., K)."""
    k = at_least(xp, to_float(xp, number_of_clusters(xp, sums)), 1.0)
    size, n, r = to_divisor(xp, sums), n[..., None], k[..., None]
    more = size - 1
    others = xp.sum(more, axis=-1, keepdims=True) - more
    even = more / size * (others * (n - 1) + (r - 1) * at_least(xp, n - 1 - size, 0.0))
    uneven = xp.where(sums > 0, (n - r * size) ** 2 / (at_least(xp, n, 1.0) * size), 0.0)
    below = at_least(xp, n[..., 0] - 2, 1.0)
    even, uneven = xp.sum(even, axis=-1), xp.sum(uneven, axis=-1)
    return k, even / below / at_least(xp, n[..., 0] - 1, 1.0), uneven / below
