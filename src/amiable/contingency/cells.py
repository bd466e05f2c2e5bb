"""The cells of contingency tables: what tables are made of, and all that scores ask of them."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from amiable._array import loops
from amiable._array.arithmetic import sum_along
from amiable._array.bins import check_cells, sum_by_key
from amiable._array.blocks import cell_blocks
from amiable._array.devices import device_of, is_traced, library_of, on_own_device
from amiable._array.dtypes import count_dtype, is_floating, to_count
from amiable._array.libraries import NUMPY, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number, to_numpy
from amiable._scalars.counting import list_cells, list_grid, n_occupied, sum_grid, sum_grids

# A table of more cells than this lists those alone that hold samples.
KEEP_EMPTY = 1 << 12

_ARRAYS = ("rows", "cols", "counts", "row_sums", "col_sums", "squares", "numbers")


class Structure(NamedTuple):
    """What holds samples: arrays of shape (...), or numbers of Python for one table; and what that says."""

    n_cells: Array
    n_rows: Array
    n_cols: Array
    n_samples: Array

    @property
    def homogeneous(self) -> Array:
        """Whether each cluster (column) holds samples of one class (row) only."""
        return self.n_cells == self.n_cols

    @property
    def complete(self) -> Array:
        """Whether each class lies in one cluster only."""
        return self.n_cells == self.n_rows

    @property
    def identical(self) -> Array:
        """Whether both labelings are one partition."""
        return self.homogeneous & self.complete

    @property
    def degenerate(self) -> Array:
        """Whether one labeling is a single cluster or all singletons: the sizes alone determine the score."""
        n = self.n_samples
        return (self.n_rows <= 1) | (self.n_rows == n) | (self.n_cols <= 1) | (self.n_cols == n)


@dataclass(frozen=True, eq=False)
class Cells:
    """A list of M cells, each a row, a column and a count, with the sums of rows and columns.

    This is what kernels take; `ContingencyTable` adds what callers need, and describes the attributes.
    """

    rows: Array
    cols: Array
    counts: Array
    row_sums: Array
    col_sums: Array
    row_labels: Array | None = None
    col_labels: Array | None = None
    is_grid: bool = False
    static: bool = False
    n_missing: Any = 0
    n_ignored: Any = 0
    group_labels: Any = None
    squares: Array | None = None  # of weights, as are `numbers`; see `amiable.contingency.weights`
    numbers: Array | None = None

    @property
    def is_weighted(self) -> bool:
        """Whether cells hold weights, real numbers, in place of counts."""
        return self.squares is not None

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Rows, columns, counts, row and column sums, and of weights squares and numbers: what scores are made of."""
        return tuple(x for name in _ARRAYS if (x := getattr(self, name)) is not None)

    def with_arrays(self, arrays: Iterable[Array]) -> Self:
        """Return the same table with its `arrays` replaced, for example by copies on another device."""
        names = (name for name in _ARRAYS if getattr(self, name) is not None)
        new: dict[str, Any] = dict(zip(names, arrays, strict=True))
        return replace(self, **new)

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., R, C)."""
        return (*self.counts.shape[:-1], self.row_sums.shape[-1], self.col_sums.shape[-1])

    @property
    def n_samples(self) -> Array:
        """How many samples are counted, or what they weigh together: shape (...)."""
        return sum_along(self.xp, self.row_sums)

    @property
    def xp(self) -> Namespace:
        """The array namespace of the counts."""
        return namespace_of(self.counts)

    def __repr__(self) -> str:
        library = library_of(self.counts)
        kind = f"weighted {type(self).__name__}" if self.is_weighted else type(self).__name__
        return f"<{kind} of shape {self.shape}, {self.counts.shape[-1]} cells listed, {library}>"

    @on_own_device
    def to_dense(self) -> Array:
        """Return the counts as an array of shape (..., R, C)."""
        if self.is_grid:
            return self.xp.reshape(self.counts, self.shape, copy=True)
        n_cols = self.shape[-1]
        full = sum_by_key(self.xp, self.rows * n_cols + self.cols, self.counts, self.shape[-2] * n_cols)
        return self.xp.reshape(full, self.shape)

    @on_own_device
    def sum_cells(self, f: Callable[..., Array]) -> Array:
        """Sum `f(xp, count, row_sum, col_sum, n_samples)` over the listed cells: shape (...), (T, ...) for T terms.

        The shapes of what f takes broadcast to that of what it returns. The cells are taken a block at a time, so that
        temporaries stay small however many there are.
        """
        xp, n, lead = self.xp, self.n_samples[..., None], self.counts.shape[:-1]
        runs = list(cell_blocks(self.counts, self.counts.shape[-1], math.prod(lead)))
        if self.is_grid and len(runs) == 1:  # to broadcast costs less than to look sums up
            a, b = self.row_sums[..., None], self.col_sums[..., None, :]
            full = xp.reshape(self.counts, (*lead, a.shape[-2], b.shape[-1]))
            return xp.sum(f(xp, full, a, b, n[..., None]), axis=(-2, -1))

        def sum_of(block: slice) -> Array:
            a = xp.take(self.row_sums, self.rows[block], axis=-1)
            b = xp.take(self.col_sums, self.cols[block], axis=-1)
            return xp.sum(f(xp, self.counts[..., block], a, b, n), axis=-1)

        return functools.reduce(operator.add, map(sum_of, runs))

    def structure(self) -> Structure:
        """Return how many cells, rows and columns hold how many samples."""
        cells, rows, cols = map(self._n_positive, (self.counts, self.row_sums, self.col_sums))
        return Structure(cells, rows, cols, as_number(self.n_samples))

    def _n_positive(self, x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.ndim == 1:
            return int(np.count_nonzero(x))
        return self.xp.sum(to_count(self.xp, x > 0), axis=-1)


class TableStream(NamedTuple):
    """A batch of tables that comes in blocks: scores take it in place of one table of the whole batch."""

    shape: tuple[int, ...]  # of the whole batch
    blocks: Iterator[Cells]  # each (K, R, C), in order
    like: Array | None = None  # an array that lies where results are to lie, where tables do not


def fuse(xp: Namespace, rows: Array, cols: Array, shape: tuple[int, ...]) -> Array:
    """Return row * C + col, one key a sample or cell."""
    check_cells(xp, shape, rows.dtype)
    return rows * shape[1] + cols


def grid(
    xp: Namespace,
    counts: Array,
    shape: tuple[int, ...],
    row_labels: Array | None = None,
    col_labels: Array | None = None,
    *,
    static: bool = False,
) -> Cells:
    """List every cell of counts (..., R*C)."""
    n_rows, n_cols = shape
    rows, cols = _places(xp, counts, (n_rows, n_cols))
    sums = sums_of_grid(xp, counts, (n_rows, n_cols))
    return Cells(rows, cols, counts, *sums, row_labels, col_labels, is_grid=True, static=static)


def _is_looped(counts: Any) -> bool:
    return isinstance(counts, np.ndarray) and not is_floating(counts) and loops.is_compiled()


def sums_of_grid(xp: Namespace, counts: Any, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return the sums of rows (..., R) and of columns (..., C) of counts (..., R*C)."""
    if _is_looped(counts):
        if counts.ndim == 1:
            rows, cols = np.zeros(shape[0], dtype=np.int64), np.zeros(shape[1], dtype=np.int64)
            loops.compiled(sum_grid)(loops.integers(counts), rows, cols)
            return rows, cols
        lead, n_tables = counts.shape[:-1], math.prod(counts.shape[:-1])
        sums: list[Any] = [np.zeros((n_tables, length), dtype=np.int64) for length in shape]
        flat = loops.integers(counts).reshape(n_tables, shape[0] * shape[1])
        loops.compiled(sum_grids)(flat, 0, n_tables, *sums)
        return sums[0].reshape(*lead, shape[0]), sums[1].reshape(*lead, shape[1])
    full = xp.reshape(counts, (*counts.shape[:-1], *shape))
    of_rows, of_cols = sum_along(xp, full), sum_along(xp, full, axis=-2)
    return (of_rows, of_cols) if is_floating(counts) else (to_count(xp, of_rows), to_count(xp, of_cols))


def _places(xp: Namespace, counts: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Return the row and the column of every cell, in row-major order."""
    if isinstance(counts, np.ndarray) and shape[0] * shape[1] <= KEEP_EMPTY:
        return _places_in_numpy(*shape)
    cells = xp.arange(shape[0] * shape[1], dtype=count_dtype(xp, counts), device=device_of(counts))
    return cells // max(shape[1], 1), cells % max(shape[1], 1)


@functools.lru_cache(maxsize=64)
def _places_in_numpy(n_rows: int, n_cols: int) -> tuple[Array, Array]:
    """Return the same for small tables, which share them; nothing writes to them."""
    places = np.divmod(np.arange(n_rows * n_cols, dtype=np.int64), max(n_cols, 1))
    for x in places:
        x.flags.writeable = False
    return places


def grid_or_occupied(
    xp: Namespace,
    counts: Array,
    shape: tuple[int, ...],
    row_labels: Array | None = None,
    col_labels: Array | None = None,
) -> Cells:
    """List every cell of counts (..., R*C), or those that hold samples where there are many."""
    n_cells = shape[0] * shape[1]
    if n_cells <= KEEP_EMPTY or is_traced(counts):
        return grid(xp, counts, shape, row_labels, col_labels)
    if counts.ndim == 1 and _is_looped(counts):
        counts = loops.integers(counts)
        n = loops.compiled(n_occupied)(counts)
        some: list[Any] = [np.empty(n + 1, dtype=np.int64) for _ in range(3)]
        sums: list[Any] = [np.zeros(k, dtype=np.int64) for k in shape]
        loops.compiled(list_grid)(counts, *some, *sums)
        listed_counts, rows, cols = (x[:n] for x in some)
        return Cells(rows, cols, listed_counts, sums[0], sums[1], row_labels, col_labels)
    keys = to_count(xp, xp.nonzero(xp.any(xp.reshape(counts, (-1, n_cells)) > 0, axis=0))[0])
    return listed(xp, keys, xp.take(counts, keys, axis=-1), shape, row_labels, col_labels)


def listed(
    xp: Namespace,
    keys: Array,
    counts: Array,
    shape: tuple[int, ...],
    row_labels: Array | None = None,
    col_labels: Array | None = None,
) -> Cells:
    """List the cells of some distinct `keys` row * C + col (M,), with counts (..., M)."""
    if _is_looped(counts) and counts.ndim == 1:
        arrays: list[Any] = [np.empty_like(keys), np.empty_like(keys), *(np.zeros(k, dtype=np.int64) for k in shape)]
        keys, amounts = loops.integers(keys), loops.integers(counts)
        loops.compiled(list_cells)(keys, amounts, max(shape[1], 1), *arrays)
        return Cells(arrays[0], arrays[1], counts, arrays[2], arrays[3], row_labels, col_labels)
    rows, cols = keys // max(shape[1], 1), keys % max(shape[1], 1)
    sums = sum_by_key(xp, rows, counts, shape[0]), sum_by_key(xp, cols, counts, shape[1])
    return Cells(rows, cols, counts, *sums, row_labels, col_labels)


def copied_to_host(cells: Cells) -> Cells:
    """Return a table of counts in NumPy, without the labels of rows and columns, by one copy from the device."""
    if cells.is_grid:
        return grid(NUMPY, to_count(NUMPY, to_numpy(cells.counts)), cells.shape[-2:])
    xp, arrays = cells.xp, cells.arrays
    flat = to_count(NUMPY, to_numpy(xp.concat([xp.reshape(to_count(xp, x), (-1,)) for x in arrays])))
    ends = np.cumsum([math.prod(x.shape) for x in arrays])[:-1]
    split: list[Any] = np.split(np.asarray(flat), ends)
    parts = (part.reshape(x.shape) for part, x in zip(split, arrays, strict=True))
    return replace(cells, row_labels=None, col_labels=None, group_labels=None).with_arrays(parts)
