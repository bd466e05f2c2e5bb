"""Operations that libraries name or do differently."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from amiable._array import libraries
from amiable._array.devices import device_of, is_captured, is_traced, on_device_of
from amiable._array.dtypes import is_floating, to_float
from amiable._array.libraries import NUMBERS, NUMPY_TYPES, PYTHON_TYPES
from amiable._array.protocols import Array, Namespace

_MANY = 200  # columns, from which on a loop over the rows costs less than NumPy's running product
_CONSTANTS: dict[tuple[Any, ...], Array] = {}


def at_least(xp: Namespace, x: Any, least: float) -> Array:
    """Return max(x, least): `clip` with one bound, at a tenth of the overhead."""
    if xp is NUMBERS:
        return max(x, least)
    if isinstance(x, NUMPY_TYPES):
        return np.maximum(x, x.dtype.type(least))
    if isinstance(x, PYTHON_TYPES):
        return max(x, least)  # type: ignore[call-overload]
    return x.clamp(min=least) if libraries.is_torch_array(x) else xp.maximum(x, least)


def sum_along(xp: Namespace, x: Array, axis: int = -1) -> Array:
    """Return sums over an axis: `sum` at half the overhead."""
    return np.add.reduce(x, axis=axis) if isinstance(x, np.ndarray) else xp.sum(x, axis=axis)


def to_divisor(xp: Namespace, x: Array) -> Array:
    """Return numbers >= 0 as floats that may be divided by: 1 in place of 0; whole numbers below 0 are 1, too."""
    if is_floating(x):
        return to_float(xp, xp.where(x > 0, x, 1.0))
    return to_float(xp, at_least(xp, x, 1))


def clipped(xp: Namespace, x: Any, low: int, high: int) -> Array:
    """Clip whole numbers to low..high. CuPy would wait for the device in the `clip` of array-api-compat."""
    if libraries.is_torch_array(x):
        return x.clamp(low, high)
    return xp.minimum(xp.maximum(x, low), high)


def constant(xp: Namespace, values: tuple[float, ...], like: Any) -> Array:
    """Return a short vector beside `like`, in its dtype; it is copied to a device once, not at every call."""
    device = device_of(like)
    if libraries.is_jax_namespace(xp) or is_traced(like):  # an array made under tracing must not outlive it
        return xp.asarray(values, dtype=like.dtype, device=device)
    # not every library's device can be hashed; of a library's own tracing types each has constants of its own
    key = (xp.__name__, type(like), values, str(like.dtype), str(device))
    if key not in _CONSTANTS:
        if is_captured(like):
            raise RuntimeError(
                "constants are not on the device yet: make the same call once before a graph is captured"
            )
        with on_device_of(like):
            _CONSTANTS[key] = xp.asarray(values, dtype=like.dtype, device=device)
            if libraries.is_cupy_array(like):  # copied in one stream, used in any
                namespace: Any = xp
                namespace.cuda.get_current_stream().synchronize()
    return _CONSTANTS[key]


def matmul(xp: Namespace, x: Any, y: Any) -> Array:
    """Matrix product at full precision; JAX would use fewer digits on some GPUs, and torch under autocast."""
    if libraries.is_jax_namespace(xp):
        return xp.matmul(x, y, precision="highest")
    if libraries.is_torch_namespace(xp):
        import torch

        with torch.autocast(x.device.type if x.device.type != "meta" else "cpu", enabled=False):
            return xp.matmul(x, y)
    if libraries.is_cupy_array(x) and is_captured(x):
        return _matmul_in_slices(xp, x, y)
    return xp.matmul(x, y)


def _matmul_in_slices(xp: Namespace, x: Any, y: Any) -> Array:
    """Matrix product without cuBLAS, which CuPy does not let a graph capture: by rows of `x`, or by columns of `y`."""
    n_rows, n_cols = x.shape[-2], y.shape[-1]
    if n_rows <= n_cols:
        return xp.stack([xp.sum(x[..., i, :, None] * y, axis=-2) for i in range(n_rows)], axis=-2)
    return xp.stack([xp.sum(x * y[..., None, :, j], axis=-1) for j in range(n_cols)], axis=-1)


def running_product(xp: Namespace, x: Array) -> Array:
    """Return the products x[0], x[0] x[1], ... along the first axis of (steps, m); `x` itself may be overwritten."""
    if isinstance(x, np.ndarray) and x.shape[-1] >= _MANY:  # NumPy's own goes along one column after another
        for before, after in itertools.pairwise(x):
            np.multiply(before, after, out=after)
        return x
    return xp.cumulative_prod(x, axis=0)


def assigned(xp: Namespace, x: Any, index: Any, values: Any) -> Array:
    """Return `x` with `values` at `index`; `x` itself is overwritten where its library can."""
    if libraries.is_jax_namespace(xp):
        return x.at[index].set(values)
    x[index] = values
    return x
