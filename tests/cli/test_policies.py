"""Labels that are missing, ignored or noise, on the command line: the words and the results of the library."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import shlex

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from amiable.scores.registry import SCORES

pl = pytest.importorskip("polars")

COLUMNS = ("truth", "kmeans", "dbscan", "ward")


@pytest.fixture
def columns(rng):
    """Labels of 300 samples: some missing, 9 in the background, -1 noise."""
    truth = rng.integers(0, 4, 300)
    found = {"truth": truth}
    for name, share in (("kmeans", 0.3), ("dbscan", 0.5), ("ward", 0.7)):
        found[name] = np.where(rng.random(300) < share, rng.integers(0, 4, 300), truth)
    found["dbscan"][rng.random(300) < 0.1] = -1
    found["truth"][rng.random(300) < 0.1] = 9
    lacking = {"truth": 0.03, "kmeans": 0.05, "dbscan": 0.1, "ward": 0}
    return {
        name: [None if gone else int(label) for label, gone in zip(x, rng.random(300) < lacking[name], strict=True)]
        for name, x in found.items()
    }


@pytest.fixture(params=["csv", "parquet"])
def file(request, tmp_path, columns):
    """The same labels as text and as integers."""
    path = tmp_path / f"labels.{request.param}"
    frame = pl.DataFrame(columns)
    if request.param == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    return path


def write(path, text):
    path.write_text(text)
    return path


def found_by(run, *args):
    status, out, err = run(*args, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize(
    ("options", "policies", "noise"),
    [
        ([], {}, None),
        (["--ignore-true", "9"], {"ignore_true": 9}, None),
        (
            ["--ignore-true", 9, "--ignore-pred", 0, "--ignore-pred", 77],
            {"ignore_true": 9, "ignore_pred": [0, 77]},
            None,
        ),
        (["--noise", "cluster"], {}, None),
        (["--noise", "drop"], {"ignore_pred": -1}, None),
        (["--ignore-pred", "-1"], {"ignore_pred": -1}, None),
        (["--noise", "singletons"], {}, -1),
        (["--noise", "singletons", "--ignore-pred", "2"], {"ignore_pred": 2}, -1),
    ],
)
def test_scores_are_those_of_the_library(run, file, columns, options, policies, noise):
    found = found_by(run, "score", file, "--true", "truth", "--missing", "drop", *options)
    assert found["n_samples"] == 300
    assert {row["labeling"] for row in found["scores"]} == set(COLUMNS[1:])
    for row in found["scores"]:
        table = ContingencyTable.from_labels(columns["truth"], columns[row["labeling"]], missing="drop", **policies)
        counts = {"n_samples": table.n_samples, "n_missing": table.n_missing, "n_ignored": table.n_ignored}
        assert {name: row[name] for name in counts} == counts
        table = table.singletons(pred=noise)
        assert row["n_clusters"] == table.shape[1]
        for name in ("ami", "homogeneity", "vi"):
            expected = SCORES[name].function(contingency=table)
            assert row[SCORES[name].name] == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_missing_labels_are_an_error_without_drop(run, file):
    for command in (["score"], ["null", "--pred", "ward"], ["report"]):
        status, out, err = run(command[0], file, "--true", "truth", *command[1:])
        assert (status, out) == (2, "")
        assert "expected a label in every row, or --missing drop" in err
    assert run("pairwise", file)[0] == 2


def test_without_options_json_tells_nothing_of_them(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,y\n1,2\n3,4\n")
    assert set(found_by(run, "score", path, "--true", "x", "--scores", "ami")["scores"][0]) == {
        "labeling",
        "n_clusters",
        "adjusted_mutual_info_score",
    }
    assert set(found_by(run, "pairwise", path)) == {"file", "score", "labelings", "scores"}
    found = found_by(run, "score", path, "--true", "x", "--scores", "ami", "--missing", "drop")
    assert found["scores"][0]["n_missing"] == found["scores"][0]["n_ignored"] == 0


def test_how_many_rows_were_left_out(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,y,z\n1,1,1\n,1,2\n2,,1\n2,2,2\n2,5,5\n2,5,2\n")
    _, out, _ = run("score", path, "--true", "x", "--missing", "drop", "--ignore-pred", "5")
    lines = out.splitlines()
    assert "2 of 6 rows lack a label and were left out of 'y'." in lines
    assert "1 of 6 rows lacks a label and was left out of 'z'." in lines
    assert "2 of 6 rows have a label that is ignored and were left out of 'y'." in lines
    assert "1 of 6 rows has a label that is ignored and was left out of 'z'." in lines
    _, out, _ = run("score", path, "--true", "y", "--pred", "z", "--pred", "y", "--missing", "drop")
    assert "1 of 6 rows lacks a label and was left out." in out.splitlines()
    _, out, _ = run("null", path, "--true", "x", "--pred", "y", "--missing", "drop", "--resamples", 19)
    assert "4 samples" in " ".join(out.split())
    assert "2 of 6 rows lack a label and were left out." in out.splitlines()
    _, out, _ = run("score", path, "--true", "z", "--pred", "z", "--missing", "drop")
    assert "left out" not in out


def test_many_labelings_that_lack_labels_take_few_lines(run, tmp_path):
    columns = {"truth": [0, 1] * 10}
    columns |= {f"run_{i}": [None] * i + [0, 1] * ((20 - i) // 2) + [0] * (i % 2) for i in range(9)}
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    _, out, _ = run("score", tmp_path / "a.parquet", "--true", "truth", "--missing", "drop")
    lines = [line for line in out.splitlines() if "left out" in line]
    assert [line.split()[0] for line in lines] == ["8", "7", "6", "5", "4"]
    assert "Of the other labelings fewer were." in out.splitlines()


def test_empty_lines_at_the_end_lack_no_labels(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,y\n1,2\n,5\n\n3,4\n\n\n")
    (row,) = found_by(run, "score", path, "--true", "x", "--missing", "drop")["scores"]
    assert (row["n_samples"], row["n_missing"]) == (2, 2)


def test_labels_are_meant_as_the_column_has_them(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,y,z\na,01,1.0\nb,1,-1.0\nb,1,2.0\na,2,-1.0\n")

    def n_ignored(name, *labels, where=path):
        options = [part for label in labels for part in ("--ignore-pred", label)]
        return found_by(run, "score", where, "--true", "x", "--pred", name, *options)["scores"][0]["n_ignored"]

    assert n_ignored("y", "1") == 2
    assert n_ignored("y", "01") == 1
    assert n_ignored("y", "1", "01") == 3
    assert n_ignored("y", "1.0") == 0
    assert n_ignored("z", "-1") == n_ignored("z", "-1.0") == 2  # a column of decimals is numbers
    assert n_ignored("z", "nan", "text") == 0
    other = tmp_path / "a.parquet"
    typed = {
        "x": [0, 1, 1, 0],
        "flag": [True, False, True, True],
        "small": pl.Series([1, 2, 255, 2], dtype=pl.UInt8),
        "day": pl.Series([1, 2, 2, 3], dtype=pl.Int32).cast(pl.Date),
        "time": pl.Series([0, 0, 10**9, 10**9], dtype=pl.Int64).cast(pl.Time),
        "kind": pl.Series(["b", "a", "b", None], dtype=pl.Categorical),
    }
    pl.DataFrame(typed).write_parquet(other)
    assert n_ignored("flag", "true", where=other) == 3
    assert n_ignored("flag", "False", "1", where=other) == 1
    assert n_ignored("small", "255", "-1", "300", "2.0", where=other) == 1
    assert n_ignored("day", "1970-01-03", "never", where=other) == 2
    assert n_ignored("time", "00:00:00", where=other) == 2
    (row,) = found_by(run, "score", other, "--true", "x", "--pred", "kind", "--ignore-pred", "b", "--missing", "drop")[
        "scores"
    ]
    assert (row["n_samples"], row["n_missing"], row["n_ignored"]) == (1, 1, 2)


def test_integers_beside_missing_ones_keep_all_digits(run, tmp_path):
    big = 2**60
    frame = pl.DataFrame({"x": [0, 1, 0, 1], "y": [big, big + 1, big, None]})
    frame.write_parquet(tmp_path / "a.parquet")
    command = ("score", tmp_path / "a.parquet", "--true", "x", "--missing", "drop")
    assert found_by(run, *command)["scores"][0]["n_clusters"] == 2
    assert found_by(run, *command, "--ignore-pred", big + 1)["scores"][0]["n_ignored"] == 1


NOISE = "-1 in 'dbscan' looks like noise, and is scored as a cluster: --noise drop leaves such rows out, --noise single"


def test_what_looks_like_noise_is_told_of(run, file):
    drop = ("--missing", "drop")
    for command in (
        ("score", file, "--true", "truth"),
        ("pairwise", file),
        ("null", file, "--true", "truth", "--pred", "dbscan", "--resamples", 19),
    ):
        assert NOISE in run(*command, *drop)[1].replace("\n", " ")
        for said in (("--noise", "cluster"), ("--noise", "drop"), ("--ignore-pred", "-1")):
            _, out, _ = run(*command, *drop, *said)
            assert "looks like noise" not in out
    _, out, _ = run("null", file, "--true", "truth", "--pred", "ward", "--resamples", 19, *drop)
    assert "looks like noise" not in out


@pytest.mark.parametrize(
    ("labels", "is_noise"),
    [
        ([-1, 0, 1, 1], True),
        ([-1.0, 0.0, None, 1.0], True),
        (["-1", "0", "1", None], True),
        ([-1, -1, -1, -1], False),
        ([-2, -1, 0, 1], False),
        ([-1.0, 0.5, 1.0, 1.0], False),
        (["-1", "a", "b", "0"], False),
        ([0, 1, 2, 3], False),
        ([True, False, True, True], False),
    ],
)
@pytest.mark.filterwarnings("ignore:column 'y' holds continuous")
def test_what_looks_like_noise(run, tmp_path, labels, is_noise):
    pl.DataFrame({"x": [0, 0, 1, 1], "y": labels}).write_parquet(tmp_path / "a.parquet")
    _, out, _ = run("score", tmp_path / "a.parquet", "--true", "x", "--missing", "drop")
    assert ("-1 in 'y' looks like noise" in out) == is_noise
    _, out, _ = run("score", tmp_path / "a.parquet", "--true", "y", "--pred", "x", "--missing", "drop")
    assert "looks like noise" not in out


def test_no_row_left(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,y,z\n1,,1\n2,,2\n3,,7\n")
    message = "no row is left of 'y' beside 'x': 3 lack a label and 0 have one that is ignored"
    drop = ("--missing", "drop")
    for command in (("score",), ("null", "--resamples", 19), ("report", "-o", tmp_path / "page.html")):
        status, out, err = run(command[0], path, "--true", "x", "--pred", "y", *command[1:], *drop)
        assert (status, out, err) == (2, "", f"amiable: {message}: expected at least one\n")
    status, out, err = run("score", path, "--true", "x", "--json", *drop)
    assert (status, err) == (0, f"amiable: warning: {message}; it is not scored\n")
    assert [row["labeling"] for row in json.loads(out)["scores"]] == ["z"]
    status, out, err = run("score", path, "--true", "x", *drop, *(f"--ignore-pred={i}" for i in (1, 2, 7)))
    assert (status, out) == (2, "")
    assert "no row is left of any column beside 'x'" in err


@pytest.mark.parametrize("score", ["ami", "homogeneity", "mi"])
@pytest.mark.parametrize(
    ("options", "policies"),
    [
        ([], {}),
        (["--ignore", "9"], {"ignore_true": [9], "ignore_pred": [9]}),
        (["--ignore-true", "9", "--ignore-pred", "0"], {"ignore_true": [9], "ignore_pred": [0]}),
        (["--noise", "drop", "--ignore", "2"], {"ignore_true": [2, -1], "ignore_pred": [2, -1]}),
    ],
)
def test_pairs_are_those_of_the_library(run, file, columns, score, options, policies):
    found = found_by(run, "pairwise", file, "--score", score, "--missing", "drop", *options)
    assert found["labelings"] == list(COLUMNS)
    labelings = np.array([columns[name] for name in COLUMNS], dtype=float)
    expected = amiable.pairwise_scores(labelings, score=score, missing="drop", **policies)
    np.testing.assert_allclose(found["scores"], expected, rtol=1e-10, atol=1e-12)
    for i, one in enumerate(labelings):
        for j, other in enumerate(labelings):
            table = ContingencyTable.from_labels(one, other, missing="drop", **policies)
            assert (found["n_missing"][i][j], found["n_ignored"][i][j]) == (table.n_missing, table.n_ignored)


def test_noise_of_pairs(run, file, columns):
    found = found_by(run, "pairwise", file, "--missing", "drop", "--noise", "singletons", "--score", "mi")
    for i, one in enumerate(COLUMNS):
        for j, other in enumerate(COLUMNS):
            table = ContingencyTable.from_labels(columns[one], columns[other], missing="drop")
            expected = amiable.mutual_info_score(contingency=table.singletons(true=-1, pred=-1))
            assert found["scores"][i][j] == pytest.approx(expected, rel=1e-12)


def test_pairs_of_which_no_row_is_left(run, tmp_path):
    path = write(tmp_path / "a.csv", "x,y,z\n1,,1\n2,,2\n3,5,\n4,6,\n")
    status, out, err = run("pairwise", path, "--missing", "drop", "--json")
    assert (status, err) == (0, "amiable: warning: no row is left of 'y' and 'z': these pairs have no score\n")
    scores = json.loads(out)["scores"]
    assert scores[1][2] is None
    assert scores[2][1] is None
    assert scores[0][1] == scores[1][1] == 1
    _, out, _ = run("pairwise", path, "--missing", "drop")
    assert "–" in out
    assert "0 to 4 of 4 rows lack one of two labels and were left out, pair by pair." in out.splitlines()


def test_null(run, file, columns):
    options = ("--missing", "drop", "--ignore-true", 9, "--noise", "singletons")
    seeded = ("--resamples", 99, "--seed", 3)
    found = found_by(run, "null", file, "--true", "truth", "--pred", "dbscan", *options, *seeded)
    table = ContingencyTable.from_labels(columns["truth"], columns["dbscan"], missing="drop", ignore_true=9)
    assert {name: found[name] for name in ("n_samples", "n_missing", "n_ignored")} == {
        "n_samples": table.n_samples,
        "n_missing": table.n_missing,
        "n_ignored": table.n_ignored,
    }
    table = table.singletons(pred=-1)
    test = amiable.permutation_test(contingency=table, score="ami", n_resamples=99, rng=3)
    assert (found["statistic"], found["pvalue"]) == pytest.approx((test.statistic, test.pvalue))


def apart(labels):
    """Give each noise sample a label of its own."""
    return [1000 + i if label == -1 else label for i, label in enumerate(labels)]


@pytest.mark.parametrize("noise", ["cluster", "drop", "singletons"])
def test_compare(run, file, columns, noise):
    chosen = ("--pred", "kmeans", "--pred", "dbscan", "--scores", "mi", "--compare", "--resamples", 99)
    options = ("--missing", "drop", "--ignore-true", 9, "--noise", noise)
    found = found_by(run, "score", file, "--true", "truth", *chosen, *options)
    (row,) = found["differences"]
    names = ("truth", found["best"], row["labeling"])
    rows = [x for x in zip(*(columns[name] for name in names), strict=True) if None not in x and x[0] != 9]
    if noise == "drop":
        rows = [x for x in rows if -1 not in x[1:]]
    true, one, other = map(list, zip(*rows, strict=True))
    if noise == "singletons":
        one, other = apart(one), apart(other)
    expected = amiable.compare_scores(true, one, other, score="mi", n_resamples=99, rng=0)
    assert row["difference"] == pytest.approx(expected.difference, abs=1e-12)


def test_rows_with_nan_are_not_compared(run, tmp_path, rng):
    true = rng.integers(0, 3, 60)
    one, other = np.where(rng.random((2, 60)) < 0.3, rng.integers(0, 3, 60), true).astype(float)
    other[::7] = np.nan
    pl.DataFrame({"x": true, "one": one, "other": other}).write_parquet(tmp_path / "a.parquet")
    command = ("score", tmp_path / "a.parquet", "--true", "x", "--compare", "--resamples", 99, "--missing", "drop")
    found = found_by(run, *command)
    there = ~np.isnan(other)
    expected = amiable.compare_scores(true[there], one[there], other[there], n_resamples=99, rng=0).difference
    assert abs(found["differences"][0]["difference"]) == pytest.approx(abs(expected), abs=1e-12)


def test_best_and_another_without_rows_in_common(run, tmp_path):
    columns = {"x": [0, 0, 1, 1] * 2, "y": [0, 0, 1, 1] + [None] * 4, "z": [None] * 4 + [0, 1, 1, 1]}
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    status, out, err = run("score", tmp_path / "a.parquet", "--true", "x", "--compare", "--missing", "drop", "--json")
    assert (status, json.loads(out)["differences"]) == (0, [])
    assert err == "amiable: warning: no row is left of 'z' and the best, which are not compared\n"


@pytest.mark.parametrize(
    ("options", "commands"),
    [
        (["--missing", "drop"], {"report", "score", "null", "pairwise"}),
        (["--missing", "drop", "--ignore-true", "9", "--noise", "singletons"], {"report", "score", "null"}),
        (["--missing", "drop", "--ignore-true", "9", "--noise", "drop"], {"report", "score", "null"}),
    ],
)
def test_report(run, file, columns, tmp_path, options, commands):
    pytest.importorskip("plotly")
    pytest.importorskip("jinja2")
    page = tmp_path / "page.html"
    chosen = ("--pred", "kmeans", "--pred", "dbscan")
    status, out, err = run("report", file, "--true", "truth", *chosen, "-o", page, "--resamples", 39, *options)
    assert (status, err) == (0, "")
    assert "rows lack a label and were left out of 'dbscan'." in out
    assert ("looks like noise" in out) == ("--noise" not in options)
    text = page.read_text(encoding="utf-8")
    assert "in 300 samples" in " ".join(text.split())
    table = ContingencyTable.from_labels(columns["truth"], columns["kmeans"], missing="drop")
    assert f"({table.n_missing} lack a label, " in text
    shown = [shlex.split(html.unescape(code))[1:] for code in re.findall(r"<code>(.*?)</code>", text)]
    assert {command[0] for command in shown} == commands
    for command in shown:
        if command[0] == "report":
            assert run(*command)[0] == 0
            assert page.read_text(encoding="utf-8") == text
        else:
            found = found_by(run, *command)
            if command[0] == "score":
                for row in found["scores"]:
                    assert f"<td>{row['n_samples']}</td>" in text
                    assert f"<td>{row['adjusted_rand_score']:.4f}" in text


def test_true_labels_stay_true_ones_in_pairs_of_a_report(run, tmp_path, rng):
    """What is ignored, or noise, among predicted labels is neither among true ones."""
    pytest.importorskip("plotly")
    pytest.importorskip("jinja2")
    page = tmp_path / "page.html"
    columns = {name: rng.integers(-1, 3, 80).tolist() for name in ("truth", "one", "two")}
    pl.DataFrame(columns).write_csv(tmp_path / "a.csv")
    options = ("--ignore-true", 0, "--noise", "drop")
    assert run("report", tmp_path / "a.csv", "--true", "truth", "-o", page, "--resamples", 19, *options)[0] == 0
    packed = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.S)[1]
    data = json.loads(gzip.decompress(base64.b64decode(packed)))
    drawn = data["overview"]["pairwise"]["data"][0]
    scores = np.frombuffer(base64.b64decode(drawn["z"]["bdata"]), dtype=drawn["z"]["dtype"]).reshape(3, 3)
    names = [name.strip() for name in drawn["x"]]
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            ignored = [0 if name == "truth" else -1 for name in (one, other)]
            expected = amiable.adjusted_mutual_info_score(
                contingency=ContingencyTable.from_labels(
                    columns[one], columns[other], ignore_true=ignored[0], ignore_pred=ignored[1]
                )
            )
            assert scores[i, j] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_words_that_are_not_there(run, file):
    for option in (("--missing", "ignore"), ("--noise", "leave")):
        status, out, err = run("score", file, "--true", "truth", *option)
        assert (status, out) == (2, "")
        assert option[0] in err
