"""What each cluster contributes to adjusted mutual information."""

from __future__ import annotations

import numpy as np

from amiable._array.libraries import NUMPY
from amiable.chance.expectation import expectations_of_sizes
from amiable.contingency import Cells
from amiable.scores.averages import AverageMethod, average, check_average_method
from amiable.scores.information import information


def contributions_to_ami(table: Cells, average_method: AverageMethod = "arithmetic") -> tuple[np.ndarray, np.ndarray]:
    """Return what rows (R,) and columns (C,) of one NumPy table contribute to AMI; either adds up to AMI.

    MI and EMI are sums over cells; the terms of a row or column, MI less EMI, are divided as their total is in AMI.
    Where AMI is 0/0, all contributions are 0.
    """
    check_average_method(average_method)
    known, n = information(table), max(int(table.n_samples), 1)
    row_sums, col_sums, rows_of, cols_of = map(np.asarray, (table.row_sums, table.col_sums, table.rows, table.cols))
    a, b, x = row_sums.astype(float), col_sums.astype(float), np.asarray(table.counts).astype(float)
    cells = np.zeros_like(x)
    occupied = x > 0
    rows, cols = rows_of[occupied], cols_of[occupied]
    cells[occupied] = x[occupied] * (np.log(x[occupied] / a[rows]) - np.log(b[cols] / n))
    (sizes_a, where_a), (sizes_b, where_b) = (np.unique(v, return_inverse=True) for v in (row_sums, col_sums))
    expected = np.asarray(expectations_of_sizes(NUMPY, sizes_a, sizes_b, np.asarray(n), forms=("deviance",))[0])
    of_rows = expected @ np.bincount(where_b, minlength=sizes_b.size)
    of_cols = np.bincount(where_a, minlength=sizes_a.size) @ expected
    emi = of_cols @ np.bincount(where_b, minlength=sizes_b.size) / n
    ceiling = average(NUMPY, known.h_true, known.h_pred, average_method)
    scale = 0.0 if known.structure.degenerate else 1 / (n * (ceiling - emi))
    by_row = np.bincount(rows_of, weights=cells, minlength=a.size) - of_rows[where_a]
    by_col = np.bincount(cols_of, weights=cells, minlength=b.size) - of_cols[where_b]
    return by_row * scale, by_col * scale
