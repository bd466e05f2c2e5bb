"""Sums over the cells of tables: what information and pairs are made of.

Tables are rows of `counts` (T, M). Cell m of a list stands in row `rows[m]` and column `cols[m]`; of a grid, whose
cells are all listed in row-major order, `rows` and `cols` are empty. `row_sums` (T, R) and `col_sums` (T, C) have one
row each where all tables share them.
"""

from __future__ import annotations

import math
from typing import Any

from amiable._scalars.cells import DEVIANCE, EXACT, XLOGX, deviance, offset_from_mean, terms_given_cluster


def sums_of_cells(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, n: int, wanted: int, t: int
) -> tuple[float, float, float, float, int]:
    """Return the sum over the cells of table t of each form that is wanted, and how many cells hold samples."""
    u, v, n_cols = t % row_sums.shape[0], t % col_sums.shape[0], col_sums.shape[1]
    s0 = s1 = s2 = s3 = c0 = c1 = c2 = c3 = 0.0  # sums, and what rounding took from them (Kahan)
    occupied = i = j = 0
    for m in range(counts.shape[1]):
        i, j = place_of_cell(rows, cols, m, i, j, n_cols)
        k, a, b = counts[t, m], row_sums[u, i], col_sums[v, j]
        if a > 0 and b > 0:
            occupied += k > 0
            x = float(k)
            if wanted & DEVIANCE:
                s0, c0 = plus(s0, c0, deviance(x, a * (b / n), offset_from_mean(k, a, b, n)))
            if wanted != DEVIANCE:
                row, col = terms_given_cluster(x, float(a), float(b), wanted)
                s1, c1 = plus(s1, c1, x * math.log(x) if wanted & XLOGX and k > 1 else 0.0)
                s2, c2 = plus(s2, c2, row)
                s3, c3 = plus(s3, c3, col)
    return s0, s1, s2, s3, occupied


def information_of_table(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, wanted: int, t: int
) -> tuple[float, float, float, float, int, float, float, float, float, int, int, int]:
    """Return the sums of each form that is wanted, how many cells hold samples, and what the sizes of table t tell.

    That is sum a log a / n of rows and of columns, their entropies, and how many of them hold how many samples.
    """
    n = n_samples_of(row_sums, t % row_sums.shape[0])
    of_rows, h_rows, n_rows = entropy_of_sizes(row_sums[t % row_sums.shape[0]], n)
    of_cols, h_cols, n_cols = entropy_of_sizes(col_sums[t % col_sums.shape[0]], n)
    s0, s1, s2, s3, n_cells = sums_of_cells(rows, cols, counts, row_sums, col_sums, n, wanted, t)
    return s0, s1, s2, s3, n_cells, of_rows, of_cols, h_rows, h_cols, n_rows, n_cols, n


def information_of_tables(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, wanted: int, first: int, last: int, out: Any
) -> None:
    """Write `information_of_table` of tables `first` to `last` into columns of `out` (12, T)."""
    shared = row_sums.shape[0] == 1 and col_sums.shape[0] == 1
    for t in range(first, last):
        if shared and t > first:  # all but the sums over cells is the same for all
            s0, s1, s2, s3, n_cells = sums_of_cells(
                rows, cols, counts, row_sums, col_sums, int(out[11, first]), wanted, t
            )
            out[0, t], out[1, t], out[2, t], out[3, t], out[4, t] = s0, s1, s2, s3, n_cells
            for i in range(5, 12):
                out[i, t] = out[i, first]
        else:
            found = information_of_table(rows, cols, counts, row_sums, col_sums, wanted, t)
            out[0, t], out[1, t], out[2, t], out[3, t], out[4, t], out[5, t] = found[:6]
            out[6, t], out[7, t], out[8, t], out[9, t], out[10, t], out[11, t] = found[6:]


def place_of_cell(rows: Any, cols: Any, m: int, i: int, j: int, n_cols: int) -> tuple[int, int]:
    """Return the row and the column of cell m, given those of the cell before it."""
    if len(rows):
        return rows[m], cols[m]
    if m == 0:
        return 0, 0
    return (i, j + 1) if j + 1 < n_cols else (i + 1, 0)


def n_samples_of(sizes: Any, u: int) -> int:
    """Return the sum of row `u` of cluster sizes."""
    n = 0
    for i in range(sizes.shape[1]):
        n += sizes[u, i]
    return n


def plus(total: float, lost: float, x: float) -> tuple[float, float]:
    """Add `x` to a sum, and return what rounding took from it, too."""
    x -= lost
    new = total + x
    return new, (new - total) - x


def entropy_of_sizes(sizes: Any, n: int) -> tuple[float, float, int]:
    """Return sum a log a / n, the entropy, which is log n less that, and how many sizes are positive."""
    below = direct = lost = 0.0
    n_clusters = 0
    for i in range(len(sizes)):
        a = sizes[i]
        if a > 0:
            n_clusters += 1
            below, lost = plus(below, lost, a * math.log(a))
    if n == 0:
        return 0.0, 0.0, 0
    below, lost, most = below / n, 0.0, math.log(n)
    if 2 * below < most:
        return below, most - below, n_clusters
    for i in range(len(sizes)):
        a = sizes[i]
        if a > 0:
            direct, lost = plus(direct, lost, (a / n) * math.log1p((n - a) / a))
    return below, direct, n_clusters


def entropies_of_sizes(sizes: Any, first: int, last: int, out: Any) -> None:
    """Write the entropy of rows `first` to `last`, and how much it is below log n, into columns of `out` (2, T)."""
    for t in range(first, last):
        n = n_samples_of(sizes, t)
        out[1, t], out[0, t], _ = entropy_of_sizes(sizes[t], n)


def pairs_of_table(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, t: int
) -> tuple[float, float, float, float]:
    """Count ordered pairs of samples: apart in both, together in pred only, in true only, together in both."""
    u, v = t % row_sums.shape[0], t % col_sums.shape[0]
    n, n_cols = n_samples_of(row_sums, u), col_sums.shape[1]
    if n <= EXACT:  # all pairs fit 64 bits
        in_both, in_true, in_pred = sum_squares(counts[t]), sum_squares(row_sums[u]), sum_squares(col_sums[v])
        neither = n * n - in_true - in_pred + in_both
        return float(neither), float(in_pred - in_both), float(in_true - in_both), float(in_both - n)
    apart = pred_only = true_only = together = c0 = c1 = c2 = c3 = 0.0
    i = j = 0
    for m in range(counts.shape[1]):
        i, j = place_of_cell(rows, cols, m, i, j, n_cols)
        k = counts[t, m]
        if k > 0:
            x, a, b = float(k), row_sums[u, i], col_sums[v, j]
            apart, c0 = plus(apart, c0, x * float((n - a) - (b - k)))
            pred_only, c1 = plus(pred_only, c1, x * float(b - k))
            true_only, c2 = plus(true_only, c2, x * float(a - k))
            together, c3 = plus(together, c3, x * float(k - 1))
    return apart, pred_only, true_only, together


def sum_squares(x: Any) -> int:
    """Return the sum of the squares of whole numbers."""
    total = 0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


def pairs_of_tables(
    rows: Any, cols: Any, counts: Any, row_sums: Any, col_sums: Any, first: int, last: int, out: Any
) -> None:
    """Write `pairs_of_table` of tables `first` to `last` into columns of `out` (4, T)."""
    for t in range(first, last):
        out[0, t], out[1, t], out[2, t], out[3, t] = pairs_of_table(rows, cols, counts, row_sums, col_sums, t)
