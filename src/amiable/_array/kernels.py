"""Loops of scalars, compiled for where arrays lie: shared by threads in host memory, a thread a step on a CUDA device.

One door for callers that serve both; what runs on processors alone calls `loops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from amiable._array import cuda, loops

_SHORT = 1 << 10  # numbers that one thread of a device goes through in less time than many kernels take to launch


def take(x: Any) -> bool:
    """Whether loops are compiled for where `x` lies."""
    return loops.is_compiled() if isinstance(x, np.ndarray) else cuda.has_kernels(x)


def take_rows(x: Any) -> bool:
    """Whether loops over the last axis of `x` are compiled for where it lies; on a device they must be short."""
    return loops.is_compiled() if isinstance(x, np.ndarray) else x.shape[-1] <= _SHORT and cuda.has_kernels(x)


def integers(x: Any) -> Any:
    """Return integers as loops take them, so that one program serves all."""
    return loops.integers(x) if isinstance(x, np.ndarray) else cuda.integers(x)


def empty(shape: tuple[int, ...], like: Any, dtype: str = "float64") -> Any:
    """Return room for what loops write, beside `like`."""
    return np.empty(shape, dtype=dtype) if isinstance(like, np.ndarray) else cuda.empty(shape, like, dtype)


def run(function: Callable[..., Any], n_steps: int, *arguments: Any, out: Any, weight: float = 1.0) -> Any:
    """Call a loop over steps 0 to `n_steps`; it writes into `out`. For `weight` see `loops.run`."""
    if isinstance(out, np.ndarray):
        return loops.run(function, n_steps, *arguments, out=out, weight=weight)
    return cuda.run(function, n_steps, *arguments, out=out)
