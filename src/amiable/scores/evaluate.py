"""From a kernel and the arguments of a score to its value."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from amiable._array.blocks import power_of_two, zero_padded
from amiable._array.compiling import compiled, recompiles_per_shape
from amiable._array.devices import device_of, is_traced, on_own_device
from amiable._array.dtypes import is_real
from amiable._array.libraries import PYTHON_TYPES, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_result, host_views, is_finished_on_host, to_device
from amiable.contingency import Cells, copied_to_host, shares_of, table_of
from amiable.scores.arguments import as_tables
from amiable.scores.loops import Whole, is_scored_whole, score_by_loop, score_of_integers

# Tables up to this size are scored by one compiled program where the library compiles; larger ones go through
# the sizes of their clusters, which is less work but not of a fixed shape.
_ONE_PROGRAM = 1 << 12


@on_own_device
def evaluate(
    kernel: Callable[..., Any],
    labels_true: Any,
    labels_pred: Any,
    contingency: Any | None,
    n_labels: tuple[int, int] | None,
    axis: int | None = -1,
    *,
    finish: Callable[..., Any] | None = None,
    compiles: bool = True,
    takes_weights: bool = False,
    whole: Whole | None = None,
    **options: Any,
) -> Any:
    """Count, then compute `kernel(table, **options)`; the answer lives where the labels do.

    With `finish`, the score is `finish(*kernel(table), **options)`. The kernel is computed for each block of a large
    batch. It returns the margins and then arrays of shape (...), and `finish` takes those of the whole batch at once.
    With `compiles=False` nothing is compiled here: for kernels that look at values, or are long programs. Kernels that
    say so take tables of weights, too, in the library of these, so that gradients pass. `whole` names a loop that
    computes the same, where loops are compiled.
    """
    if whole is not None and contingency is None and n_labels is None and axis == -1:
        score = score_of_integers(whole, labels_true, labels_pred)
        if score is not None:
            return score
    of_table = _of_table if compiles else _apply
    lead, tables, like = as_tables(labels_true, labels_pred, contingency, n_labels, axis, takes_weights)
    nearby = (_on_host(table, like) for table in tables)
    (first, back), second = next(nearby), next(nearby, None)
    if second is None and whole is not None and is_scored_whole(whole, first):
        return as_result(back(score_by_loop(whole, first.counts, first.row_sums, first.col_sums)))
    if second is None:
        return _each(lambda x: as_result(back(x)), of_table(first, kernel, finish, options))
    found, lengths = [], []
    for table, _ in itertools.chain(((first, back), second), nearby):
        found.append(of_table(table, kernel, None, {} if finish else options))
        lengths.append(table.shape[0])
    if not isinstance(found[0], tuple):
        return back(_join(found, lengths, lead))
    columns = [list(parts) for parts in zip(*found, strict=True)]
    if finish is None:
        return tuple(back(_join(parts, lengths, lead)) for parts in columns)
    margins = (_join_margins(parts, lead) for parts in columns[:2])
    rest = (_join(parts, lengths, lead) for parts in columns[2:])
    return _each(back, finish(*margins, *rest, static=False, **options))


def call_score(score: Callable[..., Any], table: Cells) -> Array:
    """Return one number for each table (P, R, C), from the argument `score`, which takes `contingency`."""
    values: Any = score(contingency=table_of(table))
    if not hasattr(values, "shape") or not hasattr(values, "dtype"):
        found = type(values).__name__
    elif tuple(values.shape) != table.shape[:1]:
        found = f"an array of shape {tuple(values.shape)}"
    elif not is_real(values):
        found = f"an array of dtype {values.dtype}"
    else:
        scores: Array = values
        return scores
    raise ValueError(
        f"score returned {found} for {table.shape[0]} tables: expected one number a table, as an array of real numbers"
    )


def score_of_table(score: Callable[..., Any], table: Cells) -> Any:
    """Return the score of one table, as of a batch of one."""
    batch = table.with_arrays([*table.arrays[:2], *(x[None, ...] for x in table.arrays[2:])])
    return call_score(score, batch)[0]


def _on_host(table: Cells, like: Array | None) -> tuple[Cells, Callable[[Array], Array]]:
    """Return a table as views of host memory where it lies there, and the way back for results.

    A small table of an accelerator is copied, unless its shape was promised so that no value need be looked at. A table
    of weights stays where its gradients are. Scores take it as shares of the total, so that no scale is large. Results
    go where the table was, or where `like` is.
    """
    if table.is_weighted:
        return shares_of(table), lambda result: result
    if isinstance(table.counts, np.ndarray):
        return table, (lambda result: result) if like is None else functools.partial(to_device, like=like)
    if not table.static and is_finished_on_host(table.counts, sum(math.prod(x.shape) for x in table.arrays[2:])):
        return copied_to_host(table), functools.partial(to_device, like=table.counts)
    xp, views, back = host_views(table.xp, *table.arrays)
    return (table if xp is table.xp else table.with_arrays(views)), back


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return tuple(map(f, x)) if isinstance(x, tuple) else f(x)


def _join(parts: list[Array], lengths: list[int], lead: tuple[int, ...]) -> Array:
    """Join the blocks of a batch; a value that all tables of a block share is repeated."""
    arrays = [np.asarray(part) if isinstance(part, PYTHON_TYPES) else part for part in parts]
    xp = namespace_of(arrays[0])
    full = [xp.broadcast_to(part, (length,)) for part, length in zip(arrays, lengths, strict=True)]
    return xp.reshape(xp.concat(full, axis=0), lead)


def _join_margins(parts: list[Array], lead: tuple[int, ...]) -> Array:
    """Join the cluster sizes of blocks, padded with empty clusters; sizes that all tables share are kept once."""
    if parts[0].ndim == 1:
        return parts[0]
    xp, most = namespace_of(parts[0]), max(part.shape[1] for part in parts)
    fillers = [xp.zeros((p.shape[0], most - p.shape[1]), dtype=p.dtype, device=device_of(p)) for p in parts]
    full = [xp.concat(pair, axis=1) for pair in zip(parts, fillers, strict=True)]
    return xp.reshape(xp.concat(full, axis=0), (*lead, most))


def _of_table(table: Cells, kernel: Any, finish: Any, options: dict[str, Any]) -> Any:
    if (
        recompiles_per_shape(table.xp)
        and not table.is_weighted
        and math.prod(table.shape) <= _ONE_PROGRAM
        and not any(map(is_traced, table.arrays))
    ):
        padded, back = _in_few_shapes(table) if table.is_grid else (table, lambda result: result)
        known = {"kernel": kernel, "finish": finish, "is_grid": table.is_grid}
        return _each(back, compiled(_of_arrays, table.xp, **known, **options)(*padded.arrays))
    return _apply(table, kernel, finish, options)


def _in_few_shapes(table: Cells) -> tuple[Cells, Callable[[Array], Array]]:
    """Pad a grid with empty clusters, and a batch with empty tables, up to powers of two; and take results back.

    Every shape is a program of its own, which is kept; so few are made.
    """
    xp, lead, shape = table.xp, table.shape[:-2], table.shape[-2:]
    n_tables, wide = math.prod(lead), [power_of_two(k) for k in shape]
    full = xp.reshape(table.counts, (n_tables, *shape))
    margins = [xp.reshape(xp.broadcast_to(x, (*lead, x.shape[-1])), (n_tables, -1)) for x in table.arrays[3:]]
    more_tables = power_of_two(n_tables)
    full = zero_padded(xp, full, (more_tables, *wide))
    rows, cols = (zero_padded(xp, x, (more_tables, k)) for x, k in zip(margins, wide, strict=True))
    cells = xp.arange(wide[0] * wide[1], dtype=full.dtype, device=device_of(full))
    counts = xp.reshape(full, (more_tables, wide[0] * wide[1]))
    padded = table.with_arrays([cells // wide[1], cells % wide[1], counts, rows, cols])
    return padded, lambda result: xp.reshape(result[:n_tables, ...], (*lead, *result.shape[1:]))


def _apply(table: Cells, kernel: Any, finish: Any, options: dict[str, Any]) -> Any:
    return kernel(table, **options) if finish is None else finish(*kernel(table), static=table.static, **options)


def _of_arrays(_xp: Namespace, *arrays: Array, kernel: Any, finish: Any, is_grid: bool, **options: Any) -> Any:
    """Score a table given as its arrays, which a compiler can trace."""
    rows, cols, counts, row_sums, col_sums = arrays
    table = Cells(rows, cols, counts, row_sums, col_sums, is_grid=is_grid, static=True)
    return _apply(table, kernel, finish, options)
