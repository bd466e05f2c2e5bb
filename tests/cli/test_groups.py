"""`amiable score --by`: scores of each group of rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from amiable import ContingencyTable
from amiable.scores.registry import SCORES

pl = pytest.importorskip("polars")


@pytest.fixture
def columns(rng):
    """Two labelings of the samples of some donors."""
    donors = np.array([2, 10, 1, 30])[rng.integers(0, 4, 200)]
    truth = rng.integers(0, 3, 200)
    found = {
        "donor": donors,
        "truth": truth,
        "one": np.where(rng.random(200) < 0.3, -1, truth),
        "two": rng.integers(0, 5, 200),
    }
    return {name: x.tolist() for name, x in found.items()}


@pytest.fixture(params=["csv", "parquet", "npz"])
def file(request, tmp_path, columns):
    path = tmp_path / f"labels.{request.param}"
    if request.param == "csv":
        pl.DataFrame(columns).write_csv(path)
    elif request.param == "npz":
        np.savez(path, **columns)
    else:
        pl.DataFrame(columns).write_parquet(path)
    return path


def found_by(run, *args):
    status, out, err = run(*args, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("noise", [None, "drop", "singletons"])
def test_scores_are_those_of_tables_of_groups(run, file, columns, noise):
    said = () if noise is None else ("--noise", noise)
    found = found_by(run, "score", file, "--true", "truth", "--by", "donor", "--scores", "all", *said)
    assert (found["by"], found["n_samples"]) == ("donor", 200)
    assert [int(group) for group in found["groups"]] == [1, 2, 10, 30]  # as numbers, though CSV is text
    assert [(row["labeling"], int(row["group"])) for row in found["scores"]] == [
        (name, group) for name in ("one", "two") for group in (1, 2, 10, 30)
    ]
    for row in found["scores"]:
        at = np.equal(columns["donor"], int(row["group"]))
        labels = [np.array(columns[name])[at] for name in ("truth", row["labeling"])]
        table = ContingencyTable.from_labels(*labels, ignore_pred=-1 if noise == "drop" else None)
        assert row["n_samples"] == table.n_samples
        assert row.get("n_ignored", 0) == table.n_ignored
        table = table.singletons(pred=-1 if noise == "singletons" else None)
        assert row["n_clusters"] == table.shape[1]
        for score in SCORES.values():
            assert row[score.name] == pytest.approx(score.function(contingency=table), rel=1e-9, abs=1e-9)


def test_printed(run, file):
    _, out, _ = run("score", file, "--true", "truth", "--by", "donor", "--pred", "one", "--scores", "ami,vi")
    lines = [line.split() for line in out.splitlines()]
    assert "200 samples, 'truth' against 'one'" in out.replace("\n", " ")
    assert ["donor", "samples", "clusters", "AMI", "VI"] in lines
    assert [line[0] for line in lines if len(line) == 5 and line[1].isdecimal()] == ["1", "2", "10", "30"]
    assert "-1 in 'one' looks like noise" in out
    _, out, _ = run("score", file, "--true", "truth", "--by", "donor", "--scores", "purity")
    lines = [line.split() for line in out.splitlines()]
    assert ["labeling", "donor", "samples", "clusters", "purity"] in lines
    assert sum(line[:1] == ["two"] for line in lines) == 4


def test_order_of_groups(run, tmp_path):
    columns = {
        "text": ["b", "10", "a", "2"],
        "padded": ["02", "10", "1", "02"],
        "sizes": pl.Series(["small", "large", "medium", "small"], dtype=pl.Enum(["small", "medium", "large"])),
        "flag": [True, False, True, False],
        "day": pl.Series([3, 1, 2, 1], dtype=pl.Int32).cast(pl.Date),
        "x": [0, 1, 0, 1],
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")

    def groups(by):
        return found_by(run, "score", tmp_path / "a.parquet", "--true", "x", "--pred", "x", "--by", by)["groups"]

    assert groups("text") == ["10", "2", "a", "b"]
    assert groups("padded") == ["02", "1", "10"]
    assert groups("sizes") == ["small", "medium", "large"]
    assert groups("flag") == [False, True]
    assert groups("day") == ["1970-01-02", "1970-01-03", "1970-01-04"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rows_that_lack_a_group_or_a_label(run, tmp_path, kind):
    frame = pl.DataFrame(
        {
            "x": [0, 1, 0, None, 1, 1, 0],
            "y": [5, 6, None, 5, 6, 5, 6],
            "by": [1.5, 1.5, 1.5, 0.5, None, 0.5, float("nan")],
        }
    )
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    command = ("score", path, "--true", "x", "--by", "by")
    status, _, err = run(*command)
    assert status == 2
    assert "missing values in 7 rows" in err
    found = found_by(run, *command, "--missing", "drop")
    assert [(float(row["group"]), row["n_samples"]) for row in found["scores"]] == [(0.5, 1), (1.5, 2)]
    assert found["n_missing"] == {"y": 4}
    _, out, _ = run(*command, "--missing", "drop")
    assert "4 of 7 rows lack a label and were left out." in out.splitlines()


def test_a_group_of_which_nothing_is_left(run, tmp_path):
    pl.DataFrame({"x": [0, 1, 9, 9], "y": [0, 1, 0, 1], "by": ["a", "a", "b", "b"]}).write_csv(tmp_path / "a.csv")
    command = ("score", tmp_path / "a.csv", "--true", "x", "--by", "by", "--ignore-true", "9", "--scores", "ami,pvalue")
    found = found_by(run, *command)
    assert [row["adjusted_mutual_info_score"] for row in found["scores"]] == [1, None]
    assert [row["n_ignored"] for row in found["scores"]] == [0, 2]
    _, out, _ = run(*command)
    assert ["b", "0", "0", "–", "–"] in [line.split() for line in out.splitlines()]


def test_an_index_is_no_clustering(run, tmp_path):
    pl.DataFrame({"x": [0, 1] * 10, "id": range(20), "by": ["a", "b", "a", "b"] * 5}).write_csv(tmp_path / "a.csv")
    _, out, _ = run("score", tmp_path / "a.csv", "--true", "x", "--by", "by", "--pred", "id")
    assert "'id' has a label of its own for nearly every sample" in " ".join(out.split())
    status, _, err = run("score", tmp_path / "a.csv", "--true", "x", "--by", "by")
    assert status == 2
    assert "has no column besides 'x' and 'by'" in err
    assert "--pred id brings it back." in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--by", "nothing"], "has no column 'nothing': its columns are"),
        (["--by", "truth"], "--by is 'truth', a column that is scored: expected one that tells groups of rows apart"),
        (["--by", "two", "--pred", "two"], "--by is 'two', a column that is scored"),
        (["--by", "donor", "--compare"], "--compare was given together with --by: expected one or the other"),
    ],
)
def test_bad_options(run, file, args, message):
    status, out, err = run("score", file, "--true", "truth", *args)
    assert (status, out) == (2, "")
    assert err.startswith("amiable: ")
    assert err.count("\n") == 1
    assert message in err


def test_nothing_beside_the_groups(run, tmp_path):
    pl.DataFrame({"x": [0, 1], "by": [0, 1]}).write_csv(tmp_path / "a.csv")
    status, _, err = run("score", tmp_path / "a.csv", "--true", "x", "--by", "by")
    assert status == 2
    assert "has no column besides 'x' and 'by': expected at least one labeling to score" in err
