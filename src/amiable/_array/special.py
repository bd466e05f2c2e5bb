"""Special functions that the array API standard lacks: one function per library."""

from __future__ import annotations

import numpy as np

from amiable._array import libraries
from amiable._array.devices import device_of, library_of
from amiable._array.protocols import Array, Namespace


def gammaincc(xp: Namespace, a: Array, x: Array) -> Array:
    """Return the upper regularised incomplete gamma function, the chance of a gamma variable of shape a to exceed x."""
    if libraries.is_torch_namespace(xp):
        import torch

        return torch.special.gammaincc(a, x)
    if libraries.is_jax_namespace(xp):
        import jax

        return jax.scipy.special.gammaincc(a, x)
    if libraries.is_cupy_namespace(xp):
        import cupyx.scipy.special

        return cupyx.scipy.special.gammaincc(a, x)
    import scipy.special

    if libraries.is_numpy_namespace(xp):
        return scipy.special.gammaincc(a, x)
    return _by_numpy(xp, scipy.special.gammaincc, a, x)


def gammaln(xp: Namespace, x: Array) -> Array:
    """Return the logarithm of the gamma function of floats above 0."""
    if libraries.is_torch_namespace(xp):
        import torch

        return torch.lgamma(x)
    if libraries.is_jax_namespace(xp):
        import jax

        return jax.scipy.special.gammaln(x)
    if libraries.is_cupy_namespace(xp):
        import cupyx.scipy.special

        return cupyx.scipy.special.gammaln(x)
    import scipy.special

    if libraries.is_numpy_namespace(xp):
        return scipy.special.gammaln(x)
    return _by_numpy(xp, scipy.special.gammaln, x)


def _by_numpy(xp: Namespace, f: np.ufunc, *arrays: Array) -> Array:
    """Call a function of NumPy on arrays of a library that has none of its own, value by value."""
    lists = [[float(v) for v in _values(xp, x)] for x in arrays]
    try:
        found = [float(f(*values)) for values in zip(*lists, strict=True)]
    except TypeError as error:
        raise TypeError(f"{library_of(arrays[0])} has no function {f.__name__}: {error}") from error
    flat = xp.asarray(found, dtype=arrays[0].dtype, device=device_of(arrays[0]))
    return xp.reshape(flat, arrays[0].shape)


def _values(xp: Namespace, x: Array) -> list[Array]:
    flat = xp.reshape(x, (-1,))
    return [flat[i] for i in range(flat.shape[0])]
