"""Permutation tests: p-values, their uniformity under the null, every statistic, every library."""

from __future__ import annotations

import math
from functools import partial

import array_api_compat as compat
import numpy as np
import pytest
import scipy.stats

import amiable
from amiable import permutation_test
from amiable.resampling import draws, permutation
from amiable.scores.registry import SCORES, function_of
from tests import oracles

TABLE = np.array([[30, 20, 10], [20, 30, 15]])


@pytest.mark.parametrize(
    ("alternative", "extreme"),
    [("greater", lambda x, t: x >= t - 1e-12), ("less", lambda x, t: x <= t + 1e-12), ("two-sided", None)],
)
@pytest.mark.parametrize(
    ("rows", "cols", "table"),
    [([4, 3, 1], [3, 3, 2], [[3, 0, 1], [0, 3, 0], [0, 0, 1]]), ([6, 4], [5, 5], [[4, 2], [1, 3]])],
)
def test_exact_pvalues(rows, cols, table, alternative, extreme):
    """Against the sum of the probabilities of all tables that are at least as extreme."""
    score, observed = amiable.adjusted_rand_score, amiable.adjusted_rand_score(contingency=table)

    def chance(extreme):
        tables = oracles.tables_with_margins(rows, cols)
        return sum(float(p) for t, p in tables if extreme(score(contingency=t.astype(int)), observed))

    above, below = chance(lambda x, t: x >= t - 1e-12), chance(lambda x, t: x <= t + 1e-12)
    exact = {"greater": above, "less": below, "two-sided": min(1, 2 * min(above, below))}[alternative]
    found = permutation_test(contingency=table, score=score, n_resamples=50_000, alternative=alternative, rng=1)
    assert found.statistic == observed
    assert found.pvalue == pytest.approx(exact, abs=5 * math.sqrt(0.25 / 50_000))
    assert extreme is None or found.pvalue * 50_001 == pytest.approx(
        1 + np.sum(extreme(found.null_distribution, observed))
    )


def test_the_plus_one_rule():
    found = permutation_test(contingency=[[500, 0], [0, 500]], n_resamples=99, rng=0)
    assert (found.statistic, found.pvalue) == (1.0, 1 / 100)
    found = permutation_test(contingency=[[500, 0], [0, 500]], n_resamples=99, rng=0, alternative="less")
    assert found.pvalue == 1


@pytest.mark.parametrize("name", [record.name for record in SCORES.values()])
@pytest.mark.parametrize("table", [[[0, 1], [2, 1]], [[0, 0, 1], [3, 3, 2]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]])
def test_all_tables_tie_where_the_sizes_settle_the_score(name, table):
    """One sample alone against equal clusters, or all singletons: scores differ by rounding, which is no evidence."""
    for alternative in ("greater", "less", "two-sided"):
        options = {"score": name, "alternative": alternative, "n_resamples": 199, "rng": 0}
        assert permutation_test(contingency=table, **options).pvalue == 1


@pytest.mark.parametrize("name", [record.name for record in SCORES.values()])
def test_ties_of_small_tables(name):
    """Ties as whole numbers tell them: products of x**x for what follows information, sums of squares for pairs.

    Other scores tell them themselves, to twelve digits.
    """
    record = next(record for record in SCORES.values() if record.name == name)
    pairs, falls = record.order == "pairs", record.is_distance
    for rows, cols in (((3, 1, 1), (2, 2, 1)), ((4, 1), (2, 2, 1)), ((2, 2, 2), (2, 2, 2)), ((5, 2), (4, 3))):
        tables = [(t.astype(int), float(p)) for t, p in oracles.tables_with_margins(rows, cols)]
        if record.order in ("information", "pairs"):
            keys = [(t**2).sum() if pairs else math.prod(int(x) ** int(x) for x in t.ravel()) for t, _ in tables]
        else:
            keys = [round(record.function(contingency=t), 12) for t, _ in tables]
        observed = len(tables) // 3
        exact = sum(p for key, (_, p) in zip(keys, tables, strict=True) if key >= keys[observed])
        options = {"score": name, "n_resamples": 2000, "rng": 0, "alternative": "less" if falls else "greater"}
        found = permutation_test(contingency=tables[observed][0], **options)
        assert found.pvalue == pytest.approx(exact, abs=5 * math.sqrt(exact * (1 - exact) / 2000) + 1e-3)


def test_ties_count_whatever_the_order_of_sums():
    """With one pair in a cluster there are two values; equal ones differ by rounding as their cells move."""
    true, pred = np.r_[0, np.arange(29)], np.r_[np.arange(29), 0]
    found = permutation_test(true, pred, n_resamples=400, rng=0)
    assert found.pvalue == 1


@pytest.mark.parametrize("name", [record.name for record in SCORES.values()])
def test_every_score_by_name(name):
    by_name = permutation_test(contingency=TABLE, score=name, n_resamples=200, rng=3)
    score = function_of(name)
    assert by_name.statistic == pytest.approx(score(contingency=TABLE), abs=1e-14)
    one_by_one = [score(contingency=t) for t in amiable.random_tables(TABLE.sum(1), TABLE.sum(0), 200, rng=3)]
    np.testing.assert_allclose(by_name.null_distribution, one_by_one, rtol=0, atol=1e-13)
    function = permutation_test(contingency=TABLE, score=score, n_resamples=200, rng=3)
    np.testing.assert_array_equal(function.null_distribution, by_name.null_distribution)


def test_options_and_functions_of_tables():
    nmi = partial(amiable.normalized_mutual_info_score, average_method="max")
    bound = permutation_test(contingency=TABLE, score=nmi, n_resamples=50, rng=3)

    def own(contingency):
        assert contingency.counts.shape[0] in (1, 7, 50 % 7)
        return nmi(contingency=contingency)

    mine = permutation_test(contingency=TABLE, score=own, n_resamples=50, rng=3, batch=7)
    np.testing.assert_allclose(mine.null_distribution, bound.null_distribution, rtol=0, atol=1e-15)
    assert mine.pvalue == bound.pvalue


def test_moments_of_the_distribution():
    found = permutation_test(contingency=TABLE, score="mutual_info_score", n_resamples=20_000, rng=3)
    assert found.mean == pytest.approx(found.null_distribution.mean(), rel=1e-12)
    assert found.standard_deviation == pytest.approx(found.null_distribution.std(ddof=1), rel=1e-12)
    assert found.standard_error == pytest.approx(found.standard_deviation / math.sqrt(20_000), rel=1e-12)
    mean, variance = amiable.mutual_information_moments(TABLE.sum(1), TABLE.sum(0))
    assert abs(found.mean - mean) < 4 * found.standard_error
    assert found.standard_deviation == pytest.approx(math.sqrt(variance), rel=0.05)
    once = permutation_test(contingency=TABLE, n_resamples=1, rng=3)
    assert (once.standard_deviation, once.standard_error) == (0, 0)


@pytest.mark.parametrize("n", [90, pytest.param(10**6, marks=pytest.mark.slow)])
def test_pvalues_are_uniform_under_the_null(n):
    """2,000 tests of random tables: right at 0.05 and at 0.01, and everywhere else."""
    rows, cols = np.array([n // 3, n // 3, n - 2 * (n // 3)]), np.array([n // 2, n // 4, n - n // 2 - n // 4])
    tables = amiable.random_tables(rows, cols, 2000, rng=5)
    rng = np.random.default_rng(6)
    pvalues = [permutation_test(contingency=t, n_resamples=199, rng=rng).pvalue for t in tables]
    assert scipy.stats.kstest(np.array(pvalues) - 0.5 / 200, "uniform").pvalue > 1e-3
    for level in (0.05, 0.01):
        rejected = np.sum(np.array(pvalues) <= level)
        assert abs(rejected - 2000 * level) < 4 * math.sqrt(2000 * level * (1 - level))


@pytest.mark.slow_on("jax-as-accelerator")
def test_every_library(backend):
    true = np.repeat([0, 1, 2, 0, 1, 2], [30, 20, 10, 20, 30, 15])
    pred = np.repeat([0, 1], [60, 65])
    x, y = backend.asarray(true), backend.asarray(pred)
    found = permutation_test(x, y, score="adjusted_rand_score", n_resamples=500, rng=1)
    if backend.name.startswith("numpy"):
        assert {type(v) for v in (found.statistic, found.pvalue, found.mean)} == {float}
    else:
        for value in (found.statistic, found.pvalue, found.null_distribution, found.standard_error):
            assert compat.array_namespace(value) is compat.array_namespace(x)
            assert compat.device(value) == compat.device(x)
    assert tuple(found.null_distribution.shape) == (500,)
    expected = permutation_test(true, pred, score="adjusted_rand_score", n_resamples=20_000, rng=2)
    assert float(found.statistic) == pytest.approx(expected.statistic, abs=backend.tolerance)
    assert abs(float(found.mean)) < 4 * expected.standard_deviation / math.sqrt(500)
    assert float(found.standard_deviation) == pytest.approx(expected.standard_deviation, rel=0.2)
    share = (float(found.pvalue) * 501 - 1) / 500
    assert share == pytest.approx(expected.pvalue, abs=4 * math.sqrt(expected.pvalue / 500) + 0.01)


def test_functions_get_tables_of_the_library(counting_backend):
    table = counting_backend.asarray(TABLE)
    seen = []

    def own(contingency):
        seen.append(compat.array_namespace(contingency.counts) is compat.array_namespace(table))
        return amiable.rand_score(contingency=contingency)

    permutation_test(contingency=table, score=own, n_resamples=10, rng=0)
    assert all(seen)


def test_expectation_is_computed_once(monkeypatch):
    monkeypatch.setattr(draws, "_BLOCK", 100)
    seen = []
    original = amiable.scores.adjusted_mutual_information.expected_sums

    def counted(xp, rows, cols, **options):
        seen.append(rows.shape)
        return original(xp, rows, cols, **options)

    monkeypatch.setattr(amiable.scores.adjusted_mutual_information, "expected_sums", counted)
    permutation_test(contingency=TABLE, n_resamples=300, rng=0)
    assert sorted(seen) == [(1, 2), (2,)]  # of the observed table, and of all the others


def test_batch_and_progress(monkeypatch):
    monkeypatch.setattr(draws, "_BLOCK", 500)
    seen = []
    whole = permutation_test(contingency=TABLE, n_resamples=300, rng=0)
    parts = permutation_test(contingency=TABLE, n_resamples=300, rng=0, batch=13, progress=lambda *n: seen.append(n))
    np.testing.assert_allclose(parts.null_distribution, whole.null_distribution, rtol=0, atol=1e-15)
    assert len(seen) > 2
    assert seen[-1] == (300, 300)


def test_more_cells_than_samples(counting_backend, monkeypatch):
    """Labels are shuffled, and their cells listed, in place of drawing large tables of nearly nothing."""
    monkeypatch.setattr(permutation, "most_cells", lambda n: 10)
    table = np.pad(TABLE, 1)  # with clusters without samples
    found = permutation_test(contingency=counting_backend.asarray(table), n_resamples=300, rng=1)
    null = counting_backend.to_numpy(found.null_distribution)
    drawn = permutation_test(contingency=TABLE, n_resamples=20_000, rng=2)
    assert scipy.stats.ks_2samp(null, drawn.null_distribution).pvalue > 1e-3
    assert float(found.statistic) == pytest.approx(drawn.statistic, abs=1e-13)


def test_many_clusters():
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 3000, 10_000), rng.integers(0, 2500, 10_000)
    found = permutation_test(true, pred, n_resamples=20, rng=1)
    mean, variance = amiable.mutual_information_moments(np.bincount(true), np.bincount(pred))
    scores = permutation_test(true, pred, score="mutual_info_score", n_resamples=20, rng=1)
    assert abs(scores.mean - mean) < 5 * math.sqrt(variance / 20)
    assert abs(found.mean) < 5 * found.standard_deviation / math.sqrt(20)


def test_limits():
    for labels in ([], [1], [1, 1, 1]):
        found = permutation_test(labels, labels, n_resamples=9)
        assert (found.statistic, found.pvalue) == (1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 0}, "n_resamples is 0: expected a whole number of at least 1"),
        ({"n_resamples": 2.5}, "n_resamples is 2.5"),
        ({"batch": 0}, "batch is 0: expected a whole number of at least 1"),
        ({"alternative": "more"}, "alternative is 'more': expected one of 'greater', 'less', 'two-sided'"),
        ({"score": "amy"}, "score is 'amy': expected a function of tables, or one of 'ami', 'nmi'"),
        ({"score": amiable.expected_mutual_information}, "score is expected_mutual_information, which needs cluster"),
        ({"score": 3}, "score is 3: expected a function of tables"),
        ({"score": lambda contingency: 1.0}, "score returned float for 9 tables: expected one number a table"),
        ({"score": lambda contingency: np.ones(9) * 1j}, "score returned an array of dtype complex128 for 9"),
        ({"score": lambda contingency: np.full(9, "a")}, "score returned an array of dtype <U1 for 9 tables"),
        ({"score": lambda contingency: [1.0] * 9}, "score returned list for 9 tables"),
        (
            {"contingency": [[[1, 2], [3, 4]]]},
            r"contingency is a batch of tables of shape \(1, 2, 2\): expected one table",
        ),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        permutation_test(**{"contingency": TABLE, "n_resamples": 9, **options})


@pytest.mark.parametrize("n", [10**6, 10**9, 10**14])
@pytest.mark.slow_on("jax-as-accelerator")
def test_small_scores_of_many_samples(backend, n):
    """Ties are told from small differences, whatever the scale of the scores: here 1 / n."""
    if backend.narrow and n > 2**31:
        pytest.skip("more samples than int32 counts")
    if backend.single and not backend.narrow and n > 10**9:
        pytest.skip("more samples than float32 can count on")
    shift = round(1.5 * math.sqrt(n) / 2)
    table = backend.asarray(np.array([[n // 4 + shift, n // 4 - shift], [n // 4 - shift, n // 4 + shift]]))
    found = permutation_test(contingency=table, n_resamples=1999, rng=0)
    assert float(found.pvalue) == pytest.approx(0.0027, abs=0.005)


def test_statistics_that_are_whole_numbers_or_none():
    def corner(contingency):
        return contingency.counts[:, 0]

    found = permutation_test(contingency=TABLE, score=corner, n_resamples=99, rng=0)
    assert found.statistic == 30
    assert found.pvalue < 0.1

    def sometimes(contingency):
        return np.where(contingency.counts[:, 0] > 25, np.nan, 0.0)

    found = permutation_test(contingency=[[20, 30], [30, 20]], score=sometimes, n_resamples=99, rng=0)
    assert found.pvalue == 1  # equal or not a number: as extreme


def test_traced():
    jax = pytest.importorskip("jax")
    for call in (permutation_test, amiable.bootstrap):
        with pytest.raises(ValueError, match="contingency is traced: random tables are drawn until all are accepted"):
            jax.jit(lambda table, call=call: call(contingency=table))(jax.numpy.asarray(TABLE))


def test_bad_labels():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        permutation_test([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="labels_true was given together with contingency"):
        permutation_test([1, 2], contingency=TABLE)
    with pytest.raises(TypeError, match=r"rng is a .*: expected None, an integer seed"):
        permutation_test([1, 2], [1, 2], rng="x")


def of_strata(rng, n=120, n_groups=4, k=3):
    """Labelings that follow the strata, and agree a little within them; few clusters, or more cells than samples."""
    groups = np.repeat(np.arange(n_groups), n // n_groups)
    true = (rng.integers(0, k, n) + 5 * groups) % (k + 6)
    pred = np.where(rng.random(n) < 0.15, true, (rng.integers(0, k, n) + 5 * groups) % (k + 6))
    order = rng.permutation(n)
    return true[order], pred[order], groups[order]


@pytest.mark.slow_on("jax", "jax-as-accelerator")
@pytest.mark.parametrize("k", [3, 12])
def test_within_strata(backend, rng, k):
    true, pred, groups = of_strata(rng, k=k)
    shuffled = np.array([pred] * 1000)
    for group in range(4):
        inside = np.flatnonzero(groups == group)
        shuffled[:, inside] = rng.permuted(shuffled[:, inside], axis=1)
    expected = amiable.adjusted_rand_score(true, shuffled)
    arrays = [backend.asarray(x) for x in (true, pred, groups)]
    found = permutation_test(*arrays[:2], strata=arrays[2], score="ari", n_resamples=1000, rng=0)
    null = np.asarray(backend.to_numpy(found.null_distribution), dtype=float)
    assert float(found.statistic) == pytest.approx(amiable.adjusted_rand_score(true, pred), abs=1e-5)
    assert scipy.stats.ks_2samp(np.round(null, 5), np.round(expected, 5)).pvalue > 1e-3
    assert expected.mean() > 5 * expected.std() / 1000**0.5  # more than 0, which is chance without strata
    share = np.mean(expected >= amiable.adjusted_rand_score(true, pred) - 1e-12)
    assert float(found.pvalue) == pytest.approx(share, abs=0.06)


def test_one_stratum_is_the_whole(rng):
    true, pred, _ = of_strata(rng)
    found = [
        permutation_test(true, pred, score="vi", n_resamples=2000, rng=1, **options)
        for options in ({}, {"strata": np.zeros(120)})
    ]
    assert scipy.stats.ks_2samp(*(np.round(test.null_distribution, 9) for test in found)).pvalue > 1e-3


def test_strata_that_fix_all():
    found = permutation_test([0, 0, 1, 1], [0, 0, 1, 1], strata=[0, 0, 1, 1], n_resamples=99, rng=0)
    assert (found.pvalue, found.mean, found.standard_deviation) == (1, 1, 0)


def test_bad_strata():
    labels = [0, 0, 1, 1]
    with pytest.raises(TypeError, match="strata takes labels in memory: expected labels_true and labels_pred"):
        permutation_test(contingency=[[3, 1], [2, 2]], strata=labels)
    with pytest.raises(ValueError, match="strata has 3 samples and labels_true 4"):
        permutation_test(labels, labels, strata=[0, 0, 1])
    with pytest.raises(ValueError, match=r"strata has shape \(2, 4\), a batch"):
        permutation_test(labels, labels, strata=[labels, labels])
