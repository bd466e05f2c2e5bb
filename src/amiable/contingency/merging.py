"""Tables of parts of the data, added over the union of their labels."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from amiable._array.bins import sum_by_key, unique_inverse
from amiable._array.devices import common_namespace, device_of, is_traced
from amiable._array.dtypes import count_dtype, is_floating
from amiable._array.protocols import Array, Namespace
from amiable.contingency.cells import KEEP_EMPTY, Cells, fuse, grid, listed
from amiable.inputs.codes import unite
from amiable.inputs.counts import check_total


def add_cells(left: Cells, right: Cells) -> Cells:
    """Add two tables over the union of their label sets, and of their groups."""
    groups = None
    if left.group_labels is not None or right.group_labels is not None:
        left, right, groups = _within_groups(left, right)
    return replace(
        _sum_of(left, right),
        n_missing=left.n_missing + right.n_missing,
        n_ignored=left.n_ignored + right.n_ignored,
        group_labels=groups,
    )


def _within_groups(left: Cells, right: Cells) -> tuple[Cells, Cells, Array]:
    """Return two batches with a table for each group of either, and the groups."""
    if left.group_labels is None or right.group_labels is None:
        side = "left" if left.group_labels is None else "right"
        raise ValueError(f"the {side} table has no groups and the other has: expected both or neither")
    xp = common_namespace(left=left.counts, right=right.counts)
    united, *places = unite(xp, "group_labels", left.group_labels, right.group_labels)
    widened = []
    for table, at in zip((left, right), places, strict=True):

        def spread(x: Any, at: Array = at) -> Any:
            if not getattr(x, "shape", ()):
                return x
            each, of_group = x.shape[0], x.shape[1:]
            full = sum_by_key(xp, at, xp.matrix_transpose(xp.reshape(x, (each, math.prod(of_group)))), united.shape[0])
            return xp.reshape(xp.matrix_transpose(full), (united.shape[0], *of_group))

        arrays = (table.rows, table.cols, *map(spread, table.arrays[2:]))
        widened.append(
            replace(table.with_arrays(arrays), n_missing=spread(table.n_missing), n_ignored=spread(table.n_ignored))
        )
    return widened[0], widened[1], united


def _sum_of(left: Cells, right: Cells) -> Cells:
    xp = common_namespace(left=left.counts, right=right.counts)
    static = left.static or right.static
    if not (static or is_traced(left.counts) or is_traced(right.counts) or is_floating(left.counts)):
        check_total("the sum of the tables", [left.counts, right.counts], axis=-1)
    if left.is_grid and right.is_grid and left.shape[-2:] == right.shape[-2:] and _same_labels(xp, left, right):
        return grid(xp, left.counts + right.counts, left.shape[-2:], left.row_labels, left.col_labels, static=static)
    if left.is_grid and right.is_grid and _are_codes(left) and _are_codes(right):  # of unequal shapes
        shape = (max(left.shape[-2], right.shape[-2]), max(left.shape[-1], right.shape[-1]))
        return grid(xp, _widened(xp, left, shape) + _widened(xp, right, shape), shape, static=static)
    row_labels, n_rows, at_row = _unite_axis(
        xp, "row_labels", left.row_labels, right.row_labels, (left.row_sums, right.row_sums)
    )
    col_labels, n_cols, at_col = _unite_axis(
        xp, "col_labels", left.col_labels, right.col_labels, (left.col_sums, right.col_sums)
    )
    keys = [
        fuse(xp, xp.take(row, table.rows), xp.take(col, table.cols), (n_rows, n_cols))
        for table, row, col in zip((left, right), at_row, at_col, strict=True)
    ]
    if n_rows * n_cols <= KEEP_EMPTY:  # a grid, as of all labels together: sums over it are the same to the last bit
        on_left, on_right = (
            sum_by_key(xp, key, table.counts, n_rows * n_cols) for key, table in zip(keys, (left, right), strict=True)
        )
        return grid(xp, on_left + on_right, (n_rows, n_cols), row_labels, col_labels)
    cells, which = unique_inverse(xp, xp.concat(keys))
    parts = (which[: keys[0].shape[0]], which[keys[0].shape[0] :])
    on_left, on_right = (
        sum_by_key(xp, at, table.counts, cells.shape[0]) for table, at in zip((left, right), parts, strict=True)
    )
    counts = on_left + on_right
    occupied = xp.nonzero(xp.any(xp.reshape(counts, (-1, cells.shape[0])) > 0, axis=0))[0]
    cells, counts = xp.take(cells, occupied, axis=0), xp.take(counts, occupied, axis=-1)
    return listed(xp, cells, counts, (n_rows, n_cols), row_labels, col_labels)


def _are_codes(table: Cells) -> bool:
    return table.row_labels is None and table.col_labels is None


def _widened(xp: Namespace, table: Cells, shape: tuple[int, int]) -> Array:
    """Return the counts of a grid among empty rows and columns up to `shape`: (..., R*C)."""
    full = xp.reshape(table.counts, table.shape)
    lead = table.shape[:-2]
    for axis in (-2, -1):
        filler = list(full.shape)
        filler[axis] = shape[axis] - full.shape[axis]
        full = xp.concat([full, xp.zeros(tuple(filler), dtype=full.dtype, device=device_of(full))], axis=axis)
    return xp.reshape(full, (*lead, shape[0] * shape[1]))


def _same_labels(xp: Namespace, left: Cells, right: Cells) -> bool:
    """Whether rows and columns of two tables of one shape stand for the same labels, in the same order."""
    for on_left, on_right in ((left.row_labels, right.row_labels), (left.col_labels, right.col_labels)):
        if on_left is None or on_right is None:
            if on_left is not on_right:
                return False
        elif on_left.dtype != on_right.dtype or not bool(xp.all(on_left == on_right)):
            return False
    return True


def _unite_axis(
    xp: Namespace, name: str, on_left: Array | None, on_right: Array | None, sums: tuple[Array, Array]
) -> tuple[Array | None, int, list[Array]]:
    """Return the united labels of an axis, their number and, for each table, where its labels are among them."""
    if on_left is None and on_right is None:
        sizes = [x.shape[-1] for x in sums]
        codes = xp.arange(max(sizes), dtype=count_dtype(xp, sums[0]), device=device_of(sums[0]))
        return None, max(sizes), [codes[:size] for size in sizes]
    if on_left is None or on_right is None:
        side = "left" if on_left is None else "right"
        raise ValueError(f"the {side} table has no {name} and the other has: expected both or neither")
    united, *where = unite(xp, name, on_left, on_right)
    return united, united.shape[0], where
