"""Counting on every library: known bins, batches, exact sums."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest

from amiable._array.bins import count_keys, sum_by_key, unique_counts, unique_inverse


@pytest.fixture
def space(backend):
    return compat.array_namespace(backend.asarray(np.zeros(1, dtype=np.int32)))


@pytest.mark.parametrize("shape", [(0,), (1,), (500,), (3, 100), (2, 3, 50), (2, 0)])
def test_count_keys(backend, space, rng, shape):
    keys = rng.integers(0, 7, shape)
    got = backend.to_numpy(count_keys(space, backend.asarray(keys), 9))
    assert got.shape == (*shape[:-1], 9)
    np.testing.assert_array_equal(got, (keys[..., None] == np.arange(9)).sum(-2))
    assert got.dtype == (np.int32 if backend.narrow else np.int64)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_sum_by_key(backend, space, rng, lead):
    keys, values = rng.integers(0, 5, 40), rng.integers(0, 1000, (*lead, 40))
    got = backend.to_numpy(sum_by_key(space, backend.asarray(keys), backend.asarray(values), 6))
    np.testing.assert_array_equal(got, ((keys == np.arange(6)[:, None]) * values[..., None, :]).sum(-1))


def test_sums_beyond_float64_are_exact(backend, space):
    if backend.narrow:
        pytest.skip("int32 counts")
    values = np.array([2**60, 1, 2**60 + 1, 2])
    got = sum_by_key(space, backend.asarray(np.array([0, 0, 1, 1])), backend.asarray(values), 2)
    assert backend.to_numpy(got).tolist() == [2**60 + 1, 2**60 + 3]


def test_nothing_to_sum(backend, space):
    empty = backend.asarray(np.zeros(0, dtype=np.int32))
    np.testing.assert_array_equal(backend.to_numpy(sum_by_key(space, empty, empty, 3)), [0, 0, 0])


def test_unique(backend, space, rng):
    x = rng.integers(-5, 5, (4, 20))
    values, inverse = unique_inverse(space, backend.asarray(x))
    np.testing.assert_array_equal(backend.to_numpy(values), np.unique(x))
    np.testing.assert_array_equal(backend.to_numpy(values)[backend.to_numpy(inverse)], x)
    values, counts = unique_counts(space, backend.asarray(x))
    np.testing.assert_array_equal(backend.to_numpy(counts), np.unique(x, return_counts=True)[1])
