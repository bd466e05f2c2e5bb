"""Random tables with given margins, cell by cell, from random numbers that are functions of a seed and a counter.

A table depends on its number and the seed alone, so that any number of threads draws the same ones.
"""

from __future__ import annotations

import math
from typing import Any

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
ROUNDING = 1e-12


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


def random_uniforms(trial: int, cell: int, table: int, k0: int, k1: int) -> tuple[float, float]:
    """Return two uniforms of 53 bits, in (0, 1] and in [0, 1)."""
    w0, w1, w2, w3 = random_words(trial, cell, table & WORD, table >> 32, k0, k1)
    u, v = ((w0 >> 5) * 67108864 + (w1 >> 6)) / 9007199254740992, ((w2 >> 5) * 67108864 + (w3 >> 6)) / 9007199254740992
    return 1.0 - u, v


def cost_near_mean(a: int, b: int, n: int) -> tuple[float, float, float, float, float, float]:
    """Return coefficients c1 to c4 of a polynomial in t, a factor of its error, and how far from the mean it holds.

    The cost of k = mean + t is, up to a constant, c1 t + c2 t**2 + c3 t**3 + c4 t**4, but for the factor times
    t (t**4 / 10 + t**2 / 9 + 1 / 50): the series of the deviances and of Stirling's formula of all four cells, with
    what their tails are at most.
    """
    r0, r1, r2, r3 = (n / (a * float(b)), n / (a * float(n - b)), n / (float(n - a) * b), n / (float(n - a) * (n - b)))
    p1, s1 = r0 + r1 + r2 + r3, r0 - r1 - r2 + r3
    q0, q1, q2, q3 = r0 * r0, r1 * r1, r2 * r2, r3 * r3
    p2, s2 = q0 + q1 + q2 + q3, q0 - q1 - q2 + q3
    p3, s3 = q0 * r0 + q1 * r1 + q2 * r2 + q3 * r3, q0 * r0 - q1 * r1 - q2 * r2 + q3 * r3
    p4 = q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3
    radius = NEAR / max(r0, r1, r2, r3)
    return s1 / 2 - s2 / 12, p1 / 2 - p2 / 4 + p3 / 12, (s3 - s2) / 6, p3 / 12 - p4 / 8, p4, radius


def hypergeometric(a: int, b: int, n: int, cell: int, table: int, k0: int, k1: int) -> int:
    """Draw how many of `a` samples, chosen from `n`, are among `b` of them, by ratio of uniforms (Stadlober 1990)."""
    least, most = max(0, a - (n - b)), min(a, b)
    if least == most:
        return least
    mode = min(max(int((a + 1.0) * ((b + 1.0) / (n + 2.0))), least), most)
    offset = offset_from_mean(mode, a, b, n)
    variance = a * (b / n) * ((n - a) / n) * ((n - b) / max(n - 1, 1))
    scale = HAT_SLOPE * math.sqrt(variance + 0.5) + HAT_OFFSET
    c1, c2, c3, c4, p4, radius = cost_near_mean(a, b, n)
    near = offset * (c1 + offset * (c2 + offset * (c3 + offset * c4)))
    trial, at_mode = 0, -1.0
    while True:
        u, v = random_uniforms(trial, cell, table, k0, k1)
        trial += 1
        step = math.floor(0.5 - offset + scale * (v - 0.5) / u)
        if step < least - mode or step > most - mode:
            continue
        k, t = mode + int(step), offset + step
        away = max(abs(t), abs(offset))
        if away <= radius:  # u <= exp(-cost / 2), as far as the first terms of its series tell
            half = (t * (c1 + t * (c2 + t * (c3 + t * c4))) - near) / 2
            error = p4 * away * (away * away * (away * away / 10 + 1 / 9) + 0.02) + ROUNDING
            enough = -math.log(u)
            if half + error <= enough:
                return k
            if half - error > enough:
                continue
        if at_mode < 0.0:
            at_mode = cost_of_count(mode, a, b, n, offset)
        if cost_of_count(k, a, b, n, t) - at_mode <= -2 * math.log(u):
            return k


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
