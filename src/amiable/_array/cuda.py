"""Kernels on CUDA devices, where numba-cuda is installed: the one door to them.

They take arrays of PyTorch and CuPy where these lie, on the stream that is current for their library, wait for nothing
and allocate nothing, so that a CUDA graph captures them once they were compiled by a first call. Where there are none,
array kernels compute the same. Before a device is trusted with the first one, what kernels make of some labels there is
compared with what the same functions give in Python.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from amiable._array import libraries, loops
from amiable._array.blocks import common_lead
from amiable._array.devices import device_of, is_captured, is_traced, on_device_of
from amiable._array.dtypes import working_dtype
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import to_device, to_numpy
from amiable._scalars import cells, scores, tables

_THREADS = 512  # of a block that counts
_BLOCKS = 1 << 10  # that share a table at most: some waves of all that a device holds at once
_LEAST_BLOCKS = 128  # numba warns of fewer; those beyond what there is to do return at once
_MOST_BLOCKS = 1 << 16  # of a launch, each of which goes on with what is left
_SHARED_CELLS = 3 << 12  # in a block's own memory, of 48 KiB on every device
_THREADS_OF_STEPS = 64  # few, so that what takes long is spread over the device

_TRUSTED: dict[tuple[str, int], bool] = {}  # by library and number of the device


def has_kernels(x: Any) -> bool:
    """Whether kernels take `x`: an array of PyTorch or CuPy on a CUDA device that numba-cuda knows, and that is right.

    What kernels make there is checked at the first call, which waits for the device; while a graph is captured nothing
    can be checked, and a device that was not is not used.
    """
    if libraries.is_torch_array(x):
        import torch

        # a subclass may stand for other values
        if is_traced(x) or type(x) is not torch.Tensor or x.device.type != "cuda":
            return False
    elif not libraries.is_cupy_array(x):
        return False
    xp: Any = namespace_of(x)
    return loops.is_compiled() and _is_available() and working_dtype(xp, x) == xp.float64 and _is_trusted(x)


def _is_trusted(x: Any) -> bool:
    device: Any = device_of(x)
    place = namespace_of(x).__name__, device.index if hasattr(device, "index") else device.id
    if place not in _TRUSTED:
        if is_captured(x):
            return False
        wrong = what_is_wrong(x)
        _TRUSTED[place] = wrong is None
        if wrong is not None:
            warnings.warn(
                f"kernels of numba-cuda are not used on {device}: {wrong}. Operations of the library compute the same",
                stacklevel=2,
            )
    return _TRUSTED[place]


def what_is_wrong(like: Any) -> str | None:
    """Say what keeps kernels from being right on the device of `like`; None if nothing does."""
    xp, every = namespace_of(like), cells.DEVIANCE | cells.XLOGX | cells.GIVEN_ROW | cells.GIVEN_COL
    labels = np.random.default_rng(0).integers(0, 2, (2, _LEAST_BLOCKS, 48))
    ones = np.ones((1, 4), dtype=np.int64)
    counted = np.stack([np.bincount(2 * a + b, minlength=4) for a, b in zip(*labels, strict=True)])
    counts = counted.copy()
    counts[0] = 10**6, 3, 40, 10**5
    rows, cols = counts[:, 0::2] + counts[:, 1::2], counts[:, :2] + counts[:, 2:]
    information, adjusted, unknown = np.zeros((12, counts.shape[0])), np.zeros((1, counts.shape[0])), np.zeros((0, 1))
    places: tuple[Any, Any] = (ones[0, :0], ones[0, :0])
    expected = {
        "counts": counted,
        "counts of few labels": np.bincount(2 * labels[0, 0, :12] + labels[1, 0, :12], minlength=4),
        "expectations": np.asarray(
            [
                np.sum([cells.expectations_of_cell(int(a), int(b), int(r.sum()), every) for a in r for b in c], axis=0)
                for r, c in zip(rows[:9], cols[:9], strict=True)
            ]
        ).T,
        "sums over cells": information,
        "scores": adjusted,
    }
    tables.information_of_tables(*places, counts, rows, cols, every, 0, counts.shape[0], information)
    of_tables, average = scores.adjusted_information_of_tables, scores.ARITHMETIC
    of_tables(counts, rows, cols, average, unknown, 0, counts.shape[0], adjusted)
    try:
        true, pred, k, a, b, none = (to_device(x, like) for x in (*labels, counts, rows, cols, ones[0, :0]))
        out, each = empty(information.shape, like), empty(adjusted.shape, like)
        sums = sum_expectations(xp, a, b, every)
        found = {
            "counts": count(xp, (true, pred), ((0, 1), (0, 1))),
            "counts of few labels": count(xp, (true[0, :12], pred[0, :12]), ((0, 1), (0, 1))),
            "expectations": sums[:, :9],
            "sums over cells": run(tables.information_of_tables, counts.shape[0], none, none, k, a, b, every, out=out),
            "scores": run(of_tables, counts.shape[0], k, a, b, average, sums, out=each),
        }
        for name, values in found.items():
            if not np.allclose(to_numpy(values), expected[name], rtol=1e-11, atol=1e-11):
                return f"{name} differ from those of Python"
    except Exception as error:  # whatever a compiler or a driver may raise
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return None


@functools.cache
def _is_available() -> bool:
    if importlib.util.find_spec("numba_cuda") is None:
        return False
    from numba import cuda

    return bool(cuda.is_available())


def count(xp: Namespace, sides: Sequence[Any], ranges: Sequence[tuple[int, int]], *, onto: Any = None) -> Array:
    """Count one or two labelings (..., n) of integers together, in one pass over them: (..., cells in row-major order).

    Samples with a label outside of its range, from the lowest to the highest, are left out. With `onto` (cells,),
    labelings (n,) are counted on top of it, in a new array.
    """
    from amiable._array import cuda_kernels as kernels

    lead, n_samples = common_lead(*sides), sides[0].shape[-1]
    n_tables, n_cells = math.prod(lead), math.prod([high - low + 1 for low, high in ranges])
    counts = xp.zeros((n_tables, n_cells), dtype=xp.int64, device=device_of(sides[0]))
    if onto is not None:
        counts += onto
    if math.prod(counts.shape) * n_samples:
        rows, cols = _tables(xp, sides[0], lead), _tables(xp, sides[-1], lead)
        limits = (*ranges[0], *(ranges[1] if len(ranges) > 1 else (0, -1)))
        kernel, n_parts, n_bytes = kernels.count_in_device_memory, -(-n_samples // (2 * _THREADS)), 0
        # a block's own table is emptied and handed over, which is to take less time than to count its samples; and
        # there are to be blocks for the whole device
        own_parts = min(n_samples // (4 * n_cells), n_parts)
        if n_cells <= _SHARED_CELLS and n_tables * own_parts >= _LEAST_BLOCKS:
            kernel, n_parts, n_bytes = kernels.count_in_shared_memory, own_parts, 4 * n_cells
        n_parts = min(n_parts, _BLOCKS)
        _launch(kernel, n_tables * n_parts, _THREADS, (rows, cols, limits, n_parts, counts), counts, n_bytes=n_bytes)
    return xp.reshape(counts, (*lead, n_cells))


def integers(x: Any) -> Any:
    """Return integers as loops take them, so that one program serves all: contiguous, of 64 bits."""
    if libraries.is_torch_array(x):
        import torch

        return x.to(torch.int64).contiguous()
    import cupy

    return cupy.ascontiguousarray(x, dtype=cupy.int64)


def empty(shape: tuple[int, ...], like: Any, dtype: str = "float64") -> Any:
    """Return room for what loops write, on the device of `like`."""
    xp: Any = namespace_of(like)
    return xp.empty(shape, dtype=getattr(xp, dtype), device=device_of(like))


def run(function: Callable[..., Any], n_steps: int, *arguments: Any, out: Array) -> Array:
    """Take the steps 0 to `n_steps` of a loop, as `loops.run` does, a thread each; it writes into `out`."""
    from amiable._array import cuda_kernels as kernels

    if n_steps:
        n_blocks = -(-n_steps // _THREADS_OF_STEPS)
        _launch(kernels.kernel_of_loop(function), n_blocks, _THREADS_OF_STEPS, (arguments, n_steps, out), out)
    return out


def sum_expectations(xp: Namespace, row_sums: Any, col_sums: Any, wanted: int) -> Array:
    """Return the sums over all cells of tables (B, R) and (B, C) of what is expected of their counts: (4, B).

    Rows or columns that all tables share are (1, R) or (1, C).

    Terms are added in one order, so that every run gives the same bits.
    """
    from amiable._array import cuda_kernels as kernels

    row_sums, col_sums = integers(row_sums), integers(col_sums)
    n_tables, n_cells = max(row_sums.shape[0], col_sums.shape[0]), row_sums.shape[1] * col_sums.shape[1]
    n_parts = min(_BLOCKS, max(1, -(-n_cells // kernels.LANES)))
    out = empty((4, n_tables, n_parts), row_sums)
    if n_tables:
        arguments = (row_sums, col_sums, wanted, out)
        _launch(kernels.sum_expectations, n_tables * n_parts, kernels.LANES, arguments, out)
    return xp.sum(out, axis=-1) if n_parts > 1 else out[..., 0]


def _tables(xp: Namespace, x: Any, lead: tuple[int, ...]) -> Any:
    """Return the labelings (tables, n) of a batch, or (1, n) where all tables share one; copied where they must be."""
    if x.ndim > 1 and tuple(x.shape[:-1]) != lead:
        x = xp.broadcast_to(x, (*lead, x.shape[-1]))
    return xp.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _launch(
    kernel: Any, n_blocks: int, n_threads: int, arguments: tuple[Any, ...], out: Any, *, n_bytes: int = 0
) -> None:
    """Launch a kernel with work for so many blocks on the device of `out`, and the current stream there."""
    from amiable._array.cuda_kernels import launch

    grid = (min(max(n_blocks, _LEAST_BLOCKS), _MOST_BLOCKS), n_threads)
    with _current_device(out):
        launch(kernel, grid, _current_stream(out), n_bytes, arguments)


def _current_device(x: Any) -> AbstractContextManager[Any]:
    """Make the device of `x` current, for its library and for numba."""
    if libraries.is_torch_array(x):
        import torch

        return torch.cuda.device(x.device)
    return on_device_of(x)


def _current_stream(x: Any) -> int:
    """Return the address of the stream on which the library of `x` launches."""
    if libraries.is_torch_array(x):
        import torch

        return int(torch.cuda.current_stream(x.device).cuda_stream)
    import cupy

    return int(cupy.cuda.get_current_stream().ptr)
