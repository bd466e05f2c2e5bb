"""Scores that one compiled loop computes, against the array kernels."""

from __future__ import annotations

import numpy as np
import pytest

import amiable
from amiable._array import loops
from amiable.scores.loops import (
    ADJUSTED_INFORMATION,
    ADJUSTED_RAND,
    NORMALIZED_INFORMATION,
    is_scored_whole,
    score_of_integers,
)

pytest.importorskip("numba")
AVERAGED = [
    pytest.param(lambda *x, f=f, m=m, **o: f(*x, average_method=m, **o), id=f"{name}-{m}")
    for name, f in (("ami", amiable.adjusted_mutual_info_score), ("nmi", amiable.normalized_mutual_info_score))
    for m in ("arithmetic", "geometric", "min", "max")
]
WHOLE = [
    *AVERAGED,
    amiable.adjusted_homogeneity_score,
    amiable.adjusted_completeness_score,
    amiable.adjusted_rand_score,
]
LABELS = {
    "few of many": lambda rng: rng.integers(0, 6, (2, 300)),
    "close to an entropy": lambda rng: rng.integers(0, 15, (2, 30)),
    "above a floor": lambda rng: rng.integers(0, 14, (2, 14)),
    "one refines the other": lambda rng: (x := rng.integers(0, 12, 100), x // 3),
    "identical": lambda rng: (x := rng.integers(0, 5, 50), -x),
    "a single cluster": lambda rng: (rng.integers(0, 5, 50), np.full(50, 7)),
    "singletons": lambda rng: (rng.integers(0, 5, 16), np.arange(16)),
    "one sample": lambda rng: ([3], [5]),
    "a large cluster and a small one": lambda rng: (np.arange(10_000) == 0, rng.integers(0, 2, 10_000)),
}


@pytest.mark.parametrize("score", WHOLE)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_as_by_arrays(monkeypatch, rng, score, labels):
    pair = list(map(np.asarray, labels(rng)))
    table = amiable.ContingencyTable.from_labels(*pair)
    found = score(*pair)
    of_table, of_batch = score(contingency=table), score(*[x[None] for x in pair])
    monkeypatch.setattr(loops, "IS_WANTED", False)
    expected = score(*pair)
    assert type(found) is float
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-14)
    assert of_table == pytest.approx(expected, rel=1e-13, abs=1e-14)
    np.testing.assert_allclose(of_batch, [expected], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", ">i4", ">u2"]
)
def test_integers_of_every_kind(rng, dtype):
    labels = [rng.integers(0, 2, 40).astype(dtype) for _ in range(2)]
    expected = amiable.adjusted_mutual_info_score(*[x.astype(str) for x in labels])
    assert amiable.adjusted_mutual_info_score(*labels) == pytest.approx(expected, abs=1e-14)
    assert amiable.adjusted_mutual_info_score(labels[0], labels[1].astype(str)) == pytest.approx(expected, abs=1e-14)
    assert amiable.adjusted_mutual_info_score(labels[0][::-1], labels[1][::-1]) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("labels", [[-(2**63), 2**63 - 1], [-(2**63), -(2**63) + 1], [2**40, 2**41], [0, 1000]])
def test_labels_far_apart(rng, labels):
    pair = rng.integers(0, 2, (2, 30))
    found = amiable.adjusted_rand_score(*np.asarray(labels)[pair])
    assert found == pytest.approx(amiable.adjusted_rand_score(*pair), abs=1e-15)


def test_counted_in_the_same_call():
    few, whole = np.arange(40) % 8, ADJUSTED_RAND
    assert score_of_integers(whole, few, few[::-1]) is not None
    assert score_of_integers(whole, few.astype(np.uint64), few) is None
    assert score_of_integers(whole, few.astype(float), few) is None
    assert score_of_integers(whole, few, few[:-1]) is None
    assert score_of_integers(whole, few[None], few[None]) is None
    assert score_of_integers(whole, few.tolist(), few) is None
    assert score_of_integers(whole, np.arange(40), np.arange(40)) is None  # 1,600 cells
    assert score_of_integers(whole, few[:0], few[:0]) is None


def test_what_is_no_table_of_few_cells_is_not_scored_whole(rng):
    whole = ADJUSTED_INFORMATION
    few, many = (amiable.ContingencyTable.from_counts(rng.integers(1, 9, (k, k))) for k in (16, 17))
    listed = amiable.ContingencyTable.from_labels(*rng.integers(0, 10**6, (2, 20)))
    batch = amiable.ContingencyTable.from_counts(rng.integers(1, 9, (2, 3, 3)))
    assert is_scored_whole(whole, few)
    assert not any(is_scored_whole(whole, table) for table in (many, batch))
    assert is_scored_whole(NORMALIZED_INFORMATION, batch)
    assert listed.is_grid or not is_scored_whole(ADJUSTED_RAND, listed)


def test_bad_labels_are_told(rng):
    """A quick way in is none around the checks."""
    x = rng.integers(0, 3, 10)
    with pytest.raises(ValueError, match="same length"):
        amiable.adjusted_mutual_info_score(x, x[1:])
    with pytest.raises(ValueError, match="axis is 5"):
        amiable.adjusted_mutual_info_score(x, x, axis=5)
    with pytest.raises(ValueError, match="together with contingency"):
        amiable.adjusted_mutual_info_score(x, x, contingency=[[1]])
    with pytest.raises(ValueError, match="n_labels"):
        amiable.adjusted_mutual_info_score(x, x, n_labels=(2, 2))


@pytest.mark.parametrize("gap", [1, 40], ids=["every cluster", "few clusters of a wide range"])
def test_tables_of_many_cells(monkeypatch, rng, gap):
    """More than are listed without a look at which hold samples."""
    pair = gap * rng.integers(0, 300, (2, 60_000)) - 17
    scores = [
        amiable.adjusted_rand_score,
        amiable.normalized_mutual_info_score,
        amiable.mutual_info_score,
        amiable.v_measure_score,
        amiable.purity_score,
    ]
    found = [score(*pair) for score in scores]
    monkeypatch.setattr(loops, "IS_WANTED", False)
    assert found == pytest.approx([score(*pair) for score in scores], rel=1e-12)
