"""Sums over the cells of tables: what information and pairs are made of.

Tables are rows of `counts` (T, M). Cell m of a list stands in row `rows[m]` and column `cols[m]`; of a grid, whose
cells are all listed in row-major order, `rows` and `cols` are empty. `row_sums` (T, R) and `col_sums` (T, C) have one
row each where all tables share them.
"""

from __future__ import annotations

import math
from typing import Any

from amiable._scalars.cells import offset_from_mean, terms_of_count


def information_of_table(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, wanted: int, t: int
) -> tuple[float, float, float, float, float, float, float, float, int, int, int, int]:
    """Return the sums of each form that is wanted, log n less the entropies, these, and what holds samples.

    These are the sums over cells, sum a log a / n of rows and columns, their entropies, and how many cells, rows and
    columns hold how many samples.
    """
    u, v = t % row_sums.shape[0], t % col_sums.shape[0]
    n, n_cols = 0, col_sums.shape[1]
    for i in range(row_sums.shape[1]):
        n += row_sums[u, i]
    s0 = s1 = s2 = s3 = c0 = c1 = c2 = c3 = 0.0  # sums, and what rounding took from them (Kahan)
    occupied = i = j = 0
    for m in range(counts.shape[1]):
        if len(rows):
            i, j = rows[m], cols[m]
        elif m:
            i, j = (i, j + 1) if j + 1 < n_cols else (i + 1, 0)
        k, a, b = counts[t, m], row_sums[u, i], col_sums[v, j]
        if a > 0 and b > 0:
            occupied += k > 0
            mean = a * (b / n)
            x0, x1, x2, x3 = terms_of_count(float(k), float(a), float(b), mean, offset_from_mean(k, a, b, n), wanted)
            s0, c0 = plus(s0, c0, x0)
            s1, c1 = plus(s1, c1, x1)
            s2, c2 = plus(s2, c2, x2)
            s3, c3 = plus(s3, c3, x3)
    of_rows, h_rows, n_rows = entropy_of_sizes(row_sums, u, n)
    of_cols, h_cols, n_cols = entropy_of_sizes(col_sums, v, n)
    return s0, s1, s2, s3, of_rows, of_cols, h_rows, h_cols, occupied, n_rows, n_cols, n


def plus(total: float, lost: float, x: float) -> tuple[float, float]:
    """Add `x` to a sum, and return what rounding took from it, too."""
    x -= lost
    new = total + x
    return new, (new - total) - x


def entropy_of_sizes(sizes: Any, u: int, n: int) -> tuple[float, float, int]:
    """Return sum a log a / n, the entropy, which is log n less that, and how many sizes of row `u` are positive."""
    below = direct = lost_below = lost_direct = 0.0
    n_clusters = 0
    for i in range(sizes.shape[1]):
        a = sizes[u, i]
        if a > 0:
            n_clusters += 1
            below, lost_below = plus(below, lost_below, a * math.log(a))
            direct, lost_direct = plus(direct, lost_direct, (a / n) * math.log1p((n - a) / a))
    if n == 0:
        return 0.0, 0.0, 0
    below /= n
    most = math.log(n)
    return below, most - below if 2 * below < most else direct, n_clusters


def entropies_of_sizes(sizes: Any, first: int, last: int, out: Any) -> None:
    """Write the entropy of rows `first` to `last`, and how much it is below log n, into columns of `out` (2, T)."""
    for t in range(first, last):
        n = 0
        for i in range(sizes.shape[1]):
            n += sizes[t, i]
        out[1, t], out[0, t], _ = entropy_of_sizes(sizes, t, n)


def information_of_tables(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, wanted: int, first: int, last: int, out: Any
) -> None:
    """Write `information_of_table` of tables `first` to `last` into columns of `out` (12, T)."""
    for t in range(first, last):
        found = information_of_table(rows, cols, counts, row_sums, col_sums, wanted, t)
        out[0, t], out[1, t], out[2, t], out[3, t], out[4, t], out[5, t] = found[:6]
        out[6, t], out[7, t], out[8, t], out[9, t], out[10, t], out[11, t] = found[6:]


def pairs_of_table(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, t: int
) -> tuple[float, float, float, float]:
    """Count ordered pairs of samples: apart in both, together in pred only, in true only, together in both."""
    u, v = t % row_sums.shape[0], t % col_sums.shape[0]
    n, n_cols = 0, col_sums.shape[1]
    for i in range(row_sums.shape[1]):
        n += row_sums[u, i]
    apart = pred_only = true_only = together = c0 = c1 = c2 = c3 = 0.0
    i = j = 0
    for m in range(counts.shape[1]):
        if len(rows):
            i, j = rows[m], cols[m]
        elif m:
            i, j = (i, j + 1) if j + 1 < n_cols else (i + 1, 0)
        k = counts[t, m]
        if k > 0:
            a, b, x = row_sums[u, i], col_sums[v, j], float(k)
            apart, c0 = plus(apart, c0, x * float((n - a) - (b - k)))
            pred_only, c1 = plus(pred_only, c1, x * float(b - k))
            true_only, c2 = plus(true_only, c2, x * float(a - k))
            together, c3 = plus(together, c3, x * float(k - 1))
    return apart, pred_only, true_only, together


def pairs_of_tables(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, first: int, last: int, out: Any
) -> None:
    """Write `pairs_of_table` of tables `first` to `last` into columns of `out` (4, T)."""
    for t in range(first, last):
        out[0, t], out[1, t], out[2, t], out[3, t] = pairs_of_table(rows, cols, counts, row_sums, col_sums, t)
