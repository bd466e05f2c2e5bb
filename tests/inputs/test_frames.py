"""Tables from dataframes of every engine: the same table, and clear errors."""

from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from amiable.inputs.frames import count_columns

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pytest.importorskip("narwhals")

# narwhals tells users of Dask about a package of its own that it will need one day
pytestmark = pytest.mark.filterwarnings("ignore:Dask support is moving out of Narwhals:FutureWarning")


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A local Spark session, where Spark is installed: in the nox session `engines`."""
    sql = pytest.importorskip("pyspark.sql")
    options = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def dask_frame(columns):
    pytest.importorskip("pyarrow")  # without which Dask has no frames
    return pytest.importorskip("dask.dataframe").from_pandas(pd.DataFrame(columns), npartitions=3)


def duckdb_relation(columns):
    return pytest.importorskip("duckdb").from_arrow(arrow_table(columns))


def arrow_table(columns):
    pytest.importorskip("pyarrow")
    return pl.DataFrame(columns).to_arrow()


ENGINES = {
    "pandas": pd.DataFrame,
    "pandas-nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "polars": pl.DataFrame,
    "polars-lazy": pl.LazyFrame,
    "pyarrow": arrow_table,
    "duckdb": duckdb_relation,
    "dask": dask_frame,
    "spark": None,
}


@pytest.fixture(params=ENGINES)
def engine(request):
    """Every engine in turn, as a function of columns."""
    if request.param == "spark":
        session = request.getfixturevalue("spark")
        return lambda columns: session.createDataFrame(pl.DataFrame(columns).rows(), list(columns))
    return ENGINES[request.param]


LABELS = {
    "integers": lambda x: x - 3,
    "strings": lambda x: np.array(["ant", "bee", "cat", "dog", "é'\"<i>", "", "Ant", "01", "1", " "])[x],
    "floats": lambda x: x.astype(np.float64),
    "booleans": lambda x: x > 2,
}


@pytest.mark.parametrize("true", LABELS)
@pytest.mark.parametrize("pred", ["integers", "strings"])
def test_every_engine_gives_the_table_of_the_labels(engine, true, pred, rng):
    columns = {"truth": LABELS[true](rng.integers(0, 8, 500)), "my cluster": LABELS[pred](rng.integers(0, 10, 500))}
    expected = ContingencyTable.from_labels(columns["truth"], columns["my cluster"])
    found = ContingencyTable.from_frame(engine(columns), "truth", "my cluster")
    np.testing.assert_array_equal(found.to_dense(), expected.to_dense())
    np.testing.assert_array_equal(found.row_labels, expected.row_labels)
    np.testing.assert_array_equal(found.col_labels, expected.col_labels)
    assert found.is_grid == expected.is_grid
    score = amiable.adjusted_mutual_info_score(contingency=found)
    assert score == amiable.adjusted_mutual_info_score(columns["truth"], columns["my cluster"])


@pytest.mark.parametrize("donor", ["integers", "strings"])
def test_groups_and_what_is_left_out_on_every_engine(engine, donor, rng):
    """Grouped, dropped and ignored where the frame lies, as in arrays."""
    donors = LABELS[donor](rng.integers(0, 6, 500)).tolist()
    true, pred = (LABELS["strings"](rng.integers(0, k, 500)).tolist() for k in (5, 7))
    for values in (donors, true, pred):
        for at in rng.integers(0, 500, 9).tolist():
            values[at] = None
    policies = {"missing": "drop", "ignore_true": ["bee", "no such label"], "ignore_pred": "dog"}
    expected = ContingencyTable.from_labels(true, pred, groups=donors, **policies)
    found = ContingencyTable.from_frame(
        engine({"truth": true, "found": pred, "donor": donors}), "truth", "found", by="donor", **policies
    )
    assert found.group_labels.tolist() == expected.group_labels.tolist()
    assert found.row_labels.tolist() == expected.row_labels.tolist()
    np.testing.assert_array_equal(found.to_dense(), expected.to_dense())
    np.testing.assert_array_equal(found.n_ignored, expected.n_ignored)
    assert found.n_missing == expected.n_missing > 0
    scores = amiable.adjusted_mutual_info_score(contingency=found)
    np.testing.assert_array_equal(scores, amiable.adjusted_mutual_info_score(contingency=expected))


def test_many_labels(rng):
    columns = {"a": rng.integers(0, 2000, 5000), "b": rng.integers(0, 3000, 5000)}
    expected = ContingencyTable.from_labels(columns["a"], columns["b"])
    found = ContingencyTable.from_frame(pl.LazyFrame(columns), "a", "b")
    for mine, theirs in zip(found.arrays, expected.arrays, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_missing_labels(engine):
    columns = {"truth": ["a", None, "b", "a", None], "cluster": ["x", "y", None, "x", "y"]}
    frame = engine(columns)
    with pytest.raises(ValueError, match=r"column 'truth' has 2 missing values in 5 rows: .*, or missing='drop'"):
        ContingencyTable.from_frame(frame, "truth", "cluster")
    with pytest.raises(ValueError, match="column 'cluster' has 1 missing values in 5 rows"):
        ContingencyTable.from_frame(frame, "cluster", "cluster")
    table = ContingencyTable.from_frame(frame, "truth", "cluster", missing="drop")
    assert (table.row_labels.tolist(), table.col_labels.tolist()) == (["a"], ["x"])
    assert table.to_dense().tolist() == [[2]]


def test_nan_is_missing(engine):
    frame = engine({"truth": [0.0, np.nan, 1.0], "cluster": [1, 2, 1]})
    with pytest.raises(ValueError, match="column 'truth' has 1 missing values in 3 rows"):
        ContingencyTable.from_frame(frame, "truth", "cluster")
    assert ContingencyTable.from_frame(frame, "truth", "cluster", missing="drop").to_dense().tolist() == [[1], [1]]


@pytest.mark.parametrize("truth", [["a", None], [0.0, np.nan]], ids=["null", "nan"])
def test_no_row_left(engine, truth):
    """Scores of nothing are those of identical labelings; that a column is empty must be heard of."""
    frame = engine({"truth": truth, "cluster": [None, "x"]})
    with pytest.warns(UserWarning, match="no sample is left: 2 lack a label") as caught:
        table = ContingencyTable.from_frame(frame, "truth", "cluster", missing="drop")
    assert caught[-1].filename == __file__
    assert table.n_samples == 0


def test_columns_of_one_name():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", "b"])
    for names in (("a", "b"), ("b", "b")):
        with pytest.raises(ValueError, match=r"frame has several columns of one name \(.*'a' 2 times.*\): rename"):
            ContingencyTable.from_frame(frame, *names)


def test_a_list_of_columns():
    with pytest.raises(ValueError, match=r"frame has no column \['a'\]: its columns are 'a'"):
        ContingencyTable.from_frame(pl.DataFrame({"a": [1]}), ["a"], "a")


def test_a_column_that_is_not_there(engine):
    frame = engine({"truth": [1], "cluster": [2]})
    with pytest.raises(ValueError, match="frame has no column 'clusters': its columns are 'truth', 'cluster'"):
        ContingencyTable.from_frame(frame, "truth", "clusters")


@pytest.mark.parametrize("names", [("count", "labels_true"), ("labels_pred", "labels_true"), ("count", "count")])
def test_any_names(engine, names):
    frame = engine({"count": [1, 2, 2], "labels_true": [3, 3, 4], "labels_pred": [5, 6, 6]})
    expected = {
        "count": [1, 2, 2],
        "labels_true": [3, 3, 4],
        "labels_pred": [5, 6, 6],
    }
    table = ContingencyTable.from_frame(frame, *names)
    np.testing.assert_array_equal(
        table.to_dense(), ContingencyTable.from_labels(*(expected[name] for name in names)).to_dense()
    )


def test_no_rows():
    table = ContingencyTable.from_frame(
        pl.DataFrame({"a": [], "b": []}, schema={"a": pl.Int64, "b": pl.String}), "a", "b"
    )
    assert table.shape == (0, 0)
    assert amiable.adjusted_mutual_info_score(contingency=table) == 1


def test_only_counts_arrive(monkeypatch):
    """Six numbers of a million rows: nothing else is collected."""
    shapes = []
    collect = pl.LazyFrame.collect

    def spied(frame, *args, **kwargs):
        found = collect(frame, *args, **kwargs)
        shapes.append(found.shape)
        return found

    monkeypatch.setattr(pl.LazyFrame, "collect", spied)
    frame = pl.LazyFrame({"a": np.arange(10**6) % 3, "b": np.arange(10**6) % 2})
    labels, counts, _ = count_columns(frame, ["a", "b"])
    assert sorted(counts.tolist()) == [166_666] * 2 + [166_667] * 4
    assert [x.labels.shape for x in labels] == [(6,), (6,)]
    assert shapes
    assert max(rows for rows, _ in shapes) == 6


@pytest.mark.parametrize("make", [pl.DataFrame, lambda columns: pd.DataFrame(columns, dtype=object)])
def test_large_integers_beside_missing_ones(make):
    big = 2**53
    frame = make({"a": [big, big + 1, None], "b": [1, 2, 3]})
    assert ContingencyTable.from_frame(frame, "a", "b", missing="drop").row_labels.tolist() == [big, big + 1]


def test_values_that_numpy_has_not():
    frame = pl.DataFrame(
        {
            "decimal": [Decimal("1.50"), Decimal("1.25"), Decimal("1.50")],
            "category": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
            "day": [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1), datetime.date(2020, 1, 1)],
            "time": [datetime.time(1), datetime.time(2), datetime.time(1)],
            "list": [[1], [2], [1]],
        }
    )
    for name in ("category", "day", "time"):
        assert amiable.rand_score(contingency=ContingencyTable.from_frame(frame, "decimal", name)) == 1
    with pytest.raises(TypeError, match=r"column 'list' holds List\(Int64\): expected one label a row"):
        ContingencyTable.from_frame(frame, "list", "day")


def test_lists_in_every_kind_of_frame():
    pytest.importorskip("pyarrow")
    columns = {"a": [[1], [2]], "b": [1, 2]}
    for frame in (
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        pl.LazyFrame(columns),
        pl.DataFrame(columns).to_arrow(),
    ):
        with pytest.raises(TypeError, match=r"column 'a' .*holds .*: expected one label a row"):
            ContingencyTable.from_frame(frame, "a", "b")


def test_categories_of_pandas_keep_their_values():
    frame = pd.DataFrame({"a": pd.Categorical([3, 2, 3]), "b": pd.Categorical([1, "1", 1])})
    assert ContingencyTable.from_frame(frame, "a", "a").row_labels.tolist() == [2, 3]
    with pytest.raises(TypeError, match=r"column 'b' mixes kinds of labels \(1 \w+, 1 \w+\)"):
        ContingencyTable.from_frame(frame, "a", "b")


def test_continuous_columns_warn_by_name():
    with pytest.warns(UserWarning, match="column 'height' holds continuous values"):
        ContingencyTable.from_frame(pl.DataFrame({"a": [1, 2], "height": [0.5, 1.5]}), "a", "height")


@pytest.mark.parametrize("frame", [None, [1, 2], {"a": [1]}, np.zeros((2, 2)), pl.Series([1, 2])], ids=repr)
def test_what_is_no_frame(frame):
    with pytest.raises(TypeError, match=r"frame is a \w+: expected a dataframe, lazy frame or relation"):
        ContingencyTable.from_frame(frame, "a", "b")


def test_hint_where_narwhals_is_missing():
    code = (
        "import sys; sys.modules['narwhals'] = None\n"
        "from amiable import ContingencyTable\n"
        "ContingencyTable.from_frame({}, 'a', 'b')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr.strip().endswith(
        "a table from a dataframe needs narwhals; install it with: pip install 'narwhals>=2.25'"
    )
