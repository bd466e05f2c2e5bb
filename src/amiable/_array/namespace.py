"""Which array library holds the inputs, on which device, and what it computes in."""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, ParamSpec, TypeAlias, TypeVar

import array_api_compat as compat
import numpy as np

from amiable._array import libraries

Array: TypeAlias = Any  # an array of any library; no library's type covers them all

P = ParamSpec("P")
T = TypeVar("T")

_NUMPY = (np.ndarray, np.generic)  # asked first wherever it matters: its calls are so short that asking costs as much


def as_array(name: str, value: Any) -> Array:
    """Return `value` as an array: of its own library if it has one, else of NumPy."""
    if libraries.is_torch_array(value):
        return _strided(name, value)
    if _is_differentiated(value):
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
    except Exception as error:  # what a foreign object raises when it is asked for an array is its own
        if "inhomogeneous" in str(error):
            lengths = " and ".join(map(str, lengths_of_items(value)[:2])) or "some of them nested deeper"
            raise ValueError(f"{name} holds items of unequal lengths, {lengths}: expected equal ones") from error
        raise ValueError(f"{name} could not be made an array: {error}") from error


def _is_differentiated(x: Any) -> bool:
    """Whether floats of JAX carry a tangent along, as far as their tracers tell."""
    return libraries.is_jax_array(x) and hasattr(x, "tangent") and bool(np.issubdtype(x.dtype, np.floating))


def _strided(name: str, x: Array) -> Array:
    """Return a tensor without its history; raise TypeError for one that has no values, or not one beside the other."""
    import torch

    kinds = {"nested": x.is_nested, "quantized": x.is_quantized, "sparse": x.layout is not torch.strided}
    kind = next((kind for kind, found in kinds.items() if found), None)
    if kind is not None:
        raise TypeError(f"{name} is a {kind} tensor: expected a dense one")
    if x.is_floating_point() and x.dtype.itemsize < 2:
        raise TypeError(f"{name} has dtype {x.dtype}, of which PyTorch compares no values: expected integers or floats")
    return x.detach() if x.requires_grad else x


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


def is_dask(x: Any) -> bool:
    """Whether `x` is a Dask array, or a Dask series, which has one."""
    return libraries.is_dask_array(x) or hasattr(x, "to_dask_array")


def namespace_of(x: Array) -> ModuleType:
    """Return the array namespace of `x`: NumPy's own, which follows the standard, or that of array-api-compat."""
    return np if isinstance(x, _NUMPY) else libraries.namespace_of_library(x)


def common_namespace(**arrays: Array) -> ModuleType:
    """Return the one namespace of all `arrays`; raise TypeError if they differ in library or device."""
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


def library_of(x: Array) -> str:
    """Name the library of an array, as it is imported."""
    return namespace_of(x).__name__.removeprefix("array_api_compat.").split(".")[0]


def _place(x: Array) -> str:
    """Name the library and device of an array, for agreement checks and error messages."""
    library = library_of(x)
    if libraries.is_jax_array(x):  # uncommitted arrays and tracers go wherever the others are
        return "jax" if is_traced(x) or not x.committed else f"jax ({x.device})"
    return library if library == "numpy" else f"{library} ({libraries.device_of_library(x)})"


def device_of(x: Array) -> Any:
    """Return the device on which to create companions of `x`; None lets JAX decide."""
    if isinstance(x, _NUMPY):
        return "cpu"
    return None if libraries.is_jax_array(x) else libraries.device_of_library(x)


def is_traced(x: Array) -> bool:
    """Whether `x` stands for values that are not there yet (`jax.jit`, `jax.vmap`, `torch.compile`)."""
    if isinstance(x, _NUMPY):
        return False
    if libraries.is_jax_array(x):
        import jax

        return isinstance(x, jax.core.Tracer)
    if libraries.is_torch_array(x):
        import torch

        return torch.compiler.is_compiling()
    return False


def is_captured(x: Array) -> bool:
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


def is_meta(x: Array) -> bool:
    """Whether `x` is a tensor on PyTorch's meta device, which has a shape and no values."""
    return libraries.is_torch_array(x) and bool(x.device.type == "meta")


def on_cpu(x: Array) -> bool:
    """Whether the values of `x` lie in host memory, so that looking at them copies nothing."""
    return isinstance(x, _NUMPY) or (not is_traced(x) and _in_host_memory(x))


def _in_host_memory(x: Array) -> bool:
    if libraries.is_torch_array(x):
        return x.device.type == "cpu"
    if libraries.is_jax_array(x):
        return all(device.platform == "cpu" for device in x.devices())
    return not libraries.is_cupy_array(x)


def on_device_of(x: Array) -> contextlib.AbstractContextManager[Any]:
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


def host_view(x: Array) -> np.ndarray | None:
    """Return an array in host memory as a NumPy view of it; None for one elsewhere, or of a library without views."""
    if isinstance(x, np.ndarray):
        return x
    return np.asarray(x) if (libraries.is_torch_array(x) or libraries.is_jax_array(x)) and on_cpu(x) else None


def from_host(xp: ModuleType, x: np.ndarray, like: Array) -> Array:
    """Return new NumPy memory as an array of a library that has views, beside `like`; a view where it can."""
    if libraries.is_numpy_namespace(xp):
        return x
    if libraries.is_torch_namespace(xp):
        import torch

        return torch.from_numpy(np.asarray(x))
    import jax

    return jax.device_put(xp.asarray(x), like.sharding) if like.committed else xp.asarray(x)


def nearest(xp: ModuleType, *arrays: Array) -> tuple[ModuleType, tuple[Array, ...], Callable[[Array], Array]]:
    """Return where to compute with whole numbers, and the way back for results: in NumPy if they lie in host memory.

    On a CPU, NumPy is several times faster on small arrays than the libraries made for accelerators.
    """
    views = [host_view(x) for x in arrays]
    if libraries.is_numpy_namespace(xp) or any(view is None for view in views):
        return xp, arrays, lambda result: result
    return np, tuple(to_count(np, view) for view in views), functools.partial(from_host, xp, like=arrays[0])


def maybe_any(xp: ModuleType, x: Array) -> bool:
    """Whether any of `x` holds; True where looking would copy something, so that both cases are computed."""
    return not on_cpu(x) or bool(xp.any(x))


def fetch(x: Array) -> list[int]:
    """Copy a short vector of whole numbers to Python: the one place that waits for a device."""
    return [int(v) for v in (x.tolist() if hasattr(x, "tolist") else (x[i] for i in range(x.shape[0])))]


def _has_dtype(xp: ModuleType, x: Array, kind: str, name: str) -> bool:
    if isinstance(x, _NUMPY):
        return True
    if libraries.is_torch_array(x):
        return not (x.device.type == "mps" and name == "float64")
    return name in xp.__array_namespace_info__().dtypes(device=device_of(x), kind=kind)


def working_dtype(xp: ModuleType, x: Array) -> Any:
    """Return float64 where the device of `x` has it, else float32 (Apple MPS, JAX without x64)."""
    return xp.float64 if _has_dtype(xp, x, "real floating", "float64") else xp.float32


def count_dtype(xp: ModuleType, x: Array) -> Any:
    """Return int64 where the device of `x` has it, else int32 (JAX without x64)."""
    return xp.int64 if _has_dtype(xp, x, "signed integer", "int64") else xp.int32


def one_hot_dtype(xp: ModuleType, x: Array) -> Any:
    """Return the dtype for products of zeros and ones that is quickest beside `x`: half precision on a CUDA device."""
    on_cuda = libraries.is_cupy_array(x) or (libraries.is_torch_array(x) and x.device.type == "cuda")
    return xp.float16 if on_cuda else xp.float32


def is_real(x: Array) -> bool:
    """Whether an array holds real numbers: integers, booleans or floats."""
    if isinstance(x, _NUMPY):
        return x.dtype.kind in "biuf"
    return namespace_of(x).isdtype(x.dtype, ("bool", "integral", "real floating"))


def to_float(xp: ModuleType, x: Array) -> Array:
    """Return `x` in the working float dtype of its device."""
    if isinstance(x, _NUMPY):
        return x.astype(np.float64, copy=False)
    return xp.astype(x, working_dtype(xp, x), copy=False)


def to_count(xp: ModuleType, x: Array) -> Array:
    """Return `x` in the count dtype of its device."""
    if isinstance(x, _NUMPY):
        return x.astype(np.int64, copy=False)
    return xp.astype(x, count_dtype(xp, x), copy=False)


def at_least(xp: ModuleType, x: Array, least: float) -> Array:
    """Return max(x, least): `clip` with one bound, at a tenth of the overhead."""
    if isinstance(x, _NUMPY):
        return np.maximum(x, x.dtype.type(least))
    return x.clamp(min=least) if libraries.is_torch_array(x) else xp.maximum(x, least)


def clipped(xp: ModuleType, x: Array, low: int, high: int) -> Array:
    """Return whole numbers with those outside low..high in their place; CuPy waits for `clip` of array-api-compat."""
    if libraries.is_torch_array(x):
        return x.clamp(low, high)
    return xp.minimum(xp.maximum(x, low), high)


_MANY = 200  # columns, from which on a loop over the rows costs less than NumPy's running product
_CONSTANTS: dict[tuple[Any, ...], Array] = {}


def constant(xp: ModuleType, values: tuple[float, ...], like: Array) -> Array:
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
                xp.cuda.get_current_stream().synchronize()
    return _CONSTANTS[key]


def matmul(xp: ModuleType, x: Array, y: Array) -> Array:
    """Matrix product at full precision; JAX would use fewer digits on some GPUs, and torch under autocast."""
    if libraries.is_jax_namespace(xp):
        return xp.matmul(x, y, precision="highest")
    if libraries.is_torch_namespace(xp):
        import torch

        with torch.autocast(x.device.type if x.device.type != "meta" else "cpu", enabled=False):
            return xp.matmul(x, y)
    return xp.matmul(x, y)


def running_product(xp: ModuleType, x: Array) -> Array:
    """Return the products x[0], x[0] x[1], ... along the first axis of (steps, m); `x` itself may be overwritten."""
    if isinstance(x, np.ndarray) and x.shape[-1] >= _MANY:  # NumPy's own goes along one column after another
        for before, after in itertools.pairwise(x):
            np.multiply(before, after, out=after)
        return x
    return xp.cumulative_prod(x, axis=0)


def assigned(xp: ModuleType, x: Array, index: Any, values: Array) -> Array:
    """Return `x` with `values` at `index`; `x` itself is overwritten where its library can."""
    if libraries.is_jax_namespace(xp):
        return x.at[index].set(values)
    x[index] = values
    return x


def as_result(x: Array) -> Any:
    """Return a 0-d NumPy array as a Python float, as scikit-learn does; any other array as it is."""
    return float(x) if isinstance(x, _NUMPY) and x.ndim == 0 else x


def compiles_shapes(xp: ModuleType) -> bool:
    """Whether the library compiles anew for every shape it meets, so that few shapes are wanted."""
    return libraries.is_jax_namespace(xp)


def compiled(kernel: Callable[..., Any], xp: ModuleType, /, **static: Any) -> Callable[..., Any]:
    """Bind `kernel` to a namespace and static arguments; on JAX compile it, once per shape."""
    return (_jitted if compiles_shapes(xp) else functools.partial)(kernel, xp, **static)


@functools.cache
def _jitted(kernel: Callable[..., Any], xp: ModuleType, /, **static: Any) -> Callable[..., Any]:
    import jax

    return jax.jit(functools.partial(kernel, xp, **static))
