"""`amiable score`, run as a person would run it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics as peer

import amiable
from amiable._extras import hint

pl = pytest.importorskip("polars")
DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"


@pytest.fixture
def labels(rng):
    """Three labelings as columns."""
    return {"truth": rng.integers(0, 3, 40), "one": rng.integers(0, 3, 40), "two": rng.choice(["x", "y"], 40)}


def test_digits_table(run):
    status, out, err = run("score", DIGITS, "--true", "digit")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert "1797 samples, true labels 'digit'" in lines[0]
    heading = next(line for line in lines if "labeling" in line).split()
    assert heading[:5] == ["labeling", "clusters", "AMI", "NMI", "ARI"]
    rows = [
        line.split() for line in lines if line.strip().startswith(("kmeans", "ward", "average_", "spectral", "dbscan"))
    ]
    assert len(rows) == len(pl.read_csv(DIGITS).columns) - 1
    assert all(len(row) == len(heading) for row in rows)
    amis = [float(row[2]) for row in rows]
    assert amis == sorted(amis, reverse=True)


def test_digits_json_equals_the_peer(run):
    status, out, _ = run("score", DIGITS, "--true", "digit", "--json")
    assert status == 0
    result = json.loads(out)
    frame = pl.read_csv(DIGITS)
    assert result["n_samples"] == 1797
    assert {row["labeling"] for row in result["scores"]} == set(frame.columns) - {"digit"}
    for row in result["scores"]:
        true, pred = frame["digit"].to_numpy(), frame[row["labeling"]].to_numpy()
        assert row["n_clusters"] == frame[row["labeling"]].n_unique()
        for name, value in row.items():
            if name in ("labeling", "n_clusters") or "variation" in name:
                continue
            assert value == pytest.approx(getattr(peer, name)(true, pred), abs=1e-10)


def test_named_columns_and_average(run):
    status, out, _ = run(
        "score",
        DIGITS,
        "--true",
        "digit",
        "--pred",
        "dbscan",
        "--pred",
        "kmeans_10",
        "--average-method",
        "max",
        "--json",
    )
    assert status == 0
    result = json.loads(out)
    assert [row["labeling"] for row in result["scores"]] == ["dbscan", "kmeans_10"]
    assert result["average_method"] == "max"
    frame = pl.read_csv(DIGITS)
    expected = peer.adjusted_mutual_info_score(frame["digit"], frame["dbscan"], average_method="max")
    assert result["scores"][0]["adjusted_mutual_info_score"] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".npz", ".csv.gz"])
def test_formats(run, tmp_path, labels, suffix):
    path = tmp_path / f"labels{suffix}"
    frame = pl.DataFrame(labels)
    if suffix == ".npz":
        np.savez(path, **labels)
    elif suffix == ".parquet":
        frame.write_parquet(path)
    elif suffix == ".csv.gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    else:
        frame.write_csv(path, separator="\t" if suffix == ".tsv" else ",")
    status, out, err = run("score", path, "--true", "truth", "--json")
    assert (status, err) == (0, "")
    found = {row["labeling"]: row["adjusted_mutual_info_score"] for row in json.loads(out)["scores"]}
    for name in ("one", "two"):
        assert found[name] == pytest.approx(peer.adjusted_mutual_info_score(labels["truth"], labels[name]), abs=1e-12)


def test_npy(run, tmp_path, rng):
    table = rng.integers(0, 3, (30, 3))
    np.save(tmp_path / "plain.npy", table)
    status, out, _ = run("score", tmp_path / "plain.npy", "--true", "0", "--json")
    assert status == 0
    assert {row["labeling"] for row in json.loads(out)["scores"]} == {"1", "2"}
    records = np.rec.fromarrays([table[:, 0], table[:, 1]], names=["truth", "found"])
    np.save(tmp_path / "records.npy", np.asarray(records))
    status, out, _ = run("score", tmp_path / "records.npy", "--true", "truth", "--json")
    assert [row["labeling"] for row in json.loads(out)["scores"]] == ["found"]


def write(path, text):
    path.write_text(text)
    return path


def test_missing_file(run, tmp_path):
    status, out, err = run("score", tmp_path / "no.csv", "--true", "a")
    assert (status, out, err) == (2, "", f"amiable: {tmp_path}/no.csv does not exist\n")
    status, _, err = run("score", tmp_path, "--true", "a")
    assert (status, err) == (2, f"amiable: {tmp_path} is a folder, not a file\n")


@pytest.mark.parametrize(
    ("name", "text", "args", "message"),
    [
        ("a.csv", "x,y\n1,2\n", ("--true", "z"), "has no column 'z': its columns are 'x', 'y'"),
        ("a.csv", "x,y\n1,2\n", ("--true", "x", "--pred", "q"), "has no column 'q': its columns are 'x', 'y'"),
        ("a.csv", "x\n1\n", ("--true", "x"), "has no column besides 'x': expected at least one labeling to score"),
        (
            "a.csv",
            "x,y\n1,2\n3,\n,5\n4,\n",
            ("--true", "x"),
            "column 'x' has 1 missing values in 4 rows, the first in row 3",
        ),
        (
            "a.csv",
            "x,y\n1,2\n3,\n6,5\n4,\n",
            ("--true", "x"),
            "column 'y' has 2 missing values in 4 rows, the first in row 2",
        ),
        (
            "a.csv",
            "x,y\n1,2.0\n3,NaN\n",
            ("--true", "x"),
            "column 'y' has 1 missing values in 2 rows, the first in row 2",
        ),
        ("a.csv", "x,y\n1,2\n3,4,5\n", ("--true", "x"), "line 3 has 3 fields: expected 2, one for each column"),
        ("a.csv", "x,y,z\n1,2,3\n3,4\n", ("--true", "x"), "line 3 has 2 fields: expected 3, one for each column"),
        ("a.csv", 'x,y\n"1\n1",2\n3\n', ("--true", "x"), "line 4 has 1 field: expected 2, one for each column"),
        ("a.csv", "", ("--true", "x"), "is empty: expected a line of column names, and a row for each sample"),
        ("a.doc", "x,y\n", ("--true", "x"), "has an unknown format '.doc': expected one of .csv, .tsv"),
        ("a.txt", "x,y\n", ("--true", "x"), "has no rows below its column names: expected at least one sample"),
        ("a.parquet", "x,y\n", ("--true", "x"), "could not be read as parquet"),
        ("a.npy", "x,y\n", ("--true", "x"), "could not be read as numpy"),
        ("a.csv", "x,y\n1,1.0\n3,inf\n", ("--true", "x"), "column 'y' contains infinity: 1 of 2 values"),
    ],
)
def test_bad_files(run, tmp_path, name, text, args, message):
    status, out, err = run("score", write(tmp_path / name, text), *args)
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("amiable: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n", "has no rows below its column names: expected at least one sample"),
        ("x,x,y\n1,2,3\n", "has two columns named 'x': expected different names"),
        ("x,y\n1,NA\n2,b\n", "column 'y' has 1 missing values in 2 rows, the first in row 1"),
    ],
)
def test_text_that_would_be_misread(run, tmp_path, text, message):
    status, out, err = run("score", write(tmp_path / "a.csv", text), "--true", "x")
    assert (status, out) == (2, "")
    assert message in err


def test_empty_lines_at_the_end(run, tmp_path):
    status, out, err = run("score", write(tmp_path / "a.csv", "x,y\n1,2\n3,4\n\n\n"), "--true", "x", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["n_samples"] == 2
    _, _, err = run("score", write(tmp_path / "b.csv", "x,y\n1,2\n\n3,4\n"), "--true", "x")
    assert "column 'x' has 1 missing values in 3 rows, the first in row 2" in err


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
@pytest.mark.parametrize("end", ["NA,NA\n", ",\n", "NA,NA\n\n\n"])
def test_rows_without_labels_at_the_end_are_no_empty_lines(run, tmp_path, suffix, end):
    path, text = tmp_path / f"a{suffix}", f"x,y\n1,2\n3,4\n{end}"
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    status, out, err = run("score", path, "--true", "x")
    assert (status, out) == (2, "")
    assert "column 'x' has 1 missing values in 3 rows, the first in row 3" in err


def test_text_that_is_called_compressed(run, tmp_path):
    path = write(tmp_path / "a.csv.gz", "x,y\n1,2\n3,4\n\n")
    status, out, err = run("score", path, "--true", "x", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["n_samples"] == 2


def test_line_ends_of_windows(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"x,y\r\n1,2\r\n3,4\r\n\r\n\r\n")
    status, out, err = run("score", path, "--true", "x", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["n_samples"] == 2


def test_numbers_in_text_that_no_float_tells_apart(run, tmp_path):
    for values in (
        ("9007199254740993", "9007199254740992", "1.0"),
        ("0.12345678901234567890", "0.12345678901234567891", "1"),
        ("0", "1e-400", "1"),
    ):
        text = "x,y\n" + "".join(f"{i},{value}\n" for i, value in enumerate(values))
        status, out, err = run("score", write(tmp_path / "a.csv", text), "--true", "x", "--json")
        assert (status, err) == (0, "")
        assert json.loads(out)["scores"][0]["n_clusters"] == 3
    status, out, _ = run(
        "score", write(tmp_path / "b.csv", "x,y\n1,1.0\n1,1\n2,2.00\n2,2e0\n"), "--true", "x", "--json"
    )
    assert json.loads(out)["scores"][0]["n_clusters"] == 2


def test_labels_in_text_stay_apart(run, tmp_path):
    big = 2**64
    text = f"x,zeros,big\na,1,{big}\nb,01,{big + 1}\na,1,{big}\nb,01,{big + 1}\n"
    status, out, _ = run("score", write(tmp_path / "a.csv", text), "--true", "x", "--json")
    assert status == 0
    assert [row["adjusted_mutual_info_score"] for row in json.loads(out)["scores"]] == [1.0, 1.0]


def test_wide_integers_in_parquet(run, tmp_path):
    values = pl.Series([Decimal(2**70), Decimal(2**70 + 1), Decimal(2**70)], dtype=pl.Decimal(38, 0))
    pl.DataFrame({"x": [0, 1, 0], "y": values}).write_parquet(tmp_path / "a.parquet")
    status, out, err = run("score", tmp_path / "a.parquet", "--true", "x", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["scores"][0]["adjusted_mutual_info_score"] == 1.0


def test_arrays_that_are_not_there(run, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), y=np.arange(3))
    _, _, err = run("score", tmp_path / "a.npz", "--true", "x", "--pred", "q")
    assert "has no column 'q': its columns are 'x', 'y'" in err


def test_only_the_arrays_asked_for(run, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), y=np.arange(3), other=np.zeros((5, 2)))
    status, out, _ = run("score", tmp_path / "a.npz", "--true", "x", "--pred", "y", "--json")
    assert status == 0
    assert json.loads(out)["scores"][0]["rand_score"] == 1.0


def test_unequal_lengths(run, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3), y=np.arange(4))
    status, _, err = run("score", tmp_path / "a.npz", "--true", "x")
    assert (status, err) == (2, f"amiable: {tmp_path}/a.npz holds columns of unequal lengths: 'x' has 3, 'y' has 4\n")


def test_pickles_are_refused(run, tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], dtype=object), allow_pickle=True)
    status, _, err = run("score", tmp_path / "a.npy", "--true", "0")
    assert status == 2
    assert "could not be read as numpy: it holds Python objects, which are never loaded" in err


def test_arrays_that_are_no_columns(run, tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 2)))
    status, _, err = run("score", tmp_path / "a.npz", "--true", "x", "--pred", "x")
    assert (status, err) == (2, f"amiable: {tmp_path}/a.npz holds 'x' of shape (2, 2): expected one label a sample\n")


def test_lists_in_a_column(run, tmp_path):
    pl.DataFrame({"x": [1, 2], "y": [[1], [2]]}).write_parquet(tmp_path / "a.parquet")
    status, _, err = run("score", tmp_path / "a.parquet", "--true", "x")
    assert status == 2
    assert "column 'y' holds List(Int64): expected one label a row" in err


def test_continuous_columns_warn_in_a_line(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,height\n1,0.5\n2,0.25\n1,0.5\n")
    status, out, err = run("score", path, "--true", "x")
    assert status == 0
    assert err.startswith("amiable: warning: column 'height' holds continuous values: 2 of 2 are not whole numbers")
    assert "height" in out


def test_markup_in_names_is_text(run, tmp_path):
    path = write(tmp_path / "[bold]a.csv", "x,[red]y\n1,1\n2,2\n")
    _, out, _ = run("score", path, "--true", "x")
    assert "[red]y" in out
    assert "[bold]a.csv" in out


def test_quotes_in_names(run, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text('true,"a ""b"" c",plain""name\n0,0,0\n1,1,1\n')
    status, out, _ = run("score", path, "--true", "true", "--pred", 'a "b" c', "--json")
    assert (status, json.loads(out)["scores"][0]["labeling"]) == (0, 'a "b" c')
    path.write_text('true,"a""b",a"b\n0,0,0\n1,1,1\n')
    status, _, err = run("score", path, "--true", "true")
    assert status == 2
    assert "has two columns named 'a\"b': expected different names" in err


@pytest.mark.parametrize("args", [(), ("--help",), ("score", "--help")])
def test_help(run, args):
    status, out, err = run(*args)
    assert status == (0 if args else 2)
    assert "score" in out + err


def test_module_and_version():
    import amiable

    found = subprocess.run([sys.executable, "-m", "amiable", "--version"], capture_output=True, text=True, check=True)
    assert found.stdout == f"amiable {amiable.__version__}\n"


def test_unknown_average_method(run):
    status, _, err = run("score", DIGITS, "--true", "digit", "--average-method", "median")
    assert status == 2
    assert "median" in err
    assert "arithmetic" in err


def test_hint_where_the_extra_is_missing():
    code = (
        "import sys; sys.modules['polars'] = None; sys.argv = ['amiable', '--version'];"
        "from amiable.__main__ import main; main()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr == f"amiable: {hint('the command line', 'polars', 'cli')}\n"


def test_scores_by_name(run):
    from amiable.scores.registry import SCORES

    asked = ("score", DIGITS, "--true", "digit", "--pred", "dbscan", "--pred", "kmeans_5")
    status, out, _ = run(*asked, "--scores", "vi, pair_f1_score,ecs", "--json")
    assert status == 0
    rows = json.loads(out)["scores"]
    assert list(rows[0]) == [
        "labeling",
        "n_clusters",
        "variation_of_information",
        "pair_f1_score",
        "element_centric_similarity",
    ]
    assert rows[0]["variation_of_information"] < rows[1]["variation_of_information"]  # the best first
    status, out, _ = run(*asked, "--scores", "f1,nmi")
    assert status == 0
    assert "Best pair F1 first; NMI by the arithmetic mean." in " ".join(out.split())
    status, out, _ = run(*asked, "--scores", "all", "--json")
    assert status == 0
    assert len(json.loads(out)["scores"][0]) == 2 + len(SCORES)
    status, _, err = run(*asked, "--scores", "ami,nonsense")
    assert status == 2
    assert err.startswith("amiable: Invalid value for '--scores': 'nonsense' is not one of ami, nmi")


def test_compare(run, tmp_path):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 600)
    good = np.where(rng.random(600) < 0.6, true, rng.integers(0, 4, 600))
    close = np.where(rng.random(600) < 0.1, rng.integers(0, 4, 600), good)
    path = tmp_path / "labels.csv"
    rows = "\n".join(f"t{t},{a},{b},{i}" for i, (t, a, b) in enumerate(zip(true, good, close, strict=True)))
    path.write_text(f"true,good,close,id\n{rows}\n\n")
    known = json.loads(run("score", path, "--true", "true", "--compare", "--json", "--seed", "3")[1])
    expected = amiable.compare_scores(true, good, close, n_resamples=999, rng=3)
    (found,) = known["differences"]  # not with the column of identifiers
    assert (known["best"], found["labeling"]) == ("good", "close")
    assert found["difference"] == pytest.approx(expected.difference, abs=1e-14)
    assert found["interval"] == pytest.approx(list(expected.confidence_interval), abs=0.01)
    shown = run("score", path, "--true", "true", "--compare", "--scores", "ari")[1]
    assert "ARI of 'good' less that of the others" in shown
    assert f"{amiable.adjusted_rand_score(true, good) - amiable.adjusted_rand_score(true, close):.4f}" in shown
    alone = run("score", path, "--true", "true", "--compare", "--pred", "good")[1]
    assert "less that of the others" not in alone
