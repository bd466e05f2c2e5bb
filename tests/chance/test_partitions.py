"""Expected cluster sizes of random partitions against exact Stirling and Bell numbers, and enumeration."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from amiable.chance import partitions
from amiable.chance.partitions import sizes_of_all_partitions, sizes_of_partitions_into
from tests import oracles


def assert_sizes(found, expected):
    """Compare with exact numbers; sizes that are left out must have next to no clusters."""
    sizes, weights = found
    assert np.all(np.diff(sizes) > 0)
    exact = np.array([float(expected.get(int(s), 0)) for s in sizes])
    np.testing.assert_allclose(weights, exact, rtol=0, atol=2e-14 * exact.max())
    left_out = sum(float(w) for s, w in expected.items() if s not in set(sizes.tolist()))
    assert left_out < 1e-17


@pytest.mark.parametrize("n", range(1, 9))
def test_enumeration(n):
    sizes = [Counter(labels) for labels in oracles.partitions(n)]
    groups = {None: sizes, **{k: [s for s in sizes if len(s) == k] for k in range(1, n + 1)}}
    for k, chosen in groups.items():
        total = Counter(itertools.chain.from_iterable(s.values() for s in chosen))
        expected = {s: count / len(chosen) for s, count in total.items()}
        assert_sizes(sizes_of_all_partitions(n) if k is None else sizes_of_partitions_into(n, k), expected)


@pytest.mark.parametrize(
    ("n", "k"),
    [
        (20, 3),
        (20, 19),
        (60, 5),
        (60, 30),
        (60, 59),
        (150, 2),
        (300, 17),
        (300, 290),
        pytest.param(700, 350, marks=pytest.mark.slow),
    ],
)
def test_numbers_of_clusters(n, k):
    assert_sizes(sizes_of_partitions_into(n, k), oracles.expected_sizes(n, k))


@pytest.mark.parametrize("n", [20, 60, pytest.param(150, marks=pytest.mark.slow)])
def test_all_partitions(n):
    assert_sizes(sizes_of_all_partitions(n), oracles.expected_sizes(n, None))


@pytest.mark.parametrize("k", [2, 3, 10, 1000, 50_000, 99_990])
def test_many_samples(k):
    n = 10**5
    sizes, weights = sizes_of_partitions_into(n, k)
    assert weights.sum() == pytest.approx(k, rel=1e-14)
    assert weights @ sizes == pytest.approx(n, rel=1e-12)  # not normalised to be so
    if k == 2:  # nearly every sample falls into one of two clusters like a coin
        variance = weights @ (sizes - n / 2.0) ** 2 / 2
        assert variance == pytest.approx(n / 4, rel=1e-9)


def test_bell_of_many_samples():
    n = 10**5
    sizes, weights = sizes_of_all_partitions(n)
    pairs = weights @ (sizes * (sizes - 1.0))  # B(n - 1) / B(n) of n (n - 1): about the root of x exp(x) = n, over n
    assert pairs / (n - 1) == pytest.approx(9.28, rel=0.01)
    assert weights @ sizes == pytest.approx(n, rel=1e-14)


def test_reach_bounds_the_tail():
    """Chernoff's bound is at least the true distance beyond which chances are below exp(-60)."""
    reach = partitions._reach_of_sum(2.0, 50)
    assert 60 < reach < 400
    mean = 50 * 2 / -math.expm1(-2)
    chances = partitions._chances_of_sum(2.0, 50, np.arange(116 - 80, 116 + 80) - mean)
    assert chances.sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("n", "k"), [(10**4, 30), (10**5, 2), (10**6, 2500), (10**6, None)])
def test_every_size_for_itself_sums_to_the_same(monkeypatch, n, k):
    """Of many sizes, and of many numbers of urns, each stands for some."""

    def sums():
        sizes, weights = sizes_of_all_partitions(n) if k is None else sizes_of_partitions_into(n, k)
        return sizes.size, weights @ np.log(sizes), weights @ (sizes * (sizes - 1.0))

    (few, *some), _ = sums(), monkeypatch.setattr(partitions, "_stride", lambda deviation: 1)
    many, *every = sums()
    assert few <= many
    assert some == pytest.approx(every, rel=1e-13)


@pytest.mark.parametrize(("n", "k"), [(2 * 10**12, 2), (8 * 10**15, 3), (8 * 10**15, 10**9), (8 * 10**15, 7 * 10**15)])
def test_up_to_the_most_samples(n, k):
    """Exact sums, as those of the number of clusters and of samples, from a few hundred sizes."""
    sizes, weights = sizes_of_partitions_into(n, k)
    assert sizes.size < 3000
    assert weights.sum() == pytest.approx(k, rel=1e-14)
    assert weights @ sizes == pytest.approx(n, rel=1e-13)
    assert sizes_of_all_partitions(n)[0].size < 1000
