"""Counting: how many keys fall into each known bin, and sort-based unique values.

One function per library where the library has a better way, and one fallback that needs the standard alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from amiable._array import hashing, libraries, loops
from amiable._array.devices import device_of, on_cpu
from amiable._array.dtypes import count_dtype, is_floating, to_count
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch

COMPACT = 1 << 16  # a lookup table this long is cheaper than sorting any labels
_EMPTY_BINS = 1 << 10  # with so many bins for each value, nearly all bins stay empty


def count_keys(xp: Namespace, keys: Array, n_bins: int) -> Array:
    """Count whole-number `keys` (..., n) in 0..n_bins-1 along the last axis: (..., n_bins)."""
    lead = keys.shape[:-1]
    n_rows = math.prod(lead)
    flat = xp.reshape(keys, (-1,))
    if lead:  # one pass over the whole batch: give each row its own bins
        row = xp.arange(n_rows, dtype=keys.dtype, device=device_of(keys)) * n_bins
        flat = xp.reshape(xp.reshape(keys, (n_rows, keys.shape[-1])) + row[:, None], (-1,))
    return xp.reshape(_histogram(xp, flat, None, n_rows * n_bins), (*lead, n_bins))


def sum_by_key(xp: Namespace, keys: Array, values: Array, n_bins: int) -> Array:
    """Add `values` (..., m) that share a key (m,) in 0..n_bins-1: (..., n_bins); whole numbers exactly."""
    lead = values.shape[:-1]
    n_rows = math.prod(lead)
    row = xp.arange(n_rows, dtype=keys.dtype, device=device_of(keys)) * n_bins
    flat = xp.reshape(row[:, None] + keys[None, :], (-1,))
    add = _sums_of_floats if is_floating(values) else _histogram
    return xp.reshape(add(xp, flat, xp.reshape(values, (-1,)), n_rows * n_bins), (*lead, n_bins))


def add_at(xp: Namespace, totals: Any, keys: Any, values: Any) -> Array:
    """Return `totals` (n_bins,) with whole-number `values` (n,) added at `keys` (n,); `totals` itself is kept."""
    if libraries.is_torch_namespace(xp):
        return totals.scatter_add(0, to_count(xp, keys), to_count(xp, values))
    return totals + _histogram(xp, keys, values, totals.shape[0])


def check_cells(xp: Namespace, shape: Sequence[int], dtype: Any, n_keys: int | None = None) -> None:
    """Raise ValueError for a table of more cells, or a batch of more keys, than `dtype` can number."""
    known = xp.iinfo(dtype)
    if (math.prod(shape) if n_keys is None else n_keys) > int(known.max):
        raise ValueError(
            f"a table of {' x '.join(map(str, shape))} cells has more cells than int{known.bits} can number: "
            "expected fewer labels, or 64-bit integers (jax_enable_x64)"
        )


def unique_inverse(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """Return the sorted distinct values of `x` and, in its shape, where each element is among them."""
    values, inverse = xp.unique_inverse(x)
    return values, xp.reshape(to_count(xp, inverse), x.shape)


def unique_counts(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """Return the sorted distinct values of whole numbers `x` and how often each occurs."""
    if _is_hashed(x):
        return hashing.count_scattered(x)
    values, counts = xp.unique_counts(x)
    return values, to_count(xp, counts)


def _histogram(xp: Namespace, keys: Any, values: Any, n_bins: int) -> Array:
    """Add `values` (or ones) into `n_bins` bins by `keys`, both of shape (m,), in whole numbers."""
    if libraries.is_numpy_namespace(xp):
        return _histogram_numpy(keys, values, n_bins)
    if libraries.is_torch_namespace(xp):
        return _histogram_torch(keys, values, n_bins)
    if libraries.is_cupy_namespace(xp):
        return _histogram_cupy(keys, values, n_bins)
    if libraries.is_jax_namespace(xp):
        empty: Any = xp.zeros(n_bins, dtype=count_dtype(xp, keys))
        return empty.at[keys].add(1 if values is None else values, mode="drop")
    return _histogram_by_sorting(xp, keys, values, n_bins)


def _histogram_numpy(keys: np.ndarray, values: np.ndarray | None, n_bins: int) -> np.ndarray:
    if values is None:
        return np.bincount(keys, minlength=n_bins).astype(np.int64, copy=False)
    # bincount adds in float64, which is exact for whole numbers below 2**53: sums of counts are at most n; of bins that
    # are nearly all empty, zeros take no memory until they are written to
    few = values.size < n_bins // _EMPTY_BINS
    if not few and (values.size == 0 or int(values.max()) * values.size < 2**53):
        return np.bincount(keys, weights=values, minlength=n_bins).astype(np.int64)
    out = np.zeros(n_bins, dtype=np.int64)
    np.add.at(out, keys, values)
    return out


def _histogram_torch(keys: Any, values: Any, n_bins: int) -> Array:
    import torch

    if on_cpu(keys):
        # torch.bincount is several times slower on a CPU than NumPy's on the same memory
        found = _histogram_numpy(keys.numpy(), None if values is None else values.numpy(), n_bins)
        return torch.from_numpy(found)
    if values is None:
        values = torch.ones(1, dtype=torch.int64, device=keys.device).expand(keys.shape)
    # torch.bincount would wait for the device to learn its own length; known bins need no wait
    out = torch.zeros(n_bins, dtype=torch.int64, device=keys.device)
    return out.scatter_add_(0, keys.to(torch.int64), values.to(torch.int64))


def _histogram_cupy(keys: Any, values: Any, n_bins: int) -> Array:
    import cupy

    # atomics exist for uint64, not int64; in two's complement both add alike
    out = cupy.zeros(n_bins, dtype=cupy.uint64)
    added = cupy.uint64(1) if values is None else values.astype(cupy.int64, copy=False).view(cupy.uint64)
    cupy.add.at(out, keys, added)
    return out.view(cupy.int64)


def _histogram_by_sorting(xp: Namespace, keys: Array, values: Array | None, n_bins: int) -> Array:
    """Sort the keys; each bin is then a run, and its total a difference of running sums."""
    edges = xp.arange(n_bins + 1, dtype=keys.dtype, device=device_of(keys))
    order = xp.argsort(keys)
    ends = xp.searchsorted(xp.take(keys, order), edges)
    if values is None:
        return to_count(xp, ends[1:] - ends[:-1])
    running = xp.cumulative_sum(to_count(xp, xp.take(values, order)), include_initial=True)
    totals = xp.take(running, ends)
    return totals[1:] - totals[:-1]


def _sums_of_floats(xp: Namespace, keys: Any, values: Any, n_bins: int) -> Array:
    """Add floats into `n_bins` bins by `keys`, both of shape (m,); gradients pass where the library has them."""
    if libraries.is_numpy_namespace(xp):
        return np.bincount(keys, weights=values, minlength=n_bins)
    if libraries.is_torch_namespace(xp):
        import torch

        return torch.zeros(n_bins, dtype=values.dtype, device=values.device).scatter_add(0, keys, values)
    if libraries.is_cupy_namespace(xp):
        import cupy

        out = cupy.zeros(n_bins, dtype=values.dtype)
        cupy.add.at(out, keys, values)
        return out
    if libraries.is_jax_namespace(xp):
        empty: Any = xp.zeros(n_bins, dtype=values.dtype)
        return empty.at[keys].add(values, mode="drop")
    return _sums_of_runs(xp, keys, values, n_bins)


def _sums_of_runs(xp: Namespace, keys: Array, values: Array, n_bins: int) -> Array:
    """Sort the keys, and add what is 1, 2, 4, ... before a value in its run: differences of sums would lose digits."""
    order = xp.argsort(keys)
    keys, values = xp.take(keys, order), xp.take(values, order)
    step, n = 1, keys.shape[0]
    while step < n:
        before = xp.where(keys[step:] == keys[:-step], values[:-step], 0.0)
        values = xp.concat([values[:step], values[step:] + before])
        step *= 2
    edges = xp.arange(n_bins + 1, dtype=keys.dtype, device=device_of(keys))
    ends = to_count(xp, xp.searchsorted(keys, edges))
    values = xp.concat([xp.zeros((1,), dtype=values.dtype, device=device_of(values)), values])
    return xp.where(ends[1:] > ends[:-1], xp.take(values, ends[1:]), 0.0)


def _is_hashed(x: Any) -> TypeGuard[np.ndarray]:
    return isinstance(x, np.ndarray) and x.size >= hashing.FEWEST and loops.is_compiled()


def _encode_scattered(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """Return the K distinct values of integers, sorted, and codes 0..K-1."""
    if _is_hashed(x):
        return hashing.encode_scattered(x)
    if isinstance(x, np.ndarray) and x.size >= hashing.FEWEST_OF_PANDAS and hashing.has_pandas():
        return hashing.encode_by_pandas(x)
    return unique_inverse(xp, x)


def encode_integers(xp: Namespace, x: Array) -> tuple[Array, Array]:
    """Return codes 0..K-1 in the shape of integers `x`, and the K distinct ones, sorted.

    Those of a compact range come from a lookup table, others from hashing or sorting.
    """
    whole = to_count(xp, x)
    if xp.isdtype(x.dtype, "unsigned integer") and xp.iinfo(x.dtype).bits == xp.iinfo(whole.dtype).bits:
        # the upper half has wrapped around; flipping the top bit maps all values to signed ones in order
        top = int(xp.iinfo(whole.dtype).min)
        codes, labels = encode_integers(xp, whole ^ top)
        return codes, xp.astype(labels ^ top, x.dtype)
    if math.prod(x.shape) == 0:
        return whole, xp.reshape(x, (-1,))
    low, high = fetch(xp.stack([xp.min(whole), xp.max(whole)]))
    span = high - low + 1
    if span > max(COMPACT, 4 * math.prod(x.shape)):
        labels, codes = _encode_scattered(xp, whole)
        return codes, xp.astype(labels, x.dtype)
    codes = whole - low
    occupied = count_keys(xp, xp.reshape(codes, (-1,)), span) > 0
    labels = xp.astype(to_count(xp, xp.nonzero(occupied)[0]) + low, x.dtype)
    if labels.shape[0] < span:  # close the gaps
        lookup = xp.cumulative_sum(to_count(xp, occupied)) - 1
        codes = xp.reshape(xp.take(lookup, xp.reshape(codes, (-1,))), x.shape)
    return codes, labels
