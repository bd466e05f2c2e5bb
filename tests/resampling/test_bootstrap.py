"""Bootstrap intervals against SciPy's, and against the spread of samples of a known population."""

from __future__ import annotations

import math

import array_api_compat as compat
import numpy as np
import pytest
import scipy.stats

import amiable
from amiable import bootstrap
from amiable.resampling import draws

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


def test_covers_the_population():
    """Of 200 samples, about 95 % have intervals that hold the score of a population of a million."""
    truth = amiable.adjusted_rand_score(contingency=TABLE * 10_000)
    rng = np.random.default_rng(3)
    held = 0
    for counts in rng.multinomial(500, TABLE.ravel() / TABLE.sum(), 200):
        low, high = bootstrap(
            contingency=counts.reshape(3, 3), score="adjusted_rand_score", n_resamples=500, rng=rng
        ).confidence_interval
        held += low <= truth <= high
    assert abs(held / 200 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 200)


def test_distribution_and_levels():
    found = [bootstrap(contingency=TABLE, confidence_level=level, rng=4) for level in (0.5, 0.95, 0.999)]
    widths = [f.confidence_interval.high - f.confidence_interval.low for f in found]
    assert widths == sorted(widths)
    assert found[0].bootstrap_distribution.shape == (9999,)
    assert found[0].standard_error == pytest.approx(found[0].bootstrap_distribution.std(ddof=1), rel=1e-12)
    distribution = found[1].bootstrap_distribution
    assert not np.all(np.diff(distribution) >= 0)  # as drawn
    interval = bootstrap(contingency=TABLE, method="percentile", rng=4).confidence_interval
    assert list(interval) == pytest.approx(np.quantile(distribution, [0.025, 0.975]), rel=1e-12)


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
    assert whole.standard_error < 1e-4
    assert len(seen) > 2
    assert seen[-1] == (200, 200)


def test_degenerate():
    perfect = bootstrap(contingency=[[50, 0], [0, 50]], rng=0)
    assert list(perfect.confidence_interval) == [1, 1]
    assert perfect.standard_error == 0
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 10, 10**5), rng.integers(0, 10, 10**5)
    with pytest.warns(UserWarning, match="all resamples are above the score, .* BCa interval is NaN"):
        chance = bootstrap(true, pred, n_resamples=50, rng=0)
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
        ({"method": "bca"}, "method is 'bca': expected one of 'BCa', 'percentile', 'basic', 'centered'"),
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
    low, high = bootstrap(contingency=[[3, 3], [0, 2]], rng=1).confidence_interval
    assert (low, high) == (pytest.approx(-0.106, abs=1e-3), 1.0)
    for order in ([[0, 2], [3, 3]], [[3, 3], [2, 0]]):
        assert np.isfinite(bootstrap(contingency=order, rng=1).confidence_interval).all()


def test_many_tiny_clusters_are_told_of_the_method_that_holds():
    """Repeated samples agree, so all resamples of pairs score higher than the labelings."""
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 40, (2, 100))
    with pytest.warns(UserWarning, match="BCa interval is NaN; method='centered' gives one, and holds where clusters"):
        assert np.isnan(bootstrap(true, pred, rng=0, n_resamples=200).confidence_interval).all()
    low, high = bootstrap(true, pred, rng=0, n_resamples=200, method="centered").confidence_interval
    assert low < 0 < high
