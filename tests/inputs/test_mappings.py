"""Tables of labelings that are mappings from samples to labels, and series that are labelled by their samples."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable

PEOPLE = {"r1": "ann", "r2": "ann", "r3": "bob", "r4": "cat"}
MACHINE = {"r4": 9, "r3": 7, "r2": 5, "r1": 5}


def same(one, other):
    assert one.to_dense().tolist() == other.to_dense().tolist()
    for mine, theirs in ((one.row_labels, other.row_labels), (one.col_labels, other.col_labels)):
        np.testing.assert_array_equal(mine, theirs, strict=True)


def test_labels_are_aligned_by_sample():
    table = ContingencyTable.from_mappings(PEOPLE, MACHINE)
    same(table, ContingencyTable.from_labels(["ann", "ann", "bob", "cat"], [5, 5, 7, 9]))
    assert table.n_missing == 0
    assert amiable.adjusted_rand_score(contingency=table) == 1.0


def test_series_are_aligned_by_index():
    pd = pytest.importorskip("pandas")
    people, machine = pd.Series(PEOPLE), pd.Series(MACHINE)
    expected = ContingencyTable.from_mappings(PEOPLE, MACHINE)
    for true, pred in ((people, machine), (people, MACHINE), (people.astype("category"), machine.astype("category"))):
        same(ContingencyTable.from_mappings(true, pred), expected)


def test_samples_that_one_side_lacks():
    true, pred = {**PEOPLE, "r5": "ann", "r6": None}, {**MACHINE, "r6": 5, "r7": 5, "r1": float("nan")}
    message = (
        r"true has no label for 2 of 7 samples, such as 'r6'; pred has no label for 2 of 7 samples, such as 'r1': "
        r"expected a label of every sample in both, or missing='drop'"
    )
    with pytest.raises(ValueError, match=message):
        ContingencyTable.from_mappings(true, pred)
    with pytest.raises(ValueError, match=r"^pred has no label for 1 of 4 samples, such as 'r1': expected"):
        ContingencyTable.from_mappings(PEOPLE, {**MACHINE, "r1": None})
    table = ContingencyTable.from_mappings(true, pred, missing="drop")
    same(table, ContingencyTable.from_labels(["ann", "bob", "cat"], [5, 7, 9]))
    assert table.n_missing == 4


def test_labels_that_are_tuples():
    table = ContingencyTable.from_mappings({1: ("a", 0), 2: ("b", 0)}, {2: 1, 1: 0})
    assert table.row_labels.tolist() == [("a", 0), ("b", 0)]


def test_no_samples():
    assert ContingencyTable.from_mappings({}, {}).n_samples == 0


@pytest.mark.parametrize(
    ("true", "pred", "options", "error", "message"),
    [
        (PEOPLE, [5, 5, 7, 9], {}, TypeError, r"pred is a list: expected a mapping .*; ContingencyTable\.from_labels"),
        (None, MACHINE, {}, TypeError, "true is a NoneType: expected a mapping"),
        (PEOPLE, MACHINE, {"missing": "ignore"}, ValueError, "missing is 'ignore': expected one of 'raise', 'drop'"),
        ({"a": 0}, {1: 0}, {}, ValueError, "no labelled sample in common, they have 'a' and 1: expected labels of the"),
        ({"a": 0}, {1: 0}, {"missing": "drop"}, ValueError, "no labelled sample in common"),
        ({"a": 0}, {}, {"missing": "drop"}, ValueError, "in common, they have 'a' and none"),
        ({"a": {0, 1}}, {"a": 0}, {}, TypeError, r"true holds labels of type set: .* amiable\.labels_of_clusters"),
        ({"a": 0, "b": "x"}, {"a": 0, "b": 0}, {}, TypeError, "true mixes kinds of labels"),
    ],
)
def test_bad_mappings(true, pred, options, error, message):
    with pytest.raises(error, match=message):
        ContingencyTable.from_mappings(true, pred, **options)


def test_an_index_that_repeats_a_sample():
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="true has several labels of 'b' in its index: expected one a sample"):
        ContingencyTable.from_mappings(pd.Series([0, 1, 1], index=["a", "b", "b"]), {"a": 0, "b": 1})


SCORES = [
    amiable.adjusted_mutual_info_score,
    ContingencyTable.from_labels,
    lambda x, y: amiable.conditional_adjusted_mutual_info_score(x, y, np.zeros(3, dtype=int)),
    lambda x, y: amiable.compare_scores(x, y, x.to_numpy(), n_resamples=9, rng=0),
]


@pytest.mark.parametrize("score", SCORES)
def test_indexes_in_another_order_warn(score):
    pd = pytest.importorskip("pandas")
    true = pd.Series([0, 0, 1], index=["a", "b", "c"])
    with pytest.warns(
        UserWarning, match=r"indexes in another order, and are taken row by row\. .*\.reindex\("
    ) as found:
        score(true, true[["c", "a", "b"]])
    assert found[0].filename == __file__


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("index", [["a", "b", "c"], ["x", "y", "z"], ["c", "c", "a"], [0, 1, 2]], ids=str)
def test_other_indexes_do_not_warn(score, index):
    pd = pytest.importorskip("pandas")
    true = pd.Series([0, 0, 1], index=["a", "b", "c"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score(true, pd.Series([0, 0, 1], index=index))
        score(true, true.to_numpy())
        score(true, [0, 0, 1])


def test_both_ways_out_of_the_warning_agree():
    pd = pytest.importorskip("pandas")
    true, pred = pd.Series([0, 0, 1], index=list("abc")), pd.Series([5, 4, 4], index=list("cab"))
    same(ContingencyTable.from_mappings(true, pred), ContingencyTable.from_labels(true, pred.reindex(true.index)))


def test_samples_in_common_that_all_lack_a_label():
    with pytest.warns(UserWarning, match="no sample is left: 2 lack a label"):
        found = ContingencyTable.from_mappings({"a": None, "b": 1}, {"a": 0}, missing="drop")
    assert (int(found.n_samples), found.n_missing) == (0, 2)


def test_errors_of_missing_labels_say_how_to_drop_them():
    with pytest.raises(ValueError, match=r"expected a label for every sample, or .*missing='drop'"):
        ContingencyTable.from_labels(["a", None], [0, 1])
    with pytest.raises(ValueError, match=r"infinity: .*; expected a label for every sample$"):
        ContingencyTable.from_labels([0.0, float("inf")], [0, 1])
