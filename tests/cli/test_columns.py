"""What is scored, and what the command line says of it: ids, noise, chance, contingency tables, all in 80 columns."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import amiable

pl = pytest.importorskip("polars")

DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"
SHOWN = Path(__file__).parent / "shown"


@pytest.fixture
def labels(rng, tmp_path):
    """A file with two clusterings, noise, ids and an index."""
    truth = rng.integers(0, 3, 60)
    columns = {
        "": np.arange(60),
        "truth": truth,
        "kmeans_3": np.where(rng.random(60) < 0.8, truth, rng.integers(0, 3, 60)),
        "kmeans_4": np.where(rng.random(60) < 0.5, truth, 3),
        "noise": rng.integers(0, 3, 60),
        "name": [f"sample {i}" for i in range(60)],
    }
    path = tmp_path / "labels.csv"
    pl.DataFrame(columns).write_csv(path)
    return path


def scored(run, *args):
    status, out, err = run("score", *args, "--json")
    assert (status, err) == (0, "")
    return [row["labeling"] for row in json.loads(out)["scores"]]


def test_ids_and_indexes_are_left_out(run, labels):
    assert set(scored(run, labels, "--true", "truth")) == {"kmeans_3", "kmeans_4", "noise"}
    lines = run("score", labels, "--true", "truth")[1].splitlines()
    assert "'' is an index and is left out: --pred '' brings it back." in lines
    said = (
        "'name' has a label of its own for nearly every row, as an id has, and is left out: --pred name brings it back."
    )
    assert said in " ".join(lines)
    assert scored(run, labels, "--true", "truth", "--pred", "name", "--pred", "kmeans_3") == ["kmeans_3", "name"]
    _, out, _ = run("pairwise", labels)
    assert "--column name brings it back." in " ".join(out.split())
    found = json.loads(run("pairwise", labels, "--json")[1])
    assert found["labelings"] == ["truth", "kmeans_3", "kmeans_4", "noise"]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
def test_indexes_by_their_names(run, tmp_path, name):
    path = tmp_path / "a.parquet"
    pl.DataFrame({name: [0, 1, 2, 0, 1, 2], "x": [0, 0, 1, 1, 0, 1], "y": [0, 0, 1, 1, 0, 1]}).write_parquet(path)
    assert scored(run, path, "--true", "x") == ["y"]


def test_tiny_clusters_are_no_ids(run, tmp_path):
    """Of many rows, the first are all apart; the whole tells pairs from ids."""
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(12_000), 2))
    frame = pl.DataFrame({"x": np.arange(24_000) % 3, "pairs": codes, "id": np.arange(24_000)})
    frame.write_parquet(tmp_path / "a.parquet")
    assert scored(run, tmp_path / "a.parquet", "--true", "x", "--scores", "ari") == ["pairs"]


def test_patterns(run, labels):
    assert set(scored(run, labels, "--true", "truth", "--pred", "kmeans_*")) == {"kmeans_3", "kmeans_4"}
    assert set(scored(run, labels, "--true", "truth", "--exclude", "kmeans_[3-9]")) == {"noise"}
    assert scored(run, labels, "--true", "truth", "--pred", "*", "--exclude", "n*", "--exclude", "") == [
        "kmeans_3",
        "kmeans_4",
    ]
    found = json.loads(run("pairwise", labels, "--column", "kmeans_*", "--column", "noise", "--json")[1])
    assert found["labelings"] == ["kmeans_3", "kmeans_4", "noise"]
    for option in ("--pred", "--exclude"):
        status, _, err = run("score", labels, "--true", "truth", option, "ward_*")
        assert status == 2
        assert "has no column 'ward_*': its columns are '', 'truth', 'kmeans_3'" in err
    status, _, err = run("score", labels, "--true", "truth", "--pred", "noise", "--exclude", "noise")
    assert (status, "has no column besides 'truth'" in err) == (2, True)


def test_the_best_is_no_better_than_chance(run, labels, tmp_path):
    _, out, _ = run("score", labels, "--true", "truth", "--pred", "noise")
    table = amiable.ContingencyTable.from_frame(pl.read_csv(labels), "truth", "noise")
    assert f"'noise' is no better than chance, p = {amiable.mutual_info_pvalue(contingency=table):.2g}." in out
    assert "chance" not in run("score", labels, "--true", "truth")[1]
    pytest.importorskip("plotly")
    options = ("--true", "truth", "--pred", "noise", "-o", tmp_path / "page.html", "--resamples", 199)
    _, out, _ = run("report", labels, *options)
    assert re.search(r"'noise', is no better than chance beside 'truth', p = 0\.\d+$", out, re.MULTILINE)
    assert "agrees best" not in out


def test_contingency_tables(run, tmp_path):
    counts = [[70, 28, 14, 8], [25, 17, 11, 7], [5, 5, 5, 5]]
    ami = amiable.adjusted_mutual_info_score(contingency=counts)
    written = {
        "names.csv": "truth,a,b,c,d\nx,70,28,14,8\ny,25,17,11,7\nz,5,5,5,5\n",
        "numbers.csv": "truth;0;1;2;3\n0;70;28;14;8\n1;25;17;11;7\n2;5;5;5;5\n\n",
        "counts.tsv": "a\tb\tc\td\n70\t28\t14\t8\n25\t17\t11\t7\n5\t5\t5\t5\n",
    }
    for name, text in written.items():
        path = tmp_path / name
        path.write_text(text)
        status, out, err = run("score", path, "--table", "--json")
        assert (status, err) == (0, "")
        found = json.loads(out)
        assert (found["n_samples"], found["scores"][0]["n_clusters"]) == (200, 4)
        assert found["scores"][0]["adjusted_mutual_info_score"] == pytest.approx(ami, abs=1e-14)
        out = " ".join(run("score", path, "--table")[1].split())
        assert "a table of 200 samples, 3 classes x 4 clusters" in out
        assert ("classes named by 'truth'" in out) == ("truth" in text)
        first = re.split("[,;\t]", text)[0]
        assert "looks like a contingency table" in " ".join(run("score", path, "--true", first)[1].split())
    found = json.loads(run("null", tmp_path / "names.csv", "--table", "--seed", 0, "--resamples", 99, "--json")[1])
    assert (found["n_samples"], found["statistic"]) == (200, pytest.approx(ami, abs=1e-14))
    _, out, _ = run("score", tmp_path / "counts.tsv", "--table", "--true", "a")
    assert "classes named by 'a'" in " ".join(out.split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t,a,b\nx,1,2\ny,3,-1\n", "column 'b' holds '-1': expected counts, which are whole numbers >= 0"),
        ("t,a,b\nx,1,2\ny,3,\n", "column 'b' holds None: expected counts"),
        ("t,a,b\nx,0,0\ny,0,0\n", "has counts of 0 alone: expected at least one sample"),
        ("t\nx\ny\n", "has no column of counts: expected one for each cluster, and a row for each class"),
        ("t,a,b\nx,1,99999999999999999999\n", "holds counts that are too large"),
        ("t,a,All\nx,1,1\ny,3,3\nAll,4,4\n", "has the sums of the others in its last row and last column"),
    ],
)
def test_no_contingency_tables(run, tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    status, out, err = run("score", tmp_path / "a.csv", "--table")
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("score",), "--true is missing: expected the column of true labels, or --table for a file of counts"),
        (("score", "--table", "--pred", "dbscan"), "--pred was given together with --table, a file of counts"),
        (("score", "--table", "--noise", "drop"), "--noise was given together with --table, a file of counts"),
        (("null", "--true", "digit"), "--true and --pred are needed: expected both, or --table for a file of counts"),
        (("null", "--table", "--pred", "x"), "--table is a file of counts: expected no --pred, --missing"),
        (("score", "--true", "digit", "--nose", "drop"), "--nose"),
        (("score", "--true", "digit", "--noise", "bark"), "Invalid value for '--noise': 'bark' is not one of"),
        (("score", "--true"), "requires an argument"),
        (("pairwise", "--score", "am"), "Invalid value for '--score': 'am' is not one of ami, nmi"),
        (("scores",), "No such command 'scores'"),
    ],
)
def test_errors_are_one_line(run, args, message):
    status, out, err = run(args[0], DIGITS, *args[1:])
    assert (status, out) == (2, "")
    assert err.startswith("amiable: ")
    assert message in err
    assert err.count("\n") == 1


def test_case_does_not_matter(run):
    low = run("score", DIGITS, "--true", "digit", "--scores", "ami,ari", "--noise", "drop", "--average-method", "max")
    high = run("score", DIGITS, "--true", "digit", "--scores", "AMI,Ari", "--noise", "DROP", "--average-method", "Max")
    assert low == high
    assert low[0] == 0


@pytest.mark.parametrize(
    "args",
    [
        ("score", "--true", "digit"),
        ("score", "--true", "digit", "--scores", "all", "--pred", "dbscan", "--pred", "ward_10"),
        ("score", "--true", "digit", "--compare", "--pred", "*_10", "--resamples", 19),
        ("score", "--true", "digit", "--by", "kmeans_5", "--pred", "kmeans_10"),
        ("pairwise",),
        ("pairwise", "--score", "HOMOGENEITY", "--column", "digit", "--column", "dbscan"),
        ("null", "--true", "digit", "--pred", "dbscan", "--resamples", 19, "--seed", 0),
    ],
    ids=["score", "all", "compare", "by", "pairwise", "homogeneity", "null"],
)
def test_output_fits_80_columns(run, monkeypatch, request, args):
    """It is kept as text: AMIABLE_KEEP=1 writes what is shown now."""
    monkeypatch.chdir(DIGITS.parent)
    status, out, err = run(args[0], DIGITS.name, *args[1:])
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    found = "\n".join(map(str.rstrip, out.splitlines())) + "\n"
    kept = SHOWN / f"{request.node.callspec.id}.txt"
    if "AMIABLE_KEEP" in os.environ:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(found, encoding="utf-8")
    assert found == kept.read_text(encoding="utf-8")


def test_long_names_fold(run, tmp_path):
    names = ["truth", "a_very_long_name_of_a_clustering_" * 3, "b"]
    pl.DataFrame({name: [0, 1, 0, 1, 0] for name in names}).write_csv(tmp_path / "a.csv")
    for command in (["score", "--true", "truth"], ["pairwise"]):
        status, out, _ = run(command[0], tmp_path / "a.csv", *command[1:])
        assert status == 0
        assert names[1] in re.sub(r"[\s\d.]+", "", out) or command == ["pairwise"]
    assert out.count("\n ───") == 1  # one table, not one for each long name


def test_zero_has_no_sign_and_no_pvalue_is_zero(run, tmp_path):
    path = tmp_path / "a.csv"
    pl.DataFrame({"x": [0, 1] * 500, "y": [0, 1] * 500, "one": [0] * 1000}).write_csv(path)
    _, out, _ = run("score", path, "--true", "x", "--scores", "all")
    assert "-0.0000" not in out
    assert "< 1e-16" in out
    _, out, _ = run("null", path, "--true", "x", "--pred", "y", "--resamples", 19)
    assert re.search(r"p-value of .* < 1e-16", out)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "args",
    [("pairwise", "--heatmap"), ("null", "--true", "digit", "--pred", "dbscan", "--resamples", 19, "--histogram")],
)
def test_figures_that_were_written_are_named_and_have_titles(run, tmp_path, args, as_json):
    pytest.importorskip("plotly")
    page = tmp_path / "<page>.html"
    status, out, err = run(args[0], DIGITS, *args[1:], page, *(["--json"] if as_json else []))
    assert status == 0
    what = "every two labelings" if args[0] == "pairwise" else "random labelings"
    what = f"adjusted mutual information of {what}"
    said = f"{page}: {what}, {DIGITS}\n"
    assert said in (err if as_json else out)
    html = page.read_text(encoding="utf-8")
    assert f"<title>{what}, {DIGITS}</title>" in html
    assert html.startswith('<!doctype html>\n<html lang="en">')


def test_flags_are_shown_as_flags(run):
    for command in ("score", "pairwise", "null", "report", "emi", None):
        _, out, _ = run(*filter(None, [command]), "--help")
        assert "bool" not in out.lower()


@pytest.mark.parametrize("value", ["-3", "3.5", "1e3"])
def test_a_table_of_numbers_that_are_no_counts(run, tmp_path, value):
    """They are no names of classes, unless the user says so."""
    path = tmp_path / "a.csv"
    path.write_text(f"c1,c2\n{value},1\n2,4\n")
    status, _, err = run("score", path, "--table")
    assert status != 0
    assert f"column 'c1' holds '{value}'" in err
    assert run("score", path, "--table", "--true", "c1")[0] == 0


def test_counts_may_be_whole_decimals(run, tmp_path):
    whole, decimals = tmp_path / "a.csv", tmp_path / "b.csv"
    whole.write_text("class,c1,c2\na,30,1\nb,2,4\n")
    decimals.write_text("class,c1,c2\na,30.0,1.0\nb,2.,4.0\n")
    pl.read_csv(decimals).write_parquet(tmp_path / "b.parquet")
    scores = [
        json.loads(run("score", path, "--table", "--json")[1])["scores"]
        for path in (whole, decimals, tmp_path / "b.parquet")
    ]
    assert scores[0] == scores[1] == scores[2]


def test_a_column_that_is_not_there_is_named(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id;truth;p\n1;a;b\n2;a;b\n")
    _, _, err = run("score", path, "--true", "truth", "--separator", ",")
    assert "has no column 'truth': its columns are 'id;truth;p'" in " ".join(err.split())


def test_one_of_a_kind(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("class,c1\na,1\n")
    assert "a table of 1 sample, 1 class x 1 cluster" in " ".join(run("score", path, "--table")[1].split())


def test_no_arguments(run):
    status, out, err = run()
    assert status == 2
    assert "Usage: amiable" in out + err


def test_report_keeps_how_a_file_is_read(run, labels, tmp_path):
    pytest.importorskip("plotly")
    path = tmp_path / "a.txt"
    pl.read_csv(labels).write_csv(path, separator=":")
    page = tmp_path / "page.html"
    options = ("--true", "truth", "--separator", ":", "--keep-na", "--exclude", "noise", "--resamples", 19)
    status, out, _ = run("report", path, *options, "-o", page)
    assert (status, "agrees best" in out) == (0, True)
    assert f"amiable score {path} --separator : --keep-na --true truth --exclude noise" in page.read_text("utf-8")
