"""Codes of integers by open addressing: each is looked up in a table of slots, of which at most half are taken.

Row h of `slots` (a power of two of rows, 2) holds a label and its code + 1; 0 there says that the slot is free.
"""

from __future__ import annotations

from typing import Any

LOW_BITS = (1 << 63) - 1  # products are taken modulo 2**63, alike in Python and in integers of 64 bits
FIRST_FACTOR, SECOND_FACTOR = 0x1E3779B97F4A7C15, 0x3F58476D1CE4E5B9


def first_slot(label: int, bits: int) -> int:
    """Return where the search for a label begins, among 2**bits slots."""
    h = (label * FIRST_FACTOR) & LOW_BITS
    h = ((h ^ (h >> 32)) * SECOND_FACTOR) & LOW_BITS
    return (h ^ (h >> 29)) & ((1 << bits) - 1)


def encode_run(
    labels: Any, first: int, last: int, slots: Any, bits: int, distinct: Any, n_distinct: int, codes: Any
) -> tuple[int, int]:
    """Write codes, in the order of first sight, of labels `first` to `last`; stop where half of the slots are taken.

    Returns where it stopped, and how many distinct labels there are, which are written to `distinct`.
    """
    most, last_slot = len(slots) // 2, len(slots) - 1
    for i in range(first, last):
        label = labels[i]
        h = first_slot(label, bits)
        while slots[h, 1] and slots[h, 0] != label:
            h = (h + 1) & last_slot
        if not slots[h, 1]:
            if n_distinct == most:
                return i, n_distinct
            slots[h, 0] = label
            distinct[n_distinct] = label
            n_distinct += 1
            slots[h, 1] = n_distinct
        codes[i] = slots[h, 1] - 1
    return last, n_distinct


def replace_codes(codes: Any, others: Any, first: int, last: int) -> None:
    """Replace each of codes `first` to `last` by what `others` has for it."""
    for i in range(first, last):
        codes[i] = others[codes[i]]
