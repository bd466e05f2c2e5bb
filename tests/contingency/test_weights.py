"""Tables of weights: from labels, frames, real numbers and probabilities; added, pickled; every complaint."""

from __future__ import annotations

import pickle
from decimal import Decimal

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable


@pytest.fixture
def labels(rng):
    return rng.integers(0, 3, 40), rng.integers(0, 4, 40), rng.exponential(size=40)


def parts(table):
    return [table.to_dense(), table.row_sums, table.col_sums, table.squares, table.numbers]


def assert_same(left, right):
    for x, y in zip(parts(left), parts(right), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-13, atol=1e-13)


def test_what_a_table_of_weights_holds(labels):
    true, pred, weights = labels
    table = ContingencyTable.from_labels(true, pred, sample_weight=weights)
    for i, j in np.ndindex(3, 4):
        here = (true == i) & (pred == j)
        cell = 4 * i + j
        assert table.counts[cell] == pytest.approx(weights[here].sum())
        assert table.squares[cell] == pytest.approx((weights[here] ** 2).sum())
        assert table.numbers[cell] == here.sum()
    assert table.n_samples == pytest.approx(weights.sum())
    assert repr(table) == "<weighted ContingencyTable of shape (3, 4), 12 cells listed, numpy>"
    np.testing.assert_allclose(amiable.contingency_matrix(contingency=table), table.to_dense())
    np.testing.assert_allclose(table.to_sparse().toarray(), table.to_dense())


@pytest.mark.parametrize("k", [3, 150])
def test_tables_of_weights_add_up(rng, k):
    true, pred, weights = rng.integers(0, k, 400), rng.integers(0, k, 400), rng.random(400)
    whole = ContingencyTable.from_labels(true, pred, sample_weight=weights)
    runs = [slice(0, 100), slice(100, 101), slice(101, 400)]
    cut = [ContingencyTable.from_labels(true[r], pred[r], sample_weight=weights[r]) for r in runs]
    assert_same(sum(cut), whole)
    assert_same(pickle.loads(pickle.dumps(cut[2])) + (cut[1] + cut[0]), whole)


def test_counts_and_weights_add_up(labels):
    true, pred, weights = labels
    counted = ContingencyTable.from_labels(true[:10], pred[:10])
    weighed = ContingencyTable.from_labels(true[10:], pred[10:], sample_weight=weights[10:])
    weights[:10] = 1
    for total in (counted + weighed, weighed + counted):
        assert_same(total, ContingencyTable.from_labels(true, pred, sample_weight=weights))


def test_mass_and_samples_do_not_mix():
    mass, counted = ContingencyTable.from_weights([[0.5, 0.5]]), ContingencyTable.from_counts([[1, 2]])
    assert (mass + mass).to_dense().tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match=r"the left table is of mass and the right of samples"):
        mass + counted


def test_weights_beside_missing_and_ignored_labels(labels):
    true, pred, weights = labels
    kept = (pred != 2) & (np.arange(40) != 7)
    expected = ContingencyTable.from_labels(true[kept], pred[kept], sample_weight=weights[kept])
    known = true.astype(float)
    known[7] = np.nan
    table = ContingencyTable.from_labels(known, pred, sample_weight=weights, missing="drop", ignore_pred=2)
    assert_same(table, expected)
    assert (table.n_missing, table.n_ignored) == (1, int((pred == 2).sum() - (pred[7] == 2)))
    assert_same(ContingencyTable.from_labels(true, pred, sample_weight=weights * (np.arange(40) != 7)).without(pred=2),
                expected)  # fmt: skip
    codes = ContingencyTable.from_labels(true, pred, sample_weight=weights, n_labels=(3, 3), ignore_pred=3)
    assert codes.n_ignored == (pred == 3).sum()
    np.testing.assert_allclose(codes.to_dense().sum(), weights[pred != 3].sum())
    with pytest.raises(TypeError, match="a table of weights does not know what each sample weighs"):
        table.singletons(pred=1)


@pytest.mark.parametrize("k", [4, 90])
def test_weights_within_groups(rng, k):
    true, pred, weights = rng.integers(0, k, 300), rng.integers(0, k, 300), rng.random(300)
    groups = rng.integers(0, 5, 300)
    table = ContingencyTable.from_labels(true, pred, sample_weight=weights, groups=groups)
    assert table.group_labels.tolist() == [0, 1, 2, 3, 4]
    got = amiable.adjusted_rand_score(contingency=table)
    for g in range(5):
        here = groups == g
        one = ContingencyTable.from_labels(true[here], pred[here], sample_weight=weights[here])
        assert got[g] == pytest.approx(amiable.adjusted_rand_score(contingency=one), abs=1e-14)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([1, -2.0, 1], ValueError, r"sample_weight holds -2\.0 at position 1: expected finite numbers >= 0"),
        ([1, 1, np.nan], ValueError, r"sample_weight holds nan at position 2"),
        ([1, np.inf, 1], ValueError, r"sample_weight holds inf at position 1"),
        ([0, 0, 0], ValueError, r"sample_weight is 0 throughout"),
        ([1e200, 1, 1], ValueError, r"sample_weight adds up to 1e\+200"),
        ([1, 1], ValueError, r"sample_weight has shape \(2,\): expected \(3,\)"),
        (1.0, ValueError, r"sample_weight has shape \(\): expected \(3,\)"),
        (np.ones((2, 3)), None, ""),
        (["1", "2", "3"], TypeError, r"sample_weight has dtype <U1: expected real numbers"),
        ([1j, 1, 1], TypeError, r"sample_weight has dtype complex128: expected real numbers"),
        ([None, 1, 1], TypeError, r"sample_weight has dtype object, with None: expected real numbers"),
        ([Decimal("0.5"), 1, 2], None, ""),
        ([True, False, True], None, ""),
    ],
)
def test_complaints_about_sample_weight(weights, error, message):
    if error is None:
        table = ContingencyTable.from_labels([0, 0, 1], [0, 1, 1], sample_weight=weights)
        assert float(np.sum(table.n_samples)) == float(np.sum(np.asarray(weights, dtype=float)))
        return
    with pytest.raises(error, match=message):
        ContingencyTable.from_labels([0, 0, 1], [0, 1, 1], sample_weight=weights)


def test_weights_of_a_batch_must_broadcast():
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3, 4\) and the labels \(2, 4\)"):
        ContingencyTable.from_labels(np.zeros((2, 4)), np.zeros(4), sample_weight=np.ones((3, 4)))


def test_weights_of_another_library():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"labels_true is on numpy and sample_weight on torch"):
        ContingencyTable.from_labels([0, 1], [0, 1], sample_weight=torch.ones(2))


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([[1, -1]], ValueError, r"weights holds -1\.0 at position \(0, 1\)"),
        ([[np.nan, 1]], ValueError, r"weights holds nan at position \(0, 0\)"),
        ([[0.0, 0.0]], ValueError, r"weights is 0 throughout"),
        ([0.5, 0.5], ValueError, r"weights has shape \(2,\): expected \(\.\.\., R, C\)"),
        ([["a"]], TypeError, r"weights has dtype <U1: expected real numbers"),
    ],
)
def test_complaints_about_mass(weights, error, message):
    with pytest.raises(error, match=message):
        ContingencyTable.from_weights(weights)


def test_mass_with_labels():
    left = ContingencyTable.from_weights([[1.5, 0.5]], row_labels=["cat"], col_labels=[1, 2])
    right = ContingencyTable.from_weights([[2.0]], row_labels=["dog"], col_labels=[2])
    assert (left + right).to_dense().tolist() == [[1.5, 0.5], [0.0, 2.0]]
    with pytest.raises(
        ValueError, match=r"row_labels has shape \(2,\): expected \(1,\), as weights has shape \(1, 2\)"
    ):
        ContingencyTable.from_weights([[1.5, 0.5]], row_labels=["cat", "dog"])


def test_expected_table_on_every_library(backend, rng):
    p, q = rng.dirichlet(np.ones(3), (2, 1, 20)), rng.dirichlet(np.ones(4), (5, 20))
    table = ContingencyTable.from_probabilities(backend.asarray(p), backend.asarray(q))
    expected = np.swapaxes(p, -1, -2) @ q
    np.testing.assert_allclose(backend.to_numpy(table.to_dense()), expected, atol=100 * backend.tolerance)
    got = backend.to_numpy(amiable.mutual_info_score(contingency=table))
    shares = expected / 20
    information = shares * np.log(shares / shares.sum(-1, keepdims=True) / shares.sum(-2, keepdims=True))
    np.testing.assert_allclose(got, information.sum((-2, -1)), atol=backend.tolerance)


def test_hard_probabilities_are_labels(rng):
    true, pred = rng.integers(0, 3, 50), rng.integers(0, 4, 50)
    table = ContingencyTable.from_probabilities(np.eye(3)[true], np.eye(4, dtype=int)[pred])
    np.testing.assert_array_equal(table.to_dense(), amiable.contingency_matrix(true, pred))
    assert amiable.v_measure_score(contingency=table) == pytest.approx(amiable.v_measure_score(true, pred), rel=1e-13)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([[0.5, 0.5], [0.5, 0.4]], r"P has the sum 0\.9 in row 1: expected probabilities, whose sum is 1"),
        ([[[0.5, 0.5], [1, 1.0]]], r"P has the sum 2\.0 in row \(0, 1\)"),
        ([[1.5, -0.5], [0, 1]], r"P holds -0\.5 at position \(0, 1\)"),
        ([[1.0, 0.0]], r"P has 1 rows and Q 2: expected one for each sample in both"),
        ([0.5, 0.5], r"P has shape \(2,\): expected \(\.\.\., n_samples, n_clusters\)"),
    ],
)
def test_complaints_about_probabilities(p, message):
    with pytest.raises(ValueError, match=message):
        ContingencyTable.from_probabilities(p, [[0.1, 0.9], [1.0, 0.0]])


def test_rounded_probabilities_pass():
    """Rows of float32 or float16 add up to one within their precision."""
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        p = torch.randn(200, 50, generator=torch.Generator().manual_seed(0)).softmax(-1).to(dtype)
        assert ContingencyTable.from_probabilities(p, p).counts.dtype == torch.float64
    with pytest.raises(ValueError, match=r"P has the sum 0\.99.* in row 3"):
        ContingencyTable.from_probabilities(*[torch.eye(5) - 0.005 * torch.eye(5)[3] * torch.eye(5)] * 2)


@pytest.mark.parametrize("n_groups", [1, 2, 3, 4, 5])
def test_groups_of_weights_add_up_and_may_be_ignored(n_groups, rng):
    """Whatever their number: a weighted table has three numbers a cell."""
    true, pred, at = rng.integers(0, 3, 60), rng.integers(0, 3, 60), rng.integers(0, n_groups, 60)
    at[30:] += 1
    weights = rng.random(60)
    every = {"groups": at, "sample_weight": weights}
    parts = [
        ContingencyTable.from_labels(true[s], pred[s], **{name: x[s] for name, x in every.items()})
        for s in (slice(0, 30), slice(30, 60))
    ]
    whole, total = ContingencyTable.from_labels(true, pred, **every), parts[0] + parts[1]
    assert total.group_labels.tolist() == whole.group_labels.tolist()
    for mine, theirs in zip(total.arrays, whole.arrays, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-14)
    keep = true != 2
    filtered = ContingencyTable.from_labels(true[keep], pred[keep], **{name: x[keep] for name, x in every.items()})
    ignored = ContingencyTable.from_labels(true, pred, ignore_true=2, **every)
    for found in (ignored, whole.without(true=2)):
        np.testing.assert_allclose(found.to_dense(), filtered.to_dense(), rtol=1e-14)
        assert found.n_ignored.tolist() == [int(np.sum((at == g) & ~keep)) for g in found.group_labels]
    batch = ContingencyTable.from_labels(np.stack([true] * n_groups), pred, sample_weight=weights).without(true=2)
    assert batch.n_ignored.tolist() == [int(np.sum(~keep))] * n_groups


def test_weights_of_samples_without_a_label_may_be_anything():
    found = ContingencyTable.from_labels([0, None, 1], [1, 0, 1], sample_weight=[1.0, np.nan, 3.0], missing="drop")
    assert (float(found.n_samples), found.n_missing) == (4.0, 1)
    with pytest.raises(ValueError, match="sample_weight holds nan at position 1"):
        ContingencyTable.from_labels([0, 2, 1], [1, 0, 1], sample_weight=[1.0, np.nan, 3.0])
