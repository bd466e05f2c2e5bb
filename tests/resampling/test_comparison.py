"""Paired comparison of two clusterings: the difference, its interval, its p-value."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

import amiable
from amiable import compare_scores


def three(rng, n=300, k=4, kept=0.6, moved=0.1):
    """A truth, a clustering that keeps some of it, and another that differs a little from that."""
    true = rng.integers(0, k, n)
    a = np.where(rng.random(n) < kept, true, rng.integers(0, k, n))
    return true, a, np.where(rng.random(n) < moved, rng.integers(0, k, n), a)


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_every_library(backend, rng):
    labels = three(rng)
    found = compare_scores(*map(backend.asarray, labels), "ari", n_resamples=300, rng=0)
    scores = [amiable.adjusted_rand_score(labels[0], x) for x in labels[1:]]
    close = {"abs": 1e-5 if backend.single else 1e-13}
    assert [float(x) for x in found.scores] == pytest.approx(scores, **close)
    assert float(found.difference) == pytest.approx(scores[0] - scores[1], **close)
    low, high = map(float, found.confidence_interval)
    assert low < float(found.difference) < high
    expected = 2 * scipy.stats.norm.sf(abs(scores[0] - scores[1]) / float(found.standard_error))
    assert float(found.pvalue) == pytest.approx(expected, abs=0.05)
    assert tuple(found.bootstrap_distribution.shape) == (300,)
    assert isinstance(found.pvalue, float) == backend.name.startswith("numpy")


def test_the_standard_error_is_that_of_other_samples(rng):
    """Of samples that are drawn anew; far less than that of two independent scores."""
    n = 400
    drawn = [three(np.random.default_rng(seed), n) for seed in range(300)]
    scores = np.array([[amiable.adjusted_mutual_info_score(t, x) for x in (a, b)] for t, a, b in drawn])
    spread = np.diff(scores).std()
    errors = [compare_scores(*labels, n_resamples=99, rng=0).standard_error for labels in drawn[:20]]
    assert np.mean(errors) == pytest.approx(spread, rel=0.2)
    assert spread < 0.6 * (scores.var(0).sum()) ** 0.5


@pytest.mark.parametrize(("n", "k", "kept"), [(200, 4, 0.6), pytest.param(240, 60, 0.7, marks=pytest.mark.slow)])
def test_equally_good_clusterings(n, k, kept):
    """Of 200 pairs few are told apart."""
    pvalues = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        true, a, _ = three(rng, n, k, kept)
        b = np.where(rng.random(n) < kept, true, rng.integers(0, k, n))
        pvalues.append(compare_scores(true, a, b, n_resamples=99, rng=seed).pvalue)
    assert np.mean(np.array(pvalues) < 0.05) < 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert np.mean(np.array(pvalues) < 0.5) > 0.3


def test_intervals_that_overlap_and_clusterings_that_differ():
    true, a, b = three(np.random.default_rng(0), 1000, 5, 0.5, 0.08)
    one, other = (amiable.bootstrap(true, x, n_resamples=999, rng=0).confidence_interval for x in (a, b))
    assert one.low < other.high
    assert compare_scores(true, a, b, n_resamples=999, rng=0).pvalue < 1e-3


def test_swapping(rng):
    true, a, b = three(rng)
    there, back = (compare_scores(true, *both, "vi", n_resamples=99, rng=3) for both in ((a, b), (b, a)))
    assert there.difference == pytest.approx(-back.difference, abs=1e-14)
    assert there.scores == pytest.approx(back.scores[::-1], abs=1e-14)


def test_a_score_of_your_own(rng):
    pairs = amiable.CellScore(lambda xp, x, a, b, n: x * (x - 1) / 2, degree=2)
    true, a, b = three(rng)
    found = compare_scores(true, a, b, pairs, n_resamples=50, rng=0)
    assert found.difference == pairs(true, a) - pairs(true, b)


def test_where_nothing_varies():
    true = [0, 0, 1, 1]
    same = compare_scores(true, [1, 1, 0, 0], true, n_resamples=99, rng=0)
    assert (same.difference, same.pvalue, same.standard_error) == (0, 1, 0)
    sure = compare_scores([0, 1] * 30, [0, 1] * 30, [0] * 60, n_resamples=99, rng=0)
    assert (sure.difference, sure.pvalue) == (1, 1 / 100)


def test_bad_input():
    labels = [0, 0, 1, 1]
    with pytest.raises(ValueError, match="labels_b has 3 samples and labels_true 4: expected equal numbers"):
        compare_scores(labels, labels, [0, 1, 1])
    with pytest.raises(ValueError, match=r"labels_a has shape \(2, 4\), a batch of labelings"):
        compare_scores(labels, [labels, labels], labels)
    with pytest.raises(ValueError, match="labels_b contains None"):
        compare_scores(labels, labels, ["a", None, "b", "b"])
    with pytest.raises(ValueError, match="labels_true has no samples"):
        compare_scores([], [], [])
    with pytest.raises(ValueError, match="score is 'nonsense'"):
        compare_scores(labels, labels, labels, "nonsense")
    with pytest.raises(ValueError, match="confidence_level is 2"):
        compare_scores(labels, labels, labels, confidence_level=2)


def test_what_is_not_a_number_is_not_significant(rng):
    found = compare_scores(
        *three(rng), score=lambda contingency: np.full(contingency.shape[0], np.nan), n_resamples=99, rng=0
    )
    assert np.isnan(found.difference)
    assert np.isnan(found.pvalue)


def test_intervals_end_where_differences_do():
    found = compare_scores([0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1], n_resamples=99, rng=0)
    assert found.confidence_interval.high > found.difference > 1  # AMI has no least value
    found = compare_scores([0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1], "nmi", n_resamples=99, rng=0)
    assert (found.difference, found.confidence_interval.high) == (1, 1)
    true = np.arange(400)
    assert compare_scores(true, true, np.r_[0, 0, true[2:]], "f1", n_resamples=99, rng=0).pvalue > 0
