"""Kernels compiled once per shape, where the library has a compiler for that (JAX)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from amiable._array import libraries


def recompiles_per_shape(xp: ModuleType) -> bool:
    """Whether the library compiles anew for every shape it meets, so that few shapes are wanted."""
    return libraries.is_jax_namespace(xp)


def compiled(kernel: Callable[..., Any], xp: ModuleType, /, **static: Any) -> Callable[..., Any]:
    """Bind `kernel` to a namespace and static arguments; on JAX compile it, once per shape."""
    return (_jitted if recompiles_per_shape(xp) else functools.partial)(kernel, xp, **static)


@functools.cache
def _jitted(kernel: Callable[..., Any], xp: ModuleType, /, **static: Any) -> Callable[..., Any]:
    import jax

    return jax.jit(functools.partial(kernel, xp, **static))
