"""From two labelings, or a batch of them, to contingency tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np

from amiable._array.blocks import blocks
from amiable._array.compact import (
    CompactCounts,
    Range,
    count_compact,
    count_ranges,
    host_integers,
    lengths_of,
    like_integers,
    ranges_of,
)
from amiable._array.counting import count_keys, sum_by_key, unique_counts, unique_inverse
from amiable._array.namespace import (
    Array,
    device_of,
    from_host,
    is_captured,
    is_meta,
    is_traced,
    namespace_of,
    on_cpu,
    to_count,
)
from amiable.codes import encode
from amiable.contingency.table import ContingencyTable, fuse, grid, table_of_all_cells, table_of_cells
from amiable.labels import check_codes, check_room, check_values_known

# Up to this many cells, or this many a sample, counting into all of them is cheaper than sorting the samples.
_GRID_CELLS = 1 << 13
_GRID_CELLS_PER_SAMPLE = 4
# Elements that the counts, or the keys, of one block of a batch may have: 64 MB of int64.
BATCH = 1 << 23
# Whole numbers that a promise of codes may ask for: 2 GB of sizes, beside which labels of host memory are listed in
# cells; 8 GB of cells, which a device counts without a look at any.
_MOST_SUMS = 1 << 28
_MOST_CELLS = 1 << 30
_NAMES = ("labels_true", "labels_pred")

Sides = tuple[Array, Array]  # both labelings, or their codes
Known = tuple[Array | int, Array | int]  # the labels of rows and columns, or how many there are


def table_of_labels(
    xp: ModuleType, true: Array, pred: Array, n_labels: tuple[int, int] | None = None
) -> ContingencyTable:
    """Count checked labels (..., n), or codes promised to lie below `n_labels`, into one table with one label set."""
    if n_labels is not None and not (on_cpu(true) and on_cpu(pred)):
        return _table_unseen(xp, true, pred, n_labels)
    table = _table_of_compact(xp, (true, pred), most_cells(true.shape[-1]), n_labels)
    if table is None and n_labels is not None:
        check_room(n_labels, sum(n_labels), _MOST_SUMS, "cluster sizes")
    return _table_of_codes(xp, *_codes(xp, true, pred, n_labels)) if table is None else table


def tables_of_batch(
    xp: ModuleType, true: Array, pred: Array, n_labels: tuple[int, int] | None = None
) -> Iterator[ContingencyTable]:
    """Count a batch of checked labels in blocks, in order, so that neither keys nor counts outgrow the budget.

    Each block may have a label set of its own.
    """
    lead = np.broadcast_shapes(tuple(true.shape[:-1]), tuple(pred.shape[:-1]))
    if n_labels is not None and math.prod(n_labels) > most_cells(true.shape[-1]) and on_cpu(true) and on_cpu(pred):
        for side in zip(_NAMES, (true, pred), n_labels, strict=True):
            check_codes(xp, *side)
        n_labels = None  # scores need no empty clusters, of which there may be many
    if math.prod(lead) == 1 or (n_labels is not None and not (on_cpu(true) and on_cpu(pred))):
        yield table_of_labels(xp, true, pred, n_labels)
    elif host_integers(true) is not None and host_integers(pred) is not None:
        yield from _tables_on_host(xp, true, pred, lead, n_labels)
    else:
        ranges = None if n_labels is not None else _ranges_elsewhere(xp, (true, pred), most_cells(true.shape[-1]))
        if ranges is not None:
            yield from _tables_of_ranges(xp, (true, pred), ranges, lead)
            return
        codes, known = _codes(xp, true, pred, n_labels)
        if host_integers(codes[0]) is not None:
            yield from _tables_on_host(xp, *codes, lead, None)
        else:
            yield from _tables_on_device(xp, codes, known, lead)


def cluster_sizes_of_labels(xp: ModuleType, x: Array, n_labels: int | None = None) -> Array:
    """Count one checked labeling (..., n), or codes promised to lie below `n_labels`: (..., K)."""
    side = host_integers(x)
    if side is not None:
        promised = None if n_labels is None else ((0, n_labels - 1),)
        found = count_compact((side,), most_cells(x.shape[-1]), promised)
        if found is not None and promised in (None, found.ranges):
            counts = found.counts if promised else found.without_gaps()[0]
            return from_host(xp, counts.reshape(*x.shape[:-1], counts.shape[-1]), x)
    if n_labels is not None:
        check_codes(xp, "labels", x, n_labels)
        if on_cpu(x):
            return cluster_sizes_of_labels(xp, x)
        check_room(n_labels, n_labels * math.prod(x.shape[:-1]), _MOST_CELLS, "cluster sizes")
        return count_ranges(xp, (x,), ((0, n_labels - 1),))
    check_values_known("labels", x)
    found = _count_elsewhere(xp, (x,), most_cells(x.shape[-1]))
    if found is not None:
        return xp.reshape(found.without_gaps()[0], (*x.shape[:-1], -1))
    codes, labels = encode(xp, x)
    return count_keys(xp, codes, labels.shape[0])


def table_of_pairs(xp: ModuleType, true: Array, pred: Array, counts: Array) -> ContingencyTable:
    """Take `counts` (M,) of pairs of checked labels (M,); what is listed of one pair adds up."""
    (rows, row_labels), (cols, col_labels) = encode(xp, true), encode(xp, pred)
    shape = row_labels.shape[0], col_labels.shape[0]
    keys = fuse(xp, rows, cols, shape)
    if shape[0] * shape[1] <= most_cells(keys.shape[0]):
        counts = sum_by_key(xp, keys, counts, shape[0] * shape[1])
        return table_of_all_cells(xp, counts, shape, row_labels, col_labels)
    cells, which = unique_inverse(xp, keys)
    return table_of_cells(xp, cells, sum_by_key(xp, which, counts, cells.shape[0]), shape, row_labels, col_labels)


def most_cells(n_samples: int) -> int:
    """Return up to how many cells a table of so many samples is counted without sorting."""
    return max(_GRID_CELLS, _GRID_CELLS_PER_SAMPLE * n_samples)


def _most_listed(n_samples: int) -> int:
    """Return how many tables may list their cells together: at most this number times n_samples cells each."""
    return max(1, math.isqrt(BATCH // max(n_samples, 1)))


def _tables_on_host(
    xp: ModuleType, true: Array, pred: Array, lead: tuple[int, ...], n_labels: tuple[int, int] | None
) -> Iterator[ContingencyTable]:
    """Count integers; a run of tables that does not fit the budget is halved."""
    n_samples, pending = true.shape[-1], [slice(0, math.prod(lead))]
    while pending:
        run = pending.pop()
        n_tables = run.stop - run.start
        sides = _labelings(xp, true, lead, run), _labelings(xp, pred, lead, run)
        table = _table_of_compact(xp, sides, min(most_cells(n_samples), BATCH // n_tables), n_labels)
        if table is None and n_tables > _most_listed(n_samples):
            middle = (run.start + run.stop) // 2
            pending += [slice(middle, run.stop), slice(run.start, middle)]
        else:
            yield table_of_labels(xp, sides[0], sides[1], n_labels) if table is None else table


def _tables_of_ranges(
    xp: ModuleType, sides: Sides, ranges: list[Range], lead: tuple[int, ...]
) -> Iterator[ContingencyTable]:
    """Count integers, whose ranges are known, where they lie, in equal blocks."""
    step = BATCH // max(math.prod(lengths_of(ranges)), sides[0].shape[-1])
    for run in blocks(math.prod(lead), step):
        some = _labelings(xp, sides[0], lead, run), _labelings(xp, sides[1], lead, run)
        yield _table_of_counts(xp, some, _count_in(xp, some, ranges))


def _tables_on_device(xp: ModuleType, codes: Sides, known: Known, lead: tuple[int, ...]) -> Iterator[ContingencyTable]:
    """Count codes whose number is known, in equal blocks."""
    n_samples, n_cells = codes[0].shape[-1], math.prod(_lengths(known))
    listed = n_cells > most_cells(n_samples)
    step = _most_listed(n_samples) if listed else BATCH // max(n_cells, n_samples, 1)
    for run in blocks(math.prod(lead), step):
        sides = _labelings(xp, codes[0], lead, run), _labelings(xp, codes[1], lead, run)
        yield _table_of_codes(xp, *(_codes(xp, sides[0], sides[1], None) if listed else (sides, known)))


def _labelings(xp: ModuleType, x: Array, lead: tuple[int, ...], run: slice) -> Array:
    """Return the labelings of a run of tables, (tables, n) or one (n,) for all; those of all tables as they are."""
    if x.ndim == 1 or run == slice(0, math.prod(lead)):
        return x
    if tuple(x.shape[:-1]) == lead and x.ndim == 2:
        return x[run, :]
    at = np.broadcast_to(np.arange(math.prod(x.shape[:-1])).reshape(x.shape[:-1]), lead).flatten()[run]
    return xp.take(xp.reshape(x, (-1, x.shape[-1])), xp.asarray(at, device=device_of(x)), axis=0)


def _codes(xp: ModuleType, true: Array, pred: Array, n_labels: tuple[int, int] | None) -> tuple[Sides, Known]:
    """Return codes of both labelings and their labels; or codes that are promised, checked, and their number."""
    if n_labels is not None:
        for side in zip(_NAMES, (true, pred), n_labels, strict=True):
            check_codes(xp, *side)
        return (to_count(xp, true), to_count(xp, pred)), n_labels
    check_values_known("labels_true", true)
    check_values_known("labels_pred", pred)
    (rows, row_labels), (cols, col_labels) = encode(xp, true), encode(xp, pred)
    return (rows, cols), (row_labels, col_labels)


def _lengths(known: Known) -> tuple[int, int]:
    n_rows, n_cols = (k if isinstance(k, int) else k.shape[0] for k in known)
    return n_rows, n_cols


def _table_of_compact(
    xp: ModuleType, sides: Sides, most_cells: int, n_labels: tuple[int, int] | None
) -> ContingencyTable | None:
    """Count integers without sorting; None where that needs more than `most_cells`."""
    true, pred = map(host_integers, sides)
    if true is not None and pred is not None:
        promised = None if n_labels is None else tuple((0, k - 1) for k in n_labels)
        found = count_compact((true, pred), most_cells, promised)
        if found is None or promised not in (None, found.ranges):
            return None  # with codes outside, the complaint comes from where all codes are checked
        return _table_of_counts(xp, sides, found, keep_empty=n_labels is not None)
    found = _count_elsewhere(xp, sides, most_cells) if n_labels is None else None
    return None if found is None else _table_of_counts(xp, sides, found)


def _ranges_elsewhere(xp: ModuleType, sides: Sequence[Array], most_cells: int) -> list[Range] | None:
    """Return the ranges of integers that NumPy cannot see; None for other labels, or if it takes more cells."""
    if any(isinstance(x, np.ndarray) or not xp.isdtype(x.dtype, ("integral", "bool")) for x in sides):
        return None
    if any(is_traced(x) or is_captured(x) or is_meta(x) for x in sides):
        return None
    ranges = ranges_of(xp, sides)
    return None if ranges is None or math.prod(lengths_of(ranges)) > most_cells else ranges


def _count_elsewhere(xp: ModuleType, sides: Sequence[Array], most_cells: int) -> CompactCounts | None:
    ranges = _ranges_elsewhere(xp, sides, most_cells)
    return None if ranges is None else _count_in(xp, sides, ranges)


def _count_in(xp: ModuleType, sides: Sequence[Array], ranges: list[Range]) -> CompactCounts:
    counts = count_ranges(xp, sides, ranges, strays=False)
    return CompactCounts(xp.reshape(counts, (-1, counts.shape[-1])), tuple(ranges))


def _table_of_counts(
    xp: ModuleType, sides: Sides, found: CompactCounts, *, keep_empty: bool = False
) -> ContingencyTable:
    near, counts, labels = namespace_of(found.counts), found.counts, [None, None]
    shape = found.lengths
    if not keep_empty:
        counts, values = found.without_gaps()
        labels = [like_integers(xp, v, x) for x, v in zip(sides, values, strict=True)]
        shape = tuple(v.shape[0] for v in values)
    lead = np.broadcast_shapes(*(tuple(x.shape[:-1]) for x in sides))
    table = table_of_all_cells(near, near.reshape(counts, (*lead, math.prod(shape))), shape, *labels)
    return table if xp is near else table.with_arrays(from_host(xp, x, sides[0]) for x in table.arrays)


def _table_of_codes(xp: ModuleType, codes: Sides, known: Known) -> ContingencyTable:
    """Count codes (..., n) of rows and columns, whose labels, or at least their number, are known."""
    shape = _lengths(known)
    labels = [None if isinstance(k, int) else k for k in known]
    keys = fuse(xp, codes[0], codes[1], shape)
    n_cells = shape[0] * shape[1]
    if n_cells <= most_cells(keys.shape[-1]):
        return table_of_all_cells(xp, count_keys(xp, keys, n_cells), shape, *labels)
    if keys.ndim == 1:
        cells, counts = unique_counts(xp, keys)
    else:
        cells, which = unique_inverse(xp, keys)
        counts = count_keys(xp, which, cells.shape[0])
    return table_of_cells(xp, cells, counts, shape, *labels)


def _table_unseen(xp: ModuleType, true: Array, pred: Array, n_labels: tuple[int, int]) -> ContingencyTable:
    """Count codes that somebody promised to lie below `n_labels`, without a look at any."""
    check_codes(xp, "labels_true", true, n_labels[0])
    check_codes(xp, "labels_pred", pred, n_labels[1])
    return grid(xp, counts_of_codes(xp, true, pred, n_labels), n_labels, static=True)


def counts_of_codes(xp: ModuleType, rows: Array, cols: Array, shape: tuple[int, int]) -> Array:
    """Count pairs of codes (..., n) below R and C: (..., R*C); on an accelerator, those outside are left out."""
    n_cells, promised = shape[0] * shape[1], ((0, shape[0] - 1), (0, shape[1] - 1))
    lead = np.broadcast_shapes(tuple(rows.shape[:-1]), tuple(cols.shape[:-1]))
    check_room(shape, math.prod(lead) * n_cells, _MOST_CELLS, "cells")
    true, pred = host_integers(rows), host_integers(cols)
    if true is not None and pred is not None:
        found = count_compact((true, pred), n_cells, promised)
        if found is not None:
            return from_host(xp, found.counts.reshape(*lead, n_cells), rows)
    return count_ranges(xp, (rows, cols), promised)
