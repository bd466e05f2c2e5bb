"""From a kernel and the arguments of a score to its value."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

from amiable._array.namespace import Array, as_result, compiled, compiles_shapes, is_traced
from amiable.contingency import ContingencyTable
from amiable.scores.arguments import as_table

# Tables up to this size are scored by one compiled program where the library compiles; larger ones go through
# the sizes of their clusters, which is less work but not of a fixed shape.
_ONE_PROGRAM = 1 << 12


def evaluate(
    kernel: Callable[..., Any],
    labels_true: Any,
    labels_pred: Any,
    contingency: Any | None,
    n_labels: tuple[int, int] | None,
    **options: Any,
) -> Any:
    """Count, then compute `kernel(table, **options)`; the answer lives where the labels do."""
    table = as_table(labels_true, labels_pred, contingency, n_labels)
    arrays = (table.rows, table.cols, table.counts, table.row_sums, table.col_sums)
    if compiles_shapes(table.xp) and math.prod(table.shape) <= _ONE_PROGRAM and not any(map(is_traced, arrays)):
        found = compiled(_of_arrays, table.xp, kernel=kernel, is_grid=table.is_grid, **options)(*arrays)
    else:
        found = kernel(table, **options)
    return tuple(map(as_result, found)) if isinstance(found, tuple) else as_result(found)


def _of_arrays(_xp: ModuleType, *arrays: Array, kernel: Callable[..., Any], is_grid: bool, **options: Any) -> Any:
    """Compute `kernel` of a table given as its arrays, which a compiler can trace."""
    rows, cols, counts, row_sums, col_sums = arrays
    table = ContingencyTable(rows, cols, counts, row_sums, col_sums, is_grid=is_grid, static=True)
    return kernel(table, **options)
