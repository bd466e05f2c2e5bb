"""Kernels compiled once per shape, where the library has a compiler for that (JAX)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from amiable._array import libraries
from amiable._array.protocols import Namespace


def recompiles_per_shape(xp: Namespace) -> bool:
    """Whether the library compiles anew for every shape it meets, so that few shapes are wanted."""
    return libraries.is_jax_namespace(xp)


def compiled(kernel: Callable[..., Any], xp: Namespace, /, **static: Any) -> Callable[..., Any]:
    """Bind `kernel` to a namespace and static arguments; on JAX compile it, once per shape."""
    return (_jitted if recompiles_per_shape(xp) else functools.partial)(kernel, cast(Any, xp), **static)


@functools.cache
def _jitted(kernel: Callable[..., Any], xp: Namespace, /, **static: Any) -> Callable[..., Any]:
    import jax

    return jax.jit(functools.partial(kernel, xp, **static))
