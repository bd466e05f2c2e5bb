"""Sums over the cells of tables by compiled loops, of NumPy's arrays or on a CUDA device."""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from amiable._array import kernels, loops
from amiable.contingency import Cells

_NOTHING = np.empty(0, dtype=np.int64)
_CELLS = 16  # that take as long as the expectation of one
_SHARED: contextvars.ContextVar[dict[Any, Any] | None] = contextvars.ContextVar("amiable_shared_sums", default=None)


@contextlib.contextmanager
def shared_sums() -> Iterator[None]:
    """Let scores of the same tables share their sums, which are kept until the end of the ``with`` block."""
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def is_looped(table: Cells) -> bool:
    """Whether the sums of a table come from compiled loops."""
    return not table.is_weighted and kernels.take_rows(table.counts)


def sums_by_loop(
    table: Cells, of_table: Callable[..., Any], of_tables: Callable[..., Any], *options: Any, n_sums: int
) -> Any:
    """Return the sums that loops of `amiable._scalars.tables` make: numbers for one table, arrays (...) for a batch."""
    kept = _SHARED.get()
    if kept is None:
        return _sums(table, of_table, of_tables, options, n_sums)
    key = (*map(id, table.arrays), of_tables, options)
    if key not in kept:  # the table beside its sums, so that no other array has the same id meanwhile
        kept[key] = table, _sums(table, of_table, of_tables, options, n_sums)
    return kept[key][1]


def _sums(
    table: Cells, of_table: Callable[..., Any], of_tables: Callable[..., Any], options: tuple[Any, ...], n_sums: int
) -> Any:
    lead, given = table.counts.shape[:-1], (table.counts, table.row_sums, table.col_sums)
    near = isinstance(table.counts, np.ndarray)
    if near and table.is_grid:
        places = [_NOTHING, _NOTHING]
    else:
        places = [kernels.integers(x[:0] if table.is_grid else x) for x in (table.rows, table.cols)]
    if near and not lead:
        return loops.compiled(of_table)(*places, *[loops.integers(x)[None] for x in given], *options, 0)
    arrays = [kernels.integers(x).reshape(math.prod(x.shape[:-1]), x.shape[-1]) for x in given]
    out = kernels.empty((n_sums, arrays[0].shape[0]), arrays[0])
    weight = max(1.0, arrays[0].shape[1] / _CELLS)
    kernels.run(of_tables, out.shape[1], *places, *arrays, *options, out=out, weight=weight)
    return out.reshape(n_sums, *lead)
