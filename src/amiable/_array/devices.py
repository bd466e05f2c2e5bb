"""Where the values of arrays lie, and whether they may be looked at."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from amiable._array import libraries
from amiable._array.libraries import NUMPY, NUMPY_TYPES, PYTHON_TYPES, namespace_of
from amiable._array.protocols import Array, Namespace

P = ParamSpec("P")
T = TypeVar("T")
HOST_TYPES = (*NUMPY_TYPES, *PYTHON_TYPES)


def device_of(x: Array) -> Any:
    """Return the device on which to create companions of `x`; None lets JAX decide."""
    if isinstance(x, NUMPY_TYPES):
        return "cpu"
    return None if libraries.is_jax_array(x) else libraries.device_of_library(x)


def library_of(x: Array) -> str:
    """Name the library of an array, as it is imported."""
    return namespace_of(x).__name__.removeprefix("array_api_compat.").split(".")[0]


def _place(x: Any) -> str:
    """Name the library and device of an array, for agreement checks and error messages."""
    library = library_of(x)
    if libraries.is_jax_array(x):  # uncommitted arrays and tracers go wherever the others are
        return "jax" if is_traced(x) or not x.committed else f"jax ({x.device})"
    return library if library == "numpy" else f"{library} ({libraries.device_of_library(x)})"


def _is_numpy(x: Array) -> bool:
    return isinstance(x, np.ndarray)


def common_namespace(**arrays: Array) -> Namespace:
    """Return the one namespace of all `arrays`; raise TypeError if they differ in library or device."""
    if all(map(_is_numpy, arrays.values())):
        return NUMPY
    (first, x), *rest = arrays.items()
    xp = namespace_of(x)
    for name, other in rest:
        here, there = _place(x), _place(other)
        if here != there:
            raise TypeError(
                f"{first} is on {here} and {name} on {there}: expected one array library and one device, "
                "nothing is copied between them silently"
            )
    return xp


def is_traced(x: Array) -> bool:
    """Whether `x` stands for values that are not there yet (`jax.jit`, `jax.vmap`, `torch.compile`)."""
    if isinstance(x, HOST_TYPES):
        return False
    if libraries.is_jax_array(x):
        import jax

        return isinstance(x, jax.core.Tracer)
    if libraries.is_torch_array(x):
        import torch

        return torch.compiler.is_compiling()
    return False


def is_captured(x: Any) -> bool:
    """Whether what is asked of the device of `x` now is recorded in a CUDA graph, so that no value can be looked at."""
    if is_traced(x):  # asked first: a compiler cannot follow the question, and records nothing yet
        return False
    if libraries.is_torch_array(x) and x.device.type == "cuda":
        import torch

        return torch.cuda.is_current_stream_capturing()
    if libraries.is_cupy_array(x):
        import cupy

        return bool(cupy.cuda.get_current_stream().is_capturing())
    return False


def is_meta(x: Any) -> bool:
    """Whether `x` is a tensor on PyTorch's meta device, which has a shape and no values."""
    return libraries.is_torch_array(x) and bool(x.device.type == "meta")


def on_cpu(x: Array) -> bool:
    """Whether the values of `x` lie in host memory, so that looking at them copies nothing."""
    return isinstance(x, HOST_TYPES) or (not is_traced(x) and _in_host_memory(x))


def _in_host_memory(x: Any) -> bool:
    if libraries.is_torch_array(x):
        return x.device.type == "cpu"
    if libraries.is_jax_array(x):
        return all(device.platform == "cpu" for device in x.devices())
    return not libraries.is_cupy_array(x)


def maybe_any(xp: Namespace, x: Array) -> bool:
    """Whether any of `x` is true. Also True where the answer would have to be copied: both cases are computed then."""
    return not on_cpu(x) or bool(xp.any(x))


def on_device_of(x: Any) -> contextlib.AbstractContextManager[Any]:
    """Make the device of `x` current for CuPy, which makes new arrays on the current one and nowhere else."""
    return x.device if libraries.is_cupy_array(x) else contextlib.nullcontext()


def on_own_device(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function of arrays, or of tables of them, work on the device of the first CuPy array that it is given."""

    @functools.wraps(function)
    def there(*args: P.args, **kwargs: P.kwargs) -> T:
        if "cupy" in sys.modules:
            for given in (*args, *kwargs.values()):
                x = getattr(given, "counts", given)
                if libraries.is_cupy_array(x):
                    with on_device_of(x):
                        return function(*args, **kwargs)
        return function(*args, **kwargs)

    return there
