"""Kernels in numba-cuda, for arrays of any library that lie on a CUDA device; `cuda` launches them.

Formulas are those of `amiable._scalars`, compiled as functions of the device. Arrays are int64 and float64, labels of
any integer. Loops over what there is to do go on in strides of the grid, so that any number of blocks will do.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda, float64, int32, int64

from amiable._array.loops import compiled, kept_name
from amiable._scalars import cells

LANES = 128  # threads of a block that sums: a power of two, as it halves them

on_device = cuda.jit(device=True)
expectations_of_cell = compiled(cells.expectations_of_cell, on_device)


def kept_kernel(function: Callable[..., Any]) -> Any:
    """Compile a kernel when it is first launched with its types, and keep it on disk."""
    function.__qualname__ = kept_name(function.__qualname__)
    return cuda.jit(cache=True)(function)


@cuda.require_context  # which all that is done here then shares
def launch(kernel: Any, grid: tuple[int, int], stream: int, n_bytes: int, arguments: tuple[Any, ...]) -> None:
    """Launch a kernel on a grid of blocks and threads, and the stream of this address, with so much shared memory."""
    kernel[*grid, cuda.external_stream(stream), n_bytes](*map(_argument, arguments))


def _argument(x: Any) -> Any:
    """Return what a kernel takes: numbers as they are, arrays as views that nobody waits for."""
    if isinstance(x, int):
        return x
    return tuple(map(_argument, x)) if isinstance(x, tuple) else cuda.as_cuda_array(x, sync=False)


@on_device
def cell_of_sample(rows: Any, cols: Any, table: int, i: int, ranges: Any) -> int:
    """Return the cell of sample i of a table, -1 for a label outside of the ranges of rows and columns."""
    low, high, left, right = ranges
    row = np.int64(rows[table % rows.shape[0], i])  # one labeling may be that of all tables
    if row < low or row > high:
        return -1
    if right < left:  # rows alone
        return row - low
    col = np.int64(cols[table % cols.shape[0], i])
    if col < left or col > right:
        return -1
    return (row - low) * (right - left + 1) + (col - left)


@kept_kernel
def count_in_shared_memory(rows: Any, cols: Any, ranges: Any, n_parts: int, counts: Any) -> None:
    """Count each of `n_parts` runs of samples of a table in a block's own memory, then add to `counts` (B, cells)."""
    found = cuda.shared.array(0, int32)  # as long as the launch says
    for item in range(cuda.blockIdx.x, counts.shape[0] * n_parts, cuda.gridDim.x):
        table, part = item // n_parts, item % n_parts
        for cell in range(cuda.threadIdx.x, counts.shape[1], cuda.blockDim.x):
            found[cell] = 0
        cuda.syncthreads()
        first, step = part * cuda.blockDim.x + cuda.threadIdx.x, n_parts * cuda.blockDim.x
        for i in range(first, rows.shape[1], step):
            cell = cell_of_sample(rows, cols, table, i, ranges)
            if cell >= 0:
                cuda.atomic.add(found, cell, 1)
        cuda.syncthreads()
        for cell in range(cuda.threadIdx.x, counts.shape[1], cuda.blockDim.x):
            if found[cell] != 0:
                cuda.atomic.add(counts, (table, cell), found[cell])
        cuda.syncthreads()


@kept_kernel
def count_in_device_memory(rows: Any, cols: Any, ranges: Any, n_parts: int, counts: Any) -> None:
    """Count each of `n_parts` runs of samples of a table in `counts` (B, cells) itself."""
    for item in range(cuda.blockIdx.x, counts.shape[0] * n_parts, cuda.gridDim.x):
        table, part = item // n_parts, item % n_parts
        first, step = part * cuda.blockDim.x + cuda.threadIdx.x, n_parts * cuda.blockDim.x
        for i in range(first, rows.shape[1], step):
            cell = cell_of_sample(rows, cols, table, i, ranges)
            if cell >= 0:
                cuda.atomic.add(counts, (table, cell), 1)


@functools.cache
def kernel_of_loop(function: Callable[..., Any]) -> Any:
    """Return a kernel that takes each step of a loop of `amiable._scalars` by a thread of its own.

    The loop's last arguments are the first step, the end of the steps, and `out`, as `loops.run` calls it.
    """
    names = {**globals(), "loop": compiled(function, on_device)}
    steps = types.FunctionType(_take_steps.__code__, names, function.__name__)
    steps.__qualname__ = f"steps_of_{function.__module__}.{function.__name__}"
    return kept_kernel(steps)


def _take_steps(arguments: Any, n_steps: int, out: Any) -> None:
    every = cuda.gridDim.x * cuda.blockDim.x
    for i in range(cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x, n_steps, every):
        loop(*(arguments + (i, i + 1, out)))  # type: ignore[name-defined] # noqa: F821, RUF005


@kept_kernel
def sum_expectations(row_sums: Any, col_sums: Any, wanted: int, out: Any) -> None:
    """Write the sums over runs of cells of tables (B, R) and (B, C) into `out` (4, B, runs), a block a run.

    Rows or columns may be (1, R) and (1, C), the same for all. Terms are added in an order that does not depend on when
    which thread runs.
    """
    sums = cuda.shared.array((4, LANES), float64)
    parts_of_n = cuda.shared.array(LANES, int64)
    by_rows = row_sums.shape[1] <= col_sums.shape[1]
    lane, n_parts, n_cols = cuda.threadIdx.x, out.shape[2], col_sums.shape[1]
    for item in range(cuda.blockIdx.x, out.shape[1] * n_parts, cuda.gridDim.x):
        table, part = item // n_parts, item % n_parts
        u, v = table % row_sums.shape[0], table % col_sums.shape[0]
        parts_of_n[lane] = 0
        for i in range(lane, min(row_sums.shape[1], n_cols), LANES):
            parts_of_n[lane] += row_sums[u, i] if by_rows else col_sums[v, i]
        cuda.syncthreads()
        half = LANES // 2
        while half > 0:
            if lane < half:
                parts_of_n[lane] += parts_of_n[lane + half]
            cuda.syncthreads()
            half //= 2
        n = parts_of_n[0]
        s0 = s1 = s2 = s3 = 0.0
        for cell in range(part * LANES + lane, row_sums.shape[1] * n_cols, n_parts * LANES):
            a, b = row_sums[u, cell // n_cols], col_sums[v, cell % n_cols]
            r0, r1, r2, r3 = expectations_of_cell(a, b, n, wanted)
            s0, s1, s2, s3 = s0 + r0, s1 + r1, s2 + r2, s3 + r3
        sums[0, lane], sums[1, lane], sums[2, lane], sums[3, lane] = s0, s1, s2, s3
        cuda.syncthreads()
        half = LANES // 2
        while half > 0:
            if lane < half:
                for form in range(4):
                    sums[form, lane] += sums[form, lane + half]
            cuda.syncthreads()
            half //= 2
        if lane < 4:
            out[lane, table, part] = sums[lane, 0]
        cuda.syncthreads()
