"""Libraries told by type agree with array-api-compat."""

from __future__ import annotations

import sys
from types import ModuleType

import array_api_compat as compat
import numpy as np
import pytest

from amiable._array import libraries

PREDICATES = ("is_torch_array", "is_cupy_array", "is_jax_array", "is_dask_array")
NAMESPACES = ("is_numpy_namespace", "is_torch_namespace", "is_cupy_namespace", "is_jax_namespace")


def test_as_array_api_compat_tells(backend):
    x = backend.asarray(np.arange(3))
    xp = compat.array_namespace(x)
    assert [getattr(libraries, name)(x) for name in PREDICATES] == [getattr(compat, name)(x) for name in PREDICATES]
    assert [getattr(libraries, name)(xp) for name in NAMESPACES] == [getattr(compat, name)(xp) for name in NAMESPACES]
    assert libraries.namespace_of_library(x) is xp
    assert libraries.device_of_library(x) == compat.device(x)


@pytest.mark.parametrize("library", ["torch", "cupy", "jax", "dask.array"])
def test_a_folder_of_a_library_s_name_is_no_library(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, ModuleType(library))
    assert not any(getattr(libraries, name)(np.arange(3)) for name in PREDICATES)
