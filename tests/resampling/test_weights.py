"""Permutation tests of weighted samples: labels are shuffled, weights stay."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable, permutation_test


@pytest.fixture
def labels(rng):
    true = rng.integers(0, 3, 40)
    return true, np.where(rng.random(40) < 0.4, true, rng.integers(0, 4, 40)), rng.exponential(size=40)


@pytest.mark.parametrize("score", ["mi", "ari", "accuracy"])
def test_null_of_all_permutations(score, rng):
    true, pred, weights = [0, 0, 1, 1, 2, 0], [0, 1, 1, 1, 0, 2], rng.exponential(size=6)
    function = amiable.scores.registry.SCORES[score].function
    every = [
        function(contingency=ContingencyTable.from_labels(true, order, sample_weight=weights))
        for order in itertools.permutations(pred)
    ]
    test = permutation_test(true, pred, score=score, sample_weight=weights, n_resamples=4000, rng=0)
    assert test.statistic == pytest.approx(
        function(contingency=ContingencyTable.from_labels(true, pred, sample_weight=weights)), abs=1e-15
    )
    assert abs(test.mean - np.mean(every)) < 4 * test.standard_error
    share = np.mean(np.asarray(every) >= test.statistic - 1e-12)
    assert abs(test.pvalue - share) < 4 * np.sqrt(share * (1 - share) / 4000) + 1e-3
    assert set(np.round(test.null_distribution, 10)) <= set(np.round(every, 10))


@pytest.mark.slow_on("jax")
@pytest.mark.slow_on("jax-as-accelerator")
def test_on_every_library(backend, labels):
    x, y, w = map(backend.asarray, labels)
    test = permutation_test(x, y, score="v", sample_weight=w, n_resamples=500, rng=1)
    one = permutation_test(*labels[:2], score="v", sample_weight=labels[2], n_resamples=500, rng=2)
    assert float(test.statistic) == pytest.approx(one.statistic, abs=backend.tolerance)
    assert abs(float(test.mean) - one.mean) < 5 * (one.standard_error + float(test.standard_error))
    assert type(test.null_distribution) is type(w)


def test_workers_batches_and_own_scores(labels):
    true, pred, weights = labels
    options = {"score": "ari", "sample_weight": weights, "n_resamples": 300, "rng": 0}
    test = permutation_test(true, pred, **options)
    np.testing.assert_array_equal(permutation_test(true, pred, batch=7, **options).null_distribution,
                                  test.null_distribution)  # fmt: skip
    with ThreadPoolExecutor(2) as client:
        there = permutation_test(true, pred, client=client, **options)
    np.testing.assert_array_equal(there.null_distribution, test.null_distribution)
    options["score"] = lambda *, contingency: contingency.n_samples
    np.testing.assert_allclose(permutation_test(true, pred, **options).null_distribution, weights.sum())


def test_samples_without_weight_take_no_part(labels):
    true, pred, weights = labels
    weights[:20] = 0
    options = {"score": "mi", "n_resamples": 50, "rng": 0}
    with_all = permutation_test(true, pred, sample_weight=weights, **options)
    without = permutation_test(true[20:], pred[20:], sample_weight=weights[20:], **options)
    np.testing.assert_allclose(with_all.null_distribution, without.null_distribution, atol=1e-14)


def test_many_labels_are_listed(rng):
    true, pred = rng.integers(0, 150, 500), rng.integers(0, 150, 500)
    test = permutation_test(true, pred, score="mi", sample_weight=np.ones(500), n_resamples=30, rng=0)
    expected = amiable.expected_mutual_information(np.bincount(true), np.bincount(pred))
    assert abs(test.mean - expected) < 5 * test.standard_error


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "score is 'ami', which depends on numbers of samples.*such as 'mi'"),
        ({"score": amiable.chi_square}, ValueError, "score is 'chi2', which depends on numbers of samples"),
        ({"score": "mi", "strata": [0, 0, 1]}, ValueError, "strata was given together with sample_weight"),
        ({"score": "mi", "contingency": [[1]]}, ValueError, "contingency was given together with sample_weight"),
        ({"score": "mi", "sample_weight": [1, 2]}, ValueError, r"sample_weight has shape \(2,\): expected \(3,\)"),
        ({"score": "mi", "sample_weight": [[1, 2, 3]]}, ValueError, r"sample_weight has shape \(1, 3\): expected one"),
    ],
)
def test_complaints(options, error, message):
    with pytest.raises(error, match=message):
        permutation_test([0, 0, 1], [0, 1, 1], **{"sample_weight": [1, 2, 3.5], **options})


def test_weights_without_labels():
    with pytest.raises(TypeError, match="sample_weight takes labels in memory"):
        permutation_test(score="mi", sample_weight=[1.0, 2.0])
