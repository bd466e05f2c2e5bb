"""Merging sorted numbers."""

from __future__ import annotations

from typing import Any


def count_merged(a: Any, b: Any, values: Any, counts: Any) -> int:
    """Write the distinct numbers of two sorted arrays, sorted, and how often each occurs; return how many there are."""
    i = j = k = 0
    while i < len(a) or j < len(b):
        if j == len(b) or (i < len(a) and a[i] <= b[j]):
            value = a[i]
        else:
            value = b[j]
        count = 0
        while i < len(a) and a[i] == value:
            i += 1
            count += 1
        while j < len(b) and b[j] == value:
            j += 1
            count += 1
        values[k], counts[k] = value, count
        k += 1
    return k
