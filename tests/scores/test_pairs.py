"""Scores of pairs against Python integers and fractions, at any number of samples."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import sklearn.metrics as peer
from hypothesis import given, settings
from hypothesis import strategies as st

import amiable
from tests import oracles

tables = st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=4).map(np.array)
HUGE = [
    np.array([[10**11, 3, 10**9], [10**6, 10**11, 0], [7, 10**10, 5 * 10**11]]),
    np.full((4, 5), 5 * 10**10),
    np.array([[10**12 - 10**6, 1], [0, 999_999]]),
]


@given(tables)
def test_pair_counts(table):
    apart, pred_only, true_only, together = oracles.pair_counts(table)
    expected = [[apart, pred_only], [true_only, together]]
    np.testing.assert_array_equal(amiable.pair_confusion_matrix(contingency=table), expected)


def test_pair_counts_on_every_library(backend, rng):
    tables = rng.integers(0, 30, (2, 3, 4))
    got = backend.to_numpy(amiable.pair_confusion_matrix(contingency=backend.asarray(tables)))
    for table, found in zip(tables, got, strict=True):
        apart, pred_only, true_only, together = oracles.pair_counts(table)
        np.testing.assert_array_equal(found, [[apart, pred_only], [true_only, together]])


@settings(max_examples=200)
@given(tables)
def test_small_tables(table):
    apart, pred_only, true_only, together = oracles.pair_counts(table)
    total = apart + pred_only + true_only + together
    if total:
        assert amiable.rand_score(contingency=table) == float(Fraction(apart + together, total))
    if pred_only + true_only:
        assert amiable.adjusted_rand_score(contingency=table) == pytest.approx(
            float(oracles.adjusted_rand(table)), abs=4e-16
        )
    if together:
        expected = math.sqrt(Fraction(together**2, (together + pred_only) * (together + true_only)))
        assert amiable.fowlkes_mallows_score(contingency=table) == pytest.approx(expected, rel=4e-16)


@pytest.mark.parametrize("table", HUGE, ids=["diagonal", "independent", "one-cluster"])
def test_huge_tables(backend, table):
    if backend.narrow:
        pytest.skip("more samples than int32 counts")
    apart, pred_only, true_only, together = oracles.pair_counts(table)
    total = apart + pred_only + true_only + together
    counts, error = backend.asarray(table), 1e-6 if backend.single else 2e-15
    assert float(amiable.rand_score(contingency=counts)) == pytest.approx(
        float(Fraction(apart + together, total)), abs=error
    )
    assert float(amiable.adjusted_rand_score(contingency=counts)) == pytest.approx(
        float(oracles.adjusted_rand(table)), abs=error
    )
    expected = math.sqrt(Fraction(together**2, (together + pred_only) * (together + true_only)))
    assert float(amiable.fowlkes_mallows_score(contingency=counts)) == pytest.approx(expected, abs=error)


def test_more_pairs_than_integers():
    assert amiable.pair_confusion_matrix(contingency=[[3_037_000_500]])[1, 1] == 3_037_000_500 * 3_037_000_499
    with pytest.raises(ValueError, match="3037000501 samples have 9223372040037250500 ordered pairs, more than int64"):
        amiable.pair_confusion_matrix(contingency=[[3_037_000_501]])


def test_limits():
    for function, same in ((amiable.rand_score, 1.0), (amiable.adjusted_rand_score, 1.0)):
        assert function([], []) == function([0], [0]) == function([0, 1], [1, 0]) == function([0, 0], [1, 1]) == same
    assert amiable.adjusted_rand_score([0, 0, 0], [0, 1, 2]) == 0.0
    assert amiable.fowlkes_mallows_score([0, 1, 2], [0, 1, 2]) == 0.0
    assert amiable.fowlkes_mallows_score([0, 0, 0], [0, 1, 2]) == 0.0
    np.testing.assert_array_equal(amiable.pair_confusion_matrix([], []), np.zeros((2, 2)))


def together(labels):
    return np.array([a == b for a, b in itertools.combinations(labels, 2)])


@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize("seed", range(20))
def test_shares_of_pairs(seed):
    """Against every pair of samples, looked at one by one, and scikit-learn's scores of binary classification."""
    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, rng.integers(1, 8), 25) for _ in range(2))
    of_true, of_pred = together(true), together(pred)
    assert amiable.pair_precision_score(true, pred) == pytest.approx(
        peer.precision_score(of_true, of_pred, zero_division=0)
    )
    assert amiable.pair_recall_score(true, pred) == pytest.approx(peer.recall_score(of_true, of_pred, zero_division=0))
    assert amiable.pair_f1_score(true, pred) == pytest.approx(peer.f1_score(of_true, of_pred, zero_division=0))
    assert amiable.pair_jaccard_score(true, pred) == pytest.approx(
        peer.jaccard_score(of_true, of_pred, zero_division=0)
    )
    if 0 < of_true.mean() < 1 and 0 < of_pred.mean() < 1:  # else 0/0
        assert amiable.pair_correlation_score(true, pred) == pytest.approx(
            peer.matthews_corrcoef(of_true, of_pred), abs=1e-12
        )
    product = amiable.pair_precision_score(true, pred) * amiable.pair_recall_score(true, pred)
    assert amiable.fowlkes_mallows_score(true, pred) == pytest.approx(product**0.5)


def test_shares_of_no_pairs():
    apart, one, some = [0, 1, 2], [0, 0, 0], [0, 0, 1]
    for score in (
        amiable.pair_precision_score,
        amiable.pair_recall_score,
        amiable.pair_f1_score,
        amiable.pair_jaccard_score,
    ):
        assert score(apart, apart) == score(one, one) == score([], []) == score([0], [0]) == 1
        assert score(apart, some) == score(some, apart) == score(apart, one) == 0
    for trivial in (apart, one):
        assert amiable.pair_correlation_score(trivial, trivial) == 1
        assert amiable.pair_correlation_score(trivial, some) == amiable.pair_correlation_score(some, trivial) == 0
