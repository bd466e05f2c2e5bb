"""From labels to cells: how they are counted is decided once, by where they lie and by what is promised of them.

Four plans count one labeling or two:

- `_HostIntegers`: integers in host memory, in one pass; the table grows where labels leave the range counted so far;
- `_DeviceRanges`: integers elsewhere, whose ranges were looked up first, in one wait for the device;
- `_Codes`: all other labels, which were turned into codes 0..K-1 by sorting or hashing;
- `_PromisedCodes`: codes on an accelerator or under tracing, of which the caller says how large they are. No value is
  looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from amiable._array import loops
from amiable._array.bins import count_keys, sum_by_key, unique_counts, unique_inverse
from amiable._array.blocks import blocks, common_lead
from amiable._array.compact import (
    CompactCounts,
    Range,
    count_compact,
    count_few_codes,
    count_pairs,
    count_ranges,
    host_integers,
    lengths_of,
    like_integers,
    ranges_of,
)
from amiable._array.devices import device_of, is_captured, is_meta, is_traced, on_cpu
from amiable._array.dtypes import to_count
from amiable._array.libraries import NUMPY, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import from_host, is_finished_on_host
from amiable.contingency.cells import Cells, TableStream, fuse, grid, grid_or_occupied, listed
from amiable.inputs.codes import encode
from amiable.inputs.labels import check_codes, check_room, check_values_known

# Up to this many cells, or this many a sample, counting into all of them is cheaper than sorting the samples.
_GRID_CELLS = 1 << 13
_GRID_CELLS_PER_SAMPLE = 4
_FEW = 1 << 10  # cells that are listed in no time
# Elements that the counts, or the keys, of one block of a batch may have: 64 MB of int64.
BATCH = 1 << 23
# Whole numbers that a promise of codes may ask for: 2 GB of sizes, beside which labels of host memory are listed in
# cells; 8 GB of cells, which a device counts without a look at any.
_MOST_SUMS = 1 << 28
_MOST_CELLS = 1 << 30


def cells_of_labels(xp: Namespace, true: Array, pred: Array, n_labels: tuple[int, int] | None = None) -> Cells:
    """Count checked labels (..., n), or codes promised to lie below `n_labels`, into one table with one label set."""
    return _plan(xp, ("labels_true", "labels_pred"), (true, pred), n_labels).table()


def cells_of_batch(xp: Namespace, true: Array, pred: Array, n_labels: tuple[int, int] | None = None) -> TableStream:
    """Count a batch of checked labels in blocks, in order, so that neither keys nor counts outgrow the budget.

    Each block may have a label set of its own. A small table of labels on an accelerator may be one of the host.
    """
    if n_labels is None and _are_integers_elsewhere(xp, (true, pred)):
        counted = count_few_codes(xp, (true, pred))
        if counted is not None:
            table = grid(NUMPY, counted.counts[0], (counted.lengths[0], counted.lengths[1]))
            return TableStream((), iter([table]), true)
    plan = _plan(xp, ("labels_true", "labels_pred"), (true, pred), n_labels)
    return TableStream(plan.labels.lead, plan.tables())


def sizes_of_labels(xp: Namespace, x: Array, n_labels: int | None = None) -> Array:
    """Count one checked labeling (..., n), or codes promised to lie below `n_labels`: cluster sizes (..., K)."""
    return _plan(xp, ("labels",), (x,), None if n_labels is None else (n_labels,)).sizes()


def cells_of_pairs(xp: Namespace, true: Array, pred: Array, counts: Array) -> Cells:
    """Take `counts` (M,) of pairs of checked labels (M,); what is listed of one pair adds up."""
    (rows, row_labels), (cols, col_labels) = encode(xp, true), encode(xp, pred)
    shape = row_labels.shape[0], col_labels.shape[0]
    keys = fuse(xp, rows, cols, shape)
    if shape[0] * shape[1] <= most_cells(keys.shape[0]):
        counts = sum_by_key(xp, keys, counts, shape[0] * shape[1])
        return grid_or_occupied(xp, counts, shape, row_labels, col_labels)
    cells, which = unique_inverse(xp, keys)
    return listed(xp, cells, sum_by_key(xp, which, counts, cells.shape[0]), shape, row_labels, col_labels)


def check_promise(n_labels: tuple[int, ...], n_tables: int, what: str = "cells") -> None:
    """Raise ValueError for codes promised to make more cells, of all tables together, than memory is likely to hold."""
    given = n_labels if len(n_labels) > 1 else n_labels[0]
    check_room(given, n_tables * math.prod(n_labels), _MOST_CELLS, what)


def most_cells(n_samples: int) -> int:
    """Return up to how many cells a table of so many samples is counted without sorting."""
    return max(_GRID_CELLS, _GRID_CELLS_PER_SAMPLE * n_samples)


def _plan(xp: Namespace, names: tuple[str, ...], sides: tuple[Array, ...], n_labels: tuple[int, ...] | None) -> _Plan:
    """Choose how to count one or two labelings (..., n), the arguments called `names`."""
    labels = _Labels(xp, names, sides, common_lead(*sides))
    if n_labels is not None and not all(map(on_cpu, sides)):
        return _PromisedCodes(labels, n_labels)
    views = [view for x in sides if (view := host_integers(x)) is not None]
    if len(views) == len(sides):
        return _HostIntegers(labels, views, n_labels)
    ranges = _ranges_elsewhere(labels) if n_labels is None else None
    return _encoded(labels, n_labels) if ranges is None else _DeviceRanges(labels, ranges)


@dataclass(slots=True)
class _Labels:
    """One labeling, or two whose batch dimensions broadcast."""

    xp: Namespace
    names: tuple[str, ...]
    sides: tuple[Array, ...]  # (..., n) each
    lead: tuple[int, ...]  # the batch dimensions

    @property
    def n_tables(self) -> int:
        return math.prod(self.lead)

    @property
    def n_samples(self) -> int:
        return int(self.sides[0].shape[-1])

    def some(self, run: slice) -> _Labels:
        """Return the labelings of a run of tables: themselves, if the run is all of them."""
        if run == slice(0, self.n_tables):
            return self
        sides = tuple(_rows(self.xp, x, self.lead, run) for x in self.sides)
        return _Labels(self.xp, self.names, sides, (run.stop - run.start,))

    def check_codes(self, n_labels: tuple[int, ...]) -> None:
        """Raise where labels are no codes below `n_labels`, as far as that can be seen."""
        for side in zip(self.names, self.sides, n_labels, strict=True):
            check_codes(self.xp, *side)


@dataclass(slots=True)
class _Plan:
    """How labels are counted."""

    labels: _Labels

    def table(self) -> Cells:
        """Count two labelings, the whole batch in one table with one label set."""
        raise NotImplementedError

    def tables(self) -> Iterator[Cells]:
        """Count a batch in blocks that fit the budget."""
        yield self.table()

    def sizes(self) -> Array:
        """Count one labeling: cluster sizes (..., K)."""
        raise NotImplementedError


@dataclass(slots=True)
class _HostIntegers(_Plan):
    views: list[np.ndarray]  # of the labels
    n_labels: tuple[int, ...] | None

    def table(self) -> Cells:
        return self._counted(is_named=True)

    def tables(self) -> Iterator[Cells]:
        """Count runs of tables, whose rows and columns need no names; one that does not fit the budget is halved."""
        labels, plan = self.labels, self
        if self.n_labels is not None and math.prod(self.n_labels) > most_cells(labels.n_samples):
            labels.check_codes(self.n_labels)
            plan = replace(self, n_labels=None)  # scores need no empty clusters, of which there may be many
        if labels.n_tables == 1:
            yield plan._counted(is_named=False)
            return
        pending = [slice(0, labels.n_tables)]
        while pending:
            run = pending.pop()
            n_tables, part = run.stop - run.start, plan._some(run)
            table = part._table(min(most_cells(labels.n_samples), BATCH // n_tables), is_named=False)
            if table is None and n_tables > _most_listed(labels.n_samples):
                middle = (run.start + run.stop) // 2
                pending += [slice(middle, run.stop), slice(run.start, middle)]
            else:
                yield part._counted(is_named=False) if table is None else table

    def sizes(self) -> Array:
        found = self._count(most_cells(self.labels.n_samples))
        if found is None:
            if self.n_labels is None:
                return _encoded(self.labels, None).sizes()
            self.labels.check_codes(self.n_labels)
            return replace(self, n_labels=None).sizes()  # empty clusters, of which there are many, are left out
        counts: Any = found.counts if self.n_labels is not None else found.without_gaps()[0]
        (x,) = self.labels.sides
        return from_host(self.labels.xp, counts.reshape(*x.shape[:-1], counts.shape[-1]), x)

    def _count(self, most: int) -> CompactCounts | None:
        """Count into at most so many cells; None if they are too few, or a promised code lies outside."""
        ranges = None if self.n_labels is None else tuple((0, k - 1) for k in self.n_labels)
        found = count_compact(self.views, most, ranges)
        return found if found is None or ranges in (None, found.ranges) else None

    def _some(self, run: slice) -> _HostIntegers:
        some = self.labels.some(run)
        views: list[Any] = [_rows(NUMPY, x, self.labels.lead, run) for x in self.views]
        return self if some is self.labels else _HostIntegers(some, views, self.n_labels)

    def _table(self, most: int, *, is_named: bool) -> Cells | None:
        found, keep_empty = self._count(most), self.n_labels is not None
        return None if found is None else _cells_of_counts(self.labels, found, keep_empty=keep_empty, is_named=is_named)

    def _counted(self, *, is_named: bool) -> Cells:
        return self._table(most_cells(self.labels.n_samples), is_named=is_named) or self._encoded().table()

    def _encoded(self) -> _Codes:
        if self.n_labels is not None:
            check_room(self.n_labels, sum(self.n_labels), _MOST_SUMS, "cluster sizes")
        return _encoded(self.labels, self.n_labels)


@dataclass(slots=True)
class _DeviceRanges(_Plan):
    ranges: list[Range]

    def table(self) -> Cells:
        return _cells_of_counts(self.labels, self._count(self.labels))

    def tables(self) -> Iterator[Cells]:
        labels = self.labels
        step = BATCH // max(math.prod(lengths_of(self.ranges)), labels.n_samples)
        for run in blocks(labels.n_tables, step):
            some = labels.some(run)
            counted = self._count(some)
            if is_finished_on_host(some.sides[0], math.prod(counted.counts.shape)):  # which finds clusters without gaps
                full = labels.xp.reshape(counted.counts, (*some.lead, -1))
                yield grid(labels.xp, full, (counted.lengths[0], counted.lengths[1]))
            else:
                yield _cells_of_counts(some, counted)

    def sizes(self) -> Array:
        counts, _ = self._count(self.labels).without_gaps()
        return self.labels.xp.reshape(counts, (*self.labels.lead, -1))

    def _count(self, labels: _Labels) -> CompactCounts:
        counts = count_ranges(labels.xp, labels.sides, self.ranges, strays=False)
        return CompactCounts(labels.xp.reshape(counts, (-1, counts.shape[-1])), tuple(self.ranges))


@dataclass(slots=True)
class _Codes(_Plan):
    codes: tuple[Array, ...]
    known: tuple[Array | int, ...]  # the label that each code stands for, or how many there are

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(k if isinstance(k, int) else k.shape[0] for k in self.known)

    def table(self) -> Cells:
        xp, shape = self.labels.xp, self.shape
        labels = [None if isinstance(k, int) else k for k in self.known]
        n_cells = shape[0] * shape[1]
        if n_cells <= most_cells(self.labels.n_samples) and host_integers(self.codes[0]) is not None:
            counts = count_pairs(xp, self.codes[0], self.codes[1], (shape[0], shape[1]))
            return grid_or_occupied(xp, counts, shape, *labels)
        keys = fuse(xp, self.codes[0], self.codes[1], shape)
        if n_cells <= most_cells(self.labels.n_samples):
            return grid_or_occupied(xp, count_keys(xp, keys, n_cells), shape, *labels)
        if keys.ndim == 1:
            cells, counts = unique_counts(xp, keys)
        else:
            cells, which = unique_inverse(xp, keys)
            counts = count_keys(xp, which, cells.shape[0])
        return listed(xp, cells, counts, shape, *labels)

    def tables(self) -> Iterator[Cells]:
        codes = replace(self.labels, sides=self.codes)
        if codes.n_tables == 1:
            yield self.table()
        elif host_integers(self.codes[0]) is not None:
            yield from _plan(codes.xp, codes.names, codes.sides, None).tables()
        else:
            n_samples, n_cells = codes.n_samples, math.prod(self.shape)
            is_listed = n_cells > most_cells(n_samples)
            step = _most_listed(n_samples) if is_listed else BATCH // max(n_cells, n_samples, 1)
            for run in blocks(codes.n_tables, step):
                some = codes.some(run)
                yield (_encoded(some, None) if is_listed else _Codes(some, some.sides, self.known)).table()

    def sizes(self) -> Array:
        return count_keys(self.labels.xp, self.codes[0], self.shape[0])


@dataclass(slots=True)
class _PromisedCodes(_Plan):
    n_labels: tuple[int, ...]

    def table(self) -> Cells:
        xp, (true, pred), (n_rows, n_cols) = self.labels.xp, self.labels.sides, self.n_labels
        self._check("cells")
        return grid(xp, count_pairs(xp, true, pred, (n_rows, n_cols)), (n_rows, n_cols), static=True)

    def sizes(self) -> Array:
        self._check("cluster sizes")
        return count_ranges(self.labels.xp, self.labels.sides, ((0, self.n_labels[0] - 1),))

    def _check(self, what: str) -> None:
        self.labels.check_codes(self.n_labels)
        check_promise(self.n_labels, self.labels.n_tables, what)


def _encoded(labels: _Labels, n_labels: tuple[int, ...] | None) -> _Codes:
    """Return codes of labels, with the label of each code; or codes that are promised, checked, and their number."""
    xp, sides = labels.xp, labels.sides
    if n_labels is not None:
        labels.check_codes(n_labels)
        return _Codes(labels, tuple(to_count(xp, x) for x in sides), n_labels)
    for name, x in zip(labels.names, sides, strict=True):
        check_values_known(name, x)
    codes, known = zip(*(encode(xp, x) for x in sides), strict=True)
    return _Codes(labels, codes, known)


def _ranges_elsewhere(labels: _Labels) -> list[Range] | None:
    """Return the ranges of integers that NumPy cannot see; None for other labels, or if they make too many cells."""
    xp, sides = labels.xp, labels.sides
    if not _are_integers_elsewhere(xp, sides):
        return None
    ranges = ranges_of(xp, sides)
    return None if ranges is None or math.prod(lengths_of(ranges)) > most_cells(labels.n_samples) else ranges


def _are_integers_elsewhere(xp: Namespace, sides: tuple[Array, ...]) -> bool:
    """Whether labels are integers that NumPy cannot see, and that may be looked at."""
    if any(isinstance(x, np.ndarray) or not xp.isdtype(x.dtype, ("integral", "bool")) for x in sides):
        return False
    return not any(is_traced(x) or is_captured(x) or is_meta(x) for x in sides)


def _cells_of_counts(
    labels: _Labels, found: CompactCounts, *, keep_empty: bool = False, is_named: bool = True
) -> Cells:
    """Return counts of tables as cells, beside the labels; clusters that no table has are left out."""
    xp, near = labels.xp, namespace_of(found.counts)

    def listed_in(counts: Any, shape: tuple[int, ...], *names: Array) -> Cells:
        return grid_or_occupied(near, near.reshape(counts, (*labels.lead, math.prod(shape))), shape, *names)

    cells = None
    if keep_empty or (not is_named and _are_listed_soon(found.counts)):
        cells = listed_in(found.counts, found.lengths)
    if cells is None or not (keep_empty or _is_full(cells)):
        counts, values = found.without_gaps()
        names = [like_integers(xp, v, x) for x, v in zip(labels.sides, values, strict=True)]
        cells = listed_in(counts, tuple([v.shape[0] for v in values]), *names)
    return cells if xp is near else cells.with_arrays(from_host(xp, x, labels.sides[0]) for x in cells.arrays)


def _are_listed_soon(counts: np.ndarray) -> bool:
    """Whether the cells of tables (T, cells) are listed in less time than it takes to find clusters without samples."""
    return counts.size <= _FEW or (counts.shape[0] == 1 and loops.is_compiled())


def _is_full(table: Cells) -> bool:
    """Whether every row and column of tables in NumPy holds samples of some table."""
    sums: tuple[Any, Any] = (table.row_sums, table.col_sums)
    held = [x if x.ndim == 1 else x.any(axis=tuple(range(x.ndim - 1))) for x in sums]
    return not any(0 in x.tolist() for x in held)


def _most_listed(n_samples: int) -> int:
    """Return how many tables may list their cells together: at most this number times n_samples cells each."""
    return max(1, math.isqrt(BATCH // max(n_samples, 1)))


def _rows(xp: Namespace, x: Array, lead: tuple[int, ...], run: slice) -> Array:
    """Return the labelings of a run of tables, (tables, n) or one (n,) for all."""
    if x.ndim == 1:
        return x
    if tuple(x.shape[:-1]) == lead and x.ndim == 2:
        return x[run, :]
    at = np.broadcast_to(np.arange(math.prod(x.shape[:-1])).reshape(x.shape[:-1]), lead).flatten()[run]
    return xp.take(xp.reshape(x, (-1, x.shape[-1])), xp.asarray(at, device=device_of(x)), axis=0)
