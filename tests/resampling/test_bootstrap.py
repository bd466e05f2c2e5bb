"""Bootstrap intervals against SciPy's, and against the spread of samples of a known population."""

from __future__ import annotations

import math
from typing import get_args

import array_api_compat as compat
import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import v_measure_score

import amiable
from amiable import bootstrap
from amiable.resampling import draws
from amiable.resampling.bootstrap import DEFAULT_METHOD, Method, bootstraps
from amiable.scores.registry import function_of

TABLE = np.array([[45, 5, 0], [6, 40, 9], [3, 2, 30]])
TRUE, PRED = (np.repeat(x.ravel(), TABLE.ravel()) for x in np.indices(TABLE.shape))


@pytest.mark.parametrize("method", ["BCa", "percentile", "basic"])
def test_agrees_with_scipy(method):
    def score(true, pred):
        return amiable.adjusted_rand_score(true, pred)

    peer = scipy.stats.bootstrap(
        (TRUE, PRED), score, paired=True, vectorized=False, n_resamples=4000, method=method, random_state=1
    )
    found = bootstrap(TRUE, PRED, "adjusted_rand_score", n_resamples=40_000, method=method, rng=2)
    ends = [peer.confidence_interval.low, peer.confidence_interval.high]
    assert list(found.confidence_interval) == pytest.approx(ends, abs=0.01)
    assert found.standard_error == pytest.approx(peer.standard_error, rel=0.06)
    assert found.statistic == score(TRUE, PRED)


def test_centered_intervals_hold_the_statistic_where_others_miss_it(rng):
    true = rng.integers(0, 30, 300)
    pred = np.where(rng.random(300) < 0.5, true, rng.integers(0, 30, 300))
    percentile, centered = (bootstrap(true, pred, n_resamples=999, method=m, rng=0) for m in ("percentile", "centered"))
    low, high = centered.confidence_interval
    assert low < centered.statistic < high
    assert percentile.confidence_interval.low > percentile.statistic
    shift = percentile.bootstrap_distribution.mean() - percentile.statistic
    np.testing.assert_allclose(np.asarray(percentile.confidence_interval) - shift, (low, high), rtol=1e-12)


@pytest.mark.parametrize("method", get_args(Method))
def test_covers_the_population_of_large_clusters(method):
    """Of 200 samples, about 95 % have intervals that hold the score of a population of a million."""
    truth = amiable.adjusted_rand_score(contingency=TABLE * 10_000)
    rng = np.random.default_rng(3)
    held = 0
    for counts in rng.multinomial(500, TABLE.ravel() / TABLE.sum(), 200):
        low, high = bootstrap(
            contingency=counts.reshape(3, 3), score="adjusted_rand_score", method=method, n_resamples=500, rng=rng
        ).confidence_interval
        held += low <= truth <= high
    assert abs(held / 200 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 200)


def test_covers_where_clusters_are_tiny():
    """Of 50 clusters in 120 samples; where quantiles miss."""
    rng = np.random.default_rng(8)
    scores = [function_of(name) for name in ("ami", "v", "f1")]

    def table():
        true, other = rng.integers(0, 50, (2, 120))
        return amiable.ContingencyTable.from_labels(true, np.where(rng.random(120) < 0.7, true, other))

    means = [np.mean([float(score(contingency=table())) for _ in range(300)]) for score in scores]
    held = {DEFAULT_METHOD: np.zeros(3), "percentile": np.zeros(3)}
    for seed in range(100):
        drawn = table()
        for method, count in held.items():
            results = bootstraps(drawn, scores, n_resamples=99, confidence_level=0.95, method=method, rng=seed)
            count += [low <= mean <= high for mean, (low, high) in zip(means, _intervals(results), strict=True)]
    assert held[DEFAULT_METHOD].min() >= 89
    assert held["percentile"].max() <= 40


def test_covers_near_chance():
    """Where the effects of samples do not add up, so that leaving them out one by one tells too little."""
    rng = np.random.default_rng(9)
    found = []
    for seed in range(100):
        true, other = rng.integers(0, 2, (2, 300))
        pred = np.where(rng.random(300) < 0.05, true, other)
        found.append(bootstrap(true, pred, "ari", n_resamples=199, rng=seed))
    mean = np.mean([result.statistic for result in found])
    held = sum(low <= mean <= high for low, high in _intervals(found))
    assert held >= 90


def _intervals(results):
    return [result.confidence_interval for result in results]


def test_standard_error_is_that_of_the_jackknife_by_hand():
    """On labels, one sample at a time, by scikit-learn; where it is larger than that of the bootstrap."""
    rng = np.random.default_rng(1)
    true = rng.integers(0, 20, 60)
    pred = np.where(rng.random(60) < 0.7, true, rng.integers(0, 20, 60))
    every = np.arange(60)
    left_out = np.asarray([v_measure_score(true[every != i], pred[every != i]) for i in every])
    effects = (left_out - left_out.mean()) ** 2
    error = math.sqrt(59 / 60 * effects.sum())
    freedom = 2 * 60 / (np.mean(effects**2) / np.mean(effects) ** 2 - 1)
    found = bootstrap(true, pred, "v", confidence_level=0.9, n_resamples=999, rng=0)
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    assert found.standard_error > 1.1 * found.bootstrap_distribution.std(ddof=1)
    margin = scipy.stats.t.ppf(0.95, freedom) * error
    ends = (found.statistic - margin, found.statistic + margin)
    assert found.confidence_interval == pytest.approx(ends, rel=1e-9)


def test_of_many_cells_some_samples_are_left_out():
    rng = np.random.default_rng(2)
    true = rng.integers(0, 300, 1000)
    pred = np.where(rng.random(1000) < 0.7, true, rng.integers(0, 300, 1000))
    whole = bootstrap(true, pred, "v", n_resamples=999, rng=0).standard_error
    some = [bootstrap(true, pred, "v", n_resamples=99, rng=seed).standard_error for seed in range(20)]
    assert np.mean(some) == pytest.approx(whole, rel=0.05)
    assert 0 < np.std(some) < 0.15 * whole


@pytest.mark.slow_on("jax-as-accelerator")
def test_standard_error_of_very_many_samples(backend):
    """One of them, left out, changes a score by less than its rounding."""
    times = 5 * 10**5 if backend.single else 10**13
    found = bootstrap(contingency=backend.asarray(TABLE * times), score="v", n_resamples=199, rng=0)
    expected = bootstrap(contingency=TABLE * 10**4, score="v", n_resamples=199, rng=0)
    ratio = float(found.standard_error) / expected.standard_error * math.sqrt(times / 10**4)
    assert ratio == pytest.approx(1, abs=0.2)


def test_intervals_stay_within_the_range_of_a_score():
    table = [[20, 1], [0, 20]]

    def score(contingency):
        return amiable.adjusted_mutual_info_score(contingency=contingency)

    for method in ("standard", "basic"):
        free = bootstrap(contingency=table, score=score, n_resamples=999, method=method, rng=0).confidence_interval
        cut = bootstrap(contingency=table, n_resamples=999, method=method, rng=0).confidence_interval
        assert free.high > 1
        assert cut == (free.low, 1.0)
    assert bootstrap(contingency=table, score="vi", n_resamples=999, rng=0).confidence_interval.low == 0


def test_distribution_and_levels():
    found = [bootstrap(contingency=TABLE, confidence_level=level, rng=4) for level in (0.5, 0.95, 0.999)]
    widths = [f.confidence_interval.high - f.confidence_interval.low for f in found]
    assert widths == sorted(widths)
    assert found[0].bootstrap_distribution.shape == (9999,)
    for result in (bootstrap(contingency=TABLE, method=method, rng=4) for method in get_args(Method)):
        spread = result.bootstrap_distribution.std(ddof=1)
        assert spread * (1 - 1e-12) <= result.standard_error < 1.1 * spread
    assert result.standard_error == pytest.approx(spread, rel=1e-12)
    distribution = found[1].bootstrap_distribution
    assert not np.all(np.diff(distribution) >= 0)  # as drawn
    interval = bootstrap(contingency=TABLE, method="percentile", rng=4).confidence_interval
    assert list(interval) == pytest.approx(np.quantile(distribution, [0.025, 0.975]), rel=1e-12)


@pytest.mark.parametrize("method", get_args(Method))
def test_no_more_tables_are_scored_at_once_than_asked_for(method):
    sizes = []

    def keep(contingency):
        sizes.append(contingency.shape[0])
        return amiable.rand_score(contingency=contingency)

    bootstrap(contingency=TABLE, score=keep, n_resamples=20, method=method, batch=3, rng=5)
    assert max(sizes) == 3


def test_resamples_are_multinomial():
    """Counts of the resamples have the means and covariances of samples drawn with replacement."""
    tables = []

    def keep(contingency):
        tables.append(contingency.to_dense())
        return amiable.rand_score(contingency=contingency)

    bootstrap(contingency=TABLE, score=keep, n_resamples=20_000, method="percentile", rng=5)
    drawn = np.concatenate([t for t in tables if len(t) > 1]).reshape(-1, 9)
    assert np.all(drawn.sum(1) == TABLE.sum())
    n, share = TABLE.sum(), TABLE.ravel() / TABLE.sum()
    assert np.all(drawn[:, share == 0] == 0)
    error = np.sqrt(n * share * (1 - share) / len(drawn))
    assert np.abs(drawn.mean(0) - n * share).max() < 5 * error.max()
    expected = n * (np.diag(share) - np.outer(share, share))
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.05 * expected.max())


@pytest.mark.slow_on("jax-as-accelerator")
def test_every_library(backend):
    x, y = backend.asarray(TRUE), backend.asarray(PRED)
    found = bootstrap(x, y, "adjusted_rand_score", n_resamples=500, rng=1)
    expected = bootstrap(TRUE, PRED, "adjusted_rand_score", rng=2)
    values = [found.statistic, *found.confidence_interval, found.standard_error]
    if backend.name.startswith("numpy"):
        assert {type(v) for v in values} == {float}
    else:
        for value in (*values, found.bootstrap_distribution):
            assert compat.array_namespace(value) is compat.array_namespace(x)
            assert compat.device(value) == compat.device(x)
    assert [float(v) for v in values[:3]] == pytest.approx(
        [expected.statistic, *expected.confidence_interval], abs=0.03
    )


def test_batch_progress_and_many_samples(monkeypatch):
    monkeypatch.setattr(draws, "_BLOCK", 500)
    seen = []
    whole = bootstrap(contingency=TABLE * 10**8, n_resamples=200, rng=0)
    parts = bootstrap(contingency=TABLE * 10**8, n_resamples=200, rng=0, batch=7, progress=lambda *n: seen.append(n))
    np.testing.assert_allclose(parts.bootstrap_distribution, whole.bootstrap_distribution, rtol=0, atol=1e-15)
    assert parts.confidence_interval == pytest.approx(whole.confidence_interval, rel=1e-6)
    assert whole.standard_error < 1e-4
    assert len(seen) > 2
    assert seen[-1] == (200, 200)


def test_degenerate():
    perfect = bootstrap(contingency=[[50, 0], [0, 50]], rng=0)
    assert list(perfect.confidence_interval) == [1, 1]
    assert perfect.standard_error == 0
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 10, 10**5), rng.integers(0, 10, 10**5)
    with pytest.warns(UserWarning, match="all resamples are above the score, .* BCa interval is NaN") as told:
        chance = bootstrap(true, pred, n_resamples=50, rng=0, method="BCa")
    assert told[0].filename == __file__
    assert np.isnan(chance.confidence_interval.low)
    low, high = bootstrap(true, pred, n_resamples=50, rng=0, method="basic").confidence_interval
    assert low < high


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 0}, "n_resamples is 0: expected a whole number of at least 1"),
        ({"batch": -1}, "batch is -1: expected a whole number of at least 1"),
        ({"confidence_level": 95}, "confidence_level is 95: expected a number between 0 and 1"),
        ({"confidence_level": "0.9"}, "confidence_level is '0.9': expected a number between 0 and 1"),
        ({"method": "bca"}, "method is 'bca': expected one of 'standard', 'centered', 'percentile', 'basic', 'BCa'"),
        ({"score": "amy"}, "score is 'amy': expected a function of tables, or one of"),
        ({"contingency": [[0, 0]]}, "contingency has no samples to draw from: expected at least one"),
        (
            {"contingency": [[[1, 2], [3, 4]]]},
            r"contingency is a batch of tables of shape \(1, 2, 2\): expected one table",
        ),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap(**{"contingency": TABLE, "n_resamples": 9, **options})


def test_resamples_that_equal_the_table_count_half():
    """Equal but for the order of their sums: their floats differ by 3e-17."""
    low, high = bootstrap(contingency=[[3, 3], [0, 2]], rng=1, method="BCa").confidence_interval
    assert (low, high) == (pytest.approx(-0.106, abs=1e-3), 1.0)
    for order in ([[0, 2], [3, 3]], [[3, 3], [2, 0]]):
        assert np.isfinite(bootstrap(contingency=order, rng=1, method="BCa").confidence_interval).all()


def test_many_tiny_clusters_are_told_of_the_method_that_holds():
    """Repeated samples agree, so all resamples of pairs score higher than the labelings."""
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 40, (2, 100))
    with pytest.warns(UserWarning, match="BCa interval is NaN; method='standard' gives one, and holds where clusters"):
        assert np.isnan(bootstrap(true, pred, rng=0, n_resamples=200, method="BCa").confidence_interval).all()
    for method in ("standard", "centered"):
        low, high = bootstrap(true, pred, rng=0, n_resamples=200, method=method).confidence_interval
        assert low < 0 < high
