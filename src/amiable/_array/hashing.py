"""Scattered integers in host memory: their codes and counts, by compiled loops, or by the hash table of pandas."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from amiable._array import loops
from amiable._scalars.hashing import encode_run, replace_codes
from amiable._scalars.merging import count_merged

FEWEST = 1 << 10  # of fewer labels, codes and counts come as quickly from NumPy
FEWEST_OF_PANDAS = 1 << 15  # of more labels, its codes take from a fifth of the time of sorting to as long
_OF_A_THREAD = 1 << 19  # labels, some milliseconds of work
_FIRST_BITS = 10


def encode_scattered(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the K distinct ones of integers (int64), sorted, and codes 0..K-1 in the shape of all."""
    labels = loops.integers(x).reshape(-1)
    codes = np.empty(labels.size, dtype=np.int64)
    n_parts = max(1, min(labels.size // _OF_A_THREAD, loops.n_threads()))
    ends = [labels.size * i // n_parts for i in range(n_parts + 1)]
    with ThreadPoolExecutor(n_parts) as pool:
        found = list(pool.map(lambda i: _encode_part(labels, ends[i], ends[i + 1], codes), range(n_parts)))
        distinct, order = np.unique(np.concatenate(found), return_inverse=True)
        starts = np.cumsum([0, *[part.size for part in found]])

        def sort_codes(i: int) -> None:
            loops.compiled(replace_codes)(codes, order[starts[i] : starts[i + 1]], ends[i], ends[i + 1])

        list(pool.map(sort_codes, range(n_parts)))
    return distinct, codes.reshape(x.shape)


def has_pandas() -> bool:
    """Whether pandas was imported, by whoever: it is not imported for this."""
    return hasattr(sys.modules.get("pandas"), "factorize")


def encode_by_pandas(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what `encode_scattered` does."""
    codes, distinct = sys.modules["pandas"].factorize(x.reshape(-1))
    order = np.argsort(distinct)
    lookup = np.empty(order.size, dtype=np.int64)
    lookup[order] = np.arange(order.size)
    return distinct[order], np.take(lookup, codes).reshape(x.shape)


def count_scattered(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct values of integers (n,), and how often each occurs; two threads sort a half each."""
    values = loops.integers(x)
    with ThreadPoolExecutor(min(loops.n_threads(), 2)) as pool:
        halves = list(pool.map(np.sort, np.array_split(values, 2)))
    found, counts = np.empty(values.size, dtype=np.int64), np.empty(values.size, dtype=np.int64)
    n_distinct = loops.compiled(count_merged)(*halves, found, counts)
    return found[:n_distinct], counts[:n_distinct]


def _encode_part(labels: np.ndarray, first: int, last: int, codes: np.ndarray) -> np.ndarray:
    """Write codes of a run of labels in the order of first sight; return the distinct labels in that order."""
    bits, at, n_distinct = _FIRST_BITS, first, 0
    known = np.empty(0, dtype=np.int64)
    while True:
        slots, distinct = np.zeros((1 << bits, 2), dtype=np.int64), np.empty(1 << (bits - 1), dtype=np.int64)
        # what is known goes into the larger table first, with the codes that it has
        places = np.empty(n_distinct, dtype=np.int64)
        loops.compiled(encode_run)(known, 0, n_distinct, slots, bits, distinct, 0, places)
        at, n_distinct = loops.compiled(encode_run)(labels, at, last, slots, bits, distinct, n_distinct, codes)
        if at == last:
            return distinct[:n_distinct]
        known, bits = distinct[:n_distinct], bits + 2
