"""Blocks that fit a memory budget, and shapes rounded up to a few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from amiable._array.devices import device_of, is_traced, on_cpu
from amiable._array.protocols import Array, Namespace

CPU_BUDGET = 1 << 15  # elements of one temporary: a quarter of a megabyte of float64, a few of which stay in the cache
DEVICE_BUDGET = 1 << 22  # enough to fill an accelerator; some thirty temporaries of 32 MB

# glibc hands freed memory back to the system, page by page, until it has seen a larger array freed; temporaries of
# a block would then cost fifteen times their arithmetic in page faults. This one is never touched, so it costs nothing.
_ = np.empty(3 << 20)
del _


def budget(x: Array) -> int:
    """Return how many elements one temporary beside `x` may have."""
    return CPU_BUDGET if on_cpu(x) else DEVICE_BUDGET


def blocks(length: int, step: int) -> Iterator[slice]:
    """Cut 0..length-1 into slices of at most `step`. An empty range is one empty slice."""
    step = max(1, step)
    for start in range(0, max(length, 1), step):
        yield slice(start, min(start + step, length))


def common_lead(first: Array, *others: Array) -> tuple[int, ...]:
    """Return the leading dimensions of arrays (..., n), broadcast; NumPy takes longer to find that they are equal."""
    lead = tuple(first.shape[:-1])
    for x in others:
        if tuple(x.shape[:-1]) != lead:
            return np.broadcast_shapes(lead, *[tuple(x.shape[:-1]) for x in others])
    return lead


def cell_blocks(x: Array, length: int, per_item: int = 1) -> Iterator[slice]:
    """Cut `length` items, each `per_item` elements wide, so that a block stays within the budget of `x`.

    Traced code is one program whose compiler plans the memory: there one block is all.
    """
    return blocks(length, length if is_traced(x) else budget(x) // max(1, per_item))


def power_of_two(k: int) -> int:
    """Return the least power of two that is at least k."""
    return 1 << max(k - 1, 0).bit_length()


def zero_padded(xp: Namespace, x: Array, shape: tuple[int, ...]) -> Array:
    """Pad whole numbers with zeros at the end of each axis, up to `shape`."""
    for axis, (length, wanted) in enumerate(zip(x.shape, shape, strict=True)):
        missing = (*x.shape[:axis], wanted - length, *x.shape[axis + 1 :])
        x = xp.concat([x, xp.zeros(missing, dtype=x.dtype, device=device_of(x))], axis=axis) if wanted > length else x
    return x
