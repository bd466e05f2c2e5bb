"""The array libraries that tests run on: how to make an array there, and how exact its arithmetic is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from amiable._array import namespace


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


def _cupy(x: np.ndarray) -> Any:
    return pytest.importorskip("cupy").asarray(x)


@contextlib.contextmanager
def _jax_x64(on: bool) -> Iterator[None]:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(on):
        yield


@contextlib.contextmanager
def _as_accelerator(float64: bool = True) -> Iterator[None]:
    """Pretend that the arrays lie on an accelerator, maybe one without float64, as Apple's."""
    has = namespace._has_dtype
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(namespace, "_in_host_memory", lambda x: False)
        if not float64:
            patch.setattr(
                namespace, "_has_dtype", lambda xp, x, kind, name: name != "float64" and has(xp, x, kind, name)
            )
        yield


@contextlib.contextmanager
def _jax_accelerator() -> Iterator[None]:
    with _jax_x64(False), _as_accelerator():
        yield


@contextlib.contextmanager
def _cuda(library: str) -> Iterator[None]:
    if library == "torch":
        if not pytest.importorskip("torch").cuda.is_available():
            pytest.skip("torch sees no CUDA device")
    else:
        cupy = pytest.importorskip("cupy")
        try:
            cupy.cuda.runtime.getDeviceCount()
        except cupy.cuda.runtime.CUDARuntimeError:
            pytest.skip("CuPy sees no CUDA device")
    yield


@dataclass(frozen=True)
class Backend:
    """One array library, on one device, at one working precision."""

    name: str
    asarray: Callable[[np.ndarray], Any]
    context: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext
    single: bool = False  # works in float32
    narrow: bool = False  # counts in int32
    marks: tuple = field(default=())

    @property
    def tolerance(self) -> float:
        """Absolute error allowed in a score."""
        return 1e-5 if self.single else 1e-13

    def to_numpy(self, x: Any) -> np.ndarray:
        """Copy a result back, from any device."""
        if hasattr(x, "cpu"):
            x = x.cpu()
        elif hasattr(x, "get"):
            x = x.get()
        elif hasattr(x, "to_device"):
            x = x.to_device(namespace.compat.array_namespace(x).__array_namespace_info__().default_device())
        return np.asarray(x)


BACKENDS = [
    Backend("numpy", _numpy),
    Backend("numpy-read-only", _read_only),
    Backend("strict", _strict(0)),
    Backend("strict-other-device", _strict(1)),
    Backend("strict-no-float64", _strict(3), single=True),
    Backend("torch", _torch("cpu")),
    Backend("torch-as-accelerator", _torch("cpu"), context=_as_accelerator),
    Backend("torch-float32", _torch("cpu"), context=lambda: _as_accelerator(float64=False), single=True),
    Backend("jax", _jax, context=lambda: _jax_x64(False), single=True, narrow=True),
    Backend("jax-as-accelerator", _jax, context=_jax_accelerator, single=True, narrow=True),
    Backend("jax-x64", _jax, context=lambda: _jax_x64(True)),
    Backend("torch-cuda", _torch("cuda"), context=lambda: _cuda("torch"), marks=(pytest.mark.gpu,)),
    Backend("cupy", _cupy, context=lambda: _cuda("cupy"), marks=(pytest.mark.gpu,)),
]


def named(name: str) -> Backend:
    """Return the backend of this name."""
    return next(b for b in BACKENDS if b.name == name)
