"""Loops of these formulas over arrays: what is compiled as a whole."""

from __future__ import annotations

from typing import Any

from amiable._scalars.cells import expectations_of_cell


def expectations_of_pairs(a: Any, b: Any, n: Any, wanted: int, first: int, last: int, out: Any) -> None:
    """Write what is expected of the cells of pairs of sizes `first` to `last` into the rows of `out` (4, P)."""
    for i in range(first, last):
        out[0, i], out[1, i], out[2, i], out[3, i] = expectations_of_cell(a[i], b[i], n[i], wanted)
