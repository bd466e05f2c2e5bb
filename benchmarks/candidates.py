"""Ways to count two labelings into a table, to be timed beside amiable's own: by library, then by name.

A way takes codes (n,) of rows and columns and the shape of the table, and returns its counts. What it cannot do for
some shape is a NotImplementedError; the table of results has no line then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

Shape = tuple[int, int]
Way = Callable[[Any, Any, Shape], Any]

BLOCK = 1 << 24  # samples at once, which bounds the memory of keys; counts of a block are exact in float32
LAUNCH = 1 << 30  # samples of one launch of a kernel, which counts in 32 bits
FEW = 64  # one-hot columns of a sample at most


def in_blocks(way: Way) -> Way:
    """Count block after block, and add."""

    @functools.wraps(way)
    def whole(rows: Any, cols: Any, shape: Shape) -> Any:
        total: Any = 0
        for start in range(0, rows.shape[0], BLOCK):
            block = slice(start, start + BLOCK)
            total = total + way(rows[block], cols[block], shape)
        return total.reshape(shape)

    return whole


def keys_of(rows: Any, cols: Any, shape: Shape) -> Any:
    """Number the cells in row-major order: int64 (n,)."""
    xp = array_namespace(rows)
    return xp.astype(rows, xp.int64) * shape[1] + cols


@in_blocks
def by_bincount(rows: Any, cols: Any, shape: Shape) -> Any:
    """Count as the library does; the reference for all others."""
    xp = array_namespace(rows)
    return xp.bincount(keys_of(rows, cols, shape), minlength=shape[0] * shape[1])


@in_blocks
def by_torch_scatter(rows: Any, cols: Any, shape: Shape) -> Any:
    """Add ones to cells in device memory."""
    import torch

    keys = keys_of(rows, cols, shape)
    ones = torch.ones(1, dtype=torch.int64, device=keys.device).expand(keys.shape)
    return torch.zeros(shape[0] * shape[1], dtype=torch.int64, device=keys.device).scatter_add_(0, keys, ones)


@in_blocks
def by_torch_histc(rows: Any, cols: Any, shape: Shape) -> Any:
    """Count bins of equal width; on a CPU it takes floats alone, here in the middle of each bin."""
    import torch

    keys, n_bins = keys_of(rows, cols, shape), shape[0] * shape[1]
    counts = torch.histc(keys if keys.is_cuda else keys + 0.5, n_bins, min=0, max=n_bins)
    return counts.to(torch.int64)


@in_blocks
def by_one_hot_product(rows: Any, cols: Any, shape: Shape) -> Any:
    """Multiply matrices of zeros and ones in float32, exact for up to 2**24 samples."""
    if sum(shape) > FEW:
        raise NotImplementedError
    xp = array_namespace(rows)
    hot = [
        xp.astype(xp.arange(k, dtype=x.dtype, device=device(x))[:, None] == x[None, :], xp.float32)
        for x, k in zip((rows, cols), shape, strict=True)
    ]
    return xp.astype(xp.matmul(hot[0], xp.matrix_transpose(hot[1])), xp.int64)


@in_blocks
def by_cupy_scatter(rows: Any, cols: Any, shape: Shape) -> Any:
    """Add ones to cells in device memory; atomics exist for uint64, not int64."""
    import cupy

    counts = cupy.zeros(shape[0] * shape[1], dtype=cupy.uint64)
    cupy.add.at(counts, keys_of(rows, cols, shape), cupy.uint64(1))
    return counts.view(cupy.int64)


def by_triton(rows: Any, cols: Any, shape: Shape) -> Any:
    """Count in one pass, without keys."""
    if not rows.is_cuda:
        raise NotImplementedError
    from benchmarks.triton_kernels import count

    return count(rows, cols, shape)


def by_cuda(rows: Any, cols: Any, shape: Shape) -> Any:
    """Count in one pass, without keys, in shared memory where the table fits."""
    import cupy

    n_cells, device = shape[0] * shape[1], cupy.cuda.Device()
    types = {"int32": "int", "int64": "long long"}
    if rows.dtype != cols.dtype or str(rows.dtype) not in types:  # the kernel reads both alike
        raise NotImplementedError
    size = types[str(rows.dtype)]
    n_bytes, most = 4 * n_cells, device.attributes["MaxSharedMemoryPerBlockOptin"]
    kernel = _kernel(f"count_in_{'shared' if n_bytes <= most else 'device'}_memory<{size}>")
    shared = n_bytes if n_bytes <= most else 0
    if shared:
        kernel.max_dynamic_shared_size_bytes = shared
    blocks = 8 * device.attributes["MultiProcessorCount"]
    total = cupy.zeros(shape, dtype=cupy.int64)
    for start in range(0, rows.shape[0], LAUNCH):
        some = [cupy.ascontiguousarray(x[start : start + LAUNCH]) for x in (rows, cols)]
        counts = cupy.zeros(shape, dtype=cupy.uint32)
        kernel((blocks,), (256,), (*some, *map(np.int64, (some[0].size, *shape)), counts), shared_mem=shared)
        total += counts
    return total


@functools.cache
def _kernel(name: str) -> Any:
    import cupy

    source = (Path(__file__).parent / "kernels.cu").read_text()
    return cupy.RawModule(code=source, options=("-std=c++17",), name_expressions=[name]).get_function(name)


CANDIDATES: dict[str, dict[str, Way]] = {
    "numpy": {"bincount": by_bincount},
    "torch": {
        "scatter_add": by_torch_scatter,
        "bincount": by_bincount,
        "histc": by_torch_histc,
        "one-hot product in float32 blocks": by_one_hot_product,
        "one pass, in Triton": by_triton,
    },
    "cupy": {"scatter_add": by_cupy_scatter, "bincount": by_bincount, "one pass, in CUDA": by_cuda},
}
