"""From a kernel and the arguments of a score to its value."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

from amiable._array.namespace import Array, as_result, compiled, compiles_shapes, is_traced, namespace_of, nearest
from amiable.contingency import ContingencyTable
from amiable.scores.arguments import as_tables

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
    lead, tables = as_tables(labels_true, labels_pred, contingency, n_labels)
    found = [_of_table(kernel, table, options) for table in tables]
    if len(found) == 1:
        return _each(as_result, found[0])
    if isinstance(found[0], tuple):
        return tuple(_join(list(parts), lead) for parts in zip(*found, strict=True))
    return _join(found, lead)


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return tuple(map(f, x)) if isinstance(x, tuple) else f(x)


def _join(parts: list[Array], lead: tuple[int, ...]) -> Array:
    """Put the blocks of a batch together."""
    xp = namespace_of(parts[0])
    return xp.reshape(xp.concat(parts, axis=0), (*lead, *parts[0].shape[1:]))


def _of_table(kernel: Callable[..., Any], table: ContingencyTable, options: dict[str, Any]) -> Any:
    xp, views, back = nearest(table.xp, *table.arrays)
    if xp is not table.xp:
        return _each(back, kernel(table.with_arrays(views), **options))
    if compiles_shapes(xp) and math.prod(table.shape) <= _ONE_PROGRAM and not any(map(is_traced, table.arrays)):
        return compiled(_of_arrays, xp, kernel=kernel, is_grid=table.is_grid, **options)(*table.arrays)
    return kernel(table, **options)


def _of_arrays(_xp: ModuleType, *arrays: Array, kernel: Callable[..., Any], is_grid: bool, **options: Any) -> Any:
    """Compute `kernel` of a table given as its arrays, which a compiler can trace."""
    rows, cols, counts, row_sums, col_sums = arrays
    table = ContingencyTable(rows, cols, counts, row_sums, col_sums, is_grid=is_grid, static=True)
    return kernel(table, **options)
