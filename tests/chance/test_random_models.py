"""Scores under random-clustering models against enumeration of all partitions, and against clusim's numbers."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest

import amiable
from tests import oracles

MODELS = ("num", "all", "num1", "all1")
every_model = pytest.mark.parametrize("model", MODELS)


def partitions_of(n, k=None):
    return [labels for labels in oracles.partitions(n) if k is None or max(labels) + 1 == k]


def mean_over(score, ones, others):
    values = [score(oracles.count(one, other)) for one, other in itertools.product(ones, others)]
    return sum(values) / len(values)


@pytest.mark.parametrize(
    ("true", "pred"),
    [([0, 0, 1, 1, 2], [0, 1, 1, 1, 1]), pytest.param([0, 0, 0, 1, 1, 2], [0, 1, 0, 1, 2, 3], marks=pytest.mark.slow)],
)
@every_model
def test_enumeration_of_all_partitions(true, pred, model):
    n = len(true)
    free = partitions_of(n, max(pred) + 1) if model.startswith("num") else partitions_of(n)
    fixed = [true] if model.endswith("1") else partitions_of(n, max(true) + 1) if model == "num" else free
    sizes = np.bincount(true), np.bincount(pred)
    expected = mean_over(oracles.mutual_information, fixed, free)
    got = amiable.expected_mutual_information(*sizes, null=model)
    assert got == pytest.approx(float(expected), rel=1e-13)
    bounds = [math.log(max(v) + 1) if model.startswith("num") else math.log(n) for v in (true, pred)]
    mi = float(oracles.mutual_information(oracles.count(true, pred)))
    ami = (mi - float(expected)) / (sum(bounds) / 2 - float(expected))
    assert amiable.adjusted_mutual_info_score(true, pred, null=model) == pytest.approx(ami, rel=1e-12)
    ami = (mi - float(expected)) / (max(bounds) - float(expected))
    got = amiable.adjusted_mutual_info_score(true, pred, null=model, average_method="max")
    assert got == pytest.approx(ami, rel=1e-12)

    def rand(table):
        apart, _, _, together = oracles.pair_counts(table)
        return (apart + together) / (n * (n - 1))

    expected = mean_over(rand, fixed, free)
    ari = (rand(oracles.count(true, pred)) - expected) / (1 - expected)
    assert amiable.adjusted_rand_score(true, pred, null=model) == pytest.approx(ari, rel=1e-12)


@pytest.mark.parametrize(("n", "k", "j"), [(30, 3, 4), (60, 4, 5)])
def test_exact_sizes(n, k, j):
    """The sum over exact Stirling and Bell numbers and over the whole support of each cell."""

    def expected(one, other):
        total = mpmath.mpf(0)
        for (s, w), (t, v) in itertools.product(one.items(), other.items()):
            weight = mpmath.mpf((w * v).numerator) / (w * v).denominator
            for x in range(max(1, s + t - n), min(s, t) + 1):
                chance = mpmath.mpf(math.comb(s, x) * math.comb(n - s, t - x)) / math.comb(n, t)
                total += weight * chance * x / n * mpmath.log(mpmath.mpf(n * x) / (s * t))
        return float(total)

    rows, cols = [n - k + 1] + [1] * (k - 1), [n - j + 1] + [1] * (j - 1)
    exact = expected(oracles.expected_sizes(n, k), oracles.expected_sizes(n, j))
    assert amiable.expected_mutual_information(rows, cols, null="num") == pytest.approx(exact, rel=1e-12)
    every = oracles.expected_sizes(n, None)
    assert amiable.expected_mutual_information(rows, cols, null="all") == pytest.approx(
        expected(every, every), rel=1e-12
    )


def test_clusim():
    """Numbers of clusim 0.4: sizes (3, 3, 2) as clustering 2, its reference, and (4, 2, 1, 1) as clustering 1."""
    true, pred = np.repeat([0, 1, 2], [3, 3, 2]), np.array([0, 0, 1, 0, 2, 0, 1, 3])
    found = {model: amiable.adjusted_mutual_info_score(true, pred, null=model) for model in MODELS}
    assert found == pytest.approx(CLUSIM_AMI, abs=1e-12)
    found = {model: amiable.adjusted_rand_score(true, pred, null=model) for model in MODELS}
    assert found == pytest.approx(CLUSIM_ARI, abs=1e-12)


CLUSIM_AMI = {
    "num": 0.09564316338312574,
    "all": -0.09705449086295127,
    "num1": 0.05404490248355917,
    "all1": 0.01764682857055436,
}
CLUSIM_ARI = {
    "num": 0.08219568001926816,
    "all": -0.0695374303654976,
    "num1": -0.012078300708038251,
    "all1": -0.0034417567502060633,
}


@every_model
@pytest.mark.slow_on("jax-as-accelerator")
def test_every_library(model, backend, rng):
    true, pred = rng.integers(0, 3, 200), rng.integers(0, 5, (2, 200))
    for score in (amiable.adjusted_mutual_info_score, amiable.adjusted_rand_score):
        got = score(backend.asarray(true), backend.asarray(pred), null=model)
        looped = [score(true, one, null=model) for one in pred]
        np.testing.assert_allclose(backend.to_numpy(got), looped, rtol=backend.tolerance, atol=backend.tolerance)


@every_model
def test_limits(model):
    for score in (amiable.adjusted_mutual_info_score, amiable.adjusted_rand_score):
        assert score([], [], null=model) == 1
        assert score([3], ["x"], null=model) == 1
    ami = amiable.adjusted_mutual_info_score
    alone, apart = np.zeros(5, dtype=int), np.arange(5)
    if model.startswith("num"):  # then the number of clusters tells all
        assert ami(alone, alone, null=model) == 1
        assert ami(apart, apart, null=model) == 1
        assert ami(alone, [0, 0, 0, 1, 1], null=model) == 0
        assert ami([0, 0, 1, 1], [0, 1, 2, 3], null="num1", average_method="min") == 0
    else:
        assert ami(alone, apart, null=model) <= 0
    balanced = np.repeat([0, 1, 2], 4)
    assert ami(balanced, balanced[::-1], null="num") == pytest.approx(1, abs=1e-14)
    assert amiable.adjusted_rand_score(balanced, balanced[::-1], null=model) == 1


@pytest.mark.parametrize("model", ["num", "all"])
def test_many_samples(model):
    """A hundred thousand samples, and the same expectation by simulation of cluster sizes."""
    rows = np.full(10, 10**4)
    got = amiable.expected_mutual_information(rows, rows, null=model)
    fixed = amiable.expected_mutual_information(rows, rows)
    if model == "num":  # sizes are nearly equal then
        assert got == pytest.approx(fixed, rel=1e-3)
    else:
        assert got > 6


def test_unknown_model():
    expected = r"null is 'any': expected one of 'permutation', 'num', 'all', 'num1', 'all1'"
    for call in (
        lambda: amiable.expected_mutual_information([2], [2], null="any"),
        lambda: amiable.adjusted_mutual_info_score([0], [0], null="any"),
        lambda: amiable.adjusted_rand_score([0], [0], null="any"),
    ):
        with pytest.raises(ValueError, match=expected):
            call()


def test_traced_sizes():
    jax = pytest.importorskip("jax")
    with pytest.raises(ValueError, match="needs to know the cluster sizes, which are traced"):
        jax.jit(lambda a: amiable.expected_mutual_information(a, a, null="num"))(jax.numpy.asarray([2, 3]))


@every_model
def test_limits_are_those_of_the_formula(model):
    """Identical singletons are at the largest entropy; a single true cluster tells nothing of one that may vary."""
    assert amiable.adjusted_mutual_info_score(range(5), range(5), null=model) == 1.0
    single = amiable.adjusted_mutual_info_score([0] * 5, [0] * 5, null=model)
    assert single < 0 if model == "all" else single == {"num": 1.0, "num1": 1.0, "all1": 0.0}[model]
    assert amiable.adjusted_mutual_info_score([0] * 5, [0, 0, 1, 1, 2], null=model) <= 0.0


def test_at_the_most_samples():
    """Sizes spread by the root of n: n EMI is (k - 1) (l - 1) / 2 for few large clusters."""
    for n in (2 * 10**12, 8 * 10**15):
        rows, cols = [n - 9] + [1] * 9, [n - 4] + [1] * 4
        got = amiable.expected_mutual_information(rows, cols, null="num")
        assert got == pytest.approx(9 * 4 / 2 / n, rel=1e-10)
    with np.errstate(all="raise"):
        assert amiable.expected_mutual_information(rows, cols, null="all") > 0
