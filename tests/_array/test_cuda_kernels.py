"""Kernels of numba-cuda without a device: in its simulator on small inputs, and compiled for one (sm_90)."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import amiable
from amiable._array import compact, cuda, libraries
from amiable._scalars import loops as scalar_loops
from amiable._scalars import tables as scalar_tables
from amiable.chance import expectation
from tests.backends import named
from tests.registry import CASES

pytest.importorskip("numba_cuda")
numba_cuda = pytest.importorskip("numba.cuda")
torch = pytest.importorskip("torch")
IS_SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"
simulated = pytest.mark.skipif(not IS_SIMULATED, reason="for the simulator, which another test starts")
compiling = pytest.mark.skipif(IS_SIMULATED, reason="the simulator compiles nothing")

DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FORMS = ("deviance", "xlogx", "given_row", "given_col")


@pytest.mark.skipif(IS_SIMULATED, reason="this is the simulator")
def test_in_the_simulator():
    """It is chosen when numba is imported, so in a process of its own."""
    env = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.fixture
def kernels(monkeypatch):
    """Let tensors in host memory pass for a device's, and launch few threads, each of which is one of Python."""
    from amiable._array import cuda_kernels

    launched = []
    launch = cuda._launch

    def note(kernel, *args, **kwargs):
        launched.append(kernel.__name__)
        launch(kernel, *args, **kwargs)

    monkeypatch.setattr(cuda, "_launch", note)
    monkeypatch.setattr(cuda, "has_kernels", libraries.is_torch_array)
    monkeypatch.setattr(cuda, "_current_device", lambda x: contextlib.nullcontext())
    monkeypatch.setattr(cuda, "_current_stream", lambda x: 0)
    # strided arrays are none of the simulator's own
    as_simulated = numba_cuda.simulator.cudadrv.devicearray.FakeCUDAArray
    monkeypatch.setattr(numba_cuda, "as_cuda_array", lambda x, sync: as_simulated(x.numpy()), raising=False)
    monkeypatch.setattr(cuda_kernels, "LANES", 4)
    for name, value in {
        "_THREADS": 3,
        "_BLOCKS": 4,
        "_LEAST_BLOCKS": 2,
        "_MOST_BLOCKS": 5,
        "_THREADS_OF_STEPS": 2,
    }.items():
        monkeypatch.setattr(cuda, name, value)
    with named("torch-as-accelerator").context():
        yield launched


def counted(sides, ranges):
    """Counts of NumPy, sample by sample."""
    lead = np.broadcast_shapes(*(x.shape[:-1] for x in sides))
    sides = [np.broadcast_to(x, (*lead, x.shape[-1])) for x in sides]
    counts = np.zeros((*lead, *(high - low + 1 for low, high in ranges)), dtype=np.int64)
    for at in np.ndindex(sides[0].shape):
        labels = [int(x[at]) for x in sides]
        if all(low <= label <= high for label, (low, high) in zip(labels, ranges, strict=True)):
            counts[(*at[:-1], *(label - low for label, (low, _) in zip(labels, ranges, strict=True)))] += 1
    return counts.reshape(*lead, math.prod(counts.shape[len(lead) :]))


@simulated
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("is_small", [True, False])
def test_counts_of_every_integer(kernels, monkeypatch, rng, dtype, is_small):
    monkeypatch.setattr(cuda, "_SHARED_CELLS", 100 * is_small)
    low = 0 if dtype[0] in "bu" else -2
    sides = [rng.integers(low, 2 if dtype == "bool" else 6, 40).astype(dtype) for _ in range(2)]
    if dtype[0] != "b":
        sides[0][:3] = [np.iinfo(dtype).max, np.iinfo(dtype).min, np.iinfo(dtype).max // 2 + 1]  # outside
    ranges = [(low, 3), (max(low, -1), 4)]
    for k in (1, 2):
        found = compact.count_ranges(*as_torch(sides[:k]), ranges[:k])
        np.testing.assert_array_equal(found, counted(sides[:k], ranges[:k]))
    assert kernels == ["count_in_shared_memory" if is_small else "count_in_device_memory"] * 2


def as_torch(sides):
    import array_api_compat.torch as xp

    return xp, [torch.from_numpy(np.ascontiguousarray(x)) for x in sides]


@simulated
@pytest.mark.parametrize(
    "shapes",
    [
        ((7,), (7,)),
        ((3, 7), (7,)),
        ((7,), (2, 3, 7)),
        ((2, 1, 7), (3, 7)),
        ((3, 0), (0,)),
        ((0, 7), (7,)),
        ((1,), (1,)),
    ],
)
def test_batches(kernels, rng, shapes):
    sides, ranges = [rng.integers(0, 4, shape) for shape in shapes], ((0, 2), (1, 3))
    np.testing.assert_array_equal(compact.count_ranges(*as_torch(sides), ranges), counted(sides, ranges))


@simulated
def test_strided_labels(kernels, rng):
    x = rng.integers(0, 3, (60, 2))
    found = compact.count_ranges(as_torch([])[0], list(torch.from_numpy(x).T), ((0, 2), (0, 2)))
    np.testing.assert_array_equal(found, counted(list(x.T), ((0, 2), (0, 2))))


@simulated
def test_counts_on_top_of_others(kernels, rng):
    sides, before = rng.integers(-1, 4, (2, 30)), np.arange(9)
    xp, (rows, cols, onto) = as_torch([*sides, before])
    found = compact.count_pairs(xp, rows, cols, (3, 3), onto=onto)
    np.testing.assert_array_equal(found, before + counted(sides, ((0, 2), (0, 2))))
    np.testing.assert_array_equal(onto, before)
    assert kernels == ["count_in_shared_memory"]


@simulated
def test_wide_numbers(kernels):
    """Labels and totals beyond 32 bits."""
    x = np.array([2**40, 2**40 + 1, -(2**62), 2**63 - 1, 2**40 + 2**32])
    ranges = [(2**40, 2**40 + 1)]
    np.testing.assert_array_equal(compact.count_ranges(*as_torch([x]), ranges), [1, 1])
    _, sizes = as_torch([[10**12 - 3, 3], [10**11, 9 * 10**11]])
    found = amiable.expected_mutual_information(*sizes)
    assert float(found) == pytest.approx(amiable.expected_mutual_information(*map(np.asarray, sizes)), rel=1e-13)


@simulated
def test_expectations(kernels, rng, monkeypatch):
    n = np.floor(10 ** rng.uniform(0.5, 4, 40)).astype(np.int64)
    a, b = (rng.integers(1, n + 1) for _ in range(2))
    xp, pairs = as_torch([a, b, n])
    found = expectation.expectations_of_pairs(xp, *pairs, FORMS)
    monkeypatch.setenv("AMIABLE_COMPILED", "0")
    np.testing.assert_allclose(found, expectation.expectations_of_pairs(np, a, b, n, FORMS), rtol=1e-11, atol=1e-14)
    assert kernels == ["expectations_of_pairs"]


@simulated
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_sums_of_expectations(kernels, rng, monkeypatch, shape):
    rows, cols = rng.integers(0, 9, (*shape, 3)), rng.integers(1, 9, (*shape, 5))
    rows[..., 0] += np.maximum(cols.sum(-1) - rows.sum(-1), 0)
    cols[..., 0] += rows.sum(-1) - cols.sum(-1)
    xp, sizes = as_torch([rows, cols])
    found = expectation.expected_sums(xp, *sizes, forms=FORMS)
    monkeypatch.setenv("AMIABLE_COMPILED", "0")
    for x, known in zip(found, expectation.expected_sums(np, rows, cols, forms=FORMS), strict=True):
        np.testing.assert_allclose(x, known, rtol=1e-13)
    assert kernels == ["sum_expectations"]


@simulated
@pytest.mark.parametrize("score", [s for s in CASES if s.name in ("ami", "ari", "nmi", "v", "fmi", "vi")], ids=str)
@pytest.mark.parametrize("options", [{}, {"n_labels": (3, 4)}], ids=["", "n_labels"])
def test_scores(kernels, rng, score, options):
    labels = [rng.integers(0, k, (2, 20)) for k in (3, 4)]
    for pair in (labels, [x[0] for x in labels]):
        expected = score.function(*pair)
        found = score.function(*as_torch(pair)[1], **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    assert kernels


def types_of_kernels():
    """Every kernel, with the types that it is launched with."""
    from numba import types

    from amiable._array import cuda_kernels as k

    i, sizes, f2, f3 = types.int64, types.int64[::1], types.float64[:, ::1], types.float64[:, :, ::1]
    table, limits = types.int64[:, ::1], types.UniTuple(types.int64, 4)
    cells = (sizes, sizes, table, table, table)
    loops = {
        scalar_loops.expectations_of_pairs: (sizes, sizes, sizes, i),
        scalar_tables.information_of_tables: (*cells, i),
        scalar_tables.pairs_of_tables: cells,
        scalar_tables.entropies_of_sizes: (table,),
    }
    for loop, arguments in loops.items():
        yield k.kernel_of_loop(loop), (types.BaseTuple.from_types(arguments), i, f2)
    yield k.sum_expectations, (table, table, sizes, i, f3)
    counting = (k.count_in_shared_memory, k.count_in_device_memory)
    for kernel, name in itertools.product(counting, DTYPES):
        labels = (types.boolean if name == "bool" else getattr(types, name))[:, ::1]
        yield kernel, (labels, labels, limits, i, table)
    strided, bytes_ = types.Array(types.int32, 2, "A"), types.uint8[:, ::1]
    yield k.count_in_shared_memory, (strided, bytes_, limits, i, table)


@compiling
def test_compiled_for_a_device(monkeypatch):
    """No thread needs memory of its own, nothing is called, and what is added by many are whole numbers."""
    from numba.cuda import dispatcher

    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=(9, 0)))
    for kernel, types in types_of_kernels():
        try:
            code, _ = numba_cuda.compile_ptx(kernel.py_func, types, cc=(9, 0))
        except Exception as error:
            if "nvvm" in str(error).lower() or "NVVM" in type(error).__name__:
                pytest.skip(f"no compiler for CUDA: {error}")
            raise
        assert ".target sm_90" in code
        assert ".visible .entry" in code
        for word in (r"\.local", r"\bcall", r"\bvprintf", r"\btrap"):
            assert not re.search(word, code), f"{word} in {kernel.__name__}"
        atomics = set(re.findall(r"\b(?:atom|red)\.[\w.]*", code))
        counts = {"atom.global.add.u64"}
        if kernel.__name__ == "count_in_shared_memory":
            counts.add("atom.shared.add.u32")
        assert atomics == (counts if kernel.__name__.startswith("count") else set())
