"""Kernels of numba-cuda without a device: in its simulator, and compiled for one (sm_90)."""

from __future__ import annotations

import importlib.util
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from amiable._scalars import draws, loops, scores, tables

pytest.importorskip("numba_cuda")
numba_cuda = pytest.importorskip("numba.cuda")
DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")


def test_in_the_simulator():
    """It is chosen when numba is imported, so in a process of its own."""
    pytest.importorskip("torch")
    env = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    here = Path(__file__)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(here.with_name("simulated_cuda.py"))]
    done = subprocess.run(command, cwd=here.parents[2], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_each_kernel_is_kept_under_a_name_of_its_own():
    """What numba keeps on disk is found by the name of a function and the types of its arguments."""
    from amiable._array.cuda_kernels import kernel_of_loop

    of_loops = [
        getattr(m, name) for m in (loops, scores, tables) for name in dir(m) if name.endswith(("_pairs", "_tables"))
    ]
    assert len({kernel_of_loop(loop).py_func.__qualname__ for loop in of_loops}) == len(of_loops) > 2


def types_of_kernels():
    """Every kernel, with the types that it is launched with."""
    from numba import types

    from amiable._array import cuda_kernels as k

    i, sizes, f2, f3 = types.int64, types.int64[::1], types.float64[:, ::1], types.float64[:, :, ::1]
    table, limits = types.int64[:, ::1], types.UniTuple(types.int64, 4)
    cells = (sizes, sizes, table, table, table)
    of_loops = {
        loops.expectations_of_pairs: (sizes, sizes, sizes, i),
        tables.information_of_tables: (*cells, i),
        tables.pairs_of_tables: cells,
        tables.entropies_of_sizes: (table,),
        scores.adjusted_rand_of_tables: (table, table, table, i, f2),
        scores.normalized_information_of_tables: (table, table, table, i, f2),
        scores.adjusted_information_of_tables: (table, table, table, i, f2),
    }
    for loop, arguments in of_loops.items():
        yield k.kernel_of_loop(loop), (types.BaseTuple.from_types(arguments), i, f2)
    yield k.kernel_of_loop(draws.draw_tables), (types.BaseTuple.from_types((sizes, sizes, i, i, i)), i, table)
    yield k.sum_expectations, (table, table, i, f3)
    counting = (k.count_in_shared_memory, k.count_in_device_memory)
    for kernel, name in itertools.product(counting, DTYPES):
        labels = (types.boolean if name == "bool" else getattr(types, name))[:, ::1]
        yield kernel, (labels, labels, limits, i, table)
    strided, bytes_ = types.Array(types.int32, 2, "A"), types.uint8[:, ::1]
    yield k.count_in_shared_memory, (strided, bytes_, limits, i, table)


def test_compiled_for_a_device(monkeypatch, tmp_path):
    """No thread needs memory of its own, nothing is called, and what many threads add to are whole numbers."""
    from numba.cuda import dispatcher

    if importlib.util.find_spec("nvidia") is None:
        pytest.skip("no CUDA toolkit from the package index")
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))
    assembled: list = []
    for kernel, types in types_of_kernels():
        name = kernel.__name__
        code, _ = numba_cuda.compile_ptx(kernel.py_func, types, cc=(9, 0))
        assert ".target sm_90" in code
        for word in (r"\.local", r"\bcall", r"\btrap"):
            assert not re.search(word, code), f"{word} in {name}"
        atomics = set(re.findall(r"\b(?:atom|red)\.[\w.]*", code))
        if name.startswith("count"):
            atomics -= {"atom.shared.add.u32"} if "shared" in name else set()
            assert atomics == {"atom.global.add.u64"}
        else:
            assert not atomics
        if kernel not in assembled:  # of every type of label one is enough
            assert_fits(code, name, tmp_path)
            assembled.append(kernel)


def assert_fits(code, name, folder):
    """Assemble a kernel, and see that its values stay in registers."""
    found = [*Path(importlib.util.find_spec("nvidia").submodule_search_locations[0]).glob("*/bin/ptxas")]
    if not found:
        return
    (folder / "kernel.ptx").write_text(code)
    command = [str(found[0]), "-v", "-arch=sm_90", "kernel.ptx", "-o", "kernel.cubin"]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stderr
    assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in told, f"{name}: {told}"
