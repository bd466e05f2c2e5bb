"""Scores of matched clusters against every assignment, in fractions."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable, cluster_matching
from amiable.scores import matching


def best(table, worth):
    """The largest sum of `worth(i, j)` over all assignments of the shorter side to the longer one."""
    n_rows, n_cols = table.shape
    if n_rows > n_cols:
        return best(table.T, lambda i, j: worth(j, i))
    choices = itertools.permutations(range(n_cols), n_rows)
    return max(sum(worth(i, j) for i, j in enumerate(chosen)) for chosen in choices)


def tables(seed, most):
    """Sparse tables of up to `most` rows and columns, all of which hold samples."""
    rng = np.random.default_rng(seed)
    while True:
        shape = rng.integers(1, most + 1, 2)
        table = rng.integers(0, 9, shape) * (rng.random(shape) < 0.6)
        if table.sum(0).all() and table.sum(1).all():
            yield table


def fraction(x):
    return Fraction(int(x))


@pytest.mark.parametrize("table", list(itertools.islice(tables(0, 7), 40)))
def test_every_assignment(table):
    a, b, n = table.sum(1), table.sum(0), int(table.sum())
    counts = best(table, lambda i, j: fraction(table[i, j]))
    assert amiable.matching_accuracy_score(contingency=table) == float(counts / n)
    r, c = table.shape
    identical = np.count_nonzero(table) == r == c
    shares = best(table, lambda i, j: fraction(table[i, j]) / int(a[i]))
    expected = float((shares - 1) / (r - 1)) if r > 1 else float(identical)
    assert amiable.normalized_clustering_accuracy(contingency=table) == pytest.approx(expected, abs=1e-15)
    most = best(table, lambda i, j: fraction(table[i, j]) / int(max(a[i], b[j])))
    largest = zip(sorted(a.tolist(), reverse=True), sorted(b.tolist(), reverse=True), strict=False)
    chance = sum(Fraction(x * y, n * max(x, y)) for x, y in largest)
    expected = 1.0 if identical else max(0.0, float((most - chance) / (max(r, c) - chance)))
    assert amiable.pair_sets_index(contingency=table) == pytest.approx(expected, abs=1e-15)


def test_purity():
    for table in itertools.islice(tables(1, 8), 40):
        n = table.sum()
        assert amiable.purity_score(contingency=table) == table.max(0).sum() / n
        assert amiable.inverse_purity_score(contingency=table) == table.max(1).sum() / n


@pytest.mark.parametrize("function", [amiable.purity_score, amiable.inverse_purity_score])
def test_purity_of_lists_of_cells(function, backend, rng):
    """Of a batch of tables with more cells than are kept when empty."""
    full = rng.integers(1, 6, (3, 90, 70)) * (rng.random((90, 70)) < 0.05)
    expected = full.max(1 if function is amiable.purity_score else 2).sum(1) / full.sum((1, 2))
    listed = ContingencyTable.from_counts(backend.asarray(full))
    assert not listed.is_grid
    np.testing.assert_allclose(backend.to_numpy(function(contingency=listed)), expected, rtol=1e-6)


def test_large_tables_are_matched_as_lists(monkeypatch, rng):
    for table in itertools.islice(tables(2, 12), 30):
        dense = [f(contingency=table) for f in (amiable.matching_accuracy_score, amiable.pair_sets_index)]
        with monkeypatch.context() as patch:
            patch.setattr(matching, "_DENSE", 0)
            listed = [f(contingency=table) for f in (amiable.matching_accuracy_score, amiable.pair_sets_index)]
        assert listed == pytest.approx(dense, abs=1e-15)
    labels = rng.integers(0, 5000, 20_000)
    moved = np.where(rng.random(20_000) < 0.1, rng.integers(0, 5000, 20_000), (labels * 7 + 3) % 5000)
    assert 0.85 < amiable.matching_accuracy_score(labels, moved) < 0.93


def test_the_matching(backend, rng):
    names = rng.integers(0, 5, 80)
    true, pred = backend.asarray(names * 10), backend.asarray((names + 1) % 5 + 100)
    found = cluster_matching(true, pred)
    of_true, of_pred, counts = (backend.to_numpy(x) for x in found)
    np.testing.assert_array_equal(of_true, np.arange(5) * 10)
    np.testing.assert_array_equal(of_pred, (np.arange(5) + 1) % 5 + 100)
    np.testing.assert_array_equal(counts, np.bincount(names))


def test_what_is_left_over():
    table = [[5, 0, 2], [4, 0, 0], [0, 0, 0]]
    found = cluster_matching(contingency=table)
    assert [x.tolist() for x in found] == [[0, 1], [2, 0], [2, 4]]
    assert int(sum(found.counts)) / 11 == amiable.matching_accuracy_score(contingency=table)
    named = cluster_matching(["a", "a", "b"], ["x", "x", "x"])
    assert dict(zip(named.labels_true.tolist(), named.labels_pred.tolist(), strict=True)) == {"a": "x"}
    assert [x.tolist() for x in cluster_matching([], [])] == [[], [], []]


def test_limit_cases():
    for score in (amiable.pair_sets_index, amiable.normalized_clustering_accuracy):
        assert score([0, 0, 0], [1, 1, 1]) == score([0, 1, 2], [2, 0, 1]) == 1
    assert amiable.normalized_clustering_accuracy([0, 0, 0], [0, 1, 1]) == 0
    assert amiable.normalized_clustering_accuracy([0, 0, 1, 1], [0, 0, 0, 0]) == 0
    assert amiable.normalized_clustering_accuracy([0, 0, 0, 1, 1, 1], range(6)) == pytest.approx(-1 / 3)
    assert amiable.pair_sets_index([0, 0, 0, 0], [0, 1, 2, 3]) == 0
    assert amiable.matching_accuracy_score([0, 0, 0, 0], [0, 1, 2, 3]) == 0.25
    assert math.isclose(amiable.purity_score([0, 0, 0, 1], [0, 0, 0, 0]), 0.75)


def test_bad_input():
    with pytest.raises(ValueError, match=r"labels_true and labels_pred make a batch of tables of shape \(2, 2, 2\)"):
        cluster_matching([[0, 1, 1], [0, 0, 1]], [0, 1, 0])
    with pytest.raises(ValueError, match="contingency is a batch of tables"):
        cluster_matching(contingency=np.ones((2, 2, 2), dtype=int))
    with pytest.raises(ValueError, match="score is 'purity_score', which is no sum over cells"):
        amiable.expected_score(amiable.purity_score, [2, 2], [2, 2])


def test_traced_labels_are_not_matched():
    jax = pytest.importorskip("jax")
    labels = jax.numpy.asarray([0, 1, 1])
    for function in (amiable.matching_accuracy_score, amiable.pair_sets_index, cluster_matching):
        with pytest.raises(ValueError, match="labels or contingency are traced: expected values"):
            jax.jit(lambda u, f=function: f(u, u, n_labels=(2, 2)))(labels)
