"""The deviance x log(x/m) - x + m, and the exact differences it is computed from.

Mutual information is a sum of deviances of counts from their means; its expectation is a sum of expected
deviances. Every term is non-negative, so no sum cancels, whatever the size of the result.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from amiable._array.arithmetic import at_least, constant, to_divisor
from amiable._array.devices import maybe_any, on_cpu
from amiable._array.dtypes import is_floating, to_float, working_dtype
from amiable._array.protocols import Array, Namespace

# Where |v| is below this, the deviance comes from its series in v; its 7 terms leave 0.1**16 / 17 < 1e-17.
SERIES_BELOW = 0.1
SERIES_TERMS = 7
_SERIES = tuple(2 / (2 * j + 1) for j in range(1, SERIES_TERMS + 1))
_NOTHING = 1e-30  # in place of 0, whose logarithm is not finite

# log(x!) - (x log x - x) for x = 0..15, where Stirling's series is not yet at full precision.
# In decimal arithmetic, as in floats the difference would lose a digit, and 1e-14 with it.
_EXCESS = (0.0, *(float(Decimal(math.factorial(x)).ln() - x * Decimal(x).ln() + x) for x in range(1, 16)))
# Coefficients of 1/x, 1/x**3, ... of that series: B_2j / (2j (2j - 1)).
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)

_EXACT_PRODUCTS = math.isqrt(2**63 - 1)  # up to so many samples, products of two counts fit 64 bits


def deviance(xp: Namespace, x: Array, mean: Array, t: Array) -> Array:
    """Return x log(x/mean) - x + mean >= 0 for x = mean + t, with the relative precision of `t`.

    Loader (2000), "Fast and accurate computation of binomial probabilities": with v = t / (x + mean),
    log(x/mean) = 2 atanh(v), whose series has no cancellation near v = 0.
    """
    total = x + mean
    v = t / xp.where(total > 0, total, 1.0)
    v2 = v * v
    s = v2 * _SERIES[-1]  # of 2 atanh(v) / v - 2
    for coefficient in _SERIES[-2::-1]:
        s = (s + coefficient) * v2
    ratio = at_least(xp, x, _NOTHING) / at_least(xp, mean, _NOTHING)
    return xp.where(v2 < SERIES_BELOW * SERIES_BELOW, v * (t + x * s), x * xp.log(ratio) - t)


def xlogx(xp: Namespace, x: Array) -> Array:
    """Return x log x, 0 at x = 0."""
    return x * xp.log(xp.where(x > 0, x, 1.0))


def log_factorial_excess(xp: Namespace, x: Array, x_float: Array) -> Array:
    """Return log(x!) - (x log x - x) for whole x >= 0, given as whole numbers and as floats."""
    big = at_least(xp, x_float, 16.0)
    inverse = 1 / big
    r = inverse * inverse
    tail: Array | float = _STIRLING[-1]
    for coefficient in reversed(_STIRLING[:-1]):
        tail = tail * r + coefficient
    large = 0.5 * xp.log(2 * math.pi * big) + tail * inverse
    if not maybe_any(xp, x_float < 16):
        return large
    at = xp.where(x < 16, x, 0)
    small = xp.reshape(xp.take(constant(xp, _EXCESS, x_float), xp.reshape(at, (-1,))), x.shape)
    return xp.where(x < 16, small, large)


def copy_constants(xp: Namespace, like: Array) -> None:
    """Copy to the device of the floats `like` what the functions here need there, as a captured graph could not."""
    constant(xp, _EXCESS, like)


def mean_count(xp: Namespace, row_sum: Array, col_sum: Array, n: Array) -> Array:
    """Return row_sum col_sum / n, the mean count of a cell under independence; 0 where n is 0."""
    return to_float(xp, row_sum) * (to_float(xp, col_sum) / to_divisor(xp, n))


def offset_from_mean(xp: Namespace, count: Array, row_sum: Array, col_sum: Array, n: Array) -> Array:
    """Return count - row_sum col_sum / n with full relative precision of whole numbers.

    The float difference would lose all digits that count and mean share, ten of them at n = 1e12. So the
    numerator count n - row_sum col_sum is formed exactly, in digits of a base whose products fit the
    integers at hand, and rounded once. Of weights, which are rounded already, it is the difference.
    """
    if is_floating(count):
        return count - mean_count(xp, row_sum, col_sum, n)
    if have_exact_products(xp, n):
        return to_float(xp, count * n - row_sum * col_sum) / to_divisor(xp, n)
    wide = count.dtype == getattr(xp, "int64", None) and working_dtype(xp, count) == xp.float64
    bits, n_digits = (30, 2) if wide else (14, 3)  # below 2**60, below 2**42; digits are exact as floats
    x, m, a, b = (_digits(v, bits, n_digits) for v in (count, n, row_sum, col_sum))
    carry: Any = 0
    places = []
    for place in range(2 * n_digits - 1):
        pairs = [(i, place - i) for i in range(n_digits) if 0 <= place - i < n_digits]
        total = carry
        for i, j in pairs:
            total = total + (x[i] * m[j] - a[i] * b[j])
        carry = total >> bits  # rounds down, so that what stays is a digit
        places.append(total - (carry << bits))
    numerator = to_float(xp, carry)
    for digit in reversed(places):
        numerator = numerator * float(1 << bits) + to_float(xp, digit)
    return numerator / to_divisor(xp, n)


def have_exact_products(xp: Namespace, n: Array) -> bool:
    """Whether products of two counts of up to `n` samples (...) fit their integers, as far as can be seen."""
    if not on_cpu(n) or n.dtype != getattr(xp, "int64", None):
        return False
    return math.prod(n.shape) == 0 or int(xp.max(n) if n.ndim else n) <= _EXACT_PRODUCTS


def _digits(x: Array, bits: int, n_digits: int) -> list[Array]:
    """Split whole x >= 0 into base 2**bits digits, the lowest first; the last takes what is left."""
    low = [(x >> (bits * i)) & ((1 << bits) - 1) for i in range(n_digits - 1)]
    return [*low, x >> (bits * (n_digits - 1))]
