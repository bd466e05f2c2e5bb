"""Random tables with given margins, cell by cell, from random numbers that are functions of a seed and a counter.

A table depends on its number and the seed alone, so that any number of threads draws the same ones.
"""

from __future__ import annotations

import math
from typing import Any

from amiable._scalars import inlined
from amiable._scalars.cells import cost_of_count, offset_from_mean

WORD = (1 << 32) - 1
# Philox 4x32-10 of Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3,
# 10.1145/2063384.2063405
FIRST_FACTOR, SECOND_FACTOR = 0xD2511F53, 0xCD9E8D57
FIRST_STEP, SECOND_STEP = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10

# Stadlober (1990), 10.1016/0377-0427(90)90349-5: s = 2 sqrt(2 / e) sd + 3 - 2 sqrt(3 / e), where sd**2 is the variance
# + 1/2, makes a hat
HAT_SLOPE, HAT_OFFSET = 2 * math.sqrt(2 / math.e), 3 - 2 * math.sqrt(3 / math.e)
NEAR = 0.25  # share of the least mean of a cell, within which the cost of a count is close to a polynomial
REACH = 6.0  # standard deviations, beyond which hardly any count is drawn
ROUNDING = 1e-13
FEW_STEPS = 64  # from the mode, that are walked in less time than two costs take
ROUNDER: float = 1.5 * 2.0**52  # sums with it have no bits for fractions


@inlined
def random_words(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Return four random words of 32 bits for a counter of four words and a key of two."""
    for _ in range(ROUNDS):
        first, second = FIRST_FACTOR * c0, SECOND_FACTOR * c2
        c0, c1, c2, c3 = (
            ((second >> 32) & WORD) ^ c1 ^ k0,
            second & WORD,
            ((first >> 32) & WORD) ^ c3 ^ k1,
            first & WORD,
        )
        k0, k1 = (k0 + FIRST_STEP) & WORD, (k1 + SECOND_STEP) & WORD
    return c0, c1, c2, c3


@inlined
def random_uniforms(trial: int, cell: int, table: int, k0: int, k1: int) -> tuple[float, float]:
    """Return two uniforms of 53 bits, in (0, 1] and in [0, 1)."""
    w0, w1, w2, w3 = random_words(trial, cell, table & WORD, table >> 32, k0, k1)
    u, v = ((w0 >> 5) * 67108864 + (w1 >> 6)) / 9007199254740992, ((w2 >> 5) * 67108864 + (w3 >> 6)) / 9007199254740992
    return 1.0 - u, v


@inlined
def nearest_whole(x: float) -> float:
    """Return the nearest whole number of one below 2**51; of a larger one, it or a whole number close by."""
    return (x + ROUNDER) - ROUNDER


@inlined
def mode_of(a: float, b: float, n: float) -> float:
    """Return the likeliest count."""
    return nearest_whole((a + 1.0) * (b + 1.0) / (n + 2.0) - 0.5)


@inlined
def cost_near_mean(x: float, y: float, r: float) -> tuple[float, float, float, float, float]:
    """Return coefficients c1 to c4 of a polynomial in t, and a factor of its error, for shares x = a / n and y = b / n.

    The cost of k = mean + t is, up to a constant, c1 t + c2 t**2 + c3 t**3 + c4 t**4, but for the factor times
    t (t**4 / 10 + t**2 / 9 + 1 / 50), as long as t is at most a quarter of any cell's mean: the series of the deviances
    and of Stirling's formula of all four cells, with what their tails are at most. The sum of the four 1 / mean is
    r = 1 / (n x (1 - x) y (1 - y)), and sums of their powers, some with signs as t has, are products.
    """
    xx, yy, skew, r2 = x * (1.0 - x), y * (1.0 - y), (1.0 - 2.0 * x) * (1.0 - 2.0 * y), r * r
    p2 = r2 * ((1.0 - 2.0 * xx) * (1.0 - 2.0 * yy))
    p3 = r2 * r * ((1.0 - 3.0 * xx) * (1.0 - 3.0 * yy))
    p4 = r2 * r2 * ((1.0 + xx * (2.0 * xx - 4.0)) * (1.0 + yy * (2.0 * yy - 4.0)))
    c1 = r * skew * (1 / 2 - r * (1 / 12))
    c2 = r * (1 / 2) - p2 * (1 / 4) + p3 * (1 / 12)
    c3 = r2 * skew * (r * ((1.0 - xx) * (1.0 - yy)) - 1.0) * (1 / 6)
    return c1, c2, c3, p3 * (1 / 12) - p4 * (1 / 8), p4


@inlined
def try_count(a: float, b: float, n: float, u: float, v: float) -> tuple[float, float]:
    """Return the count that two uniforms propose, and whether to take it: 1 yes, -1 no, 0 if `is_taken` has to tell.

    `a` and `b` are at most n / 2. No branches, so that many are tried at once by vector instructions.
    """
    mode, per_sample = mode_of(a, b, n), 1.0 / n
    offset = (mode * n - a * b) * per_sample  # of the mode from the mean
    x, y = a * per_sample, b * per_sample
    variance = a * y * ((1.0 - x) * (1.0 - y))  # times n / (n - 1)
    deviation = math.sqrt(variance * (1.0 + 2.0 * per_sample) + 0.5)
    step = nearest_whole((HAT_SLOPE * deviation + HAT_OFFSET) * (v - 0.5) / u - offset)
    count, t = mode + step, offset + step
    c1, c2, c3, c4, p4 = cost_near_mean(x, y, 1.0 / variance)
    radius = min(NEAR * a * y, REACH * deviation)
    near = min(max(t, -radius), radius)  # beyond it the cost is larger, as it is convex
    away = max(abs(near), abs(offset))
    cost = near * (c1 + near * (c2 + near * (c3 + near * c4)))
    cost -= offset * (c1 + offset * (c2 + offset * (c3 + offset * c4)))
    away2, z = away * away, min(cost * (1 / 32), 0.5)
    z2 = z * z
    level = 1.0 + z * (z * (1 / 2 + z * (z * (1 / 24 - z * (1 / 120)) - 1 / 6)) - 1.0)
    level *= level
    level *= level
    level *= level
    level *= level  # exp(-cost / 2)
    error = p4 * away * (away2 * (away2 * (1 / 10) + 1 / 9) + 0.02) + z2 * z2 * z2 * (1 / 25) + ROUNDING * (1.0 + away)
    error *= 1.1 * level  # of small x, exp(x) - 1 is less than 1.1 x
    is_known = abs(offset) <= radius
    is_out = (count < 0.0) | (count > min(a, b)) | (is_known & (u > level + error))
    is_in = is_known & (near == t) & (z < 0.5) & (u <= level - error)
    return count, -1.0 if is_out else (1.0 if is_in else 0.0)


def is_taken(count: float, a: float, b: float, n: float, u: float) -> bool:
    """Whether u**2 is at most the probability of a possible count over that of the mode."""
    mode = mode_of(a, b, n)
    steps = abs(count - mode)
    if steps <= FEW_STEPS:
        ratio, x, beyond = 1.0, min(count, mode), (n - a) - b + 1.0
        for _ in range(int(steps)):  # P(x + 1) / P(x)
            ratio *= (a - x) * (b - x) / ((x + 1.0) * (x + beyond))
            x += 1.0
        return u * u <= ratio if count > mode else u * u * ratio <= 1.0
    k, m, size_a, size_b, total = int(count), int(mode), int(a), int(b), int(n)
    cost = cost_of_count(k, size_a, size_b, total, offset_from_mean(k, size_a, size_b, total))
    at_mode = cost_of_count(m, size_a, size_b, total, offset_from_mean(m, size_a, size_b, total))
    return cost - at_mode <= -2 * math.log(u)


def count_from_least(k: int, a: int, b: int, n: int) -> int:
    """Return a count from that of the rarer samples: `a` or the others, in `b` or the others."""
    of_b = min(a, n - a) - k if b > n - b else k
    return b - of_b if a > n - a else of_b


def hypergeometric(a: int, b: int, n: int, cell: int, table: int, k0: int, k1: int) -> int:
    """Draw how many of `a` samples, chosen from `n`, are among `b` of them, by ratio of uniforms (Stadlober 1990)."""
    size_a, size_b, total, trial = float(min(a, n - a)), float(min(b, n - b)), float(n), 0
    if min(size_a, size_b) == 0.0:
        return count_from_least(0, a, b, n)
    while True:
        u, v = random_uniforms(trial, cell, table, k0, k1)
        count, taken = try_count(size_a, size_b, total, u, v)
        if taken > 0.0 or (taken == 0.0 and is_taken(count, size_a, size_b, total, u)):
            return count_from_least(int(count), a, b, n)
        trial += 1


def draw_table(row_sums: Any, col_sums: Any, table: int, k0: int, k1: int, counts: Any) -> None:
    """Draw the table of this number into `counts` (R * C,), which has a row at least."""
    n_rows, n_cols = len(row_sums), len(col_sums)
    last, n = (n_rows - 1) * n_cols, 0
    for j in range(n_cols):  # the last row holds what is left of the columns
        counts[last + j] = col_sums[j]
        n += col_sums[j]
    for i in range(n_rows - 1):
        left, pool = row_sums[i], n
        for j in range(n_cols - 1):
            size = counts[last + j]
            k = hypergeometric(left, size, pool, i * n_cols + j, table, k0, k1)
            counts[i * n_cols + j] = k
            counts[last + j] = size - k
            left -= k
            pool -= size
        counts[i * n_cols + n_cols - 1] = left
        counts[last + n_cols - 1] -= left
        n -= row_sums[i]


def draw_tables(row_sums: Any, col_sums: Any, start: int, k0: int, k1: int, first: int, last: int, counts: Any) -> None:
    """Draw tables `start` + `first` to `start` + `last` into rows of `counts` (T, R * C)."""
    for t in range(first, last):
        draw_table(row_sums, col_sums, start + t, k0, k1, counts[t])
