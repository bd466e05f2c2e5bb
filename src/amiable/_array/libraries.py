"""Which library an array or a namespace belongs to, told by its type and name.

As array-api-compat tells, but without its caches, each of which `torch.compile` would warn of.
"""

from __future__ import annotations

import sys
from typing import Any, cast

import array_api_compat as compat
import numpy as np

from amiable._array import numbers
from amiable._array.protocols import Array, Namespace

# Asked first wherever it matters: NumPy's calls are so short that asking costs as much.
NUMPY_TYPES = (np.ndarray, np.generic)
PYTHON_TYPES: tuple[type, ...] = (float, int)  # a bool is an int
NUMPY: Namespace = cast(Any, np)
NUMBERS: Namespace = cast(Any, numbers)


def _is(x: Any, library: str, name: str) -> bool:
    # x cannot be an array of a library that was not imported, or not to its end
    kind = getattr(sys.modules.get(library), name, None)
    return kind is not None and isinstance(x, kind)


def is_torch_array(x: Any) -> bool:
    """Whether `x` is a PyTorch tensor."""
    return _is(x, "torch", "Tensor")


def is_cupy_array(x: Any) -> bool:
    """Whether `x` is a CuPy array."""
    return _is(x, "cupy", "ndarray")


def is_jax_array(x: Any) -> bool:
    """Whether `x` is a JAX array, or stands for one under tracing."""
    return _is(x, "jax", "Array")


def is_dask_array(x: Any) -> bool:
    """Whether `x` is a Dask array."""
    return _is(x, "dask.array", "Array")


def namespace_of_library(x: Any) -> Namespace:
    """Return the array namespace of an array that is not NumPy's."""
    if is_torch_array(x):
        import array_api_compat.torch as xp

        return xp
    return compat.array_namespace(x)


def device_of_library(x: Any) -> Any:
    """Return the device of an array that is not NumPy's."""
    return x.device if is_torch_array(x) else compat.device(x)


def is_numpy_namespace(xp: Namespace) -> bool:
    """Whether a namespace is NumPy's, or that of array-api-compat for it."""
    return xp.__name__ in ("numpy", "array_api_compat.numpy")


def is_torch_namespace(xp: Namespace) -> bool:
    """Whether a namespace is PyTorch's, or that of array-api-compat for it."""
    return xp.__name__ in ("torch", "array_api_compat.torch")


def is_cupy_namespace(xp: Namespace) -> bool:
    """Whether a namespace is CuPy's, or that of array-api-compat for it."""
    return xp.__name__ in ("cupy", "array_api_compat.cupy")


def is_jax_namespace(xp: Namespace) -> bool:
    """Whether a namespace is JAX's."""
    return xp.__name__ in ("jax.numpy", "jax.experimental.array_api")


def is_dask(x: Any) -> bool:
    """Whether `x` is a Dask array, or a Dask series, which has one."""
    return not isinstance(x, NUMPY_TYPES) and (is_dask_array(x) or hasattr(x, "to_dask_array"))


def namespace_of(x: Array) -> Namespace:
    """Return the array namespace of `x`: NumPy's own, that of Python numbers, or that of array-api-compat."""
    if isinstance(x, NUMPY_TYPES):
        return NUMPY
    return NUMBERS if isinstance(x, PYTHON_TYPES) else namespace_of_library(x)
