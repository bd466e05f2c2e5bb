"""Kernels that have no device here: in Triton's interpreter, and compiled as C++ for one thread a block."""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SHAPES = [(1, 1), (10, 10), (100, 90)]

# what CUDA knows and C++ does not, where each block is one thread; blocks run one after another
CUDA = """
#define __global__
#define __device__
#define __shared__
struct Index { int x; };
static Index threadIdx{0}, blockDim{1}, blockIdx, gridDim;
static void __syncthreads() {}
static void atomicAdd(unsigned int* to, unsigned int amount) { *to += amount; }
unsigned int found[1 << 16];
"""
LAUNCH = """
extern "C" void {name}_{type}(
    int blocks, const {cpp}* rows, const {cpp}* cols, long long n, long long r, long long c, unsigned int* counts) {{
    gridDim.x = blocks;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {name}<{cpp}>(rows, cols, n, r, c, counts);
}}
"""
TYPES = {"int32": "int", "int64": "long long"}
KERNELS = ("count_in_shared_memory", "count_in_device_memory")


def labels_and_counts(rng, shape, n, dtype):
    """Codes, some of them outside, and the table of those inside."""
    labels = [rng.integers(-1, k + 1, n).astype(dtype) for k in shape]
    inside = np.all([(x >= 0) & (x < k) for x, k in zip(labels, shape, strict=True)], axis=0)
    counts = np.zeros(shape, dtype=np.int64)
    np.add.at(counts, tuple(x[inside] for x in labels), 1)
    return labels, counts


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    folder = tmp_path_factory.mktemp("kernels")
    launches = [LAUNCH.format(name=k, type=t, cpp=TYPES[t]) for k, t in itertools.product(KERNELS, TYPES)]
    (folder / "kernels.cpp").write_text("\n".join([CUDA, (ROOT / "benchmarks/kernels.cu").read_text(), *launches]))
    command = [compiler, "-std=c++17", "-shared", "-fPIC", "-o", "kernels.so", "kernels.cpp"]
    subprocess.run(command, cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "kernels.so"))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_cuda_kernels(compiled, rng, shape, kernel, dtype):
    for n in (0, 1, 1000):
        labels, expected = labels_and_counts(rng, shape, n, dtype)
        counts = np.zeros(shape, dtype=np.uint32)
        pointers = [ctypes.c_void_p(x.ctypes.data) for x in (*labels, counts)]
        sizes = [ctypes.c_longlong(x) for x in (n, *shape)]
        getattr(compiled, f"{kernel}_{dtype}")(3, *pointers[:2], *sizes, pointers[2])
        np.testing.assert_array_equal(counts, expected)


def test_triton_kernels(rng, tmp_path):
    """In a process of its own: the interpreter is chosen before the kernels are imported."""
    pytest.importorskip("triton", reason="a gigabyte, which comes with PyTorch where there is CUDA")
    cases = {}
    for i, (shape, n, dtype) in enumerate(itertools.product(SHAPES, (0, 1, 5000), TYPES)):
        labels, counts = labels_and_counts(rng, shape, n, dtype)
        cases |= {f"{i}-rows": labels[0], f"{i}-cols": labels[1], f"{i}-counts": counts}
    np.savez(tmp_path / "cases.npz", **cases)
    code = f"""
import numpy as np, torch
from benchmarks import triton_kernels
triton_kernels.PROGRAMS = 2
cases = np.load({str(tmp_path / "cases.npz")!r})
for i in range(len(cases.files) // 3):
    rows, cols, counts = (cases[f"{{i}}-{{name}}"] for name in ("rows", "cols", "counts"))
    found = triton_kernels.count(torch.from_numpy(rows), torch.from_numpy(cols), counts.shape)
    np.testing.assert_array_equal(found, counts)
"""
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0
