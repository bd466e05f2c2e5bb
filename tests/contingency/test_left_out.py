"""Missing and ignored labels, noise and groups: what is left out is as if it had been filtered first."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

from amiable import ContingencyTable, adjusted_mutual_info_score, adjusted_rand_score
from amiable._array.transfers import to_numpy
from tests.backends import named

pd = pytest.importorskip("pandas")


def same(found, expected):
    """The same labels and counts, as NumPy sees them."""
    np.testing.assert_array_equal(to_numpy(found.to_dense()), to_numpy(expected.to_dense()))
    for mine, theirs in ((found.row_labels, expected.row_labels), (found.col_labels, expected.col_labels)):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_array_equal(to_numpy(mine), to_numpy(theirs))


@pytest.fixture
def labels(rng):
    return rng.integers(-1, 5, 300), rng.integers(-1, 6, 300)


@pytest.mark.slow_on("jax", "jax-as-accelerator")
@pytest.mark.parametrize("many", [False, True], ids=["grid", "list"])
def test_ignoring_is_filtering(counting_backend, rng, many):
    """Tables of all cells, and tables that list the occupied ones."""
    true, pred = rng.integers(-1, 100 if many else 5, 400), rng.integers(-1, 90 if many else 6, 400)
    keep = (true != -1) & ~np.isin(pred, [-1, 3])
    xp_true, xp_pred = map(counting_backend.asarray, (true, pred))
    found = ContingencyTable.from_labels(xp_true, xp_pred, ignore_true=-1, ignore_pred=[-1, 3])
    expected = ContingencyTable.from_labels(*(counting_backend.asarray(x[keep]) for x in (true, pred)))
    same(found, expected)
    assert found.is_grid == expected.is_grid
    assert int(found.n_ignored) == 400 - keep.sum()
    assert found.n_missing == 0
    same(ContingencyTable.from_labels(xp_true, xp_pred).without(true=-1, pred=(3, -1)), expected)


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_batches_lack_different_samples(counting_backend, rng):
    true, pred = rng.integers(-1, 4, (5, 60)), rng.integers(-1, 4, (5, 60))
    found = ContingencyTable.from_labels(*map(counting_backend.asarray, (true, pred)), ignore_true=-1, ignore_pred=-1)
    scores = adjusted_rand_score(contingency=found)
    for i in range(5):
        keep = (true[i] != -1) & (pred[i] != -1)
        assert float(scores[i]) == pytest.approx(adjusted_rand_score(true[i][keep], pred[i][keep]), rel=1e-14)
        assert int(found.n_ignored[i]) == 60 - keep.sum()


@pytest.mark.slow_on("jax-as-accelerator")
def test_promised_codes_may_be_ignored_though_outside(counting_backend, rng):
    true, pred = rng.integers(0, 3, 200), rng.integers(0, 4, 200)
    true[::7], pred[::7] = 255, 77  # padding, and what a model says of it
    keep = true != 255
    found = ContingencyTable.from_labels(*map(counting_backend.asarray, (true, pred)), n_labels=(3, 4), ignore_true=255)
    same(found, ContingencyTable.from_labels(true[keep], pred[keep], n_labels=(3, 4)))
    assert int(found.n_ignored) == 200 - keep.sum()


def test_a_code_just_outside_is_not_taken_for_an_ignored_one():
    with pytest.raises(ValueError, match=r"labels_true has the code 3, outside n_labels: expected 0..2"):
        ContingencyTable.from_labels([0, 3, 255], [0, 1, 1], n_labels=(3, 2), ignore_true=255)


def test_ignored_under_jit():
    jax = pytest.importorskip("jax")
    true, pred = jax.numpy.asarray([0, 1, 255, 1]), jax.numpy.asarray([0, 1, 9, 0])

    @jax.jit
    def score(true, pred):
        table = ContingencyTable.from_labels(true, pred, n_labels=(2, 2), ignore_true=255)
        return adjusted_rand_score(contingency=table), table.n_ignored

    found, n_ignored = score(true, pred)
    assert float(found) == pytest.approx(adjusted_rand_score([0, 1, 1], [0, 1, 0]), rel=1e-6)
    assert int(n_ignored) == 1


MISSING = {
    "None in a list": ["a", "b", None, "a", "c", "b"],
    "NaN in a list of strings": ["a", "b", float("nan"), "a", "c", "b"],
    "NaN in floats": np.array([1.0, 2.0, np.nan, 1.0, 3.0, 2.0]),
    "objects": np.array(["a", "b", None, "a", "c", "b"], dtype=object),
    "masked": np.ma.masked_equal([1, 2, -9, 1, 3, 2], -9),
    "NaT": np.array(["2020-01-01", "2021-01-01", "NaT", "2020-01-01", "2022-01-01", "2021-01-01"], "M8[D]"),
    "pandas Int64": pd.Series([2**53, 2**53 + 1, None, 2**53, 7, 2**53 + 1], dtype="Int64"),
    "pandas string": pd.Series(["a", "b", None, "a", "c", "b"], dtype="string"),
    "pandas category": pd.Series(["a", "b", None, "a", "c", "b"], dtype="category"),
    "pandas object": pd.Series(["a", "b", None, "a", "c", "b"], dtype=object),
    "tuples": pd.Series([(1, 2), (2, 3), None, (1, 2), (3, 4), (2, 3)]),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_is_an_error_or_filtered(name):
    true, pred = MISSING[name], [0, 1, 1, 0, 1, 1]
    with pytest.raises((ValueError, TypeError)):
        ContingencyTable.from_labels(true, pred)
    found = ContingencyTable.from_labels(true, pred, missing="drop")
    there = [true[i] for i in (0, 1, 3, 4, 5)]
    expected = ContingencyTable.from_labels(pd.Series(there) if name == "tuples" else there, [0, 1, 0, 1, 1])
    np.testing.assert_array_equal(found.to_dense(), expected.to_dense())
    assert found.row_labels.tolist() == expected.row_labels.tolist()
    assert found.n_missing == 1
    assert found.n_ignored == 0


@pytest.mark.parametrize("make", ["polars", "pyarrow"])
def test_nulls_of_columns(make):
    values = [2**53, 2**53 + 1, None, 2**53, 7, 2**53 + 1]
    column = pytest.importorskip(make).Series(values) if make == "polars" else pytest.importorskip(make).array(values)
    found = ContingencyTable.from_labels(column, [0, 1, 1, 0, 1, 1], missing="drop")
    assert found.row_labels.tolist() == [7, 2**53, 2**53 + 1]
    assert found.n_missing == 1


@pytest.mark.slow_on("jax-as-accelerator")
def test_missing_on_either_side_and_ignored(counting_backend):
    true = counting_backend.asarray(np.array([0.0, 1, np.nan, 1, 0, 1, 2]))
    pred = counting_backend.asarray(np.array([1.0, np.nan, np.nan, 1, -1, 0, 0]))
    found = ContingencyTable.from_labels(true, pred, missing="drop", ignore_pred=-1)
    assert to_numpy(found.to_dense()).tolist() == [[0, 1], [1, 1], [1, 0]]
    assert (int(found.n_missing), int(found.n_ignored)) == (2, 1)


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_missing_in_a_batch(counting_backend):
    true = np.array([[0.0, 1, np.nan, 1], [np.nan, 1, 5, 5]])
    found = ContingencyTable.from_labels(
        counting_backend.asarray(true), counting_backend.asarray(np.array([0, 1, 1, 0])), missing="drop"
    )
    for i, scored in enumerate(to_numpy(adjusted_rand_score(contingency=found))):
        keep = ~np.isnan(true[i])
        assert float(scored) == pytest.approx(adjusted_rand_score(true[i][keep], np.array([0, 1, 1, 0])[keep]))
    assert to_numpy(found.n_missing).tolist() == [1, 1]
    assert to_numpy(found.row_labels).tolist() == [0, 1, 5]


def test_no_sample_left():
    with pytest.warns(UserWarning, match="no sample is left: 1 lack a label and 2 have one that is ignored"):
        table = ContingencyTable.from_labels([-1, -1, None], [0, 1, 1], missing="drop", ignore_true=-1)
    assert table.shape == (0, 0)
    assert adjusted_mutual_info_score(contingency=table) == adjusted_mutual_info_score([], [])
    with pytest.warns(UserWarning, match="no sample is left in 1 of 2 tables"):
        ContingencyTable.from_labels([[0, 1], [-1, -1]], [0, 1], ignore_true=-1)


def test_labels_that_do_not_occur_do_no_harm(labels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(ContingencyTable.from_labels(*labels, ignore_true=99), ContingencyTable.from_labels(*labels))


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"missing": "ignore"}, ValueError, "missing is 'ignore': expected one of 'raise', 'drop'"),
        ({"ignore_true": "noise"}, TypeError, "true is 'noise', of kind str, and the labels are of kind number"),
        ({"ignore_pred": [1, None]}, ValueError, "with a missing label: .*missing='drop'"),
        ({"groups": [0, 1]}, ValueError, "groups has 2 samples and labels_true 3"),
        ({"groups": [0, 1, None]}, ValueError, "groups contains None"),
        ({"groups": [[0, 1, 1]]}, ValueError, r"groups has shape \(1, 3\)"),
        ({"groups": [0, 1, 1], "n_labels": (2, 2)}, ValueError, "n_labels was given together with groups"),
    ],
)
def test_bad_policies(options, error, match):
    with pytest.raises(error, match=match):
        ContingencyTable.from_labels([0, 1, 1], [0, 1, 0], **options)


def test_unlabelled_tables_keep_their_numbers():
    table = ContingencyTable.from_counts([[3, 1, 0], [0, 2, 5]])
    found = table.without(pred=1)
    assert found.to_dense().tolist() == [[3, 0, 0], [0, 0, 5]]
    assert found.n_ignored == 3
    assert (found + table).to_dense().tolist() == [[6, 1, 0], [0, 2, 10]]
    assert (found + table).n_ignored == 3


def test_names_of_tables_of_counts():
    table = ContingencyTable.from_counts([[3, 1], [0, 2]], row_labels=["x", "y"], col_labels=["noise", "z"])
    assert table.without(pred="noise").to_dense().tolist() == [[1], [2]]
    assert table.without(true={"x", "nobody"}).col_labels.tolist() == ["z"]


def test_from_cells():
    found = ContingencyTable.from_cells(
        ["a", None, "b", "a"], [0, 1, 1, -1], [5, 7, 2, 4], missing="drop", ignore_pred=-1
    )
    assert found.to_dense().tolist() == [[5, 0], [0, 2]]
    assert (found.n_missing, found.n_ignored) == (7, 4)


def test_what_was_left_out_adds_up_and_is_kept(labels):
    half = [
        ContingencyTable.from_labels(x, y, ignore_true=-1)
        for x, y in zip(*(np.split(v, 2) for v in labels), strict=True)
    ]
    total = pickle.loads(pickle.dumps(half[0] + half[1]))
    assert total.n_ignored == (labels[0] == -1).sum()
    same(total, ContingencyTable.from_labels(*labels, ignore_true=-1))


def singletons(x, noise=-1):
    """Give each sample with this label a label of its own."""
    x, at = x.copy(), x == noise
    x[at] = 10_000 + np.arange(at.sum())
    return x


@pytest.mark.slow_on("jax", "jax-as-accelerator")
@pytest.mark.parametrize("many", [False, True], ids=["grid", "list"])
def test_each_noise_sample_a_cluster_of_its_own(counting_backend, rng, many):
    true, pred = rng.integers(-1, 100 if many else 5, 400), rng.integers(-1, 90 if many else 6, 400)
    table = ContingencyTable.from_labels(*map(counting_backend.asarray, (true, pred)))
    for options, expected in (
        ({"pred": -1}, (true, singletons(pred))),
        ({"true": -1}, (singletons(true), pred)),
        ({"true": -1, "pred": -1}, (singletons(true), singletons(pred))),
    ):
        found = table.singletons(**options)
        known = ContingencyTable.from_labels(*expected)
        assert found.shape == known.shape
        if len(options) == 1:  # singletons stand after all others
            axis = 1 if "pred" in options else 0
            cells = (np.moveaxis(to_numpy(x.to_dense()), axis, 0) for x in (found, known))
            first, second = (sorted(map(tuple, x.tolist())) for x in cells)
            assert first == second
        for score in (adjusted_rand_score, adjusted_mutual_info_score):
            assert float(score(contingency=found)) == pytest.approx(score(*expected), rel=1e-9)


def test_singletons_of_a_batch(rng):
    true, pred = rng.integers(-1, 4, (3, 50)), rng.integers(-1, 4, (3, 50))
    found = adjusted_rand_score(contingency=ContingencyTable.from_labels(true, pred).singletons(pred=-1))
    np.testing.assert_allclose(found, [adjusted_rand_score(true[i], singletons(pred[i])) for i in range(3)])


def test_singletons_of_a_label_that_is_not_there(labels):
    table = ContingencyTable.from_labels(*labels)
    same(table.singletons(), table)
    np.testing.assert_array_equal(table.singletons(pred=99).to_dense(), table.to_dense())


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_groups(counting_backend, rng):
    groups, true, pred = rng.integers(0, 7, 500), rng.integers(-1, 5, 500), rng.integers(0, 4, 500)
    arrays = [counting_backend.asarray(x) for x in (true, pred, groups)]
    found = ContingencyTable.from_labels(*arrays[:2], groups=arrays[2], ignore_true=-1)
    assert to_numpy(found.group_labels).tolist() == list(range(7))
    scores = to_numpy(adjusted_mutual_info_score(contingency=found))
    for i in range(7):
        at = (groups == i) & (true != -1)
        assert float(scores[i]) == pytest.approx(adjusted_mutual_info_score(true[at], pred[at]), rel=1e-9)
        assert int(found.n_samples[i]) == at.sum()
        assert int(found.n_ignored[i]) == ((groups == i) & (true == -1)).sum()


def test_groups_with_labels_of_their_own(monkeypatch, rng):
    """Where one label set were too large, each group has codes of its own."""
    from amiable.contingency import groups as module

    at, true, pred = rng.integers(0, 6, 600), rng.integers(0, 200, 600), rng.integers(0, 150, 600)
    shared = ContingencyTable.from_labels(true, pred, groups=at)
    monkeypatch.setattr(module, "_MOST_SHARED", 100)
    own = ContingencyTable.from_labels(true, pred, groups=at)
    assert own.row_labels is None
    assert own.shape[-1] < shared.shape[-1]
    for score in (adjusted_rand_score, adjusted_mutual_info_score):
        np.testing.assert_allclose(score(contingency=own), score(contingency=shared), rtol=1e-12)


def test_labels_that_groups_of_their_own_codes_ignore(monkeypatch, rng):
    """They are left out by name, though the tables then have none."""
    from amiable.contingency import groups as module

    at, true, pred = rng.integers(0, 6, 600), rng.integers(-1, 200, 600), rng.integers(-1, 150, 600)
    at[at == 5] = 4
    true[:3], at[:3] = -1, 5  # nothing is left of this group
    with pytest.warns(UserWarning, match="no sample is left in 1 of 6 tables"):
        shared = ContingencyTable.from_labels(true, pred, groups=at, ignore_true=-1, ignore_pred=[-1, 3])
    monkeypatch.setattr(module, "_MOST_SHARED", 100)
    with pytest.warns(UserWarning, match="no sample is left in 1 of 6 tables"):
        own = ContingencyTable.from_labels(true, pred, groups=at, ignore_true=-1, ignore_pred=[-1, 3])
    assert own.row_labels is None
    assert own.n_ignored.tolist() == shared.n_ignored.tolist()
    assert own.n_samples.tolist() == shared.n_samples.tolist()
    np.testing.assert_allclose(adjusted_rand_score(contingency=own), adjusted_rand_score(contingency=shared))
    for change in (own.without, own.singletons):
        with pytest.raises(ValueError, match="pred is -1, and the clusters of these groups have no labels"):
            change(pred=-1)


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_groups_of_cells(counting_backend, rng):
    at, true, pred = rng.integers(0, 4, 300), rng.integers(-1, 5, 300), rng.integers(-1, 4, 300)
    known = ContingencyTable.from_labels(true, pred, groups=at, ignore_pred=-1)
    cells, counts = np.unique(np.stack([at, true, pred]), axis=1, return_counts=True)
    groups, labels_true, labels_pred = map(counting_backend.asarray, cells)
    amounts = counting_backend.asarray(counts)
    found = ContingencyTable.from_cells(labels_true, labels_pred, amounts, groups=groups, ignore_pred=-1)
    same(found, known)
    assert to_numpy(found.group_labels).tolist() == [0, 1, 2, 3]
    assert to_numpy(found.n_ignored).tolist() == known.n_ignored.tolist()


def test_cells_that_lack_a_group():
    options = {"missing": "drop", "groups": ["x", None, "y", "x"]}
    found = ContingencyTable.from_cells([0, 1, 1, None], [0, 1, 0, 0], [3, 5, 2, 4], **options)
    assert found.group_labels.tolist() == ["x", "y"]
    assert found.n_samples.tolist() == [3, 2]
    assert found.n_missing == 9
    with pytest.raises(ValueError, match=r"labels_true \(2,\), .*groups \(1,\): expected \(M,\) for all"):
        ContingencyTable.from_cells([0, 1], [0, 1], [1, 2], groups=["x"])


def test_tables_of_groups_add_up(rng):
    at, true, pred = rng.choice(list("abcd"), 300), rng.integers(0, 5, 300), rng.integers(0, 4, 300)
    whole = ContingencyTable.from_labels(true, pred, groups=at, ignore_pred=3)
    first = np.arange(300) < 150
    first &= at != "d"
    parts = [ContingencyTable.from_labels(true[s], pred[s], groups=at[s], ignore_pred=3) for s in (first, ~first)]
    total = parts[0] + parts[1]
    same(total, whole)
    assert total.group_labels.tolist() == list("abcd")
    assert total.n_ignored.tolist() == whole.n_ignored.tolist()
    with pytest.raises(ValueError, match="the right table has no groups"):
        whole + ContingencyTable.from_labels(true, pred)


def test_groups_that_lack_a_name():
    found = ContingencyTable.from_labels([0, 1, 1, 0], [0, 1, 0, 0], groups=["x", None, "y", "x"], missing="drop")
    assert found.group_labels.tolist() == ["x", "y"]
    assert found.n_missing == 1


def test_dask_blocks(rng):
    da = pytest.importorskip("dask.array")
    true, pred, at = rng.integers(-1, 5, 1000).astype(float), rng.integers(0, 6, 1000), rng.integers(0, 4, 1000)
    true[::13] = np.nan
    lazy = [da.from_array(x, chunks=c) for x, c in zip((true, pred, at), (130, 300, 1000), strict=True)]
    options = {"missing": "drop", "ignore_true": -1}
    same(ContingencyTable.from_labels(*lazy[:2], **options), ContingencyTable.from_labels(true, pred, **options))
    found = ContingencyTable.from_labels(*lazy[:2], groups=lazy[2], **options)
    known = ContingencyTable.from_labels(true, pred, groups=at, **options)
    same(found, known)
    assert found.n_missing == known.n_missing
    assert found.n_ignored.tolist() == known.n_ignored.tolist()
    with pytest.raises(TypeError, match="groups is a ndarray"):
        ContingencyTable.from_labels(*lazy[:2], groups=at)


def test_the_same_on_torch_on_its_own_types():
    backend = named("torch")
    with backend.context():
        true = backend.asarray(np.array([0, 255, 1, 1], dtype=np.uint8))
        found = ContingencyTable.from_labels(true, backend.asarray(np.array([0, 0, 1, 0])), ignore_true=255)
        assert found.row_labels.tolist() == [0, 1]


TUPLES = {
    "index": lambda: pytest.importorskip("pandas").MultiIndex.from_tuples([("a", 1), ("b", 2), ("a", 1)]),
    "series": lambda: pytest.importorskip("pandas").Series([("a", 1), ("b", 2), ("a", 1)]),
    "category": lambda: pytest.importorskip("pandas").Series([("a", 1), ("b", 2), ("a", 1)], dtype="category"),
}


@pytest.mark.parametrize("kind", TUPLES)
@pytest.mark.parametrize("value", [("a", 1), [("a", 1)], (("a", 1), ("c", 3))], ids=str)
def test_labels_that_are_tuples(kind, value):
    labels = TUPLES[kind]()
    table = ContingencyTable.from_labels(labels, [1, 2, 1])
    ignored = ContingencyTable.from_labels(labels, [1, 2, 1], ignore_true=value)
    for found in (table.without(true=value), ignored):
        assert (int(found.n_samples), found.n_ignored, found.row_labels.tolist()) == (1, 2, [("b", 2)])
    assert table.singletons(true=value).shape == (3, 2)
    assert ContingencyTable.from_labels(labels, [1, 2, 1], ignore_true=("c", 1)).n_ignored == 0


@pytest.mark.parametrize("name", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("value", [-1, 256, 511, 10**30])
def test_labels_that_a_dtype_does_not_hold_are_not_there(name, value):
    """255 of uint8 is no -1."""
    backend = named(name)
    with backend.context():
        labels = backend.asarray(np.array([0, 255, 1, 255], dtype=np.uint8))
        table = ContingencyTable.from_labels(labels, labels, ignore_pred=value)
        assert table.n_ignored == 0
        assert table.without(true=value).shape == (3, 3)
        assert ContingencyTable.from_labels(labels, labels, ignore_pred=255).n_ignored == 2


def test_one_label_in_any_container():
    pl, torch = pytest.importorskip("polars"), pytest.importorskip("torch")
    for value in (np.array(2), torch.tensor(2), np.int8(2), pl.Series([2]), torch.tensor([2]), {2}, range(2, 3)):
        assert ContingencyTable.from_labels([1, 2, 3], [1, 2, 3], ignore_true=value).n_ignored == 1


def test_categories_are_ignored_by_name_within_groups():
    pd = pytest.importorskip("pandas")
    labels = pd.Series(list("cabc"), dtype="category")
    found = ContingencyTable.from_labels(labels, [0, 1, 1, 0], groups=[0, 0, 1, 1], ignore_true="b")
    assert (found.n_ignored.tolist(), found.row_labels.tolist()) == ([0, 1], ["a", "c"])


def test_groups_that_all_lack_labels():
    with pytest.warns(UserWarning, match="no sample is left: 2 lack a label"):
        ContingencyTable.from_labels([None, None], [0, 1], groups=["a", "b"], missing="drop")


def test_errors_name_the_argument():
    with pytest.raises(TypeError, match="ignore_true is 3, of kind number, and the labels are of kind str"):
        ContingencyTable.from_labels(["a", "b"], [0, 1], ignore_true=3)
    with pytest.raises(TypeError, match=r"^true is 3, of kind number"):
        ContingencyTable.from_labels(["a", "b"], [0, 1]).without(true=3)


@pytest.mark.parametrize("options", [{"sample_weight": [1.0, 2.0, 3.0]}, {"n_labels": (4, 4)}], ids=str)
def test_indexes_in_another_order_are_heard_of(options):
    pd = pytest.importorskip("pandas")
    one, other = pd.Series([1, 2, 3], index=list("abc")), pd.Series([1, 2, 3], index=list("cab"))
    with pytest.warns(UserWarning, match="the same entries in their indexes in another order"):
        ContingencyTable.from_labels(one, other, **options)
