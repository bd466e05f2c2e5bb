"""Arrays in and out: what callers give as arrays, views of host memory, small results fetched from a device."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import array_api_compat as compat
import numpy as np

from amiable._array import libraries
from amiable._array.devices import device_of, is_captured, is_meta, is_traced, on_cpu
from amiable._array.dtypes import count_dtype, to_count, working_dtype
from amiable._array.libraries import NUMPY, NUMPY_TYPES
from amiable._array.protocols import Array, Namespace

# Numbers that a host takes over from an accelerator, so few that the device would take longer to launch what is left.
_FEW = 1 << 12


def as_array(name: str, value: Any, *, differentiable: bool = False) -> Array:
    """Return `value` as an array: of its own library if it has one, else of NumPy; without gradients if not asked."""
    if libraries.is_torch_array(value):
        dense: Any = _strided(name, value)
        return dense if differentiable or not dense.requires_grad else dense.detach()
    if not differentiable and _is_differentiated(value):
        raise TypeError(
            f"{name} is differentiated by JAX: a score of whole numbers has no gradient but 0, expected it outside of "
            "jax.grad and its like"
        )
    if libraries.is_dask_array(value) or compat.is_pydata_sparse_array(value):
        library = "Dask" if libraries.is_dask_array(value) else "pydata/sparse"
        raise TypeError(f"{name} is a {library} array, which is not supported: expected an array in memory")
    if isinstance(value, np.ma.MaskedArray):
        masked = int(np.ma.getmaskarray(value).sum())
        if masked:
            raise ValueError(f"{name} has {masked} masked values: expected none, drop them first")
        return value.data
    if compat.is_array_api_obj(value) and not isinstance(value, np.matrix):
        return value
    try:
        return np.asarray(value)
    except Exception as error:  # a foreign object may raise anything here
        if "inhomogeneous" in str(error):
            lengths = " and ".join(map(str, lengths_of_items(value)[:2])) or "some of them nested deeper"
            raise ValueError(f"{name} holds items of unequal lengths, {lengths}: expected equal ones") from error
        raise ValueError(f"{name} could not be made an array: {error}") from error


def detached(x: Any) -> Array:
    """Return the values of an array, without the history that gradients need."""
    return x.detach() if libraries.is_torch_array(x) else x


def _is_differentiated(x: Any) -> bool:
    """Whether floats of JAX carry a tangent along, as far as their tracers tell."""
    return libraries.is_jax_array(x) and hasattr(x, "tangent") and bool(np.issubdtype(x.dtype, np.floating))


def _strided(name: str, x: Any) -> Array:
    """Return a tensor; raise TypeError for one that is sparse, nested or quantized."""
    import torch

    kinds = {"nested": x.is_nested, "quantized": x.is_quantized, "sparse": x.layout is not torch.strided}
    kind = next((kind for kind, found in kinds.items() if found), None)
    if kind is not None:
        raise TypeError(f"{name} is a {kind} tensor: expected a dense one")
    if x.is_floating_point() and x.dtype.itemsize < 2:
        raise TypeError(f"{name} has dtype {x.dtype}, of which PyTorch compares no values: expected integers or floats")
    return x


def lengths_of_items(value: Any) -> list[int]:
    """Return each length among the items of a list or tuple; none where it holds anything but lists and arrays."""
    if not isinstance(value, (list, tuple)):
        return []
    lengths: dict[int, None] = {}
    for item in value:
        if not isinstance(item, (list, tuple)) and not getattr(item, "shape", ()):
            return []
        lengths[len(item)] = None
    return list(lengths)


def host_view(x: Array) -> np.ndarray | None:
    """Return an array in host memory as a NumPy view of it; None for one elsewhere, or of a library without views."""
    if isinstance(x, np.ndarray):
        return x
    return np.asarray(x) if (libraries.is_torch_array(x) or libraries.is_jax_array(x)) and on_cpu(x) else None


def from_host(xp: Namespace, x: Any, like: Any) -> Array:
    """Return new NumPy memory as an array of a library that has views, beside `like`; a view where it can."""
    if libraries.is_numpy_namespace(xp):
        return x
    if libraries.is_torch_namespace(xp):
        import torch

        x = np.asarray(x)
        return torch.from_numpy(x if x.flags.writeable else x.copy())
    import jax

    return jax.device_put(xp.asarray(x), like.sharding) if like.committed else xp.asarray(x)


def is_finished_on_host(x: Array, size: int) -> bool:
    """Whether the host computes what is left to do with `size` numbers beside `x`, which lies on an accelerator.

    Not if the environment variable AMIABLE_FINISH_ON_HOST is 0, nor where no value may be looked at.
    """
    if size > _FEW or on_cpu(x) or is_traced(x) or os.environ.get("AMIABLE_FINISH_ON_HOST", "1") == "0":
        return False
    return not (is_captured(x) or is_meta(x))


def to_device(x: Any, like: Array) -> Array:
    """Copy a number or an array of the host to the device of `like`, in the precision that this has, without a wait."""
    xp: Any = libraries.namespace_of(like)
    values = np.asarray(x)
    dtype = working_dtype(xp, like) if values.dtype.kind == "f" else count_dtype(xp, like)
    if libraries.is_torch_array(like):
        import torch

        return torch.from_numpy(values).to(dtype).to(libraries.device_of_library(like), non_blocking=True)
    if libraries.is_jax_array(like):
        return from_host(xp, values, like)
    return xp.asarray(values, dtype=dtype, device=device_of(like))


def host_views(xp: Namespace, *arrays: Array) -> tuple[Namespace, tuple[Array, ...], Callable[[Array], Array]]:
    """Return NumPy and views of `arrays` where they lie in host memory, else `xp` and the arrays; and the way back.

    The third value turns a result into an array of the library of `arrays`. NumPy is several times faster on small
    arrays in host memory than the libraries made for accelerators.
    """
    views = [host_view(x) for x in arrays]
    if libraries.is_numpy_namespace(xp) or any(view is None for view in views):
        return xp, arrays, lambda result: result
    whole = tuple(to_count(NUMPY, view) for view in views if view is not None)
    return NUMPY, whole, functools.partial(from_host, xp, like=arrays[0])


def fetch(x: Array) -> list[int]:
    """Copy a short vector of whole numbers to Python: the one place that waits for a device."""
    return [int(v) for v in (x.tolist() if hasattr(x, "tolist") else (x[i] for i in range(x.shape[0])))]


def as_number(x: Any) -> Any:
    """Return a NumPy array of shape () as a Python number; anything else as it is."""
    return x.item() if isinstance(x, NUMPY_TYPES) and x.ndim == 0 else x


def as_result(x: Any) -> Any:
    """Return a 0-d NumPy array as a Python float, as scikit-learn does; any other array as it is."""
    return float(x) if isinstance(x, NUMPY_TYPES) and x.ndim == 0 else x


def to_numpy(x: Any) -> np.ndarray:
    """Copy an array of any library, or a list, to NumPy: for what the host draws or writes."""
    if libraries.is_torch_array(x):
        return np.asarray(x.detach().cpu())
    if libraries.is_cupy_array(x):
        return np.asarray(x.get())
    if compat.is_array_api_obj(x) and host_view(x) is None and not libraries.is_jax_array(x):
        xp: Any = libraries.namespace_of(x)
        x = compat.to_device(x, xp.__array_namespace_info__().default_device())
    return np.asarray(x)
