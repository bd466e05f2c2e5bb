"""Labels of a categorical type make the table that the labels themselves make, wherever they are taken."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from amiable.inputs.categories import categories_of

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")


def arrow():
    return pytest.importorskip("pyarrow")


def dictionary(values):
    """Make an Arrow array of categories, in two chunks with dictionaries of their own, at an offset."""
    pa = arrow()
    chunks = [pa.array(part).dictionary_encode() for part in (values[:2], values[1:3] * 2, values[3:])]
    return pa.chunked_array([chunks[0], chunks[1][1:2], chunks[2]])


def unused(values):
    """Make a pandas Series with categories out of order, of which some do not occur."""
    distinct = sorted({v for v in values if v is not None}, reverse=True)
    return pd.Series(pd.Categorical(values, categories=["zebra", *distinct, "aardvark"]))


def enum(values):
    distinct = sorted({v for v in values if v is not None}, reverse=True)
    return pl.Series(values, dtype=pl.Enum(["zebra", *distinct]))


KINDS = {
    "pandas": lambda values: pd.Series(values, dtype="category"),
    "pandas-categorical": pd.Categorical,
    "pandas-index": pd.CategoricalIndex,
    "pandas-unused": unused,
    "pandas-arrow": lambda values: pd.Series(pd.arrays.ArrowExtensionArray(dictionary(values))) if arrow() else None,
    "polars": lambda values: pl.Series(values, dtype=pl.Categorical),
    "polars-enum": enum,
    "arrow": lambda values: arrow().array(values).dictionary_encode(),
    "arrow-sliced": lambda values: arrow().array(["zebra", *values]).dictionary_encode()[1:],
    "arrow-chunked": dictionary,
    "arrow-uint8": lambda values: arrow().array(values).cast(arrow().dictionary(arrow().uint8(), arrow().string())),
}


@pytest.fixture(params=KINDS)
def make(request):
    """Every kind of categorical labels, as a function of strings."""
    return KINDS[request.param]


@pytest.fixture(autouse=True)
def other_categories():
    """Polars may share codes between columns: let these not begin at 0."""
    return pl.Series(["q", "zz", "other"], dtype=pl.Categorical)


TRUE = ["cat", "ant", "bee", "cat", "bee", "é", "ant", "dog"]
PRED = [0, 1, 1, 0, 2, 2, 1, 0]


def same(one, other):
    for mine, theirs in zip(one.arrays, other.arrays, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for field in ("row_labels", "col_labels", "group_labels"):
        mine, theirs = getattr(one, field), getattr(other, field)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_array_equal(mine, theirs, strict=True)
    assert (one.is_grid, one.n_missing, one.n_ignored) == (other.is_grid, other.n_missing, other.n_ignored)


def test_tables(make):
    same(ContingencyTable.from_labels(make(TRUE), PRED), ContingencyTable.from_labels(TRUE, PRED))
    same(ContingencyTable.from_labels(PRED, make(TRUE)), ContingencyTable.from_labels(PRED, TRUE))
    same(ContingencyTable.from_labels(make(TRUE), make(TRUE[::-1])), ContingencyTable.from_labels(TRUE, TRUE[::-1]))


def test_tables_with_samples_left_out(make):
    for options in ({"ignore_true": "bee"}, {"ignore_pred": [0, 2]}, {"ignore_true": ["ant", "none"]}):
        found = ContingencyTable.from_labels(make(TRUE), PRED, **options)
        same(found, ContingencyTable.from_labels(TRUE, PRED, **options))
    holes = [None, *TRUE[1:4], None, *TRUE[5:]]
    found = ContingencyTable.from_labels(make(holes), PRED, missing="drop", ignore_true="ant")
    same(found, ContingencyTable.from_labels(holes, PRED, missing="drop", ignore_true="ant"))
    assert (found.n_missing, found.n_ignored) == (2, 2)


def test_groups(make):
    same(
        ContingencyTable.from_labels(TRUE, PRED, groups=make(TRUE)),
        ContingencyTable.from_labels(TRUE, PRED, groups=TRUE),
    )
    holes = [*TRUE[:6], None, "ant"]
    found = ContingencyTable.from_labels(make(TRUE), PRED, groups=make(holes), missing="drop")
    same(found, ContingencyTable.from_labels(TRUE, PRED, groups=holes, missing="drop"))


def test_a_batch_beside_one_labeling(make):
    pred = np.array([PRED, PRED[::-1]], dtype=float)
    pred[0, 3] = np.nan
    found = ContingencyTable.from_labels(make(TRUE), pred, missing="drop", ignore_true="dog")
    expected = ContingencyTable.from_labels(np.array(TRUE), pred, missing="drop", ignore_true="dog")
    np.testing.assert_array_equal(found.to_dense(), expected.to_dense())
    np.testing.assert_array_equal(found.row_labels, expected.row_labels)


def test_missing_labels(make):
    holes = [*TRUE[:2], None, *TRUE[3:7], None]
    message = (
        r"labels_pred contains (None|NaN|<NA>): 2 of 8 values, the first at position 2; expected a label for every"
    )
    for score in (amiable.adjusted_mutual_info_score, ContingencyTable.from_labels):
        with pytest.raises(ValueError, match=message):
            score(PRED, make(holes))


def test_scores(make):
    labels, expected = make(TRUE), amiable.adjusted_mutual_info_score(TRUE, PRED)
    assert amiable.adjusted_mutual_info_score(labels, PRED) == pytest.approx(expected, abs=1e-15)
    assert amiable.entropy(labels) == pytest.approx(amiable.entropy(TRUE), abs=1e-15)
    conditional = amiable.conditional_adjusted_mutual_info_score
    assert conditional(labels, PRED, make(TRUE[::-1])) == conditional(TRUE, PRED, TRUE[::-1])
    compared = amiable.compare_scores(labels, make(TRUE), PRED, n_resamples=9, rng=0)
    assert compared.difference == amiable.compare_scores(TRUE, TRUE, PRED, n_resamples=9, rng=0).difference
    np.testing.assert_allclose(amiable.pairwise_scores([labels, PRED])[0, 1], expected, atol=1e-14)


def test_values_where_a_table_takes_labels(make):
    """Labels of cells and of rows are few, and read one by one."""
    found = ContingencyTable.from_cells(make(["b", "a", "b", "c"]), [0, 0, 1, 1], [1, 2, 3, 4])
    same(found, ContingencyTable.from_cells(["b", "a", "b", "c"], [0, 0, 1, 1], [1, 2, 3, 4]))
    named = ContingencyTable.from_counts(np.ones((4, 1), dtype=int), row_labels=make(["d", "c", "b", "a"]))
    assert named.row_labels.tolist() == ["d", "c", "b", "a"]


def test_no_samples(make):
    if make is dictionary:
        pytest.skip("makes chunks of at least some values")
    for options in ({}, {"ignore_true": "a"}):
        found = ContingencyTable.from_labels(make([])[:0], [], **options)
        assert found.shape == (0, 0)


@pytest.mark.parametrize(
    "values",
    [
        [3, 1, 2, 3],
        [0.0, 2.0, -1.0, 0.0],
        [True, False, True, True],
        [datetime.date(2020, 1, 2), datetime.date(2019, 1, 2)] * 2,
        np.array(["2020-01-02", "2019-01-02"] * 2, dtype="M8[ns]"),
        [("a", 1), ("b", 2), ("a", 1), ("a", 0)],
    ],
    ids=lambda values: type(values[0]).__name__,
)
def test_categories_of_any_kind(values):
    labels = np.empty(len(values), dtype=object)
    labels[:] = values
    plain = values if isinstance(values, np.ndarray) else labels
    same(
        ContingencyTable.from_labels(pd.Categorical(values), [0, 0, 1, 1]),
        ContingencyTable.from_labels(plain, [0, 0, 1, 1]),
    )


def test_intervals(rng):
    cut = pd.cut(pd.Series(rng.random(50)), [0, 0.2, 0.5, 1])
    table = ContingencyTable.from_labels(cut, cut)
    assert table.row_labels.tolist() == sorted(set(cut))
    assert table.row_sums.tolist() == cut.value_counts(sort=False).tolist()


def test_unused_categories_of_another_kind():
    labels = pd.Categorical([1, 2, 1], categories=[2, 1, "unknown"])
    same(ContingencyTable.from_labels(labels, [0, 0, 1]), ContingencyTable.from_labels([1, 2, 1], [0, 0, 1]))
    with pytest.raises(TypeError, match="labels_true mixes kinds of labels"):
        ContingencyTable.from_labels(
            labels.set_categories(["unknown", 2, 1]).fillna("unknown")[:2].map({1: 1, 2: "a"}), [0, 0]
        )


def test_continuous_categories_warn():
    with pytest.warns(UserWarning, match="labels_true holds continuous values: 2 of 2 are not whole numbers"):
        amiable.rand_score(pd.Categorical([0.5, 1.5, 0.5]), [0, 0, 1])


def test_dictionaries_that_repeat_or_lack_values():
    """An Arrow dictionary may hold a value twice, or none at all, which NumPy and pandas do not."""
    pa = arrow()
    values = pa.array(["b", None, "a", "b", "unused"])
    labels = pa.DictionaryArray.from_arrays(pa.array([0, 3, 2, 0]), values)
    same(ContingencyTable.from_labels(labels, [0, 0, 1, 1]), ContingencyTable.from_labels(list("bbab"), [0, 0, 1, 1]))
    assert amiable.rand_score(labels, list("bbab")) == 1.0
    with pytest.raises(ValueError, match="labels_true contains None: 2 of 4 values, the first at position 1"):
        amiable.rand_score(pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None]), values), [0, 0, 1, 1])


def test_codes_that_are_promised_are_labels():
    """With `n_labels` the labels themselves are the codes."""
    labels = pd.Categorical([2, 0, 2])
    table = ContingencyTable.from_labels(labels, [0, 0, 1], n_labels=(3, 2))
    assert table.to_dense().tolist() == [[1, 0], [0, 0], [1, 1]]
    with pytest.raises(TypeError, match="with n_labels, labels must be integer codes"):
        amiable.rand_score(pd.Categorical(["a", "b"]), [0, 1], n_labels=(2, 2))


def test_labels_that_are_no_categories():
    for labels in ([0, 1], np.arange(2), pd.Series([0, 1]), pl.Series(["a"]), pd.DataFrame({"a": [1]}), None):
        assert categories_of(labels) is None


def test_cells_of_a_single_cell_experiment(rng):
    """A frame as those of single cells are: categories, some of which no cell has, and cells without a type."""
    types = pd.Categorical.from_codes(rng.integers(-1, 4, 300), ["T", "NK", "B", "mono", "rare"])
    leiden = pd.Categorical(rng.integers(0, 12, 300).astype(str))
    donor = pd.Categorical(np.array(["d2", "d1", "d10"])[rng.integers(0, 3, 300)])
    obs = pd.DataFrame({"cell_type": types, "leiden": leiden, "donor": donor}, index=[f"cell{i}" for i in range(300)])
    known = obs.dropna()
    plain = [known[name].astype(object).to_numpy() for name in obs.columns]
    table = ContingencyTable.from_frame(obs, "cell_type", "leiden", missing="drop")
    expected = ContingencyTable.from_labels(*plain[:2])
    assert table.n_missing == (types.codes < 0).sum() > 0
    assert table.row_labels.tolist() == ["B", "NK", "T", "mono"]
    np.testing.assert_array_equal(table.to_dense(), expected.to_dense())
    by_donor = ContingencyTable.from_frame(obs, "cell_type", "leiden", by="donor", missing="drop")
    per_donor = ContingencyTable.from_labels(*plain[:2], groups=plain[2])
    assert by_donor.group_labels.tolist() == ["d1", "d10", "d2"]
    np.testing.assert_array_equal(by_donor.to_dense(), per_donor.to_dense())
    with pytest.raises(ValueError, match=r"column 'cell_type' has \d+ missing values in 300 rows"):
        ContingencyTable.from_frame(obs, "cell_type", "leiden")


@pytest.mark.parametrize("engine", ["pandas", "polars", "arrow"])
def test_columns_of_categories(engine, rng):
    strings = {name: np.array(TRUE, dtype=object)[rng.integers(0, 8, 200)] for name in ("a", "b")}
    strings["a"][[3, 9]] = None
    frame = {
        "pandas": lambda: pd.DataFrame(strings).astype("category"),
        "polars": lambda: pl.DataFrame(strings, schema={"a": pl.Categorical, "b": pl.Categorical}),
        "arrow": lambda: arrow().table({name: arrow().array(x).dictionary_encode() for name, x in strings.items()}),
    }[engine]()
    found = ContingencyTable.from_frame(frame, "a", "b", missing="drop")
    same(found, ContingencyTable.from_labels(strings["a"], strings["b"], missing="drop"))
    assert found.n_missing == 2
    with pytest.raises(ValueError, match="column 'a' has 2 missing values in 200 rows"):
        ContingencyTable.from_frame(frame, "a", "b")


def test_many_categories(rng):
    """Of more combinations than there are cells worth counting, the engine groups."""
    frame = pd.DataFrame({"a": rng.integers(0, 400, 500).astype(str), "b": rng.integers(0, 400, 500).astype(str)})
    found = ContingencyTable.from_frame(frame.astype("category"), "a", "b")
    same(found, ContingencyTable.from_labels(frame["a"], frame["b"]))
    same(ContingencyTable.from_labels(frame["a"].astype("category"), frame["b"]), found)
