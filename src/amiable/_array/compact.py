"""Compact integer labels are counted in blocks of samples: nothing as long as the labels is ever allocated.

In host memory one pass is enough, in blocks that stay in the cache. Neither the labels' range nor their codes are found
first: a block whose labels leave the range that is counted so far makes the table grow. Elsewhere, where to look at
a block is to wait for the device, the range is found first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from amiable._array import cuda, libraries, loops
from amiable._array.arithmetic import clipped, sum_along
from amiable._array.bins import add_at, check_cells, count_keys
from amiable._array.blocks import blocks, budget, common_lead
from amiable._array.devices import device_of, is_traced, on_cpu
from amiable._array.dtypes import count_dtype, to_count
from amiable._array.libraries import NUMPY, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch, from_host, host_view, is_finished_on_host, to_numpy
from amiable._scalars.counting import count_few, count_tables, count_while_inside, ranges_of_tables

_BLOCK = 1 << 16  # samples: each labeling of a block, and its keys, is half a megabyte of int64

_SAMPLES_OF_A_THREAD = 1 << 19  # half a millisecond of counting, which is worth the start of a thread
SAMPLES_OF_A_STEP = 1 << 8  # that are counted in the time that the expectation of a cell takes
_LOOPED = 1 << 14  # samples whose range is found, and which are then counted, from the cache
_BATCH = 1 << 20  # samples of a batch that are copied at a time, where they are not as loops take them
_FEW = 1 << 10  # cells that take no time to set to 0, or to look at
# On a device, so many codes are counted before any label was looked at, if there are no more samples than so many.
_FEW_CODES, _FEW_SAMPLES = 64, 1 << 20
# On a device without kernels, so many samples are spread over copies of a small table, of so many cells together.
_SPREAD_SAMPLES, _SPREAD_CELLS, _MOST_COPIES = 1 << 14, 1 << 13, 64
_NO_LABELS = np.empty((1, 0), dtype=np.int64)

# In a table of more cells than so many for each sample, it costs less to add the samples one by one than to count them
# into a table of their own and to add the two tables.
_SPARSE = 8

Range = tuple[int, int]  # the lowest and the highest label that are counted


@dataclass(slots=True)
class CompactCounts:
    """How many samples of each table of a batch fall on each tuple of labels inside the ranges."""

    counts: Any  # (tables, cells in row-major order)
    ranges: tuple[Range, ...]  # one for each side

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many labels each range has."""
        return lengths_of(self.ranges)

    def covers(self, ranges: Sequence[Range]) -> bool:
        """Whether all labels of `ranges` are counted."""
        return all(
            low <= least and most <= high for (low, high), (least, most) in zip(self.ranges, ranges, strict=True)
        )

    def part(self, ranges: Sequence[Range]) -> Any:
        """Return a view of the counts of labels in `ranges`, which are covered: (tables, labels of each side)."""
        sides = zip(ranges, self.ranges, strict=True)
        inner = [slice(low - first, high - first + 1) for (low, high), (first, _) in sides]
        return self.counts.reshape(self.counts.shape[0], *self.lengths)[:, *inner]

    def without_gaps(self) -> tuple[Array, list[Array]]:
        """Return the counts without labels that no table has, and for each side its labels, modulo 2**64 (2**32)."""
        xp = namespace_of(self.counts)
        full = xp.reshape(self.counts, (self.counts.shape[0], *self.lengths))
        labels = []
        for axis, (low, _) in enumerate(self.ranges, start=1):
            found = xp.nonzero(xp.any(full, axis=tuple(i for i in range(full.ndim) if i != axis)))[0]
            full = full if found.shape[0] == full.shape[axis] else xp.take(full, found, axis=axis)
            labels.append(to_count(xp, found) + _wrapped(low))
        return xp.reshape(full, (full.shape[0], math.prod(full.shape[1:]))), labels


def lengths_of(ranges: Sequence[Range]) -> tuple[int, ...]:
    """Return how many labels each range has."""
    return tuple([high - low + 1 for low, high in ranges])  # torch.compile follows no generators


def host_integers(x: Array) -> np.ndarray | None:
    """Return integers or booleans in host memory as a NumPy view of it; None for anything else."""
    if isinstance(x, np.ndarray):
        return x if x.dtype.kind in "biu" else None
    return host_view(x) if namespace_of(x).isdtype(x.dtype, ("integral", "bool")) else None  # not every float has one


def like_integers(xp: Namespace, values: Any, x: Any) -> Array:
    """Return `values`, known modulo 2**64, as integers or booleans of the library and dtype of `x`."""
    if not isinstance(values, np.ndarray):
        return xp.astype(values, x.dtype)
    if libraries.is_torch_array(x):
        found: Any = from_host(xp, values, x)
        return found.to(x.dtype)
    return from_host(xp, values.astype(x.dtype), x)


def count_compact(
    sides: Sequence[np.ndarray], most_cells: int, ranges: Sequence[Range] | None = None
) -> CompactCounts | None:
    """Count one or two labelings (..., n) of integers together; None where that takes more than `most_cells` a table.

    `ranges` are expected; like all others they grow where labels lie outside.
    """
    lead = common_lead(*sides)
    n_tables, n_samples = math.prod(lead), sides[0].shape[-1]
    is_looped = n_samples and loops.is_compiled() and not any(map(_has_upper_half, sides))
    if is_looped and n_tables == 1:
        return _count_table([_rows(x, lead, slice(0, 1)) for x in sides], most_cells, ranges)
    found = None
    if ranges is not None or not n_samples:
        found = _empty_counts(n_tables, ranges or [(0, -1)] * len(sides), most_cells)
        if found is None or not n_samples:
            return found
    if is_looped:
        return _count_tables([_rows(x, lead, slice(0, n_tables)) for x in sides], n_tables, most_cells, found)
    for tables in blocks(n_tables, _BLOCK // n_samples):
        rows = [_rows(x, lead, tables) for x in sides]
        start = 0
        while start < n_samples:
            n_cells = 0 if found is None else found.counts.shape[1]
            stop = start + max(_BLOCK, n_cells)  # to add a block's counts costs one step a cell
            parts = [x[:, start:stop] for x in rows]
            here = [(int(part.min()), int(part.max())) for part in parts]
            found = _covering(found, n_tables, here, most_cells)
            if found is None:
                return None
            found.counts[tables] += _count_block(parts, found)
            start = stop
    return found


def ranges_of(xp: Namespace, sides: Sequence[Array]) -> list[Range] | None:
    """Return the lowest and the highest label of one or two arrays of integers or booleans, in one wait.

    None where there is no label, and for unsigned ones of the width of counts, whose upper half is beyond those.
    """
    if any(0 in x.shape or _is_as_wide_as_counts(xp, x) for x in sides):
        return None
    each = [extremes(xp, x) for x in sides]
    known = fetch(xp.stack([end for lows, highs in each for end in (xp.min(lows), xp.max(highs))]))
    return list(zip(known[::2], known[1::2], strict=True))


def count_few_codes(xp: Namespace, sides: Sequence[Array]) -> CompactCounts | None:
    """Count two labelings of few samples on a device as if they were codes 0..63, and copy the counts: the one wait.

    None where a label lies outside, where there are so many samples that this would be dear to find out, or where the
    host may not look at counts.
    """
    n_samples, n_cells = math.prod(sides[0].shape), _FEW_CODES**2
    if any(x.ndim > 1 for x in sides) or not 0 < n_samples <= _FEW_SAMPLES:
        return None
    if not is_finished_on_host(sides[0], n_cells) or any(_is_as_wide_as_counts(xp, x) for x in sides):
        return None
    counts: Any = to_numpy(count_ranges(xp, sides, [(0, _FEW_CODES - 1)] * 2))
    counts = counts.reshape(_FEW_CODES, _FEW_CODES)
    if counts.sum() < n_samples:
        return None
    n_rows, n_cols = (int(np.flatnonzero(counts.any(axis=axis))[-1]) + 1 for axis in (1, 0))
    few: Any = to_count(NUMPY, counts[:n_rows, :n_cols])
    return CompactCounts(few.reshape(1, -1), ((0, n_rows - 1), (0, n_cols - 1)))


def count_ranges(xp: Namespace, sides: Sequence[Array], ranges: Sequence[Range], *, strays: bool = True) -> Array:
    """Count one or two labelings (..., n) of integers together on any library: (..., cells in row-major order).

    No value is looked at. Samples with a label outside the ranges are left out; `strays=False` says that none has one.
    """
    lead, inner = np.broadcast_shapes(*[tuple(x.shape[:-1]) for x in sides]), lengths_of(ranges)
    margin = int(strays)  # labels outside fall into cells around the table, which are cut away
    lengths = [length + 2 * margin for length in inner]
    n_tables, n_cells, total = max(math.prod(lead), 1), math.prod(lengths), None
    offset = most = 0
    for (low, high), length in zip(ranges, lengths, strict=True):
        offset = offset * length + low - margin
        most = most * length + max(abs(low), abs(high)) + 1
    check_cells(xp, inner, count_dtype(xp, sides[0]), n_tables * n_cells)
    if cuda.has_kernels(sides[0]):
        return cuda.count(xp, sides, ranges)
    narrow = max(most, n_tables * n_cells) < 2**31
    dtype = xp.int32 if narrow else count_dtype(xp, sides[0])
    offset = _wrapped(offset, int(xp.iinfo(dtype).bits))  # keys of huge labels wrap around; their difference is exact
    copies = _copies(sides[0], n_tables, n_cells)
    tables = xp.arange(copies, dtype=dtype, device=device_of(sides[0])) * n_cells - offset if copies > 1 else None
    for run in _runs(sides[0], n_tables, n_cells):
        keys: Any = None
        for x, (low, high), length in zip(sides, ranges, lengths, strict=True):
            code = _clipped_codes(xp, x[..., run], low - 1, high + 1) if strays else x[..., run]
            code = xp.astype(code, dtype, copy=False)
            keys = code if keys is None else keys * length + code
        if tables is not None and keys.shape[-1] % copies == 0:
            keys = xp.reshape(xp.reshape(keys, (-1, copies)) + tables, (-1,))
        elif offset:
            keys = keys - offset
        counts = count_keys(xp, keys, copies * n_cells)
        total = counts if total is None else total + counts
    if copies > 1:
        total = sum_along(xp, xp.reshape(total, (copies, n_cells)), axis=0)
    counts = xp.reshape(total, (*lead, *lengths))[(..., *[slice(margin, margin + length) for length in inner])]
    return xp.reshape(counts, (*lead, math.prod(inner)))


def count_pairs(xp: Namespace, rows: Array, cols: Array, shape: tuple[int, int], *, onto: Array | None = None) -> Array:
    """Count pairs of codes (..., n) below R and C: (..., R*C). Promised codes are counted here alone.

    Elsewhere than in host memory no value is looked at, and pairs with a code outside are left out; in host memory
    callers check the codes first. With `onto` (R*C,), codes (n,) are counted on top of it, in a new array.
    """
    n_cells, ranges = shape[0] * shape[1], ((0, shape[0] - 1), (0, shape[1] - 1))
    if onto is not None and cuda.has_kernels(rows):
        return cuda.count(xp, (rows, cols), ranges, onto=onto)
    if onto is not None and (not on_cpu(rows) or n_cells > _SPARSE * rows.shape[-1]):
        rows, cols = to_count(xp, rows), to_count(xp, cols)  # a key may not fit into the dtype of a code
        inside = (rows >= 0) & (rows < shape[0]) & (cols >= 0) & (cols < shape[1])
        return add_at(xp, onto, xp.where(inside, rows * shape[1] + cols, 0), to_count(xp, inside))
    true, pred = host_integers(rows), host_integers(cols)
    found = None if true is None or pred is None else count_compact((true, pred), n_cells, ranges)
    if found is None:
        counts = count_ranges(xp, (rows, cols), ranges)
    else:
        lead = np.broadcast_shapes(tuple(rows.shape[:-1]), tuple(cols.shape[:-1]))
        counts = from_host(xp, found.counts.reshape(*lead, n_cells), rows)
    return counts if onto is None else onto + counts


def _copies(x: Array, n_tables: int, n_cells: int) -> int:
    """Return how many copies of a table an accelerator fills in turn, so that few samples at a time add to one cell."""
    if on_cpu(x) or n_tables > 1 or x.shape[-1] < _SPREAD_SAMPLES or n_cells > _SPREAD_CELLS // 2:
        return 1
    return min(_MOST_COPIES, 1 << (_SPREAD_CELLS // n_cells).bit_length() - 1)


def _clipped_codes(xp: Namespace, x: Array, low: int, high: int) -> Array:
    """Clip integers or booleans to low..high, as far as their dtype holds these."""
    if not xp.isdtype(x.dtype, "signed integer"):  # some libraries compare no unsigned integers or booleans
        x = to_count(xp, x)
    limits = xp.iinfo(x.dtype)
    return clipped(xp, x, max(low, int(limits.min)), min(high, int(limits.max)))


def _is_as_wide_as_counts(xp: Namespace, x: Array) -> bool:
    return xp.isdtype(x.dtype, "unsigned integer") and xp.iinfo(x.dtype).bits >= xp.iinfo(count_dtype(xp, x)).bits


def extremes(xp: Namespace, x: Any) -> tuple[Array, Array]:
    """Return the lowest and the highest label of each of some labelings (..., n) of integers or booleans, as counts."""
    if xp.isdtype(x.dtype, "signed integer"):
        return to_count(xp, xp.min(x, axis=-1)), to_count(xp, xp.max(x, axis=-1))
    lows, highs = [], []
    for run in _runs(x, math.prod(x.shape[:-1]), 0):
        part = to_count(xp, x[..., run])  # some libraries compare no unsigned integers or booleans
        lows.append(xp.min(part, axis=-1))
        highs.append(xp.max(part, axis=-1))
    return xp.min(xp.stack(lows), axis=0), xp.max(xp.stack(highs), axis=0)


def _runs(x: Array, n_tables: int, n_cells: int) -> Iterator[slice]:
    """Cut the samples of a batch into blocks within the budget; to add a block's counts costs one step a cell."""
    n_samples = x.shape[-1]
    return blocks(n_samples, n_samples if is_traced(x) else max(budget(x) // n_tables, n_cells))


def _has_upper_half(x: np.ndarray) -> bool:
    """Whether labels are beyond the integers of a loop: unsigned ones of 64 bits, of which some are that large."""
    return x.dtype.kind == "u" and x.dtype.itemsize == 8 and bool(x.max() >= 2**63)  # in either byte order


def _count_table(rows: Sequence[np.ndarray], most_cells: int, ranges: Sequence[Range] | None) -> CompactCounts | None:
    """Count the samples, of which there are some, of one table; by several threads where there are many."""
    n_samples = rows[0].shape[1]
    threads = n_samples // _SAMPLES_OF_A_THREAD
    if threads > 1 and (threads := min(threads, loops.n_threads())) > 1:
        ends = [n_samples * i // threads for i in range(threads + 1)]
        small = min(most_cells, n_samples // _SPARSE // threads)  # each thread has a table of its own
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(lambda i: _count_run(rows, ends[i], ends[i + 1], small, ranges), range(threads)))
        found = functools.reduce(lambda one, other: _added(one, other, most_cells), parts)
        if found is not None:
            return found
    return _count_run(rows, 0, n_samples, most_cells, ranges)


def _count_run(
    rows: Sequence[np.ndarray], first: int, last: int, most_cells: int, ranges: Sequence[Range] | None
) -> CompactCounts | None:
    """Count a run of the samples of one table; the table grows where they leave its ranges."""
    step = last - first if last - first > _LOOPED and all(map(loops.is_ready, rows)) else _LOOPED
    found = None if ranges is None else _empty_counts(1, ranges, most_cells)
    for start in range(first, last, step):
        x, y = _pair(rows, slice(start, min(start + step, last)))
        at, end = 0, x.shape[1]
        if start == first and ranges is None:
            at, found = _count_first_block(x, y, len(rows), most_cells)
        while found is not None and at < end:
            at, *ends = loops.compiled(count_while_inside)(x, y, at, end, _LOOPED, *_flat(found.ranges), found.counts)
            if at < end:
                found = _grown(found, _unflat(ends, len(rows)), most_cells)
        if found is None:
            break
    return found


def _count_first_block(x: np.ndarray, y: np.ndarray, n_sides: int, most_cells: int) -> tuple[int, CompactCounts | None]:
    """Find the ranges of the first samples, and count them if they make few cells; return how many are counted."""
    counts = np.zeros((1, _FEW), dtype=np.int64)
    at, *ends = loops.compiled(count_few)(x, y, min(_LOOPED, x.shape[1]), counts)
    ranges = _unflat(ends, n_sides)
    if not at:
        return 0, _empty_counts(1, ranges, most_cells)
    n_cells = math.prod(lengths_of(ranges))
    return at, CompactCounts(counts[:, :n_cells], tuple(ranges)) if n_cells <= most_cells else None


def _count_tables(
    rows: Sequence[np.ndarray], n_tables: int, most_cells: int, found: CompactCounts | None
) -> CompactCounts | None:
    """Count tables (T, n) of a batch, on top of those found, once the ranges of all are known; threads share them."""
    n_samples = rows[0].shape[1]
    step = n_tables if all(map(loops.is_ready, rows)) else max(_BATCH // n_samples, 1)
    weight = max(n_samples / SAMPLES_OF_A_STEP, 1.0)
    for tables in blocks(n_tables, step):
        x, y = _pair([side[tables] if side.shape[0] > 1 else side for side in rows], slice(None))
        ends = np.empty((tables.stop - tables.start, 4), dtype=np.int64)
        loops.run(ranges_of_tables, ends.shape[0], x, y, out=ends, weight=weight)
        low, high = ends.min(axis=0).tolist(), ends.max(axis=0).tolist()
        here = _unflat([low[0], high[1], low[2], high[3]], len(rows))
        found = _covering(found, n_tables, here, most_cells)
        if found is None:
            return None
        low_x, _, low_y, high_y = _flat(found.ranges)
        n_cols, counts = high_y - low_y + 1, found.counts[tables]
        loops.run(count_tables, counts.shape[0], x, y, low_x, low_y, n_cols, out=counts, weight=weight)
    return found


def _pair(rows: Sequence[np.ndarray], samples: slice) -> tuple[np.ndarray, np.ndarray]:
    """Return samples of both sides, or of one and of none, as loops take them."""
    x = loops.integers(rows[0][:, samples])
    return x, loops.integers(rows[1][:, samples]) if len(rows) > 1 else _NO_LABELS


def _flat(ranges: Sequence[Range]) -> tuple[int, int, int, int]:
    """Return the ends of the ranges of both sides, or of one and of none."""
    return (*ranges[0], *(ranges[1] if len(ranges) > 1 else (0, 0)))


def _unflat(ends: Sequence[int], n_sides: int) -> list[Range]:
    """Return the ranges of one side or of both, of which a loop found the ends."""
    return [(ends[0], ends[1])] if n_sides == 1 else [(ends[0], ends[1]), (ends[2], ends[3])]


def _added(one: CompactCounts | None, other: CompactCounts | None, most_cells: int) -> CompactCounts | None:
    """Add the counts of two parts of the samples of one table."""
    if one is None or other is None:
        return None
    total = _covering(one, 1, other.ranges, most_cells)
    if total is not None:
        total.part(other.ranges)[...] += other.counts.reshape(-1, *other.lengths)
    return total


def _rows(x: np.ndarray, lead: tuple[int, ...], tables: slice) -> np.ndarray:
    """Return the labelings (tables, n) of a run of tables, or (1, n) where there is one for all; views where it can."""
    if x.ndim == 1:
        return x[None]
    if x.shape[:-1] == lead and x.ndim == 2:
        return x[tables]
    where = np.unravel_index(np.arange(tables.start, tables.stop), lead)
    return np.broadcast_to(x, (*lead, x.shape[-1]))[where]


def _empty_counts(n_tables: int, ranges: Sequence[Range], most_cells: int) -> CompactCounts | None:
    n_cells = math.prod(lengths_of(ranges))
    return (
        CompactCounts(np.zeros((n_tables, n_cells), dtype=np.int64), tuple(ranges)) if n_cells <= most_cells else None
    )


def _covering(
    found: CompactCounts | None, n_tables: int, here: Sequence[Range], most_cells: int
) -> CompactCounts | None:
    """Return what is counted so far, if anything is, with room for the ranges found `here`."""
    if found is None:
        return _empty_counts(n_tables, here, most_cells)
    return found if found.covers(here) else _grown(found, here, most_cells)


def _grown(found: CompactCounts, here: Sequence[Range], most_cells: int) -> CompactCounts | None:
    """Widen the ranges to cover those found `here`; if there is room with some to spare, so that it happens rarely."""
    n_tables = found.counts.shape[0]
    needed, roomy = [], []
    for (low, high), length, (least, most) in zip(found.ranges, found.lengths, here, strict=True):
        spare = length // 8
        needed.append((min(low, least), max(high, most)))
        roomy.append((min(low, least - (least < low) * spare), max(high, most + (most > high) * spare)))
    fits = all(low >= -(2**63) and high < 2**63 for low, high in roomy)  # loops take ends of 64 bits
    wide = _empty_counts(n_tables, roomy, most_cells) if fits else None
    wide = wide or _empty_counts(n_tables, needed, most_cells)
    if wide is not None:
        wide.part(found.ranges)[...] = found.counts.reshape(n_tables, *found.lengths)
    return wide


def _count_block(parts: Sequence[np.ndarray], found: CompactCounts) -> np.ndarray:
    """Count one block, by one fused key a sample: (tables, cells)."""
    n_tables, n_cells = max([part.shape[0] for part in parts]), found.counts.shape[1]
    keys = np.empty((n_tables, parts[0].shape[-1]), dtype=np.int64)
    # Keys of huge labels wrap around modulo 2**64, and so does the key of the lowest: their difference is exact.
    stride, lowest = (1, found.ranges[0][0])
    for length, (low, _) in zip(found.lengths[1:], found.ranges[1:], strict=True):
        stride, lowest = stride * length, lowest * length + low
    np.multiply(parts[0], stride, out=keys, dtype=np.int64, casting="unsafe")
    for part in parts[1:]:
        np.add(keys, part, out=keys, dtype=np.int64, casting="unsafe")
    if lowest:
        keys -= _wrapped(lowest)
    if n_tables > 1:
        keys += np.arange(0, n_tables * n_cells, n_cells)[:, None]
    return np.bincount(keys.ravel(), minlength=n_tables * n_cells).reshape(n_tables, n_cells)


def _wrapped(x: int, bits: int = 64) -> int:
    """Return a whole number modulo 2**bits, as a signed one."""
    return (x + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
