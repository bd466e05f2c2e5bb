"""Moments, the standardised score and the p-value from two moments."""

from __future__ import annotations

import math

import array_api_compat as compat
import mpmath
import numpy as np
import pytest
import scipy.stats

import amiable
from tests import oracles

CASES = [([4, 3, 1], [3, 3, 2]), ([6, 4], [5, 5]), ([5, 1, 1], [4, 3])]


@pytest.mark.parametrize(("rows", "cols"), CASES)
@pytest.mark.slow_on("jax-as-accelerator")
def test_moments_on_every_library(rows, cols, backend):
    sizes = [np.pad(v, (0, 3 - len(v))) for v in (rows, cols)]  # one shape, which JAX compiles once
    got = amiable.mutual_information_moments(*map(backend.asarray, sizes))
    expected = oracles.moments(rows, cols)
    for value, exact, error in zip(got, expected, (1e-5, 1e-3) if backend.single else (1e-13, 1e-11), strict=True):
        assert float(value) == pytest.approx(float(exact), rel=error)
        if not backend.name.startswith("numpy"):
            assert compat.array_namespace(value) is compat.array_namespace(backend.asarray(sizes[0]))
    assert got.variance is got[1]


@pytest.mark.slow_on("jax-as-accelerator")
def test_moments_of_a_batch(backend):
    rows, cols = np.array([[40, 30, 30], [98, 1, 1]]), np.array([[[50, 50]], [[99, 1]], [[20, 80]]])
    got = amiable.mutual_information_moments(backend.asarray(rows), backend.asarray(cols))
    for value, field in zip(got, ("mean", "variance"), strict=True):
        assert tuple(value.shape) == (3, 2)
        looped = [[getattr(amiable.mutual_information_moments(a, b[0]), field) for a in rows] for b in cols]
        np.testing.assert_allclose(backend.to_numpy(value), looped, rtol=1e-3 if backend.single else 1e-12)


@pytest.mark.parametrize("n", [10**4, 10**9, 10**12])
def test_moments_tend_to_those_of_chi_square(n):
    sizes = np.full(5, n // 5)
    mean, variance = amiable.mutual_information_moments(sizes, sizes)
    assert mean * n == pytest.approx(8, rel=100 / n + 1e-9)
    assert variance * n**2 == pytest.approx(8, rel=100 / n + 1e-9)


def test_moments_in_float32_of_many_samples():
    torch = pytest.importorskip("torch")
    from tests.backends import _as_accelerator

    sizes = torch.tensor([4 * 10**8, 5 * 10**8, 10**8])
    with _as_accelerator(float64=False):
        mean, variance = amiable.mutual_information_moments(sizes, sizes)
    assert mean.dtype == torch.float32
    assert float(mean) * 1e9 == pytest.approx(2, rel=1e-4)
    assert float(variance) * 1e18 == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize("sizes", [([], []), ([0], [0, 0]), ([5], [2, 3]), ([1] * 6, [2, 4]), ([3, 3], [5, 1])])
def test_no_variance(sizes):
    assert amiable.mutual_information_moments(*sizes).variance == 0


def test_moments_of_bad_sizes():
    for sizes, message in (
        (([2, 3], [4]), "row_sums add up to 5 and col_sums to 4"),
        (([2, -3], [4]), "row_sums holds -3"),
        (([0.5], [0.5]), "row_sums holds 0.5"),
    ):
        with pytest.raises(ValueError, match=message):
            amiable.mutual_information_moments(*sizes)


@pytest.mark.parametrize(("rows", "cols"), CASES)
def test_standardised_by_definition(rows, cols):
    mean, variance = oracles.moments(rows, cols)
    for table, _ in oracles.tables_with_margins(rows, cols):
        exact = (oracles.mutual_information(table) - mean) / mpmath.sqrt(variance)
        got = amiable.standardized_mutual_info_score(contingency=table.astype(int))
        assert got == pytest.approx(float(exact), abs=1e-12)


def test_standardised_scores_of_random_tables():
    tables = amiable.random_tables([50, 30, 20], [40, 40, 20], 20_000, rng=0)
    scores = amiable.standardized_mutual_info_score(contingency=tables[:20])
    mean, variance = amiable.mutual_information_moments([50, 30, 20], [40, 40, 20])
    expected = (amiable.mutual_info_score(contingency=tables) - mean) / math.sqrt(variance)
    np.testing.assert_allclose(scores, expected[:20], rtol=0, atol=1e-12)


def test_nearly_all_singletons():
    """One pair each among n samples: the score of the pair that is not found keeps its digits."""
    n = 10**5
    true, pred = np.r_[0, np.arange(n - 1)], np.r_[np.arange(n - 1), 0]
    chance = 2 / (n * (n - 1))
    got = amiable.standardized_mutual_info_score(true, pred)
    assert got == pytest.approx(-chance / math.sqrt(chance * (1 - chance)), rel=1e-9)


@pytest.mark.parametrize("score", [amiable.standardized_mutual_info_score, amiable.mutual_info_pvalue])
def test_where_sizes_settle_all(score):
    nothing = 0.0 if score is amiable.standardized_mutual_info_score else 1.0
    for true, pred in (([], []), ([0, 0], [1, 1]), ([0, 1, 2], [0, 0, 1]), ([0, 0, 1, 1], [0, 0, 0, 1])):
        assert score(true, pred) == nothing


@pytest.mark.parametrize("table", [[[30, 20], [20, 30]], [[300, 200, 100], [250, 260, 140]], np.full((8, 8), 20)])
def test_pvalue_is_that_of_the_gamma_distribution(table):
    mean, variance = amiable.mutual_information_moments(np.sum(table, 1), np.sum(table, 0))
    known = scipy.stats.gamma(mean**2 / variance, scale=variance / mean)
    expected = known.sf(amiable.mutual_info_score(contingency=table))
    assert amiable.mutual_info_pvalue(contingency=table) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("sizes", [([500, 300, 200], [400, 400, 200]), ([100] * 10, [250] * 4), ([10] * 30, [60] * 5)])
def test_pvalue_against_random_tables(sizes):
    """The share of random tables with a p-value below 0.05 or 0.01 is that, within a tenth and the error of 40,000."""
    tables = amiable.random_tables(*sizes, 40_000, rng=1)
    mean, variance = amiable.mutual_information_moments(*sizes)
    known = scipy.stats.gamma(mean**2 / variance, scale=variance / mean)
    pvalues = known.sf(amiable.mutual_info_score(contingency=tables))
    for level in (0.05, 0.01):
        assert np.mean(pvalues <= level) == pytest.approx(level, rel=0.1, abs=4 * math.sqrt(level / 40_000))


def test_pvalue_of_large_clusters_is_that_of_chi_square():
    table = np.array([[10_100, 9900, 10_000], [9_800, 10_100, 10_100]])
    expected = scipy.stats.chi2_contingency(table, lambda_="log-likelihood").pvalue
    assert amiable.mutual_info_pvalue(contingency=table) == pytest.approx(expected, rel=1e-3)


def test_pvalue_where_labels_agree():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 5, 1000)
    assert amiable.mutual_info_pvalue(true, true) < 1e-100
    sparse = np.arange(1000) // 2  # nearly all clusters are small
    assert amiable.mutual_info_pvalue(sparse, rng.permutation(sparse)) > 1e-3
    assert amiable.mutual_info_pvalue(sparse, sparse) < 1e-12
