"""Sums over the cells of tables of NumPy by compiled loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from amiable._array import loops
from amiable.contingency import Cells

_CELLS = 16  # that take as long as the expectation of one


def is_looped(table: Cells) -> bool:
    """Whether the sums of a table come from compiled loops."""
    return isinstance(table.counts, np.ndarray) and loops.is_compiled()


def sums_by_loop(
    table: Cells, of_table: Callable[..., Any], of_tables: Callable[..., Any], *options: Any, n_sums: int
) -> Any:
    """Return the sums that loops of `amiable._scalars.tables` make: numbers for one table, arrays (...) for a batch."""
    lead, nothing = table.counts.shape[:-1], np.empty(0, dtype=np.int64)
    places = [nothing, nothing] if table.is_grid else [loops.integers(x) for x in (table.rows, table.cols)]
    arrays = [
        loops.integers(x).reshape(math.prod(x.shape[:-1]), x.shape[-1])
        for x in (table.counts, table.row_sums, table.col_sums)
    ]
    if not lead:
        return loops.compiled(of_table)(*places, *arrays, *options, 0)
    out = np.empty((n_sums, arrays[0].shape[0]))
    weight = max(1.0, arrays[0].shape[1] / _CELLS)
    loops.run(of_tables, out.shape[1], *places, *arrays, *options, out=out, weight=weight)
    return out.reshape(n_sums, *lead)
