"""Formulas of one count, one cell, one draw, as plain functions of Python numbers that a compiler makes into loops.

Nothing but `math` and each other is used here, and no array is made, so that one source serves processors and CUDA
devices; `vector_draws` alone is for processors. `amiable._array.loops` compiles them. The array kernels of the rooms
above are the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Mark a short function whose body replaces calls of it, so that loops over these become vector instructions."""
    function.is_inlined = True  # type: ignore[attr-defined]
    return function
