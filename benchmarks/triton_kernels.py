"""Counting in one pass over both labelings, by kernels in Triton; a candidate until a device has shown what it wins.

With the environment's TRITON_INTERPRET=1, Triton runs them on CPU tensors.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl

MOST_BINS = 1 << 11  # that a program holds in registers
BLOCK = 1 << 11  # samples that a program counts at once
PROGRAMS = 1 << 11  # at most, so that few histograms are added up: some fifteen on each multiprocessor
MOST_SAMPLES = 1 << 30  # of one launch, so that int32 holds all counts


@triton.jit
def _keys(rows, cols, at, n, n_rows, n_cols):
    """Return the cells of the samples `at`, and which of them have one."""
    here = at < n
    r = tl.load(rows + at, mask=here, other=0).to(tl.int64)
    c = tl.load(cols + at, mask=here, other=0).to(tl.int64)
    return r * n_cols + c, here & (r >= 0) & (r < n_rows) & (c >= 0) & (c < n_cols)


@triton.jit
def _count_in_registers(
    rows, cols, counts, n, n_rows, n_cols, BLOCKS: tl.constexpr, BINS: tl.constexpr, BLOCK: tl.constexpr
):
    """Count a run of blocks into a histogram of this program's own, and add that to `counts` (BINS,)."""
    first = tl.program_id(0).to(tl.int64) * BLOCKS * BLOCK
    found = tl.zeros((BINS,), tl.int32)
    for i in range(BLOCKS):
        key, inside = _keys(rows, cols, first + i * BLOCK + tl.arange(0, BLOCK), n, n_rows, n_cols)
        found += tl.histogram(tl.where(inside, key, BINS - 1).to(tl.int32), BINS)  # the last bin is nobody's
    bins = tl.arange(0, BINS)
    tl.atomic_add(counts + bins, found, mask=found > 0, sem="relaxed")


@triton.jit
def _count_in_memory(rows, cols, counts, n, n_rows, n_cols, BLOCKS: tl.constexpr, BLOCK: tl.constexpr):
    """Add ones to `counts` (cells,) in device memory."""
    first = tl.program_id(0).to(tl.int64) * BLOCKS * BLOCK
    for i in range(BLOCKS):
        key, inside = _keys(rows, cols, first + i * BLOCK + tl.arange(0, BLOCK), n, n_rows, n_cols)
        tl.atomic_add(counts + tl.where(inside, key, 0), tl.where(inside, 1, 0), mask=inside, sem="relaxed")


def count(rows: Any, cols: Any, shape: tuple[int, int]) -> Any:
    """Count codes (n,) below R and C: int64 (R, C); samples with a code outside are left out."""
    n_cells = shape[0] * shape[1]
    bins = triton.next_power_of_2(n_cells + 1)
    total = torch.zeros(shape, dtype=torch.int64, device=rows.device)
    for start in range(0, rows.shape[0], MOST_SAMPLES):
        some_rows, some_cols = (x[start : start + MOST_SAMPLES] for x in (rows, cols))
        n = some_rows.shape[0]
        n_blocks = triton.next_power_of_2(triton.cdiv(triton.cdiv(n, BLOCK), PROGRAMS))  # compiled for few
        grid = (triton.cdiv(n, n_blocks * BLOCK),)
        counts = torch.zeros(max(bins, n_cells), dtype=torch.int32, device=rows.device)
        arguments = (some_rows, some_cols, counts, n, *shape)
        if bins <= MOST_BINS:
            _count_in_registers[grid](*arguments, BLOCKS=n_blocks, BINS=bins, BLOCK=BLOCK)
        else:
            _count_in_memory[grid](*arguments, BLOCKS=n_blocks, BLOCK=BLOCK)
        total += counts[:n_cells].reshape(shape)
    return total
