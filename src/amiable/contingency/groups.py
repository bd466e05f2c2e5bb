"""Labelings counted within groups of samples: a batch of tables, one a group, in one pass."""

from __future__ import annotations

from dataclasses import replace

from amiable._array.bins import check_cells, count_keys, sum_by_key, unique_counts, unique_inverse
from amiable._array.protocols import Array, Namespace
from amiable.contingency.cells import Cells, grid, grid_or_occupied, listed
from amiable.contingency.counting import most_cells
from amiable.contingency.strata import codes_within
from amiable.inputs.codes import encode

# Whole numbers that a batch of tables with one label set may hold: 512 MB of int64.
_MOST_SHARED = 1 << 26


def cells_of_groups(xp: Namespace, groups: Array, true: Array, pred: Array, counts: Array | None = None) -> Cells:
    """Count checked labels (n,), or pairs that stand for `counts` (n,) samples, into one table for each group.

    The tables have one label set, or, where that is too large for the number of groups, codes 0, 1, 2, ... that each
    group counts for itself.
    """
    at, names = encode(xp, groups)
    (rows, row_labels), (cols, col_labels) = encode(xp, true), encode(xp, pred)
    n_groups, shape = names.shape[0], (row_labels.shape[0], col_labels.shape[0])
    check_cells(xp, (n_groups, *shape), at.dtype)
    n_cells = shape[0] * shape[1]
    if n_groups * n_cells <= most_cells(at.shape[0]):
        keys = (at * shape[0] + rows) * shape[1] + cols
        full = (
            count_keys(xp, keys, n_groups * n_cells)
            if counts is None
            else sum_by_key(xp, keys, counts, n_groups * n_cells)
        )
        table = grid_or_occupied(xp, xp.reshape(full, (n_groups, n_cells)), shape, row_labels, col_labels)
        return replace(table, group_labels=names)
    keys, amounts = _distinct(xp, (at * shape[0] + rows) * shape[1] + cols, counts)
    at, pairs = keys // max(n_cells, 1), keys % max(n_cells, 1)
    labels: tuple[Array | None, Array | None] = (row_labels, col_labels)
    known, which = unique_inverse(xp, pairs)
    if n_groups * (known.shape[0] + sum(shape)) > _MOST_SHARED:
        rows, cols = pairs // shape[1], pairs % shape[1]
        (rows, n_rows), (cols, n_cols) = (codes_within(xp, x, at, n_groups) for x in (rows, cols))
        shape, labels = (n_rows, n_cols), (None, None)
        known, which = unique_inverse(xp, rows * n_cols + cols)
    n_listed = known.shape[0]
    flat = sum_by_key(xp, at * n_listed + which, amounts, n_groups * n_listed)
    table = listed(xp, known, xp.reshape(flat, (n_groups, n_listed)), shape, *labels)
    return replace(_as_grid(xp, table), group_labels=names)


def _distinct(xp: Namespace, keys: Array, counts: Array | None) -> tuple[Array, Array]:
    """Return each key once, and how many samples have it."""
    if counts is None:
        return unique_counts(xp, keys)
    found, which = unique_inverse(xp, keys)
    return found, sum_by_key(xp, which, counts, found.shape[0])


def _as_grid(xp: Namespace, table: Cells) -> Cells:
    """Return a table that lists every cell as a grid, as it is when it is counted otherwise."""
    n_rows, n_cols = table.shape[-2:]
    if table.counts.shape[-1] != n_rows * n_cols:
        return table
    return grid(xp, table.counts, (n_rows, n_cols), table.row_labels, table.col_labels)
