"""What a library and a device offer, and how inputs become arrays."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest

from amiable._array import arithmetic, dtypes, transfers
from amiable._array.blocks import blocks, cell_blocks


def test_dtypes_of_the_device(backend):
    x = backend.asarray(np.zeros(2, dtype=np.int32))
    xp = compat.array_namespace(x)
    assert dtypes.working_dtype(xp, x) == (xp.float32 if backend.single else xp.float64)
    assert dtypes.count_dtype(xp, x) == (xp.int32 if backend.narrow else xp.int64)


def test_fetch(backend):
    assert transfers.fetch(backend.asarray(np.array([3, -1, 2], dtype=np.int32))) == [3, -1, 2]


def test_own_arrays_are_not_copied(backend):
    x = backend.asarray(np.zeros(2))
    assert transfers.as_array("x", x) is x


@pytest.mark.parametrize(("length", "step"), [(0, 5), (1, 5), (5, 5), (6, 5), (23, 5), (3, 0)])
def test_blocks_cover_everything_once(length, step):
    found = [i for block in blocks(length, step) for i in range(block.start, block.stop)]
    assert found == list(range(length))


def test_blocks_keep_the_budget():
    runs = list(cell_blocks(np.zeros(1), 10**6, per_item=1 << 12))
    assert max(run.stop - run.start for run in runs) * (1 << 12) <= 1 << 16


def test_matrix_product_at_full_precision(backend, rng):
    x, y = rng.random((3, 4)).astype(np.float32), rng.random((4, 2)).astype(np.float32)
    xp = compat.array_namespace(backend.asarray(x))
    got = arithmetic.matmul(xp, backend.asarray(x), backend.asarray(y))
    np.testing.assert_allclose(backend.to_numpy(got), x @ y, rtol=1e-6)


@pytest.mark.parametrize(
    ("left", "right"), [((3, 4), (4, 2)), ((2, 4), (4, 3)), ((5, 1, 3, 4), (2, 4, 6)), ((1, 4), (4, 1))]
)
def test_matrix_product_in_slices(left, right, rng):
    x, y = rng.random(left), rng.random(right)
    np.testing.assert_allclose(arithmetic._matmul_in_slices(np, x, y), x @ y, rtol=1e-14)
