"""What cluster sizes tell before anything is random: their number, entropies, the least mutual information."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from amiable._array import kernels
from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.dtypes import is_floating, to_count, to_float
from amiable._array.protocols import Array, Namespace
from amiable._scalars.tables import entropies_of_sizes, entropy_of_sizes
from amiable.chance.deviance import xlogx

_FEW = 32  # cluster sizes


def number_of_clusters(xp: Namespace, sizes: Array) -> Array:
    """Return how many clusters (...) of sizes (..., K) have samples."""
    return xp.sum(to_count(xp, sizes > 0), axis=-1)


def is_trivial(xp: Namespace, sizes: Array) -> Array:
    """Whether a labeling (...) with sizes (..., K) is a single cluster, or none, or all singletons."""
    n_clusters = number_of_clusters(xp, sizes)
    return (n_clusters <= 1) | (n_clusters == xp.sum(sizes, axis=-1))


def concentration(xp: Namespace, sizes: Array, n: Array) -> Array:
    """Return sum a log a / n (...) of cluster sizes (..., K): log n less the entropy, without the cancellation."""
    return xp.sum(xlogx(xp, to_float(xp, sizes)), axis=-1) / to_divisor(xp, n)


def entropy(xp: Namespace, sizes: Array, n: Array) -> Array:
    """Return the entropy (...) of cluster sizes (..., K) with totals n (...): at most log n, which singletons have."""
    return entropy_and_concentration(xp, sizes, n)[0]


def entropy_and_concentration(xp: Namespace, sizes: Array, n: Array) -> tuple[Array, Array]:
    """Return the entropy (...) of cluster sizes, and how much it is below log n; sizes may be weights."""
    if is_floating(sizes):  # whose sum is rounded: where one cluster is all, their difference need not be 0
        h = xp.where(number_of_clusters(xp, sizes) > 1, at_least(xp, _sum_of_shares(xp, sizes, n), 0.0), 0.0)
        return h, xp.log(to_divisor(xp, n)) - h
    if kernels.take_rows(sizes):
        return _entropy_by_loop(sizes)
    if isinstance(sizes, np.ndarray) and sizes.ndim == 1 and sizes.size <= _FEW:
        known: Any = entropy_of_sizes(sizes.tolist(), int(n))  # in Python: arrays of a few numbers take longer
        return known[1], known[0]
    below, most = concentration(xp, sizes, n), xp.log(to_divisor(xp, n))
    return xp.where(2 * below < most, most - below, _sum_of_shares(xp, sizes, n)), below


def _sum_of_shares(xp: Namespace, sizes: Array, n: Array) -> Array:
    shares = to_float(xp, sizes) / to_divisor(xp, n)[..., None]
    return xp.sum(shares * log_ratio(xp, n[..., None], sizes), axis=-1)


def _entropy_by_loop(sizes: Any) -> tuple[Any, Any]:
    lead = sizes.shape[:-1]
    sizes = kernels.integers(sizes).reshape(math.prod(lead), sizes.shape[-1])
    out = kernels.run(entropies_of_sizes, sizes.shape[0], sizes, out=kernels.empty((2, sizes.shape[0]), sizes))
    found = out.reshape(2, *lead)
    return found[0, ...], found[1, ...]


def is_floor_positive(xp: Namespace, rows: Array, cols: Array, n: Array) -> Array:
    """Whether MI has a positive floor, H(true) + H(pred) - log n > 0, given the concentrations of the cluster sizes.

    The joint entropy is at most log n, so MI is at least the floor. Almost all clusters are small where it is positive.
    Sums of K log K, which is 0 for K <= 1, then keep digits that sums of deviances lose.
    """
    return rows + cols < xp.log(to_divisor(xp, n))


def log_ratio(xp: Namespace, whole: Array, part: Array) -> Array:
    """Return log(whole / part) >= 0 for numbers 0 < part <= whole, with all its digits where they are close."""
    return xp.log1p(to_float(xp, whole - part) / to_divisor(xp, part))
