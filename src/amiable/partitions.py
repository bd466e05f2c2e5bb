"""How many clusters of each size a random partition has, on average.

Random-clustering models that let the sizes vary (Gates and Ahn 2017) need of a partition no more than the expected
number w(s) of its clusters of size s, since the expectation of a cell depends on the two cluster sizes alone:

- of n samples into k clusters, all partitions equally likely: w(s) = C(n, s) S(n - s, k - 1) / S(n, k), with Stirling
  numbers of the second kind;
- into any number of clusters: w(s) = C(n, s) B(n - s) / B(n), with Bell numbers.

Both are computed without these numbers, whose logarithms would lose digits as n grows, from sums of probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from amiable._array.blocks import blocks
from amiable.deviance import deviance, log_factorial_excess

# What is left out has a probability below exp(-60) = 1e-26: conditional on a total, which has a probability of one in
# a few standard deviations, it is still below 1e-17.
_TAIL = 60.0

Sizes = tuple[np.ndarray, np.ndarray]  # whole numbers, and how many clusters of each size are expected


def sizes_of_partitions_into(n: int, k: int) -> Sizes:
    """Return the expected cluster sizes of partitions of `n` samples into `k` clusters.

    The sizes of k clusters in a random order are independent Poisson variables conditioned on being positive and on
    adding up to n, whatever their common rate: w(s) = k P(X = s) P(X_2 + ... + X_k = n - s) / P(X_1 + ... + X_k = n).
    The sum's distribution comes from its characteristic function by a Fourier transform on a grid so long that what
    wraps around has a probability below exp(-60), by Chernoff's bound; its absolute error is rounding alone.
    """
    if k in (1, n):
        return np.asarray([n // k]), np.asarray([float(k)])
    # with this rate n is the mean of the sum; in (0, n / k), as a positive Poisson variable has a mean above its rate
    rate = _root(lambda x: -x / math.expm1(-x) - n / k, 1e-9 / n, n / k)
    far = _reach_of_size(rate)
    sizes = np.arange(max(1, math.floor(rate - far)), min(n - k + 1, math.ceil(rate + far)) + 1)
    chances = np.exp(_log_poisson(sizes, rate))
    middle = (sizes[0] + sizes[-1]) // 2
    shifts = middle - sizes  # of the others' sum from n - middle
    others = _chances_of_sum(rate, k - 1, n - int(middle), shifts)
    weights = chances * others
    return sizes, weights * (k / weights.sum())


def sizes_of_all_partitions(n: int) -> Sizes:
    """Return the expected cluster sizes of all partitions of `n` samples.

    Throw n samples into M urns and forget the empty ones: if P(M = m) is proportional to m**n / m!, every partition is
    equally likely (Stam 1983, 10.1016/0097-3165(83)90009-2; Dobinski's formula is the sum of these weights). So w(s) is
    a mean over m, all terms positive, of the m binomial chances of an urn to hold s samples.
    """
    urns, chances = _urns(n)
    most = n / urns[0]
    sizes = np.arange(1, min(n, math.ceil(most + _reach_of_size(most))) + 1)
    weights = np.zeros(sizes.size)
    for block in blocks(urns.size, (1 << 18) // sizes.size):
        each = np.exp(_log_binomial(sizes[None, :], n, urns[block, None]))
        weights += (chances[block] * urns[block]) @ each
    return sizes, weights * (n / (weights @ sizes))


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # which takes longer to import than all of amiable

    return float(brentq(f, low, high, xtol=1e-300))


def _reach_of_size(mean: float) -> float:
    """Return a distance from its mean that a Poisson or binomial variable has a chance below exp(-_TAIL) to exceed."""
    return _TAIL / 3 + math.sqrt(_TAIL * _TAIL / 9 + 2 * _TAIL * mean)  # Bernstein


def _urns(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of urns m that carry P(M = m), proportional to m**n / m!, and these chances."""
    mode = max(1, round(_root(lambda x: x * math.log(x) - n, 1.0, n + 2.0)))
    reach = 2 * math.ceil(math.sqrt(2 * _TAIL) * mode / math.sqrt(n + mode) + _TAIL)
    urns = np.arange(max(1, mode - reach), mode + reach + 1)
    m, step = urns.astype(float), (urns - mode).astype(float)
    # log P(m) - log P(mode), each term no larger than some sqrt(n)
    cost = deviance(np, m, np.full_like(m, mode), step) + log_factorial_excess(np, urns, m) + step * math.log(mode)
    log_chances = n * np.log1p(step / mode) - cost
    chances = np.exp(log_chances - log_chances.max())
    return urns, chances / chances.sum()


def _log_poisson(x: np.ndarray, rate: float) -> np.ndarray:
    whole = x.astype(float)
    return -(deviance(np, whole, np.full_like(whole, rate), whole - rate) + log_factorial_excess(np, x, whole))


def _log_binomial(x: np.ndarray, n: int, m: np.ndarray) -> np.ndarray:
    """Return the log-chance of x among n samples to fall into one of m urns."""
    x, m = np.broadcast_arrays(x, m)
    mean, whole, rest = n / m, x.astype(float), (n - x).astype(float)
    t = whole - mean
    beside = n * ((m - 1) / m)
    cost = deviance(np, whole, mean, t) + deviance(np, rest, beside, -t)
    excess = log_factorial_excess(np, x, whole) + log_factorial_excess(np, n - x, rest)
    total = log_factorial_excess(np, np.asarray([n]), np.asarray([float(n)]))
    return np.where((m == 1) & (x < n), -np.inf, total - cost - excess)


def _chances_of_sum(rate: float, count: int, center: int, shifts: np.ndarray) -> np.ndarray:
    """Return the chances of `count` positive Poisson variables to add up to center + shifts, which is near their mean.

    log(E[exp(i theta X)]) = u + log(1 - expm1(-u) / expm1(rate)), u = rate (exp(i theta) - 1), has no cancellation.
    """
    reach = int(np.abs(shifts).max()) + 2 * _reach_of_sum(rate, count)
    length = 1 << (2 * reach).bit_length()
    theta = 2 * math.pi / length * np.arange(length)
    u = rate * (-2 * np.sin(theta / 2) ** 2 + 1j * np.sin(theta))
    near = u.real > -200  # beyond, the characteristic function is below exp(-90), as the rate is above 100
    v = np.where(near, u, 0)
    log_cf = v + np.log1p(-np.expm1(-v) / math.expm1(min(rate, 700.0)))
    spectrum = np.where(near, np.exp(count * log_cf - 1j * (center * theta)), 0)
    chances = np.fft.fft(spectrum).real / length
    return np.maximum(chances[shifts % length], 0.0)


def _reach_of_sum(rate: float, count: int) -> int:
    """Return a distance from its mean that the sum has a chance below exp(-_TAIL) to exceed, by Chernoff's bound."""
    tilt = np.concatenate([sign * np.geomspace(1e-8, 5.0, 400) for sign in (1, -1)])
    grown, mean = rate * np.exp(tilt), -rate / math.expm1(-rate)
    log_mgf = rate * np.expm1(tilt) + np.log(np.expm1(-grown) / math.expm1(-rate))
    bounds = (_TAIL + count * (log_mgf - tilt * mean)) / np.abs(tilt)
    return math.ceil(max(bounds[:400].min(), bounds[400:].min()))
