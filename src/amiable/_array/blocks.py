"""From a memory budget to block sizes."""

from __future__ import annotations

from collections.abc import Iterator

from amiable._array.namespace import Array, is_traced, on_cpu

CPU_BUDGET = 1 << 16  # elements of one temporary: half a megabyte of float64, which stays in the cache
DEVICE_BUDGET = 1 << 22  # enough to fill an accelerator; some thirty temporaries of 32 MB


def budget(x: Array) -> int:
    """Return how many elements one temporary beside `x` may have."""
    return CPU_BUDGET if on_cpu(x) else DEVICE_BUDGET


def blocks(length: int, step: int) -> Iterator[slice]:
    """Cut 0..length-1 into runs of at most `step`; an empty range is one empty run."""
    step = max(1, step)
    for start in range(0, max(length, 1), step):
        yield slice(start, min(start + step, length))


def cell_blocks(x: Array, length: int, per_item: int = 1) -> Iterator[slice]:
    """Cut `length` items, each `per_item` elements wide, so that a block stays within the budget of `x`.

    Traced code is one program whose compiler plans the memory: there one block is all.
    """
    return blocks(length, length if is_traced(x) else budget(x) // max(1, per_item))
