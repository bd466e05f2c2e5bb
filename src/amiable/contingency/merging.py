"""Tables of parts of the data, added over the union of their labels."""

from __future__ import annotations

from amiable._array.bins import sum_by_key, unique_inverse
from amiable._array.devices import common_namespace, device_of, is_traced
from amiable._array.protocols import Array, Namespace
from amiable.contingency.cells import KEEP_EMPTY, Cells, fuse, grid, listed
from amiable.inputs.codes import unite
from amiable.inputs.counts import check_total


def add_cells(one: Cells, two: Cells) -> Cells:
    """Add two tables over the union of their label sets."""
    xp = common_namespace(left=one.counts, right=two.counts)
    static = one.static or two.static
    if not static and not is_traced(one.counts) and not is_traced(two.counts):
        check_total("the sum of the tables", [one.counts, two.counts], axis=-1)
    if one.is_grid and two.is_grid and one.shape[-2:] == two.shape[-2:] and _same_labels(xp, one, two):
        return grid(xp, one.counts + two.counts, one.shape[-2:], one.row_labels, one.col_labels, static=static)
    if one.is_grid and two.is_grid and _are_codes(one) and _are_codes(two):  # of unequal shapes
        shape = (max(one.shape[-2], two.shape[-2]), max(one.shape[-1], two.shape[-1]))
        return grid(xp, _widened(xp, one, shape) + _widened(xp, two, shape), shape, static=static)
    row_labels, n_rows, at_row = _unite_axis(
        xp, "row_labels", one.row_labels, two.row_labels, (one.row_sums, two.row_sums)
    )
    col_labels, n_cols, at_col = _unite_axis(
        xp, "col_labels", one.col_labels, two.col_labels, (one.col_sums, two.col_sums)
    )
    keys = [
        fuse(xp, xp.take(row, table.rows), xp.take(col, table.cols), (n_rows, n_cols))
        for table, row, col in zip((one, two), at_row, at_col, strict=True)
    ]
    if n_rows * n_cols <= KEEP_EMPTY:  # a grid, as of all labels together: sums over it are the same to the last bit
        mine, theirs = (
            sum_by_key(xp, key, table.counts, n_rows * n_cols) for key, table in zip(keys, (one, two), strict=True)
        )
        return grid(xp, mine + theirs, (n_rows, n_cols), row_labels, col_labels)
    cells, which = unique_inverse(xp, xp.concat(keys))
    parts = (which[: keys[0].shape[0]], which[keys[0].shape[0] :])
    mine, theirs = (
        sum_by_key(xp, at, table.counts, cells.shape[0]) for table, at in zip((one, two), parts, strict=True)
    )
    counts = mine + theirs
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


def _same_labels(xp: Namespace, one: Cells, two: Cells) -> bool:
    """Whether rows and columns of two tables of one shape stand for the same labels, in the same order."""
    for mine, theirs in ((one.row_labels, two.row_labels), (one.col_labels, two.col_labels)):
        if mine is None or theirs is None:
            if mine is not theirs:
                return False
        elif mine.dtype != theirs.dtype or not bool(xp.all(mine == theirs)):
            return False
    return True


def _unite_axis(
    xp: Namespace, name: str, mine: Array | None, theirs: Array | None, sums: tuple[Array, Array]
) -> tuple[Array | None, int, list[Array]]:
    """Return the united labels of an axis, their number and, for each table, where its labels are among them."""
    if mine is None and theirs is None:
        sizes = [x.shape[-1] for x in sums]
        codes = xp.arange(max(sizes), dtype=sums[0].dtype, device=device_of(sums[0]))
        return None, max(sizes), [codes[:size] for size in sizes]
    if mine is None or theirs is None:
        which = "left" if mine is None else "right"
        raise ValueError(f"the {which} table has no {name} and the other has: expected both or neither")
    united, *where = unite(xp, name, mine, theirs)
    return united, united.shape[0], where
