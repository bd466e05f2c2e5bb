"""How many clusters of each size a random partition has, on average.

Random-clustering models that let the sizes vary (Gates and Ahn 2017) need of a partition no more than the expected
number w(s) of its clusters of size s, since the expectation of a cell depends on the two cluster sizes alone:

- of n samples into k clusters, all partitions equally likely: w(s) = C(n, s) S(n - s, k - 1) / S(n, k), with Stirling
  numbers of the second kind;
- into any number of clusters: w(s) = C(n, s) B(n - s) / B(n), with Bell numbers.

Both are computed without these numbers, whose logarithms would lose digits as n grows, from sums of probabilities.
Functions of a size are smooth beside how far sizes spread, so a few hundred sizes are enough, whatever n is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from amiable._array.blocks import blocks
from amiable._array.libraries import NUMPY
from amiable.chance.deviance import deviance, log_factorial_excess

# What is left out has a probability below exp(-60) = 1e-26: conditional on a total, which has a probability of one in
# a few standard deviations, it is still below 1e-17.
_TAIL = 60.0

# A Poisson variable of a larger rate is positive, but for exp(-rate).
_ALL_POSITIVE = 300.0
_FREQUENCIES = 1 << 9  # at once

Sizes = tuple[np.ndarray, np.ndarray]  # whole numbers, and how many clusters of each size are expected


@np.errstate(under="ignore")
def sizes_of_partitions_into(n: int, k: int) -> Sizes:
    """Return the expected cluster sizes of partitions of `n` samples into `k` clusters.

    The sizes of k clusters in a random order are independent Poisson variables conditioned on being positive and on
    adding up to n, whatever their common rate: w(s) = k P(X = s) P(X_2 + ... + X_k = n - s) / P(X_1 + ... + X_k = n).
    Of many sizes every h-th stands for h, as smooth functions are summed over sizes.
    """
    if k in (1, n):
        return np.asarray([n // k]), np.asarray([float(k)])
    # with this rate n is the mean of the sum; in (0, n / k), as a positive Poisson variable has a mean above its rate
    rate = _root(lambda x: -x / math.expm1(-x) - n / k, 1e-9 / n, n / k)
    stride = _stride(math.sqrt(rate)) if rate > _ALL_POSITIVE else 1
    far, middle = math.ceil(_reach_of_size(rate) / stride), round(rate)
    sizes = middle + stride * np.arange(-far, far + 1)
    sizes = sizes[(sizes >= 1) & (sizes <= n - k + 1)]
    weights = np.exp(_log_poisson(sizes, rate)) * _chances_of_sum(rate, k - 1, (n - k * sizes) / k)
    return sizes, weights * (k / weights.sum())


@np.errstate(under="ignore")
def sizes_of_all_partitions(n: int) -> Sizes:
    """Return the expected cluster sizes of all partitions of `n` samples.

    Throw n samples into M urns and forget the empty ones: if P(M = m) is proportional to m**n / m!, every partition is
    equally likely (Stam 1983, 10.1016/0097-3165(83)90009-2; Dobinski's formula is the sum of these weights). So w(s) is
    a mean over m, all terms positive, of the m binomial chances of an urn to hold s samples.
    """
    urns, chances = _urns(n)
    most = n / urns[0]
    sizes = np.arange(1, min(n, math.ceil(most + _reach_of_size(most))) + 1)
    each = np.exp(_log_binomial(sizes[None, :], n, urns[:, None]))
    weights = (chances * urns) @ each
    return sizes, weights * (n / (weights @ sizes))


def _stride(deviation: float) -> int:
    """Return a stride over whole numbers that errs by exp(-85) at most, for what is spread as a Gaussian (Poisson)."""
    return max(1, int(deviation * math.pi / 9.2))


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # which takes longer to import than all of amiable

    return float(brentq(f, low, high, xtol=1e-300))


def _reach_of_size(mean: float) -> float:
    """Return a distance from its mean that a Poisson or binomial variable has a chance below exp(-_TAIL) to exceed."""
    return _TAIL / 3 + math.sqrt(_TAIL * _TAIL / 9 + 2 * _TAIL * mean)  # Bernstein


def _urns(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of urns m that carry P(M = m), proportional to m**n / m!, and these chances."""
    mode = max(1, round(_root(lambda x: x * math.log(x) - n, 1.0, n + 2.0)))
    deviation = mode / math.sqrt(n + mode)
    stride = _stride(deviation)
    reach = 2 * math.ceil((math.sqrt(2 * _TAIL) * deviation + _TAIL) / stride)
    urns = mode + stride * np.arange(-reach, reach + 1)
    urns = urns[urns >= 1]
    m, step = urns.astype(float), (urns - mode).astype(float)
    # log P(m) - log P(mode), each term no larger than some sqrt(n)
    cost = (
        deviance(NUMPY, m, np.full_like(m, mode), step) + log_factorial_excess(NUMPY, urns, m) + step * math.log(mode)
    )
    log_chances = n * np.log1p(step / mode) - cost
    chances = np.exp(log_chances - log_chances.max())
    return urns, chances / chances.sum()


def _log_poisson(x: np.ndarray, rate: float) -> np.ndarray:
    whole = x.astype(float)
    excess = log_factorial_excess(NUMPY, x, whole)
    return np.asarray(-(deviance(NUMPY, whole, np.full_like(whole, rate), whole - rate) + excess))


def _log_binomial(x: np.ndarray, n: int, m: np.ndarray) -> np.ndarray:
    """Return the log-chance of x among n samples to fall into one of m urns."""
    x, m = np.broadcast_arrays(x, m)
    mean, whole, rest = n / m, x.astype(float), (n - x).astype(float)
    t = whole - mean
    beside = n * ((m - 1) / m)
    cost = deviance(NUMPY, whole, mean, t) + deviance(NUMPY, rest, beside, -t)
    excess = log_factorial_excess(NUMPY, x, whole) + log_factorial_excess(NUMPY, n - x, rest)
    total = log_factorial_excess(NUMPY, np.asarray([n]), np.asarray([float(n)]))
    return np.where((m == 1) & (x < n), -np.inf, np.asarray(total - cost - excess))


def _chances_of_sum(rate: float, count: int, shifts: np.ndarray) -> np.ndarray:
    """Return the chances of `count` positive Poisson variables to add up to their mean and `shifts`.

    By inversion of the characteristic function, on a grid so fine that what wraps around has a chance below exp(-60),
    by Chernoff's bound. Where the function has fallen below exp(-90), the grid ends.
    """
    length = 2 * (math.ceil(np.abs(shifts).max()) + 2 * _reach_of_sum(rate, count))
    step = 2 * math.pi / length
    total = np.ones(shifts.size)
    for block in blocks(length // 2, _FREQUENCIES):
        theta = step * np.arange(block.start + 1, block.stop + 1)
        log_cf = count * _log_characteristic(theta, rate)
        twice = np.where(2 * np.arange(block.start + 1, block.stop + 1) == length, 1.0, 2.0)  # but pi is there once
        total += np.cos(log_cf.imag - np.outer(shifts, theta)) @ (twice * np.exp(log_cf.real))
        if log_cf.real.max() < -90:
            break
    return np.asarray(np.maximum(total / length, 0.0))


def _log_characteristic(theta: np.ndarray, rate: float) -> np.ndarray:
    """Return log E[exp(i theta (X - E X))] of a positive Poisson variable, for 0 < theta <= pi.

    With u = rate (exp(i theta) - 1) it is u + log(1 + w) - i theta E X, w = -expm1(-u) / expm1(rate), and E X = rate +
    rate / expm1(rate). The terms of first order in theta cancel; they are left out of each part.
    """
    down = 2 * rate * np.sin(theta / 2) ** 2
    around, third = rate * np.sin(theta), rate * _sine_less_angle(theta)
    centered = -down + 1j * third
    if rate > _ALL_POSITIVE:
        return centered
    near = down < 200  # beyond, all is below exp(-90)
    grown = np.where(near, np.expm1(np.where(near, down, 0.0)), 0.0)
    real = 2 * np.sin(around / 2) ** 2 - grown * np.cos(around)
    imag = grown * np.sin(around) + _sine_less_angle(around) + third
    scale = math.expm1(rate)
    linear, rest = 1j * (theta * (rate / scale)), (real + 1j * imag) / scale
    w = linear + rest
    return np.asarray(centered + np.where(np.abs(w) < 0.1, rest + _log_less_argument(w), np.log1p(w) - linear))


def _sine_less_angle(x: np.ndarray) -> np.ndarray:
    """Return sin(x) - x, without its cancellation near 0."""
    near = np.abs(x) < 1
    square, series = np.where(near, x * x, 0.0), np.ones_like(x)
    for k in range(8, 0, -1):
        series = 1 - square / ((2 * k + 2) * (2 * k + 3)) * series
    return np.asarray(np.where(near, -x * square / 6 * series, np.sin(x) - x))


def _log_less_argument(w: np.ndarray) -> np.ndarray:
    """Return log(1 + w) - w by its series, for complex numbers below 0.1; 0 for others."""
    small, series = np.where(np.abs(w) < 0.1, w, 0.0), np.zeros_like(w)
    for k in range(18, 1, -1):
        series = (-1) ** (k + 1) / k + small * series
    return np.asarray(small * small * series)


def _reach_of_sum(rate: float, count: int) -> int:
    """Return a distance from its mean that the sum has a chance below exp(-_TAIL) to exceed, by Chernoff's bound."""
    tilt = np.concatenate([sign * np.geomspace(1e-8, 5.0, 400) for sign in (1, -1)])
    grown, mean = rate * np.exp(tilt), -rate / math.expm1(-rate)
    log_mgf = rate * np.expm1(tilt) + np.log(np.expm1(-grown) / math.expm1(-rate))
    bounds = (_TAIL + count * (log_mgf - tilt * mean)) / np.abs(tilt)
    return math.ceil(float(max(bounds[:400].min(), bounds[400:].min())))
