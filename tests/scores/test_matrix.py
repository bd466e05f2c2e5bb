"""The contingency matrix in scikit-learn's form."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest
import scipy.sparse
import sklearn.metrics.cluster as peer

import amiable


def test_agrees_with_the_peer(rng):
    true, pred = rng.integers(0, 5, 100) * 3, rng.choice(["x", "yy", "z"], 100)
    expected = peer.contingency_matrix(true, pred)
    for got in (amiable.contingency_matrix(true, pred), amiable.contingency_matrix(true, pred, sparse=True).toarray()):
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == np.int64
    np.testing.assert_array_equal(amiable.contingency_matrix(true, pred, eps=0.5), expected + 0.5)
    for dtype in (np.float64, np.int16):
        assert amiable.contingency_matrix(true, pred, dtype=dtype).dtype == dtype
        assert amiable.contingency_matrix(true, pred, dtype=dtype, sparse=True).dtype == dtype


def test_many_cells_have_the_same_form(rng):
    true, pred = rng.integers(0, 3000, 5000), rng.integers(0, 2000, 5000)
    sparse = amiable.contingency_matrix(true, pred, sparse=True)
    assert scipy.sparse.issparse(sparse)
    assert sparse.format == "csr"
    np.testing.assert_array_equal(sparse.toarray(), peer.contingency_matrix(true, pred))
    np.testing.assert_array_equal(amiable.contingency_matrix(true, pred), peer.contingency_matrix(true, pred))


def test_every_library_and_batches(backend, rng):
    true, pred = rng.integers(0, 3, (4, 50)), rng.integers(0, 6, 50)
    x, y = backend.asarray(true), backend.asarray(pred)
    got = amiable.contingency_matrix(x, y)
    assert tuple(got.shape) == (4, 3, 6)
    assert compat.array_namespace(got) is compat.array_namespace(x)
    for one, labels in zip(backend.to_numpy(got), true, strict=True):
        np.testing.assert_array_equal(one, peer.contingency_matrix(labels, pred))
    floats = amiable.contingency_matrix(x, y, eps=0.5)
    np.testing.assert_array_equal(backend.to_numpy(floats), backend.to_numpy(got) + 0.5)


def test_of_a_table(rng):
    true, pred = rng.integers(0, 5, 100), rng.integers(0, 4, 100)
    matrix = amiable.contingency_matrix(true, pred)
    table = amiable.ContingencyTable.from_labels(true, pred)
    np.testing.assert_array_equal(amiable.contingency_matrix(contingency=table), matrix)


@pytest.mark.parametrize("sparse", [False, True])
def test_dtype_too_narrow(sparse):
    with pytest.raises(ValueError, match="dtype is int8, which holds counts up to 127: expected a dtype for 300"):
        amiable.contingency_matrix([0] * 300, [0] * 300, dtype=np.int8, sparse=sparse)


def test_sparse_and_eps():
    with pytest.raises(ValueError, match="Cannot set 'eps' when sparse=True"):
        amiable.contingency_matrix([0, 1], [0, 1], eps=0.1, sparse=True)


def test_sparse_of_a_batch():
    with pytest.raises(TypeError, match="has no SciPy form: expected one table"):
        amiable.contingency_matrix([[0, 1]], [0, 1], sparse=True)
