"""Loops of scalars, compiled where numba is installed: the one door to it.

Nothing is imported before the first call that needs it. Compiled code is kept on disk, beside the package or in the
user's cache (`NUMBA_CACHE_DIR`). It releases the lock of the interpreter, so that threads of Python share large work;
no thread of numba's own is started, and processes may fork at any time.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import hashlib
import importlib
import importlib.util
import inspect
import itertools
import os
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from amiable import _scalars

__all__ = ["threads"]

# whether loops are compiled where numba is installed: set AMIABLE_COMPILED to "0" before the import of amiable if not
IS_WANTED = os.environ.get("AMIABLE_COMPILED", "1") != "0"
_FEW = 1 << 10  # steps of a loop that take less time than to start threads
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_INT64 = np.dtype(np.int64)
_LIMIT: contextvars.ContextVar[int | None] = contextvars.ContextVar("amiable_threads", default=None)


def is_compiled() -> bool:
    """Whether loops are compiled: numba is installed, and AMIABLE_COMPILED is not "0"."""
    return IS_WANTED and _has_numba()


@functools.cache
def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


@contextlib.contextmanager
def threads(limit: int) -> Iterator[None]:
    """Limit how many threads share the work of a call.

    Compiled loops, which numba makes (the extra ``compiled``), share large work among as many threads as the
    environment variable NUMBA_NUM_THREADS says, or as there are processors that the process may use. Results do not
    depend on how many there are.

    Parameters
    ----------
    limit : int
        The most threads a call may use inside the ``with`` block, in this thread or task.

    Raises
    ------
    ValueError
        A `limit` that is no whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from amiable import adjusted_rand_score, threads
    >>> labels = np.arange(3_000_000) % 7
    >>> with threads(1):
    ...     adjusted_rand_score(labels, labels)
    1.0
    """
    if not isinstance(limit, (int, np.integer)) or isinstance(limit, bool) or limit < 1:
        raise ValueError(f"limit is {limit!r}: expected a whole number of at least 1")
    token = _LIMIT.set(int(limit))
    try:
        yield
    finally:
        _LIMIT.reset(token)


def n_threads() -> int:
    """Return how many threads share large work: NUMBA_NUM_THREADS, else the processors that this process may use."""
    limit = _LIMIT.get()
    return _n_allowed() if limit is None else min(limit, _n_allowed())


def _n_allowed() -> int:
    given = os.environ.get("NUMBA_NUM_THREADS")
    if given and given.isdigit() and int(given):
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def compiled(function: Callable[..., Any], compile_: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return a function of `amiable._scalars` as a compiled one; each is compiled when first called with its types.

    `compile_` is what compiles it, and all that it calls; by default for the processor.
    """
    return _called(function) if compile_ is None else _functions(function.__module__, compile_)[function.__name__]


@functools.cache
def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function as Python calls it; those that it calls go without what takes arguments of Python."""
    import numba

    names = _functions(function.__module__, _compile_for_processor)
    called = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__)
    called.__qualname__ = kept_name(f"called.{function.__name__}")
    return numba.njit(**_OPTIONS)(called)


def kept_name(name: str) -> str:
    """Return the name under which numba keeps a function on disk: another one, once any loop here has changed.

    Numba itself sees changes of the file of a function, not of those of the functions that it calls.
    """
    return f"{name}_{_digest()}"


@functools.cache
def _digest() -> str:
    files = [*Path(_scalars.__file__).parent.glob("*.py"), Path(__file__).with_name("cuda_kernels.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:12]


def _compile_for_processor(function: Callable[..., Any]) -> Any:
    import numba

    inline = hasattr(function, "is_inlined")
    return numba.njit(**_OPTIONS, forceinline=inline, no_cpython_wrapper=True)(function)


@functools.cache
def _functions(module_name: str, compile_: Callable[..., Any]) -> dict[str, Any]:
    """Return the names of a module of scalars, with its functions, and those that it imports, compiled lazily."""
    module = importlib.import_module(module_name)
    names: dict[str, Any] = {}
    for key, value in vars(module).items():
        home = getattr(value, "__module__", None)
        if not inspect.isfunction(value) or home is None:
            names[key] = value
        elif home != module_name:
            names[key] = compiled(value, compile_)
        else:  # functions of a module call each other by its names, which stand for compiled ones here
            copy = types.FunctionType(value.__code__, names, key, value.__defaults__)
            copy.__dict__.update(value.__dict__)
            copy.__qualname__ = kept_name(key)
            names[key] = compile_(copy)
    return names


def is_ready(x: np.ndarray) -> bool:
    """Whether compiled loops take integers as they are, without a copy."""
    return x.dtype == _INT64 and x.flags.carray


def integers(x: Any) -> np.ndarray:
    """Return integers of NumPy as compiled loops take them, so that one program serves all."""
    return x if is_ready(x) else np.require(x, np.int64, ["C", "A", "W"])


def run(
    function: Callable[..., Any], n_steps: int, *arguments: Any, out: np.ndarray, weight: float = 1.0
) -> np.ndarray:
    """Call a loop over steps 0 to `n_steps`, shared by threads where they take long; it writes into `out`.

    `weight` is how long a step takes, as a multiple of the expectation of a cell.
    """
    loop = compiled(function)
    parts = min(n_steps, int(n_steps * weight) // _FEW)
    parts = min(parts, n_threads()) if parts > 1 else parts
    if parts < 2:
        loop(*arguments, 0, n_steps, out)
        return out
    ends = np.linspace(0, n_steps, 4 * parts + 1).astype(int).tolist()  # more parts than threads, as some take longer
    loop(*arguments, 0, 0, out)  # compiled once, not by every thread
    with ThreadPoolExecutor(parts) as pool:
        for part in [pool.submit(loop, *arguments, i, j, out) for i, j in itertools.pairwise(ends)]:
            part.result()
    return out
