"""What is computed in: whole numbers for counts, floats of the best precision that a device has."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from amiable._array import libraries
from amiable._array.devices import device_of
from amiable._array.libraries import NUMBERS, NUMPY_TYPES, PYTHON_TYPES, namespace_of
from amiable._array.protocols import Array, Namespace


def _has_dtype(xp: Namespace, x: Any, kind: str, name: str) -> bool:
    if isinstance(x, NUMPY_TYPES):
        return True
    if libraries.is_torch_array(x):
        return not (x.device.type == "mps" and name == "float64")
    namespace: Any = xp
    return name in namespace.__array_namespace_info__().dtypes(device=device_of(x), kind=kind)


def working_dtype(xp: Namespace, x: Array) -> Any:
    """Return float64 where the device of `x` has it, else float32 (Apple MPS, JAX without x64)."""
    return xp.float64 if _has_dtype(xp, x, "real floating", "float64") else xp.float32


def count_dtype(xp: Namespace, x: Array) -> Any:
    """Return int64 where the device of `x` has it, else int32 (JAX without x64)."""
    return xp.int64 if _has_dtype(xp, x, "signed integer", "int64") else xp.int32


def one_hot_dtype(xp: Namespace, x: Any) -> Any:
    """Return the dtype for products of zeros and ones that is quickest beside `x`: half precision on a CUDA device."""
    on_cuda = libraries.is_cupy_array(x) or (libraries.is_torch_array(x) and x.device.type == "cuda")
    return xp.float16 if on_cuda else xp.float32


def is_floating(x: Array) -> bool:
    """Whether an array holds real floats, as tables of weights do and tables of counts do not."""
    if isinstance(x, NUMPY_TYPES):
        return x.dtype.kind == "f"
    return isinstance(x, float) if isinstance(x, PYTHON_TYPES) else namespace_of(x).isdtype(x.dtype, "real floating")


def is_real(x: Array) -> bool:
    """Whether an array holds real numbers: integers, booleans or floats."""
    if isinstance(x, NUMPY_TYPES):
        return x.dtype.kind in "biuf"
    return namespace_of(x).isdtype(x.dtype, ("bool", "integral", "real floating"))


def to_float(xp: Namespace, x: Array) -> Array:
    """Return `x` in the working float dtype of its device."""
    if xp is NUMBERS:
        return cast(Any, float(x))
    if isinstance(x, NUMPY_TYPES):
        return x.astype(np.float64, copy=False)
    if isinstance(x, PYTHON_TYPES):
        return cast(Any, float(x))
    return xp.astype(x, working_dtype(xp, x), copy=False)


def to_count(xp: Namespace, x: Array) -> Array:
    """Return `x` in the count dtype of its device."""
    if isinstance(x, NUMPY_TYPES):
        return x.astype(np.int64, copy=False)
    return xp.astype(x, count_dtype(xp, x), copy=False)
