"""From a kernel and the arguments of a score to its value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

from amiable._array.namespace import (
    Array,
    as_result,
    compiled,
    compiles_shapes,
    device_of,
    is_traced,
    namespace_of,
    nearest,
)
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
    *,
    finish: Callable[..., Any] | None = None,
    **options: Any,
) -> Any:
    """Count, then compute `kernel(table, **options)`; the answer lives where the labels do.

    With `finish`, the score is `finish(*kernel(table), **options)`: the kernel is computed for each block of a large
    batch, and what it returns, arrays of shape (...) or (..., K), is finished once, for the whole batch.
    """
    lead, tables = as_tables(labels_true, labels_pred, contingency, n_labels)
    nearby = map(_nearby, tables)
    (first, back), second = next(nearby), next(nearby, None)
    if second is None:
        return _each(lambda x: as_result(back(x)), _of_table(first, kernel, finish, options))
    blocks = (table for table, _ in itertools.chain(((first, back), second), nearby))
    found = [_of_table(table, kernel, None, {} if finish else options) for table in blocks]
    if not isinstance(found[0], tuple):
        return back(_join(found, lead))
    joined = tuple(_join(list(parts), lead) for parts in zip(*found, strict=True))
    return _each(back, joined if finish is None else finish(*joined, static=False, **options))


def _nearby(table: ContingencyTable) -> tuple[ContingencyTable, Callable[[Array], Array]]:
    """Return a table where it is best to compute, and the way back for results."""
    xp, views, back = nearest(table.xp, *table.arrays)
    return (table if xp is table.xp else table.with_arrays(views)), back


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return tuple(map(f, x)) if isinstance(x, tuple) else f(x)


def _join(parts: list[Array], lead: tuple[int, ...]) -> Array:
    """Put the blocks of a batch together, those of fewer clusters filled up with empty ones."""
    xp, last = namespace_of(parts[0]), max(part.shape[1:] for part in parts)
    if last:
        fillers = [xp.zeros((p.shape[0], last[0] - p.shape[1]), dtype=p.dtype, device=device_of(p)) for p in parts]
        parts = [xp.concat(pair, axis=1) for pair in zip(parts, fillers, strict=True)]
    return xp.reshape(xp.concat(parts, axis=0), (*lead, *last))


def _of_table(table: ContingencyTable, kernel: Any, finish: Any, options: dict[str, Any]) -> Any:
    if compiles_shapes(table.xp) and math.prod(table.shape) <= _ONE_PROGRAM and not any(map(is_traced, table.arrays)):
        known = {"kernel": kernel, "finish": finish, "is_grid": table.is_grid}
        return compiled(_of_arrays, table.xp, **known, **options)(*table.arrays)
    return _apply(table, kernel, finish, options)


def _apply(table: ContingencyTable, kernel: Any, finish: Any, options: dict[str, Any]) -> Any:
    return kernel(table, **options) if finish is None else finish(*kernel(table), static=table.static, **options)


def _of_arrays(_xp: ModuleType, *arrays: Array, kernel: Any, finish: Any, is_grid: bool, **options: Any) -> Any:
    """Score a table given as its arrays, which a compiler can trace."""
    rows, cols, counts, row_sums, col_sums = arrays
    table = ContingencyTable(rows, cols, counts, row_sums, col_sums, is_grid=is_grid, static=True)
    return _apply(table, kernel, finish, options)
