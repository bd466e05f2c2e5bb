"""What is expected of the count of one cell: K ~ Hypergeometric(n, a, b), as in `amiable.chance.hypergeometric`."""

from __future__ import annotations

import math

import numpy as np

from amiable._scalars.series import LEAST_MEAN, expected_deviance

Sums = tuple[float, float, float, float]
# What is expected, as bits: the deviance of K from its mean, K log K, K log(a / K), K log(b / K)
DEVIANCE, XLOGX, GIVEN_ROW, GIVEN_COL = 1, 2, 4, 8

NOTHING = 1e-18  # a weight below this share of all before it ends a walk
FURTHEST = 127  # the walks of means below `LEAST_MEAN` end before this count
XLOGX_OF = np.asarray([0.0, *(k * math.log(k) for k in range(1, FURTHEST + 1))])
# By how much more the deviance of k + 1 exceeds that of k than by -log(mean): (k + 1) log(k + 1) - k log k - 1
STEP_FROM = np.asarray([-1.0, *(math.log(k + 1) + (k * math.log1p(1 / k) - 1) for k in range(1, FURTHEST + 1))])

HALF = 30  # bits of a digit: two digits hold any number of samples
DIGIT = (1 << HALF) - 1
EXACT = 3037000499  # up to so many samples, products of two counts fit 64 bits


def deviance(x: float, mean: float, t: float) -> float:
    """Return x log(x / mean) - x + mean >= 0 for x = mean + t, with the relative precision of t."""
    if x <= 0.0:
        return mean
    v = t / (x + mean)
    if abs(v) < 0.1:
        v2 = v * v
        s = (v2 / 15 + 1 / 13) * v2
        s = (s + 1 / 11) * v2
        s = (s + 1 / 9) * v2
        s = (s + 1 / 7) * v2
        s = (s + 1 / 5) * v2
        s = (s + 1 / 3) * v2
        return v * (t + 2 * x * s)
    return x * math.log(x / mean) - t


def log_factorial_excess(x: int) -> float:
    """Return log(x!) - (x log x - x), by Stirling's series from 16 on."""
    if x < 16:
        product = 1.0
        for k in range(2, x + 1):
            product *= k
        return math.log(product) - (x * math.log(x) - x if x > 0 else 0.0)
    r = 1.0 / x
    r2 = r * r
    tail = 1 / 12 + r2 * (-1 / 360 + r2 * (1 / 1260 + r2 * (-1 / 1680 + r2 * (1 / 1188 - 691 / 360360 * r2))))
    return 0.5 * math.log(2 * math.pi * x) + r * tail


def offset_from_mean(k: int, a: int, b: int, n: int) -> float:
    """Return k - a b / n with full relative precision: k n - a b is formed exactly, in two digits of 30 bits."""
    if n <= EXACT:
        return (k * n - a * b) / n
    k0, k1, n0, n1 = k & DIGIT, k >> HALF, n & DIGIT, n >> HALF
    a0, a1, b0, b1 = a & DIGIT, a >> HALF, b & DIGIT, b >> HALF
    low = k0 * n0 - a0 * b0
    carry = low >> HALF
    low -= carry << HALF
    middle = carry + (k0 * n1 - a0 * b1) + (k1 * n0 - a1 * b0)
    carry = middle >> HALF
    middle -= carry << HALF
    high = carry + (k1 * n1 - a1 * b1)
    base = float(1 << HALF)
    return ((float(high) * base + middle) * base + low) / n


def cost_of_count(k: int, a: int, b: int, n: int, t: float) -> float:
    """Return -log P(K = k) up to a constant of the margins: deviance and excess of the four cells, all at least 0."""
    mean, row_only, col_only, neither = (a * (b / n), a * ((n - b) / n), (n - a) * (b / n), (n - a) * ((n - b) / n))
    rest = (n - a) - (b - k)
    cells = deviance(float(k), mean, t) + deviance(float(a - k), row_only, -t)
    cells += deviance(float(b - k), col_only, -t) + deviance(float(rest), neither, t)
    excess = log_factorial_excess(k) + log_factorial_excess(a - k)
    return cells + excess + log_factorial_excess(b - k) + log_factorial_excess(rest)


def terms_given_cluster(k: float, a: float, b: float, wanted: int) -> tuple[float, float]:
    """Return k log(a / k) and k log(b / k) for a count, where they are wanted; 0 log 0 is 0."""
    row = k * math.log1p((a - k) / k) if wanted & GIVEN_ROW and k > 0.0 else 0.0
    col = k * math.log1p((b - k) / k) if wanted & GIVEN_COL and k > 0.0 else 0.0
    return row, col


def expectations_of_cell(a: int, b: int, n: int, wanted: int) -> Sums:
    """Return what is expected of K ~ Hypergeometric(n, a, b), by each form that is wanted, else 0."""
    if n <= 0 or a <= 0 or b <= 0:
        return 0.0, 0.0, 0.0, 0.0
    mean = a * (b / n)
    if mean < LEAST_MEAN:
        return sum_walk(a, b, n, wanted)
    own = expected_deviance(a, b, n, mean)
    whole = mean * math.log(mean) + own if wanted & XLOGX else 0.0
    row = mean * math.log1p((n - b) / b) - own if wanted & GIVEN_ROW else 0.0
    col = mean * math.log1p((n - a) / a) - own if wanted & GIVEN_COL else 0.0
    return own, whole, row, col


def sum_walk(a: int, b: int, n: int, wanted: int) -> Sums:
    """Sum over the counts from the mean on, both ways; each weight comes from its neighbour's, as its deviance does."""
    least, most = max(0, a - (n - b)), min(a, b, FURTHEST)
    mean = a * (b / n)
    start = min(max(int(mean), least), most)
    t = offset_from_mean(start, a, b, n)
    size_a, size_b, beyond, log_mean = float(a), float(b), float((n - a) - b), math.log(mean)
    by_steps = (n - a) * ((n - b) / n) >= 0.25 * n  # deviances of a cell that hardly varies are no sums of steps
    given = wanted & (GIVEN_ROW | GIVEN_COL)
    own_start = deviance(float(start), mean, t)
    s0, s1, total = own_start, XLOGX_OF[start], 1.0
    s2, s3 = terms_given_cluster(float(start), size_a, size_b, wanted)
    x, own, weight = float(start), own_start, 1.0
    for k in range(start + 1, most + 1):
        weight *= (size_a - x) * (size_b - x) / ((x + 1.0) * (beyond + x + 1.0))
        x += 1.0
        own = own + (STEP_FROM[k - 1] - log_mean) if by_steps else deviance(x, mean, t + (k - start))
        s0, s1, total = s0 + weight * own, s1 + weight * XLOGX_OF[k], total + weight
        if given:
            row, col = terms_given_cluster(x, size_a, size_b, wanted)
            s2, s3 = s2 + weight * row, s3 + weight * col
        if weight < NOTHING * total:
            break
    x, own, weight = float(start), own_start, 1.0
    for k in range(start - 1, least - 1, -1):
        weight *= x * (beyond + x) / ((size_a - x + 1.0) * (size_b - x + 1.0))
        x -= 1.0
        own = own - (STEP_FROM[k] - log_mean) if by_steps else deviance(x, mean, t + (k - start))
        s0, s1, total = s0 + weight * own, s1 + weight * XLOGX_OF[k], total + weight
        if given:
            row, col = terms_given_cluster(x, size_a, size_b, wanted)
            s2, s3 = s2 + weight * row, s3 + weight * col
        if weight < NOTHING * total:
            break
    return s0 / total, s1 / total, s2 / total, s3 / total
