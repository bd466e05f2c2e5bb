"""Contingency tables: counting, merging, formats, memory, and every complaint about counts."""

from __future__ import annotations

import itertools
import tracemalloc
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import array_api_compat as compat
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import amiable
from amiable import (
    ContingencyTable,
    adjusted_mutual_info_score,
    contingency_matrix,
    entropy,
    expected_mutual_information,
    pairwise_scores,
)
from amiable.contingency import counting
from tests import oracles
from tests.registry import CASES

labelings = st.lists(st.tuples(st.integers(-3, 5), st.integers(0, 4)), min_size=1, max_size=40).map(np.array)
every_score = pytest.mark.parametrize("score", CASES, ids=str)


def as_dict(table):
    """The table as {(label, label): count} of its occupied cells."""
    rows = range(table.shape[-2]) if table.row_labels is None else table.row_labels.tolist()
    cols = range(table.shape[-1]) if table.col_labels is None else table.col_labels.tolist()
    cells = zip(table.rows.tolist(), table.cols.tolist(), table.counts.tolist(), strict=True)
    return {(rows[i], cols[j]): x for i, j, x in cells if x}


@settings(deadline=None)
@given(labelings)
def test_counts(both):
    true, pred = both.T
    table = ContingencyTable.from_labels(true, pred)
    np.testing.assert_array_equal(table.to_dense(), oracles.count(true.tolist(), pred.tolist()).astype(int))
    np.testing.assert_array_equal(table.row_labels, np.unique(true))
    np.testing.assert_array_equal(table.row_sums, table.to_dense().sum(1))
    np.testing.assert_array_equal(table.col_sums, table.to_dense().sum(0))
    assert table.n_samples == true.size


@pytest.mark.slow_on("jax-as-accelerator")
@pytest.mark.parametrize("k", [3, 80, 4000])
def test_counts_on_every_library(backend, rng, k):
    """Few labels make a grid; more a grid without its empty cells; many a list of cells by sorting."""
    true, pred = rng.integers(0, k, 2000) * 3 - 5, rng.integers(0, k, 2000)
    table = ContingencyTable.from_labels(backend.asarray(true), backend.asarray(pred))
    expected = as_dict(ContingencyTable.from_labels(true, pred))
    assert compat.array_namespace(table.counts) is compat.array_namespace(backend.asarray(true))
    rows, cols, counts, row_labels, col_labels = (
        backend.to_numpy(v) for v in (table.rows, table.cols, table.counts, table.row_labels, table.col_labels)
    )
    found = zip(row_labels[rows].tolist(), col_labels[cols].tolist(), counts.tolist(), strict=True)
    assert {(u, v): x for u, v, x in found if x} == expected
    assert sum(expected.values()) == 2000
    np.testing.assert_array_equal(backend.to_numpy(table.row_sums), np.unique(true, return_counts=True)[1])
    np.testing.assert_array_equal(backend.to_numpy(table.col_sums), np.unique(pred, return_counts=True)[1])


@pytest.mark.slow_on("jax-x64")
@pytest.mark.parametrize("k", [3, 100])
def test_batches_share_labels(counting_backend, rng, k):
    true, pred = rng.integers(0, k, (3, 1, 200)), rng.integers(0, k, (2, 200))
    table = ContingencyTable.from_labels(counting_backend.asarray(true), counting_backend.asarray(pred))
    assert table.shape == (3, 2, np.unique(true).size, np.unique(pred).size)
    dense = counting_backend.to_numpy(table.to_dense())
    for i, j in itertools.product(range(3), range(2)):
        rows, cols = np.searchsorted(np.unique(true), true[i, 0]), np.searchsorted(np.unique(pred), pred[j])
        expected = np.zeros(table.shape[-2:], dtype=int)
        np.add.at(expected, (rows, cols), 1)
        np.testing.assert_array_equal(dense[i, j], expected)


def test_eight_thousand_by_seven_thousand(rng):
    """A million samples of 56 million cells, most of them empty."""
    true, pred = rng.integers(0, 8000, 10**6), rng.integers(0, 7000, 10**6)
    tracemalloc.start()
    table = ContingencyTable.from_labels(true, pred)
    adjusted_mutual_info_score(contingency=table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.counts.shape[0] < 10**6
    assert peak < 200e6


@settings(max_examples=60, deadline=None)
@given(labelings, st.lists(st.integers(0, 40), max_size=4), st.randoms(use_true_random=False))
def test_any_split_and_order_gives_the_same_table(both, cuts, random):
    parts = np.split(both, sorted(c for c in cuts if c < len(both)))
    random.shuffle(parts)
    tables = [ContingencyTable.from_labels(*part.T) for part in parts]
    assert as_dict(sum(tables)) == as_dict(ContingencyTable.from_labels(*both.T))


@pytest.mark.parametrize("k", [4, 60, 90])
@every_score
def test_scores_of_sums_are_the_same_to_the_last_bit(score, k, rng):
    if score.long_program and k > 4:
        pytest.skip("its sums over sizes take seconds")
    true, pred = rng.integers(0, k, 600), rng.integers(0, k, 600)
    parts = np.split(np.arange(600), [3, 50, 51, 400])
    table = sum(ContingencyTable.from_labels(true[part], pred[part]) for part in parts)
    assert score.function(contingency=table) == score.function(true, pred)


@pytest.mark.slow_on("jax-x64")
@pytest.mark.parametrize("k", [3, 100])
def test_adding_on_every_library(counting_backend, rng, k):
    true, pred = rng.integers(0, k, 400), rng.integers(0, k, 400)
    x, y = counting_backend.asarray(true), counting_backend.asarray(pred)
    merged = ContingencyTable.from_labels(x[:150], y[:150]) + ContingencyTable.from_labels(x[150:], y[150:])
    np.testing.assert_array_equal(counting_backend.to_numpy(merged.to_dense()), contingency_matrix(true, pred))
    twice = merged + merged
    np.testing.assert_array_equal(counting_backend.to_numpy(twice.to_dense()), 2 * contingency_matrix(true, pred))


def test_adding_batches(rng):
    batch = ContingencyTable.from_labels(rng.integers(0, 3, (4, 30)), rng.integers(0, 3, 30))
    one = ContingencyTable.from_labels([0, 5], [1, 2])
    merged = batch + one
    assert merged.shape == (4, 4, 3)
    np.testing.assert_array_equal(merged.n_samples, [32] * 4)
    np.testing.assert_array_equal((one + batch).to_dense(), merged.to_dense())


def test_adding_strings_of_other_lengths():
    merged = ContingencyTable.from_labels(["a", "b"], [0, 1]) + ContingencyTable.from_labels(["long name"], [1])
    assert as_dict(merged) == {("a", 0): 1, ("b", 1): 1, ("long name", 1): 1}


def test_adding_codes_of_other_sizes():
    merged = ContingencyTable.from_counts([[1, 2]]) + ContingencyTable.from_counts([[1], [3]])
    np.testing.assert_array_equal(merged.to_dense(), [[2, 2], [3, 0]])
    assert merged.row_labels is None
    one = ContingencyTable.from_counts([[1, 2]])
    np.testing.assert_array_equal((one + one).to_dense(), [[2, 4]])


def test_labels_of_counts():
    one = ContingencyTable.from_counts([[1, 2], [3, 4]], row_labels=["b", "a"], col_labels=[10, 20])
    two = ContingencyTable.from_labels(["a", "c"], [20, 30])
    assert as_dict(one + two) == {("b", 10): 1, ("b", 20): 2, ("a", 10): 3, ("a", 20): 5, ("c", 30): 1}
    assert as_dict(one + one) == {("b", 10): 2, ("b", 20): 4, ("a", 10): 6, ("a", 20): 8}


@pytest.mark.parametrize("shape", [(3, 4), (100, 200)])
def test_from_counts(counting_backend, rng, shape):
    counts = rng.integers(0, 3, shape)
    for given_counts in (counts, counts.astype(np.float32), counts.astype(np.int16)):
        table = ContingencyTable.from_counts(counting_backend.asarray(given_counts))
        np.testing.assert_array_equal(counting_backend.to_numpy(table.to_dense()), counts)
        np.testing.assert_array_equal(counting_backend.to_numpy(table.row_sums), counts.sum(1))


@pytest.mark.slow_on("jax-x64")
def test_from_cells(counting_backend, rng):
    """Pairs of labels in any order, some more than once, some without a sample."""
    true, pred = rng.integers(0, 90, 3000) * 7 - 20, rng.integers(0, 80, 3000)
    expected = ContingencyTable.from_labels(true, pred)
    counts = np.ones(3000, dtype=int)
    for columns in ((true, pred, counts), (true[:50], pred[:50], counts[:50])):
        expected = ContingencyTable.from_labels(*columns[:2])
        table = ContingencyTable.from_cells(*(counting_backend.asarray(x) for x in columns))
        assert table.is_grid == expected.is_grid
        np.testing.assert_array_equal(counting_backend.to_numpy(table.to_dense()), expected.to_dense())
        np.testing.assert_array_equal(counting_backend.to_numpy(table.row_labels), expected.row_labels)
        np.testing.assert_array_equal(counting_backend.to_numpy(table.col_labels), expected.col_labels)


def test_from_cells_of_any_labels():
    table = ContingencyTable.from_cells(["b", "a", "b"], [1.0, 2.0, 1.0], [3, 0, 4.0])
    assert as_dict(table) == {("b", 1.0): 7}
    assert table.row_labels.tolist() == ["a", "b"]
    assert as_dict(table + ContingencyTable.from_labels(["b"], [1.0])) == {("b", 1.0): 8}
    empty = ContingencyTable.from_cells([], [], [])
    assert (empty.shape, adjusted_mutual_info_score(contingency=empty)) == ((0, 0), 1.0)


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (([1, 2], [1, 2], [1]), ValueError, r"labels_true \(2,\), labels_pred \(2,\), counts \(1,\): expected \(M,\)"),
        (([[1, 2]], [[1, 2]], [[1, 2]]), ValueError, r"labels_true \(1, 2\), .*: expected \(M,\) for all"),
        (([1, 2], [1, 2], [1, -1]), ValueError, "counts holds -1 at position 1"),
        (([1, 2], [1, 2], [1, 0.5]), ValueError, "counts holds 0.5 at position 1"),
        (([1, 2], [1, 2], [1, 2**70]), ValueError, "counts holds 1180591620717411303424: expected whole numbers that"),
        (([1, 2], [1, 2], ["a", "b"]), TypeError, "counts has dtype <U1: expected whole numbers"),
        (([1, None], [1, 2], [1, 1]), ValueError, "labels_true contains None: 1 of 2 values"),
        (([1, 2], [1, 2, 3], [1, 1]), ValueError, "labels_true and labels_pred must have the same length"),
    ],
)
def test_bad_cells(args, error, message):
    with pytest.raises(error, match=message):
        ContingencyTable.from_cells(*args)


def test_scipy_sparse_with_repeated_cells():
    repeated = scipy.sparse.coo_matrix(([1, 2, 3, 0], ([0, 0, 1, 1], [1, 1, 0, 1])), shape=(2, 3))
    table = ContingencyTable.from_counts(repeated)
    np.testing.assert_array_equal(table.to_dense(), [[0, 3, 0], [3, 0, 0]])
    np.testing.assert_array_equal(table.to_sparse().toarray(), [[0, 3, 0], [3, 0, 0]])
    assert repeated.nnz == 4  # the caller's matrix is as it was


def test_sparse_counts_are_checked_before_they_add_up():
    narrow = scipy.sparse.coo_array((np.array([200, 100, 1], dtype=np.uint8), ([0, 0, 1], [0, 0, 1])), shape=(2, 2))
    np.testing.assert_array_equal(ContingencyTable.from_counts(narrow).to_dense(), [[300, 0], [0, 1]])
    hidden = scipy.sparse.coo_array((np.array([3, -1]), ([0, 0], [0, 0])), shape=(1, 1))
    with pytest.raises(ValueError, match=r"contingency holds -1 at position 1 \(of its stored entries\)"):
        ContingencyTable.from_counts(hidden)
    with pytest.raises(ValueError, match=r"contingency has shape \(2,\): expected \(R, C\) for a sparse table"):
        ContingencyTable.from_counts(scipy.sparse.coo_array([1, 2]))


def test_tables_keep_their_own_counts():
    counts = np.array([[1, 2], [3, 4]])
    table = ContingencyTable.from_counts(counts)
    counts[0, 0] = 100
    table.to_dense()[0, 1] = 100
    np.testing.assert_array_equal(table.to_dense(), [[1, 2], [3, 4]])


def test_batches_of_many_labels_in_bounded_memory(rng):
    """Labelings that share no label: a table of all labels of all of them would have gigabytes."""
    labels = rng.integers(0, 50, (400, 1000)) + 50 * np.arange(400)[:, None]
    pred = rng.integers(0, 2000, (400, 1000))
    tracemalloc.start()
    got = adjusted_mutual_info_score(labels, pred)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500e6
    np.testing.assert_allclose(got[::100], [adjusted_mutual_info_score(labels[i], pred[i]) for i in range(0, 400, 100)])


def test_blocks_of_torch_labels_do_not_warn(rng, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(counting, "BATCH", 100)
    torch.set_warn_always(True)
    try:
        got = adjusted_mutual_info_score(
            torch.asarray(rng.integers(0, 3, (4, 30))), torch.asarray(rng.integers(0, 3, 30))
        )
    finally:
        torch.set_warn_always(False)
    assert got.shape == (4,)


@every_score
def test_batches_in_blocks(score, rng, monkeypatch):
    """The blocks of a batch are put back in order, whatever their size."""
    true, pred = rng.integers(0, 30, (5, 1, 40)), rng.integers(0, 30, (7, 40))
    expected = score.function(true, pred)
    assert expected.shape == (5, 7)
    for budget in (1, 2000, 20_000):
        monkeypatch.setattr(counting, "BATCH", budget)
        np.testing.assert_allclose(score.function(true, pred), expected, rtol=1e-14, atol=1e-14)
        np.testing.assert_allclose(score.function(true, pred, n_labels=(30, 99)), expected, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(expected[4, 6], score.function(true[4, 0], pred[6]), rtol=1e-14, atol=1e-14)


def test_promised_codes_in_a_list_of_cells(rng):
    """Many labels, few samples: the cells that nobody occupies are not made."""
    true, pred = rng.integers(0, 10**5, 50), rng.integers(0, 10**5, 50)
    table = ContingencyTable.from_labels(true, pred, n_labels=(10**5, 10**5))
    assert table.counts.shape[0] <= 50
    assert table.shape == (10**5, 10**5)


@pytest.mark.parametrize("zero", [0, np.int64(0)])
def test_adding_zero(zero):
    table = ContingencyTable.from_labels([0, 1], [0, 1])
    assert table + zero is table
    assert zero + table is table


def test_promises_of_more_labels_than_memory_holds():
    """Scores need no cluster that is empty, of host memory; tables have one size for each."""
    true, pred = [0, 10**8, 7], [0, 5, 5]
    many = (10**9, 10**9)
    expected = adjusted_mutual_info_score(true, pred)
    assert adjusted_mutual_info_score(true, pred, n_labels=many) == expected
    assert adjusted_mutual_info_score([true] * 2, pred, n_labels=many).tolist() == [expected] * 2
    assert entropy(true, n_labels=10**10) == entropy(true)
    for counted in (ContingencyTable.from_labels, contingency_matrix):
        with pytest.raises(ValueError, match=r"n_labels is \(10{9}, 10{9}\): 20{9} cluster sizes would take 14.9 GiB"):
            counted(true, pred, n_labels=many)
    with pytest.raises(ValueError, match="labels_true has the code 100000000, outside n_labels"):
        adjusted_mutual_info_score(true, pred, n_labels=(10**8, 10**9))
    with pytest.raises(ValueError, match="labels has the code 100000000, outside n_labels"):
        entropy(true, n_labels=10**8)


def test_promises_that_a_device_cannot_keep():
    torch = pytest.importorskip("torch")
    labels = torch.zeros((2, 50), dtype=torch.int64, device="meta")
    for call in (adjusted_mutual_info_score, ContingencyTable.from_labels):
        with pytest.raises(ValueError, match=r"n_labels is \(100000, 100000\): 20000000000 cells would take 149 GiB"):
            call(labels, labels, n_labels=(10**5, 10**5))
    with pytest.raises(ValueError, match=r"n_labels is \(100000, 100000\): 10{10} cells would take 74.5 GiB"):
        pairwise_scores(labels[:1], n_labels=(10**5, 10**5))
    with pytest.raises(ValueError, match=r"n_labels is 10000000000: 20000000000 cluster sizes would take 149 GiB"):
        entropy(labels, n_labels=10**10)


def test_dense_tables_of_empty_cells():
    """They take the memory of their own cells and no more."""
    table = ContingencyTable.from_labels([0, 2999], [1500, 0], n_labels=(3000, 3000))
    tracemalloc.start()
    dense = table.to_dense()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.2 * dense.nbytes
    assert np.argwhere(dense).tolist() == [[0, 1500], [2999, 0]]


def test_adding_nothing():
    """A part without samples has no labels, and labels of no kind."""
    some, none = ContingencyTable.from_labels(["a", "b"], [0, 1]), ContingencyTable.from_labels([], [])
    for merged in (some + none, none + some):
        assert as_dict(merged) == {("a", 0): 1, ("b", 1): 1}
        assert merged.col_labels.dtype == np.int64


def test_adding_too_much(backend):
    half = 2**30 if backend.narrow else 2**41 if backend.single else 2**52
    one = ContingencyTable.from_counts(backend.asarray(np.array([[half - half // 64, 5]])))
    two = one + one
    with pytest.raises(ValueError, match="the sum of the tables adds up to about"):
        two + one


def test_pandas_crosstab(rng):
    pd = pytest.importorskip("pandas")
    true, pred = rng.integers(0, 3, 50), rng.integers(0, 4, 50)
    crosstab = pd.crosstab(true, pred)
    assert adjusted_mutual_info_score(contingency=crosstab) == pytest.approx(adjusted_mutual_info_score(true, pred))


def test_pandas_pivots():
    """What a pivot, or a sum in a database, makes of counts."""
    pd = pytest.importorskip("pandas")
    pairs = pd.DataFrame({"true": list("aab"), "pred": list("xyy"), "n": [3, 1, 2]})
    whole = pairs.pivot(index="true", columns="pred", values="n")
    for holes in (whole, whole.astype(object), whole.astype("Int64")):
        with pytest.raises((ValueError, TypeError), match=r"at row 'b', column 'x'.*whole numbers.*fill_value=0"):
            ContingencyTable.from_counts(holes)
    filled = pairs.pivot_table(index="true", columns="pred", values="n", aggfunc="sum", fill_value=0)
    assert ContingencyTable.from_counts(filled).to_dense().tolist() == [[3, 1], [0, 2]]
    decimals = filled.map(Decimal)
    assert ContingencyTable.from_counts(decimals).to_dense().tolist() == [[3, 1], [0, 2]]
    with pytest.raises(TypeError, match=r"with '3' at row 'a', column 'x': .*; \.astype\(int\) makes such of counts"):
        ContingencyTable.from_counts(filled.astype(str).astype(object))
    with pytest.raises(ValueError, match=r"holds 3.5 at row 'a', column 'x'"):
        ContingencyTable.from_counts(decimals + Decimal("0.5"))


def test_n_labels_counts_codes():
    table = ContingencyTable.from_labels([0, 0, 2], [1, 1, 0], n_labels=(4, 2))
    np.testing.assert_array_equal(table.to_dense(), [[0, 2], [0, 0], [1, 0], [0, 0]])
    assert table.row_labels is None


def test_repr_says_shape():
    assert (
        repr(ContingencyTable.from_labels([0, 1], [0, 0]))
        == "<ContingencyTable of shape (2, 1), 2 cells listed, numpy>"
    )


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[1, -2]], r"contingency holds -2 at position 1 \(in row-major order\): expected whole numbers >= 0"),
        ([[1.0, 0.5]], r"contingency holds 0.5 at position 1"),
        ([[np.nan, 1]], r"contingency holds nan at position 0"),
        ([[np.inf, 1]], r"contingency holds inf at position 0"),
        ([1, 2], r"contingency has shape \(2,\): expected at least 2 dimensions"),
        (np.zeros((0, 2, 2)), r"contingency has shape \(0, 2, 2\): the batch is empty"),
        ([[1, 2], [3]], r"contingency holds items of unequal lengths, 2 and 1: expected equal ones"),
        ([[Decimal("1.5"), 1]], r"contingency holds 1.5 at position 0"),
        ([[1, Decimal("nan")]], r"contingency holds NaN at position 1"),
        ([[1, 10**400]], r"contingency holds 1000.*: expected whole numbers that int64 holds"),
        ([[2.0**62, 1]], r"contingency adds up to about 4.61e\+18: expected less than"),
        (np.full((2, 2), 2**61), r"contingency adds up to about 9.22e\+18"),
        (scipy.sparse.csr_matrix([[1.5]]), r"contingency holds 1.5 at position 0"),
    ],
)
def test_bad_counts(counts, message):
    with pytest.raises(ValueError, match=message):
        adjusted_mutual_info_score(contingency=counts)


@pytest.mark.parametrize("counts", [[["a"]], [[True]], [[1j]], [[None]], np.array([[True, 1]], dtype=object)])
def test_counts_that_are_not_numbers(counts):
    with pytest.raises(TypeError, match=r"contingency has dtype .*: expected whole numbers"):
        adjusted_mutual_info_score(contingency=counts)


@pytest.mark.parametrize(
    "counts", [{"a": {"x": 1}}, Counter("ab"), iter([[1]]), "12", {1}], ids=lambda counts: type(counts).__name__
)
def test_counts_that_are_no_array(counts):
    with pytest.raises(TypeError, match=r"contingency is a \w+: expected an array of counts; .*from_cells takes"):
        adjusted_mutual_info_score(contingency=counts)


def test_whole_numbers_of_any_type():
    counts = [[Decimal(5), Fraction(1)], [2.0, np.int64(4)]]
    assert adjusted_mutual_info_score(contingency=counts) == adjusted_mutual_info_score(contingency=[[5, 1], [2, 4]])


def test_places_in_a_frame():
    pd = pytest.importorskip("pandas")
    for value, error in ((np.nan, ValueError), (Decimal("0.5"), ValueError), ("x", TypeError)):
        frame = pd.DataFrame([[1, 2], [3, value]], index=["cat", "dog"], columns=[7, 8])
        with pytest.raises(error, match=r"contingency .* at row 'dog', column 8: expected whole numbers"):
            adjusted_mutual_info_score(contingency=frame)


def test_a_table_by_position():
    for score in (adjusted_mutual_info_score, contingency_matrix):
        with pytest.raises(TypeError, match=r"labels_pred is None: .*; a table of counts is given by name"):
            score([[5, 1], [2, 4]])


def test_a_table_in_place_of_cluster_sizes():
    """scikit-learn's order of arguments is (contingency, n_samples)."""
    counts = np.array([[5, 1, 0], [2, 4, 3]])
    peer = pytest.importorskip("sklearn.metrics.cluster").expected_mutual_information(counts, 15)
    for table in (counts, counts.tolist(), scipy.sparse.csr_array(counts), ContingencyTable.from_counts(counts)):
        for n_samples in (15, np.int64(15), np.asarray(15), 15.0):
            assert expected_mutual_information(table, n_samples) == pytest.approx(peer, rel=1e-12)
        with pytest.raises(ValueError, match="n_samples is 14, and the counts of the table add up to 15"):
            expected_mutual_information(table, 14)
    with pytest.raises(ValueError, match=r"row_sums is a batch of tables, of shape \(1, 2, 3\): expected one"):
        expected_mutual_information(ContingencyTable.from_counts(counts[None]), 15)
    advice = r"expected cluster sizes; those of a table of counts are ContingencyTable.from_counts\(counts\).row_sums"
    for sizes in ([9, 6], counts[None]):
        with pytest.raises(ValueError, match=rf"col_sums has shape \(\), it is 15: {advice}"):
            expected_mutual_information(sizes, 15)
    with pytest.raises(TypeError, match=rf"row_sums is a \w+: {advice}"):
        expected_mutual_information(ContingencyTable.from_counts(counts), [7, 5, 3])


def with_totals(counts):
    rows = np.concatenate([counts, counts.sum(axis=-2, keepdims=True)], axis=-2)
    return np.concatenate([rows, rows.sum(axis=-1, keepdims=True)], axis=-1)


@pytest.mark.parametrize("make", [np.asarray, np.ndarray.tolist, scipy.sparse.coo_array])
@pytest.mark.parametrize("shape", [(2, 2), (80, 70)])
def test_totals_are_no_clusters(make, shape, rng):
    counts = rng.integers(1, 9, shape)
    given_counts = make(with_totals(counts))
    with pytest.raises(ValueError, match=r"in its last row and last column, as .*: expected counts without"):
        adjusted_mutual_info_score(contingency=given_counts)
    table = ContingencyTable.from_counts(given_counts)
    assert np.isfinite(adjusted_mutual_info_score(contingency=table))
    batch = with_totals(rng.integers(1, 9, (3, *shape)))
    assert adjusted_mutual_info_score(contingency=batch).shape == (3,)


@pytest.mark.parametrize(
    "counts",
    [[[1, 1], [1, 1]], [[2, 2, 4], [2, 2, 4]], [[1, 0, 1], [0, 0, 0], [1, 0, 1]], [[0] * 3] * 3, [[1, 1, 2]] * 3],
    ids=repr,
)
def test_clusters_that_may_look_like_totals(counts):
    """One cluster as large as all others, of few; no samples; columns alone."""
    assert np.isfinite(adjusted_mutual_info_score(contingency=counts))


@pytest.mark.parametrize(("labels", "name"), [(["a", "b"], "All"), (["a", "a"], "Total")])
def test_totals_of_a_crosstab(labels, name):
    pd = pytest.importorskip("pandas")
    crosstab = pd.crosstab(pd.Series(labels), pd.Series(["x", "x"]), margins=True, margins_name=name)
    for take in (ContingencyTable.from_counts, lambda counts: adjusted_mutual_info_score(contingency=counts)):
        with pytest.raises(
            ValueError, match=rf"in its last row and last column, called '{name}' .*: .*, margins=False"
        ):
            take(crosstab)
        with pytest.raises(ValueError, match=rf"in its last row, called '{name}', as pandas\.crosstab"):
            take(crosstab.drop(columns=name))
    assert ContingencyTable.from_counts(crosstab.to_numpy()).n_samples == 8
    other = crosstab.copy()
    other.loc[name] += 1  # a cluster that happens to be called so
    assert ContingencyTable.from_counts(other.drop(columns=name)).n_samples == 5
    assert adjusted_mutual_info_score(contingency=crosstab.rename(index={name: "c"}).drop(columns=name)) <= 1


def test_counts_beyond_the_integers_of_the_device(backend):
    if not backend.narrow:
        pytest.skip("int64 counts")
    with pytest.raises(ValueError, match="contingency adds up to about 3e\\+09: expected less than 2145336164 samples"):
        adjusted_mutual_info_score(contingency=backend.asarray(np.full((3, 2), 5 * 10**8, dtype=np.int32)))


@every_score
@pytest.mark.parametrize("given_too", ["labels_true", "labels_pred", "n_labels"])
def test_contingency_and_labels(score, given_too):
    if score.name == "mi" and given_too != "n_labels":
        pytest.skip("ignored, as in scikit-learn")
    value = (2, 2) if given_too == "n_labels" else [0, 1]
    with pytest.raises(ValueError, match=f"{given_too} was given together with contingency: expected one or the other"):
        score.function(contingency=[[1, 0], [0, 1]], **{given_too: value})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"row_labels": [1, 2, 3]}, r"row_labels has shape \(3,\): expected \(2,\), as contingency has shape \(2, 2\)"),
        ({"col_labels": ["a", "a"]}, r"col_labels repeats a label: expected 2 distinct labels"),
    ],
)
def test_bad_labels_of_counts(labels, message):
    with pytest.raises(ValueError, match=message):
        ContingencyTable.from_counts([[1, 2], [3, 4]], **labels)


@pytest.mark.slow_on("jax-x64")
def test_adding_labels_of_other_widths(counting_backend):
    """Integers of any width unite without becoming floats."""
    for dtypes in (("uint8", "int64"), ("uint16", "int64"), ("uint16", "uint16"), ("int8", "int32")):
        tables = []
        for dtype in dtypes:
            labels = counting_backend.asarray(np.array([3, 100], dtype=dtype))
            tables.append(ContingencyTable.from_labels(labels, labels))
        merged = tables[0] + tables[1]
        np.testing.assert_array_equal(counting_backend.to_numpy(merged.to_dense()), [[2, 0], [0, 2]])


def test_adding_labels_as_python_tells_them_apart():
    small, large = np.array([1, 2]), np.array([2**64 - 1, 2**64 - 2], dtype=np.uint64)
    merged = ContingencyTable.from_labels(small, [0, 0]) + ContingencyTable.from_labels(large, [0, 0])
    assert merged.row_labels.tolist() == [1, 2, 2**64 - 2, 2**64 - 1]
    merged = ContingencyTable.from_labels([2**63, 1], [0, 0]) + ContingencyTable.from_labels([1, 2], [0, 0])
    assert merged.row_labels.tolist() == [1, 2, 2**63]
    days, instants = np.array(["1500-01-01"], "M8[D]"), np.array(["2084-07-20T23:34:33.709551616"], "M8[ns]")
    with pytest.raises(TypeError, match=r"row_labels are of dtype datetime64\[D\] and datetime64\[ns\]"):
        ContingencyTable.from_labels(days, [0]) + ContingencyTable.from_labels(instants, [0])


def test_adding_codes_under_tracing():
    jax = pytest.importorskip("jax")
    labels = jax.numpy.asarray([0, 1])

    def merged(u):
        small = ContingencyTable.from_labels(u, u, n_labels=(2, 2))
        return (small + ContingencyTable.from_labels(u, u, n_labels=(3, 4))).to_dense()

    np.testing.assert_array_equal(jax.jit(merged)(labels), [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0]])


def test_labels_of_counts_are_labels():
    counts = np.eye(2, dtype=int)
    names = np.array(["a", "b"])
    table = ContingencyTable.from_counts(counts, row_labels=names, col_labels=[2**63, 2**63 + 1])
    names[0] = "z"
    assert table.row_labels.tolist() == ["a", "b"]
    assert table.col_labels.tolist() == [2**63, 2**63 + 1]
    with pytest.raises(TypeError, match="row_labels mixes kinds of labels"):
        ContingencyTable.from_counts(counts, row_labels=[1, "1"])
    with pytest.raises(ValueError, match="col_labels contains NaN"):
        ContingencyTable.from_counts(counts, col_labels=[1.0, np.nan])


def test_counts_that_torch_tracks():
    torch = pytest.importorskip("torch")
    counts = torch.tensor([[3.0, 1.0], [1.0, 3.0]], requires_grad=True)
    assert float(adjusted_mutual_info_score(contingency=counts)) == pytest.approx(
        adjusted_mutual_info_score(contingency=[[3, 1], [1, 3]])
    )
    with pytest.raises(TypeError, match="contingency is a sparse tensor: expected a dense one"):
        adjusted_mutual_info_score(contingency=counts.detach().to_sparse())


def test_adding_what_does_not_fit():
    labelled, bare = ContingencyTable.from_labels([0, 1], [0, 1]), ContingencyTable.from_counts([[1]])
    with pytest.raises(
        ValueError, match="the right table has no row_labels and the other has: expected both or neither"
    ):
        labelled + bare
    with pytest.raises(TypeError, match="row_labels are of dtype int64 and <U1: expected labels of one kind"):
        labelled + ContingencyTable.from_labels(["a"], [0])
    strings = np.array(["a"])
    for mine, theirs in ((strings, strings.astype("S")), ([True], [2]), ([2**53], [0.0])):
        with pytest.raises(TypeError, match=r"row_labels are of dtype .* and .*: expected labels of one kind"):
            ContingencyTable.from_labels(mine, [0]) + ContingencyTable.from_labels(theirs, [0])
    with pytest.raises(TypeError, match="unsupported operand"):
        labelled + 1
    with pytest.raises(TypeError, match="unsupported operand"):
        1 + labelled


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "jacfwd"])
def test_counts_have_no_gradient(transform):
    jax = pytest.importorskip("jax")
    counts = jax.numpy.asarray([[3.0, 1.0], [1.0, 2.0]])
    score = getattr(jax, transform)(lambda x: amiable.mutual_info_score(contingency=x))
    for function in (score, jax.jit(score)):
        with pytest.raises(TypeError, match="contingency is differentiated by JAX: a score of whole numbers has no"):
            function(counts)
