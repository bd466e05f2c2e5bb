"""Counting integer labels of one labeling or two: rows of `x` (T, n), and of `y` (T, n), or of none.

Either has one row where all tables share it. A label x of row t, and y, are counted in `counts` (T, cells) at the cell
(x - low_x) n_cols + (y - low_y).
"""

from __future__ import annotations

from typing import Any

INDEX = (1 << 63) - 1  # tells a compiler that no index is negative, which Python would count from the end
Ranges = tuple[int, int, int, int]  # the lowest and the highest label of each side; 0 and 0 of a side that is not there


def extremes(x: Any, t: int, first: int, last: int) -> tuple[int, int]:
    """Return the lowest and the highest of labels `first` to `last`, of which there is one at least, in row t."""
    labels = x[t, first:last]
    low = high = labels[0]
    for i in range(len(labels)):
        low, high = min(low, labels[i]), max(high, labels[i])
    return low, high


def ranges_of_block(x: Any, y: Any, t: int, first: int, last: int) -> Ranges:
    """Return the ranges of both sides of table t, of samples `first` to `last`."""
    low_x, high_x = extremes(x, t % x.shape[0], first, last)
    low_y = high_y = 0
    if y.shape[1]:
        low_y, high_y = extremes(y, t % y.shape[0], first, last)
    return low_x, high_x, low_y, high_y


def ranges_of_tables(x: Any, y: Any, first: int, last: int, out: Any) -> None:
    """Write the ranges of tables `first` to `last` into rows of `out` (T, 4)."""
    for t in range(first, last):
        out[t, 0], out[t, 1], out[t, 2], out[t, 3] = ranges_of_block(x, y, t, 0, x.shape[1])


def count_block(
    x: Any, y: Any, t: int, first: int, last: int, low_x: int, low_y: int, n_cols: int, counts: Any
) -> None:
    """Count samples `first` to `last` of table t, all of whose labels have a cell."""
    rows, cells, lowest = x[t % x.shape[0], first:last], counts[t], low_x * n_cols + low_y
    if y.shape[1]:
        cols = y[t % y.shape[0], first:last]
        for i in range(len(rows)):
            cells[(rows[i] * n_cols + cols[i] - lowest) & INDEX] += 1
    else:
        for i in range(len(rows)):
            cells[(rows[i] - lowest) & INDEX] += 1


def count_tables(x: Any, y: Any, low_x: int, low_y: int, n_cols: int, first: int, last: int, counts: Any) -> None:
    """Count tables `first` to `last`, all of whose labels have a cell."""
    for t in range(first, last):
        count_block(x, y, t, 0, x.shape[1], low_x, low_y, n_cols, counts)


def count_while_inside(
    x: Any,
    y: Any,
    first: int,
    last: int,
    block: int,
    low_x: int,
    high_x: int,
    low_y: int,
    high_y: int,
    counts: Any,
) -> tuple[int, int, int, int, int]:
    """Count samples `first` to `last` of one table, block by block, until a block leaves the ranges.

    Returns where that block begins, or `last`, and its ranges. A block is still in the cache when it is counted.
    """
    while first < last:
        end = min(first + block, last)
        here = ranges_of_block(x, y, 0, first, end)
        if here[0] < low_x or here[1] > high_x or here[2] < low_y or here[3] > high_y:
            return first, here[0], here[1], here[2], here[3]
        count_block(x, y, 0, first, end, low_x, low_y, high_y - low_y + 1, counts)
        first = end
    return last, low_x, high_x, low_y, high_y


def sum_grids(counts: Any, first: int, last: int, row_sums: Any, col_sums: Any) -> None:
    """Add the counts (T, cells) of tables `first` to `last` to the sums of their rows (T, R) and columns (T, C)."""
    for t in range(first, last):
        sum_grid(counts[t], row_sums[t], col_sums[t])


def sum_grid(counts: Any, row_sums: Any, col_sums: Any) -> None:
    """Add the counts (cells) of one table, in row-major order, to the sums of its rows and columns."""
    m = 0
    for i in range(len(row_sums)):
        for j in range(len(col_sums)):
            row_sums[i] += counts[m]
            col_sums[j] += counts[m]
            m += 1


def count_few(x: Any, y: Any, last: int, counts: Any) -> tuple[int, int, int, int, int]:
    """Count the first samples of one table, up to `last`, if their labels make no more cells than `counts` has.

    Returns how many samples are counted, and their ranges.
    """
    low_x, high_x, low_y, high_y = ranges_of_block(x, y, 0, 0, last)
    n_rows, n_cols, most = high_x - low_x + 1, high_y - low_y + 1, counts.shape[1]
    if not (0 < n_rows <= most and 0 < n_cols <= most and n_rows * n_cols <= most):  # lengths may wrap around
        return 0, low_x, high_x, low_y, high_y
    count_block(x, y, 0, 0, last, low_x, low_y, n_cols, counts)
    return last, low_x, high_x, low_y, high_y


def count_pairs_of_labelings(
    x: Any, y: Any, rows: Any, cols: Any, n_cols: int, first: int, last: int, counts: Any
) -> None:
    """Count codes x[rows[p]] with codes y[cols[p]], of pairs `first` to `last`, into rows of `counts` (P, cells)."""
    for p in range(first, last):
        true, pred, cells = x[rows[p]], y[cols[p]], counts[p]
        for i in range(len(true)):
            cells[(true[i] * n_cols + pred[i]) & INDEX] += 1


def n_occupied(counts: Any) -> int:
    """Return how many counts are positive."""
    n = 0
    for m in range(len(counts)):
        n += counts[m] > 0
    return n


def list_grid(counts: Any, listed: Any, rows: Any, cols: Any, row_sums: Any, col_sums: Any) -> None:
    """Write the cells of a grid that hold samples: count, row and column; and add the counts to their sums.

    There is room for one more, into which those are written that hold none: to ask first would take longer.
    """
    m = at = 0
    for i in range(len(row_sums)):
        for j in range(len(col_sums)):
            count = counts[m]
            listed[at], rows[at], cols[at] = count, i, j
            row_sums[i] += count
            col_sums[j] += count
            at += count > 0
            m += 1


def list_cells(keys: Any, counts: Any, n_cols: int, rows: Any, cols: Any, row_sums: Any, col_sums: Any) -> None:
    """Write the row and the column of each cell, of keys row * C + col, and add its count to their sums."""
    row = start = end = 0
    for m in range(len(keys)):
        key, count = keys[m], counts[m]
        if key >= end or key < start:  # keys are sorted, mostly: few begin a row
            row = key // n_cols
            start = row * n_cols
            end = start + n_cols
        rows[m], cols[m] = row, key - start
        row_sums[row] += count
        col_sums[key - start] += count
