"""Compare CuPy on the stand-in with NumPy: reductions, scans, sorts, products, halves and a kernel of warps."""

from __future__ import annotations

import numpy as np

from tests.cupy_without_gpu import stand_in

cupy = stand_in.cupy

rng = np.random.default_rng(0)

for n in (5, 31, 33, 257, 1025, 5000):
    mask, y = rng.random(n) < 0.3, rng.integers(0, 9, n)
    assert np.array_equal(cupy.nonzero(cupy.asarray(mask))[0].get(), np.nonzero(mask)[0])
    assert np.array_equal(cupy.cumsum(cupy.asarray(y)).get(), np.cumsum(y))
    assert np.array_equal(cupy.argsort(cupy.asarray(y)).get(), np.argsort(y, kind="stable"))

for shape in ((7, 33), (300, 5), (1, 4000), (2, 3, 70)):
    x = rng.random(shape)
    on_device = cupy.asarray(x)
    for axis in (None, 0, -1):
        assert np.allclose(on_device.sum(axis=axis).get(), x.sum(axis=axis))
        assert np.array_equal(on_device.argmax(axis=axis).get(), x.argmax(axis=axis))

for left, right in (((3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 5, 3, 4), (4, 1))):
    a, b = rng.random(left), rng.random(right)
    assert np.allclose(cupy.matmul(cupy.asarray(a), cupy.asarray(b)).get(), a @ b)

half = rng.random(50).astype(np.float16)
assert np.array_equal((cupy.asarray(half) * cupy.float16(3)).get(), half * np.float16(3))

total = cupy.RawKernel(
    r"""extern "C" __global__ void total(const int* x, int* out) {
      __shared__ int sum;
      int v = x[threadIdx.x];
      for (int d = 16; d; d /= 2) v += __shfl_down_sync(~0u, v, d);
      if (threadIdx.x == 0) sum = 0;
      __syncthreads();
      if (threadIdx.x % 32 == 0) atomicAdd(&sum, v);
      __syncthreads();
      if (threadIdx.x == 5) *out = sum;
    }""",
    "total",
)
x, out = rng.integers(0, 99, 128).astype(np.int32), cupy.zeros(1, np.int32)
total((1,), (128,), (cupy.asarray(x), out))
assert int(out[0]) == x.sum()

before = stand_in.counted()
float(out.sum())
did = {name: count - before[name] for name, count in stand_in.counted().items() if count != before[name]}
assert did == {"launches": 1, "d2h": 1, "bytes_d2h": 8, "stream_syncs": 1}, did
print("CuPy", cupy.__version__, "runs without a GPU and agrees with NumPy")
