"""Loops of scalars, compiled where numba is installed: the one door to it.

Nothing is imported before the first call that needs it. Compiled code is kept on disk, beside the package or in the
user's cache (`NUMBA_CACHE_DIR`). It releases the lock of the interpreter, so that threads of Python share large work;
no thread of numba's own is started, and processes may fork at any time.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import itertools
import os
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

_VARIABLE = "AMIABLE_COMPILED"
_MODULES = ("cells", "loops")  # of amiable._scalars, each after those that it imports from
_FEW = 1 << 10  # steps of a loop that take less time than to start threads


def is_compiled() -> bool:
    """Whether loops are compiled: numba is installed, and AMIABLE_COMPILED is not "0"."""
    return os.environ.get(_VARIABLE, "1") != "0" and _has_numba()


@functools.cache
def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


def n_threads() -> int:
    """Return how many threads share large work: NUMBA_NUM_THREADS, else the processors that this process may use."""
    given = os.environ.get("NUMBA_NUM_THREADS")
    if given and given.isdigit() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _compiled() -> dict[str, Callable[..., Any]]:
    """Compile the functions of all modules of scalars, lazily: each when it is first called with its types."""
    import numba

    known: dict[Any, Any] = {}
    names: dict[str, Any] = {}
    for name in _MODULES:
        module = importlib.import_module(f"amiable._scalars.{name}")
        # functions of a module call each other by the names of their module, which stand for compiled ones here
        names = {key: known.get(value, value) if callable(value) else value for key, value in vars(module).items()}
        for key, plain in vars(module).items():
            if inspect.isfunction(plain) and plain.__module__ == module.__name__:
                copy = types.FunctionType(plain.__code__, names, key, plain.__defaults__)
                names[key] = known[plain] = numba.njit(cache=True, nogil=True, error_model="numpy")(copy)
    return names  # of the last module, which holds the loops


def run(name: str, n_steps: int, *arguments: Any, out: np.ndarray) -> np.ndarray:
    """Call a loop over steps 0 to `n_steps`, shared by threads where there are many; it writes into `out`."""
    loop = _compiled()[name]
    threads = min(n_threads(), n_steps // _FEW)
    if threads < 2:
        loop(*arguments, 0, n_steps, out)
        return out
    ends = np.linspace(0, n_steps, 4 * threads + 1).astype(int).tolist()  # more parts than threads, as some take longer
    loop(*arguments, 0, 0, out)  # compiled once, not by every thread
    with ThreadPoolExecutor(threads) as pool:
        for part in [pool.submit(loop, *arguments, i, j, out) for i, j in itertools.pairwise(ends)]:
            part.result()
    return out
