"""The best pairs of many labelings, without a matrix, are those of the matrix."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest

import amiable
from amiable import pairwise, pairwise_scores
from tests.backends import _as_accelerator


@pytest.fixture
def labelings(rng):
    x = np.stack([rng.integers(0, k, 60) for k in (3, 5, 2, 9, 4, 4, 30, 3)])
    x[5], x[7] = x[1], x[1]  # ties
    return x


def best_of_matrix(scores, k, *, smallest, same):
    """Sort each row in Python."""
    rows = [[j for j in range(scores.shape[1]) if not (same and i == j)] for i in range(scores.shape[0])]
    for i, row in enumerate(rows):
        row.sort(key=lambda j, i=i: (scores[i, j] if smallest else -scores[i, j], j))
    indices = np.array([row[:k] for row in rows])
    return indices, np.take_along_axis(scores, indices, axis=1)


def own_score(contingency):
    """A function that nothing is known of."""
    return -contingency.counts.max(-1)


# a symmetric score, one that is not, a distance
SCORES = [("ari", False), ("homogeneity", False), ("vi", True), (own_score, False)]
some_scores = pytest.mark.parametrize(("score", "smallest"), SCORES, ids=["ari", "homogeneity", "vi", "own"])


@pytest.mark.parametrize("batch", [1 << 23, 200], ids=["one tile", "many"])
@pytest.mark.parametrize("k", [1, 3, 100])
@some_scores
def test_top(score, smallest, k, batch, labelings, monkeypatch):
    monkeypatch.setattr(pairwise, "BATCH", batch)
    for others in (None, labelings[:5]):
        scores = pairwise_scores(labelings, others, score=score)
        found = pairwise_scores(labelings, others, score=score, top=k)
        indices, values = best_of_matrix(scores, k, smallest=smallest, same=others is None)
        np.testing.assert_allclose(found.scores, values, rtol=0, atol=1e-13)
        np.testing.assert_allclose(np.take_along_axis(scores, found.indices, 1), values, rtol=0, atol=1e-13)
        assert all(len(set(row)) == indices.shape[1] for row in found.indices.tolist())
        if score is own_score:  # whole numbers, many of them equal; others differ by rounding
            np.testing.assert_array_equal(found.indices, indices)


@pytest.mark.parametrize("batch", [1 << 23, 200], ids=["one tile", "many"])
@some_scores
def test_above_and_below(score, smallest, batch, labelings, monkeypatch):
    monkeypatch.setattr(pairwise, "BATCH", batch)
    for others in (None, labelings[:5]):
        scores = pairwise_scores(labelings, others, score=score)
        wanted = np.ones(scores.shape, dtype=bool)
        if others is None:
            wanted = np.triu(wanted, 1) if score in ("ari", "vi") else ~np.eye(len(labelings), dtype=bool)
        middle = float(np.median(scores)) + 1e-9
        for options, kept in (({"above": middle}, scores > middle), ({"below": middle}, scores < middle)):
            rows, cols, values = pairwise_scores(labelings, others, score=score, **options)
            np.testing.assert_array_equal((rows, cols), np.nonzero(kept & wanted))
            np.testing.assert_allclose(values, scores[rows, cols], rtol=0, atol=1e-13)
            assert rows.size


def test_no_matrix_is_put_together(labelings, monkeypatch):
    monkeypatch.setattr(pairwise, "_put_together", None)
    monkeypatch.setattr(pairwise, "_picked", None)
    assert pairwise_scores(labelings, top=2).indices.shape == (8, 2)
    assert pairwise_scores(labelings, above=2.0).rows.shape == (0,)


def test_every_library(backend, labelings):
    best = pairwise_scores(backend.asarray(labelings), score="ari", top=2)
    pairs = pairwise_scores(backend.asarray(labelings), score="ari", above=0.5)
    for x in (*best, *pairs):
        assert compat.array_namespace(x) is compat.array_namespace(backend.asarray(labelings))
    expected = pairwise_scores(labelings, score="ari", top=2)
    scores, indices = pairwise_scores(labelings, score="ari"), backend.to_numpy(best.indices)
    found = np.take_along_axis(scores, indices, axis=1)
    np.testing.assert_allclose(found, expected.scores, rtol=0, atol=backend.tolerance)
    np.testing.assert_allclose(backend.to_numpy(best.scores), expected.scores, rtol=0, atol=backend.tolerance)
    assert [x.tolist() for x in map(backend.to_numpy, pairs[:2])] == [[1, 1, 5], [5, 7, 7]]


@pytest.mark.parametrize("batch", [1 << 23, 30], ids=["one tile", "many"])
def test_promised_codes_on_a_device(labelings, batch, monkeypatch):
    """Tiles are whole there: each pair of a symmetric score is taken once all the same."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(pairwise, "BATCH", batch)
    labelings = labelings % 3
    best, pairs = (pairwise_scores(labelings, score="ari", **kept) for kept in ({"top": 3}, {"above": 0.0}))
    with _as_accelerator():
        x = torch.asarray(labelings)
        found = [pairwise_scores(x, score="ari", n_labels=(3, 3), **kept) for kept in ({"top": 3}, {"above": 0.0})]
    np.testing.assert_allclose(found[0].scores, best.scores, rtol=0, atol=1e-13)
    scores = pairwise_scores(labelings, score="ari")
    np.testing.assert_allclose(np.take_along_axis(scores, found[0].indices.numpy(), 1), best.scores, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(found[1].rows, pairs.rows)
    np.testing.assert_array_equal(found[1].cols, pairs.cols)


def test_what_is_no_number_comes_last_and_is_never_beyond(labelings):
    def score(contingency):
        values = amiable.adjusted_rand_score(contingency=contingency)
        return np.where(values > 0.5, np.nan, values)

    best = pairwise_scores(labelings, score=score, top=7)
    assert best.indices[1, -2:].tolist() == [5, 7]
    assert np.isnan(best.scores[1, -2:]).all()
    assert not np.isnan(pairwise_scores(labelings, score=score, above=-2).scores).any()
    assert not np.isnan(pairwise_scores(labelings, score=score, below=2).scores).any()


def test_one_labeling_has_no_partner():
    assert pairwise_scores([[0, 1, 1]], top=3).indices.shape == (1, 0)


@pytest.mark.parametrize("ordered", [False, True])
def test_progress(ordered, labelings, monkeypatch):
    monkeypatch.setattr(pairwise, "BATCH", 200)
    calls = []
    score = "homogeneity" if ordered else "ari"
    pairwise_scores(labelings, score=score, top=1, progress=lambda *state: calls.append(state))
    assert len(calls) > 1
    assert calls[-1] == (64, 64) if ordered else (36, 36)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top": 0}, "top is 0: expected a whole number of at least 1"),
        ({"top": 2.0}, "top is 2.0: expected a whole number"),
        ({"top": True}, "top is True: expected a whole number"),
        ({"above": "high"}, "above is 'high': expected a number"),
        ({"below": float("nan")}, "below is nan: expected a number"),
        ({"top": 3, "above": 0.5}, "top=3 and above=0.5: expected at most one of them"),
    ],
)
def test_bad_options(options, message, labelings):
    with pytest.raises(ValueError, match=message):
        pairwise_scores(labelings, **options)
