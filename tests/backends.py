"""The array libraries that tests run on: how to make an array there, and how exact its arithmetic is."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import array_api_compat as compat
import numpy as np
import pytest

from amiable._array import devices, dtypes


def _numpy(x: np.ndarray) -> np.ndarray:
    return np.array(x)


def _read_only(x: np.ndarray) -> np.ndarray:
    x = np.array(x)
    x.flags.writeable = False
    return x


def _strict(device: int) -> Callable[[np.ndarray], Any]:
    def make(x: np.ndarray) -> Any:
        xp = pytest.importorskip("array_api_strict")
        where = xp.__array_namespace_info__().devices()[device]
        if where.__str__().find("no_float64") >= 0 and x.dtype == np.float64:
            x = x.astype(np.float32)
        return xp.asarray(x, device=where)

    return make


def _torch(device: str) -> Callable[[np.ndarray], Any]:
    def make(x: np.ndarray) -> Any:
        return pytest.importorskip("torch").asarray(np.array(x), device=device)

    return make


def _jax(x: np.ndarray) -> Any:
    return pytest.importorskip("jax.numpy").asarray(x)


def _jax_cuda(x: np.ndarray) -> Any:
    jax = needs_cuda("jax")
    return jax.device_put(jax.numpy.asarray(x), jax.devices("cuda")[0])


def _cupy(x: np.ndarray) -> Any:
    return needs_cuda("cupy").asarray(x)


def needs_cuda(library: str) -> Any:
    """Return a library; skip the test where it is missing or sees no CUDA device."""
    module = pytest.importorskip(library)
    if not _sees_cuda(module):
        pytest.skip(f"{library} sees no CUDA device")
    return module


@functools.cache
def _sees_cuda(module: Any) -> bool:
    if module.__name__ != "jax":
        return module.cuda.is_available()
    try:
        return bool(module.devices("cuda"))
    except RuntimeError:  # JAX was built for other devices
        return False


@contextlib.contextmanager
def never_waiting() -> Iterator[None]:
    """Raise an error where torch waits for a CUDA device, to which copies from ordinary memory count, too."""
    torch = needs_cuda("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that this mode is a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@contextlib.contextmanager
def _jax_on(platform: str, x64: bool) -> Iterator[None]:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(x64), jax.default_device(jax.devices(platform)[0]):
        yield


@contextlib.contextmanager
def _without_float64() -> Iterator[None]:
    """Pretend that devices have no float64, as Apple's."""
    has = dtypes._has_dtype
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dtypes, "_has_dtype", lambda xp, x, kind, name: name != "float64" and has(xp, x, kind, name))
        yield


@contextlib.contextmanager
def _as_accelerator(float64: bool = True) -> Iterator[None]:
    """Pretend that the arrays lie on an accelerator, maybe one without float64, which finishes what it begins."""
    with pytest.MonkeyPatch.context() as patch, contextlib.nullcontext() if float64 else _without_float64():
        patch.setattr(devices, "_in_host_memory", lambda x: False)
        patch.setenv("AMIABLE_FINISH_ON_HOST", "0")
        yield


@contextlib.contextmanager
def _jax_accelerator() -> Iterator[None]:
    with _jax_on("cpu", x64=False), _as_accelerator():
        yield


@contextlib.contextmanager
def _cuda(library: str, float64: bool = True) -> Iterator[None]:
    needs_cuda(library)
    precision = contextlib.nullcontext() if float64 else _without_float64()
    with pytest.MonkeyPatch.context() as patch, _jax_on("cuda", x64=float64) if library == "jax" else precision:
        patch.setenv("AMIABLE_FINISH_ON_HOST", "0")
        yield


@dataclass(frozen=True)
class Backend:
    """One array library, on one device, at one working precision."""

    name: str
    asarray: Callable[[np.ndarray], Any]
    context: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext
    single: bool = False  # works in float32
    narrow: bool = False  # counts in int32
    slow: bool = False  # finds little that others do not, but in counting
    marks: tuple = field(default=())

    @property
    def tolerance(self) -> float:
        """Absolute error allowed in a score."""
        return 1e-5 if self.single else 1e-13

    def to_numpy(self, x: Any) -> np.ndarray:
        """Copy a result back, from any device."""
        if compat.is_torch_array(x):
            x = x.cpu()
        elif compat.is_cupy_array(x):
            x = x.get()
        elif type(x).__module__.startswith("array_api_strict"):
            x = x.to_device(compat.array_namespace(x).__array_namespace_info__().default_device())
        return np.asarray(x)

    @property
    def is_cuda(self) -> bool:
        """Whether it needs a CUDA device."""
        return bool(self.marks)


_GPU = (pytest.mark.gpu,)
BACKENDS = [
    Backend("numpy", _numpy),
    Backend("numpy-read-only", _read_only),
    Backend("strict", _strict(0)),
    Backend("strict-other-device", _strict(1)),
    Backend("strict-no-float64", _strict(3), single=True),
    Backend("torch", _torch("cpu")),
    Backend("torch-as-accelerator", _torch("cpu"), context=_as_accelerator),
    Backend("torch-float32", _torch("cpu"), context=lambda: _as_accelerator(float64=False), single=True),
    Backend("jax", _jax, context=lambda: _jax_on("cpu", x64=False), single=True, narrow=True),
    Backend("jax-as-accelerator", _jax, context=_jax_accelerator, single=True, narrow=True, slow=True),
    Backend("jax-x64", _jax, context=lambda: _jax_on("cpu", x64=True), slow=True),
    Backend("torch-cuda", _torch("cuda"), context=lambda: _cuda("torch"), marks=_GPU),
    Backend("torch-cuda-float32", _torch("cuda"), context=lambda: _cuda("torch", False), single=True, marks=_GPU),
    Backend("cupy", _cupy, context=lambda: _cuda("cupy"), marks=_GPU),
    Backend("cupy-float32", _cupy, context=lambda: _cuda("cupy", False), single=True, marks=_GPU),
    Backend("jax-cuda", _jax_cuda, context=lambda: _cuda("jax", False), single=True, narrow=True, marks=_GPU),
    Backend("jax-cuda-x64", _jax_cuda, context=lambda: _cuda("jax"), marks=_GPU),
]


def named(name: str) -> Backend:
    """Return the backend of this name."""
    return next(b for b in BACKENDS if b.name == name)
