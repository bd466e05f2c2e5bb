"""The random tables of `draws`, the same cell of many at a time, so that processors draw by vector instructions."""

from __future__ import annotations

from typing import Any

import numpy as np

from amiable._scalars.draws import count_from_least, draw_tables, is_taken, random_uniforms, try_count

WIDTH = 256  # tables whose cells are drawn together
FEW = 4  # tables, of which one after another takes no longer
A, B, N, U, V, COUNT, TAKEN = range(7)  # rows of what is known of draws that wait


def draw_blocks(row_sums: Any, col_sums: Any, start: int, k0: int, k1: int, first: int, last: int, counts: Any) -> None:
    """Draw what `draw_tables` does."""
    if last - first < FEW:
        draw_tables(row_sums, col_sums, start, k0, k1, first, last, counts)
    else:
        for begin in range(first, last, WIDTH):
            draw_block(row_sums, col_sums, start + begin, k0, k1, counts[begin : min(begin + WIDTH, last)])


def draw_block(row_sums: Any, col_sums: Any, start: int, k0: int, k1: int, counts: Any) -> None:
    """Draw tables from number `start` on into the rows of `counts` (T, R * C).

    In each table, `left` of the row's samples are to be placed yet, among `pool` samples of the columns that are left.
    """
    n_tables, n_rows, n_cols = len(counts), len(row_sums), len(col_sums)
    bottom, n = (n_rows - 1) * n_cols, 0
    left, pool, tables = np.empty(n_tables, np.int64), np.empty(n_tables, np.int64), np.empty(n_tables, np.int64)
    found, waiting = np.empty(n_tables), np.empty((7, n_tables))
    for j in range(n_cols):  # the last row holds what is left of the columns
        counts[:, bottom + j] = col_sums[j]
        n += col_sums[j]
    for i in range(n_rows - 1):
        left[:], pool[:] = row_sums[i], n
        for j in range(n_cols - 1):
            cell, trial = i * n_cols + j, 0
            n_waiting = let_wait(left, pool, counts[:, bottom + j], waiting, tables, found)
            while n_waiting > 0:
                try_counts(waiting, tables, n_waiting, trial, cell, start, k0, k1)
                n_waiting = take_counts(waiting, tables, n_waiting, found)
                trial += 1
            for t in range(n_tables):
                size = counts[t, bottom + j]
                k = count_from_least(int(found[t]), left[t], size, pool[t])
                counts[t, cell], counts[t, bottom + j] = k, size - k
                left[t] -= k
                pool[t] -= size
        for t in range(n_tables):
            counts[t, i * n_cols + n_cols - 1] = left[t]
            counts[t, bottom + n_cols - 1] -= left[t]
        n -= row_sums[i]


def let_wait(left: Any, pool: Any, sizes: Any, waiting: Any, tables: Any, found: Any) -> int:
    """Line up a draw for each table where there is something to draw, of the rarer samples; return how many."""
    n_waiting = 0
    for t in range(len(left)):
        a, b = min(left[t], pool[t] - left[t]), min(sizes[t], pool[t] - sizes[t])
        found[t] = 0.0
        if min(a, b) > 0:
            waiting[A, n_waiting], waiting[B, n_waiting], waiting[N, n_waiting] = a, b, pool[t]
            tables[n_waiting] = t
            n_waiting += 1
    return n_waiting


def try_counts(waiting: Any, tables: Any, n_waiting: int, trial: int, cell: int, start: int, k0: int, k1: int) -> None:
    """Propose a count for each draw that waits, and whether to take it: in two loops, as short ones overlap more."""
    for p in range(n_waiting):
        waiting[U, p], waiting[V, p] = random_uniforms(trial, cell, start + int(tables[p]), k0, k1)
    for p in range(n_waiting):
        a, b, n, u, v = waiting[A, p], waiting[B, p], waiting[N, p], waiting[U, p], waiting[V, p]
        waiting[COUNT, p], waiting[TAKEN, p] = try_count(a, b, n, u, v)


def take_counts(waiting: Any, tables: Any, n_waiting: int, found: Any) -> int:
    """Write the proposed counts to `found` (T,), and move draws that are not done to the front; return how many."""
    still = 0
    for p in range(n_waiting):
        t, a, b, n = tables[p], waiting[A, p], waiting[B, p], waiting[N, p]
        found[t], taken = waiting[COUNT, p], waiting[TAKEN, p]
        if taken == 0.0:
            taken = 1.0 if is_taken(found[t], a, b, n, waiting[U, p]) else -1.0
        tables[still], waiting[A, still], waiting[B, still], waiting[N, still] = t, a, b, n
        still += taken < 0.0  # no branch, as its way is random
    return still
