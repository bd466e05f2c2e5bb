"""Loops of these formulas over arrays: what is compiled as a whole."""

from __future__ import annotations

from typing import Any

from amiable._scalars.cells import Sums, expectations_of_cell


def expectations_of_pairs(a: Any, b: Any, n: Any, wanted: int, first: int, last: int, out: Any) -> None:
    """Write what is expected of the cells of pairs of sizes `first` to `last` into the rows of `out` (4, P)."""
    for i in range(first, last):
        out[0, i], out[1, i], out[2, i], out[3, i] = expectations_of_cell(a[i], b[i], n[i], wanted)


def expected_sums_of_table(row_sums: Any, col_sums: Any, wanted: int) -> Sums:
    """Return the sums, over all cells of a table of few, of what is expected of their counts."""
    n = 0
    for i in range(len(row_sums)):
        n += row_sums[i]
    s0 = s1 = s2 = s3 = 0.0
    for i in range(len(row_sums)):
        n_rows = repetitions(row_sums, i)
        if n_rows:
            for j in range(len(col_sums)):
                n_cells = n_rows * repetitions(col_sums, j)
                if n_cells:
                    x0, x1, x2, x3 = expectations_of_cell(row_sums[i], col_sums[j], n, wanted)
                    s0, s1, s2, s3 = s0 + n_cells * x0, s1 + n_cells * x1, s2 + n_cells * x2, s3 + n_cells * x3
    return s0, s1, s2, s3


def repetitions(sizes: Any, i: int) -> int:
    """Return how many of a few sizes are equal to the i-th, the first of these; 0 for the others."""
    for k in range(i):
        if sizes[k] == sizes[i]:
            return 0
    count = 1
    for k in range(i + 1, len(sizes)):
        count += sizes[k] == sizes[i]
    return count
