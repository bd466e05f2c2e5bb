"""Tables of weights: real numbers in place of counts, and what scores of pairs ask for beside them.

Two samples s and t are a pair that weighs w_s w_t. So the pairs within a cell of weight x weigh x**2 less the sum of
the squared weights, which a weighted table carries (`squares`), beside the number of its samples (`numbers`). Samples
without weight are left out. Mass without samples is as infinitely many samples without weight: its squares are 0, and
it has no numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from amiable._array.arithmetic import matmul, to_divisor
from amiable._array.bins import check_cells, sum_by_key, unique_inverse
from amiable._array.blocks import common_lead
from amiable._array.devices import device_of, on_cpu
from amiable._array.dtypes import to_count, to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number
from amiable.contingency.cells import Cells, fuse, grid, grid_or_occupied, listed
from amiable.contingency.counting import check_promise, most_cells
from amiable.contingency.merging import add_cells
from amiable.inputs.codes import encode
from amiable.inputs.labels import check_codes, check_values_known
from amiable.inputs.weights import check_mass


def cells_of_weights(
    xp: Namespace, true: Array, pred: Array, weights: Array, n_labels: tuple[int, int] | None = None
) -> Cells:
    """Add up checked `weights` (..., n) of checked labels (..., n), or of codes promised to lie below `n_labels`."""
    return cells_of_moments(xp, true, pred, moments_of(xp, weights), n_labels)


def moments_of(xp: Namespace, weights: Array) -> Array:
    """Return the weights, squared weights and numbers (3, ..., n) of single samples."""
    return xp.stack([weights, weights * weights, to_float(xp, weights > 0)])


def cells_of_moments(
    xp: Namespace,
    true: Array,
    pred: Array,
    moments: Array,
    n_labels: tuple[int, int] | None = None,
    groups: Array | None = None,
) -> Cells:
    """Add up weights, their squares and numbers of samples (3, ..., n) of labels (..., n), or of each group (n,)."""
    lead, row_labels, col_labels = common_lead(true, pred, moments[0, ...]), None, None
    moments = xp.reshape(moments, (3, *(1,) * (len(lead) + 2 - moments.ndim), *moments.shape[1:]))
    if n_labels is None:
        for name, x in (("labels_true", true), ("labels_pred", pred)):
            check_values_known(name, x)
        (rows, row_labels), (cols, col_labels) = encode(xp, true), encode(xp, pred)
        shape = row_labels.shape[0], col_labels.shape[0]
        keys = fuse(xp, rows, cols, shape)
    else:
        shape = n_labels
        for name, x, k in zip(("labels_true", "labels_pred"), (true, pred), n_labels, strict=True):
            check_codes(xp, name, x, k)  # in host memory; elsewhere those outside weigh nothing
        keys, moments = _keys_inside(xp, true, pred, moments, shape)
    named: dict[str, Any] = {}
    if groups is not None:
        tables, named["group_labels"] = encode(xp, groups)
        lead = (named["group_labels"].shape[0],)
    else:
        keys = xp.reshape(xp.broadcast_to(keys, (*lead, keys.shape[-1])), (-1,))
        moments = xp.broadcast_to(moments, (3, *lead, moments.shape[-1]))
        tables = xp.arange(keys.shape[0], dtype=keys.dtype, device=device_of(keys)) // max(true.shape[-1], 1)
    n_tables, n_cells = math.prod(lead), shape[0] * shape[1]
    static = n_labels is not None and not all(map(on_cpu, (true, pred)))
    if static:
        check_promise(shape, n_tables)
    elif n_cells > most_cells(true.shape[-1]) or (
        groups is not None and n_tables * n_cells > most_cells(keys.shape[0])
    ):
        cells, which = unique_inverse(xp, keys)
        check_cells(xp, (n_tables, cells.shape[0]), keys.dtype)
        sums = _sums(xp, tables, which, moments, lead, cells.shape[0])
        return replace(unstacked(listed(xp, cells, sums, shape, row_labels, col_labels)), **named)
    sums = _sums(xp, tables, keys, moments, lead, n_cells)
    if static:
        return unstacked(grid(xp, sums, shape, static=True))
    return replace(unstacked(grid_or_occupied(xp, sums, shape, row_labels, col_labels)), **named)


def cells_of_mass(
    xp: Namespace, weights: Array, row_labels: Array | None = None, col_labels: Array | None = None
) -> Cells:
    """Take checked weights (..., R, C) of no samples."""
    shape = weights.shape[-2:]
    flat = xp.reshape(weights, (*weights.shape[:-2], shape[0] * shape[1]))
    return _mass(xp, grid_or_occupied(xp, flat, shape, row_labels, col_labels))


def cells_of_probabilities(xp: Namespace, p: Array, q: Array) -> Cells:
    """Return the expected table of checked soft assignments (..., N, R) and (..., N, C)."""
    expected = matmul(xp, xp.matrix_transpose(p), q)
    shape = expected.shape[-2:]
    return _mass(xp, grid(xp, xp.reshape(expected, (*expected.shape[:-2], shape[0] * shape[1])), shape))


def add_weighted(left: Cells, right: Cells) -> Cells:
    """Add two tables, of which one at least is of weights; a sample that was counted weighs 1."""
    left, right = (x if x.is_weighted else _of_counts(x) for x in (left, right))
    if (left.numbers is None) != (right.numbers is None):
        side, other = ("left", "right") if left.numbers is None else ("right", "left")
        raise ValueError(f"the {side} table is of mass and the {other} of samples: expected two of one kind")
    total = unstacked(add_cells(_stacked(left), _stacked(right)))
    check_mass("the sum of the tables", total.counts, axis=-1)
    return total


def chance_of_pair(table: Cells) -> Array:
    """Return the chance (...) that two samples are together in pred, if its labels are shuffled among the samples.

    That is a matter of numbers alone, whatever the samples weigh.
    """
    xp = table.xp
    if table.numbers is None:
        share = table.col_sums / xp.where(table.n_samples > 0, table.n_samples, 1.0)[..., None]
        return xp.sum(share * share, axis=-1)
    sizes = sum_by_key(xp, table.cols, table.numbers, table.shape[-1])
    n = xp.sum(sizes, axis=-1)
    pairs = n * (n - 1)
    return xp.sum(sizes * (sizes - 1), axis=-1) / xp.where(pairs > 0, pairs, 1.0)


def shares_of(table: Cells) -> Cells:
    """Return a weighted table whose total is 1."""
    n = to_divisor(table.xp, table.n_samples)[..., None]
    scales = {"counts": n, "row_sums": n, "col_sums": n, "squares": n * n}
    return replace(table, **{name: getattr(table, name) / scale for name, scale in scales.items()})


def without(table: Cells, leave_out: Callable[[Cells], Cells]) -> Cells:
    """Return a weighted table without what `leave_out` leaves out of a table of counts."""
    found = unstacked(leave_out(_stacked(table)))
    if table.numbers is None or found.numbers is None:  # mass, of which no sample is ignored
        return replace(found, n_ignored=table.n_ignored)
    xp = table.xp
    n_left = xp.round(xp.sum(table.numbers, axis=-1) - xp.sum(found.numbers, axis=-1))
    return replace(found, n_ignored=table.n_ignored + as_number(to_count(xp, n_left)))


def sums_of_codes(xp: Namespace, true: Array, pred: Array, moments: Array, shape: tuple[int, int]) -> Array:
    """Add up moments (3, n) of codes (n,) below R and C, leaving out those outside: (3, R*C)."""
    keys, moments = _keys_inside(xp, true, pred, moments, shape)
    return sum_by_key(xp, keys, moments, shape[0] * shape[1])


def _keys_inside(
    xp: Namespace, true: Array, pred: Array, moments: Array, shape: tuple[int, int]
) -> tuple[Array, Array]:
    """Return keys of codes; those outside weigh nothing."""
    rows, cols = to_count(xp, true), to_count(xp, pred)
    inside = (rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1])
    return xp.where(inside, fuse(xp, rows, cols, shape), 0), xp.where(inside, moments, 0.0)


def _sums(xp: Namespace, tables: Array, keys: Array, moments: Array, lead: tuple[int, ...], n_bins: int) -> Array:
    """Add up moments (3, ...) of m samples by tables (m,) and keys (m,): (..., 3, n_bins)."""
    flat = xp.reshape(moments, (3, keys.shape[0]))
    sums = sum_by_key(xp, tables * n_bins + keys, flat, math.prod(lead) * n_bins)
    return xp.moveaxis(xp.reshape(sums, (3, *lead, n_bins)), 0, -2)


def _stacked(table: Cells) -> Cells:
    """Return a table whose counts (..., K, M) are weights, their squares and, of samples, their numbers."""
    xp = table.xp
    parts = [x for x in (table.counts, table.squares, table.numbers) if x is not None]
    return replace(table, counts=xp.stack(parts, axis=-2), squares=None, numbers=None)


def unstacked(table: Cells) -> Cells:
    """Return what `_stacked` was made of."""
    counts = table.counts
    return replace(
        table,
        counts=counts[..., 0, :],
        row_sums=table.row_sums[..., 0, :],
        col_sums=table.col_sums[..., 0, :],
        squares=counts[..., 1, :],
        numbers=counts[..., 2, :] if counts.shape[-2] > 2 else None,
    )


def _of_counts(table: Cells) -> Cells:
    """Return a table of counts as one of samples that weigh 1 each."""
    counts, rows, cols = (to_float(table.xp, x) for x in (table.counts, table.row_sums, table.col_sums))
    return replace(table, counts=counts, row_sums=rows, col_sums=cols, squares=counts, numbers=counts)


def _mass(xp: Namespace, table: Cells) -> Cells:
    return replace(table, squares=xp.zeros_like(table.counts))
