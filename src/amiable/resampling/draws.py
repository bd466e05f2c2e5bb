"""Random contingency tables, drawn by halves.

N_ij is how many of the samples of row i lie in column j. Of the samples of some rows and some columns together, half
of the rows hold a random part, whatever happened outside. So the rows are split in two, and for the upper half its
samples in half of the columns is one hypergeometric draw; then its samples in each quarter of the columns, and so on,
until its column sums are known; then each half of the rows is split in two. Every table takes (R - 1) (C - 1) draws, as
drawing cell by cell does, but all draws of a level are independent and made together: some log2(R) log2(C) calls, each
for a whole block of tables. The cost does not depend on the number of samples.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from amiable._array import kernels, loops
from amiable._array.arithmetic import assigned
from amiable._array.blocks import blocks
from amiable._array.compiling import recompiles_per_shape
from amiable._array.devices import device_of, is_traced
from amiable._array.dtypes import working_dtype
from amiable._array.protocols import Array, Namespace
from amiable._array.random import Source
from amiable._array.transfers import fetch
from amiable._scalars.draws import draw_tables
from amiable._scalars.vector_draws import draw_blocks
from amiable.resampling.sampling import binomial, hypergeometric

# Elements of the running sums of one block of tables: a few megabytes, since they are read again at every level.
_BLOCK = 1 << 20
_BLOCK_ON_DEVICE = 1 << 24
# SciPy draws tables of so few samples a cell faster, but in time that grows with the samples.
_SAMPLES_PER_CELL = 128
_SAMPLES_PER_CELL_OF_LOOPS = 32

# Where runs of rows or columns begin, are split, and end: three vectors of positions
Level = tuple[Array, Array, Array]
Codes = tuple[Array, Array]


def permutation_tables(xp: Namespace, source: Source, row_sums: Array, col_sums: Array, size: int) -> Iterator[Array]:
    """Draw `size` tables with these margins (R,) and (C,), in blocks of counts (K, R, C)."""
    shape = (row_sums.shape[0], col_sums.shape[0])
    few = (_SAMPLES_PER_CELL_OF_LOOPS if loops.is_compiled() else _SAMPLES_PER_CELL) * shape[0] * shape[1]
    # SciPy 1.17 draws negative counts for a single row or column
    if source.numpy is not None and min(shape) > 1 and int(xp.sum(row_sums)) <= few:
        return _by_scipy(source.numpy, row_sums, col_sums, size)
    if min(shape) > 0 and kernels.take(row_sums):
        return _by_loops(xp, source, row_sums, col_sums, size)
    levels = list(itertools.product(_levels(xp, row_sums), _levels(xp, col_sums)))

    def draw(k: int) -> Array:
        sums = xp.zeros((shape[0] + 1, shape[1] + 1, k), dtype=row_sums.dtype, device=device_of(row_sums))
        sums = assigned(xp, sums, (slice(1, None), -1), xp.cumulative_sum(row_sums)[:, None])
        sums = assigned(xp, sums, (-1, slice(1, None)), xp.cumulative_sum(col_sums)[:, None])
        for rows, cols in levels:
            sums = _split_both(xp, source, sums, rows, cols)
        return sums

    return _in_blocks(xp, draw, row_sums, col_sums, size)


def shuffled_codes(xp: Namespace, source: Source, row_sums: Array, col_sums: Array, size: int) -> Iterator[Codes]:
    """Draw `size` pairs of labelings with these cluster sizes, codes (n,) and (K, n) of a block of pairs."""
    n = fetch(xp.sum(row_sums)[None])[0]
    samples = xp.arange(n, dtype=row_sums.dtype, device=device_of(row_sums))
    rows, cols = (xp.searchsorted(xp.cumulative_sum(sums), samples, side="right") for sums in (row_sums, col_sums))
    return ((rows, block) for block in shuffled(xp, source, cols, size))


def shuffled(xp: Namespace, source: Source, codes: Array, size: int) -> Iterator[Array]:
    """Shuffle codes (n,) `size` times: blocks (K, n)."""
    n = codes.shape[0]
    for block in blocks(size, most_elements(codes) // max(n, 1)):
        k = block.stop - block.start
        if source.numpy is not None:
            yield source.numpy.permuted(np.broadcast_to(np.asarray(codes), (k, n)), axis=1)
            continue
        order = xp.argsort(source.uniform((k, n)), axis=-1)
        if working_dtype(xp, codes) != xp.float64:
            # many keys are equal: sort by other ones, and by these where equal
            again = xp.argsort(source.uniform((k, n)), axis=-1, stable=True)
            order = xp.take_along_axis(order, again, axis=-1)
        yield xp.reshape(xp.take(codes, xp.reshape(order, (-1,))), (k, n))


def multinomial_tables(xp: Namespace, source: Source, row_sums: Array, weights: Array, size: int) -> Iterator[Array]:
    """Draw `size` tables that scatter row i's `row_sums` (R,) over columns in proportion to whole `weights` (C,)."""
    levels = _levels(xp, weights)
    up_to = xp.concat([xp.zeros_like(weights[:1]), xp.cumulative_sum(weights)])

    def draw(k: int) -> Array:
        shape = (row_sums.shape[0] + 1, weights.shape[0] + 1, k)
        sums = xp.zeros(shape, dtype=row_sums.dtype, device=device_of(row_sums))
        sums = assigned(xp, sums, (slice(1, None), -1), row_sums[:, None])
        for left, col, right in levels:
            pool = sums[1:, right, :] - sums[1:, left, :]
            part, whole = (xp.take(up_to, at) - xp.take(up_to, left) for at in (col, right))
            part, whole = (xp.broadcast_to(x[None, :, None], pool.shape) for x in (part, whole))
            drawn = binomial(xp, source, pool, part, whole)
            sums = assigned(xp, sums, (slice(1, None), col), drawn + sums[1:, left, :])
        return xp.cumulative_sum(sums, axis=0)

    return _in_blocks(xp, draw, row_sums, weights, size)


def with_progress(blocks: Iterable[Any], size: int, progress: Callable[[int, int], Any] | None) -> Iterator[Any]:
    """Pass blocks of tables (K, ...) on, and tell after each how many of `size` are done."""
    done = 0
    for block in blocks:
        yield block
        done += block.shape[0]
        if progress is not None:
            progress(done, size)


def check_untraced(name: str, x: Any) -> None:
    """Raise ValueError for a traced array."""
    if is_traced(x):
        raise ValueError(f"{name} is traced: random tables are drawn until all are accepted, outside of tracing")


def _in_blocks(
    xp: Namespace, draw: Callable[[int], Array], row_sums: Array, col_sums: Array, size: int
) -> Iterator[Array]:
    """Yield counts (K, R, C) from what draws running sums (R + 1, C + 1, K) over rows and columns."""
    step = max(1, most_elements(row_sums) // ((row_sums.shape[0] + 1) * (col_sums.shape[0] + 1)))
    for block in blocks(size, step):
        wanted = block.stop - block.start
        sums = draw(step if recompiles_per_shape(xp) and size > step else wanted)  # compiled for one shape
        rows = sums[1:, :, :wanted] - sums[:-1, :, :wanted]
        yield xp.moveaxis(rows[:, 1:, :] - rows[:, :-1, :], -1, 0)


def most_elements(x: Array) -> int:
    """Return how many elements a block of tables beside `x` may have."""
    return _BLOCK if isinstance(x, np.ndarray) else _BLOCK_ON_DEVICE


def _by_loops(xp: Namespace, source: Source, row_sums: Any, col_sums: Any, size: int) -> Iterator[Array]:
    """Let compiled loops draw, cell by cell: each table from a number and a key, which the source gives."""
    sizes, key = [kernels.integers(x) for x in (row_sums, col_sums)], _key(xp, source)
    shape = (row_sums.shape[0], col_sums.shape[0])
    draw = draw_blocks if isinstance(row_sums, np.ndarray) else draw_tables

    def drawn() -> Iterator[Array]:
        for block in blocks(size, most_elements(row_sums) // math.prod(shape)):
            counts = kernels.empty((block.stop - block.start, math.prod(shape)), sizes[0], "int64")
            kernels.run(draw, counts.shape[0], *sizes, block.start, *key, out=counts, weight=counts.shape[1] / 8)
            yield counts.reshape(-1, *shape)

    return drawn()


def _key(xp: Namespace, source: Source) -> list[int]:
    """Draw two words of 32 bits."""
    if source.numpy is not None:
        words: list[int] = source.numpy.integers(0, 2**32, size=2).tolist()
        return words
    return fetch(xp.astype(source.uniform((2,)) * 2.0**32, xp.int64))


def _by_scipy(generator: np.random.Generator, row_sums: Any, col_sums: Any, size: int) -> Iterator[Array]:
    from scipy.stats import random_table

    table = random_table(row_sums, col_sums)
    for block in blocks(size, _BLOCK // (row_sums.size * col_sums.size)):
        yield table.rvs(block.stop - block.start, random_state=generator).astype(np.int64, copy=False)


def _levels(xp: Namespace, like: Array) -> list[Level]:
    """Split all of `like` (L,) in two, and its halves, until nothing is left to split."""
    found, runs = [], [(0, like.shape[0])]
    while runs := [(start, stop) for start, stop in runs if stop - start > 1]:
        splits = [(start, (start + stop) // 2, stop) for start, stop in runs]
        positions = np.asarray(splits, dtype=np.int64).T
        start, middle, stop = (xp.asarray(x.copy(), device=device_of(like)) for x in positions)
        found.append((start, middle, stop))
        runs = [run for first, half, end in splits for run in ((first, half), (half, end))]
    return found


def _split_both(xp: Namespace, source: Source, sums: Array, rows: Level, cols: Level) -> Array:
    """Draw the running sums where both rows and columns are split, from those at the ends."""
    (top, row, bottom), (left, col, right) = ([x[:, None] for x in rows], [x[None, :] for x in cols])
    start, beside, above = sums[top, left, :], sums[row, left, :], sums[top, col, :]
    # how many samples there are, in the rows above the split, and in the columns to the left of it
    pool = sums[bottom, right, :] - sums[bottom, left, :] - sums[top, right, :] + start
    upper = sums[row, right, :] - sums[top, right, :] - beside + start
    lefts = sums[bottom, col, :] - sums[bottom, left, :] - above + start
    drawn = hypergeometric(xp, source, upper, lefts, pool)
    return assigned(xp, sums, (row, col), drawn + beside + above - start)
