"""`amiable report`: the page of a file, and every way in which there is none."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from amiable._extras import hint

pl = pytest.importorskip("polars")
pytest.importorskip("plotly")
pytest.importorskip("jinja2")

DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"


def numbers_of(page, name):
    """Return what the table says of one clustering: each score, and the p-value of each order of scores."""
    rows = re.findall(r"<tr(?: data-row.*?)?>.*?</tr>", page, re.S)
    cells = [[html.unescape(cell) for cell in re.findall(r"<t[hd].*?>(?:<.*?>)*([^<]+)", row)] for row in rows]
    orders = re.findall(r'data-pvalue="(.*?)"', rows[0])
    scores = re.findall(r'data-score="(.*?)"', rows[0])
    (found,) = [row for row in cells[1:] if row[0] == name]
    return dict(zip([*scores, *orders], found[-len(scores) - len(orders) :], strict=True))


def figures_of(page):
    packed = re.search(r'id="data">(.*?)</script>', page, re.S)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def commands_of(page):
    return [html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", page)]


def test_page_of_the_digits_and_the_commands_on_it(run, tmp_path):
    path = tmp_path / "page.html"
    options = ["--pred", "dbscan", "--pred", "kmeans_10", "--resamples", "199", "--seed", "5"]
    status, out, err = run("report", DIGITS, "--true", "digit", "-o", path, *options)
    assert (status, err) == (0, "")
    verdict, hint = out.split("-1 in")
    assert " ".join(verdict.split()) == f"{path}: 'dbscan' agrees best with 'digit', of 2"
    assert hint.startswith(" 'dbscan' looks like noise, and is scored as a cluster: --noise drop leaves")
    assert max(map(len, hint.splitlines())) <= 80
    page = path.read_text(encoding="utf-8")
    assert page.count("<option dir") == 2

    commands = {tuple(shlex.split(command)[1:]) for command in commands_of(page)}
    assert {command[0] for command in commands} == {"report", "score", "pairwise", "null"}
    for command in commands:
        if command[0] == "report":
            status, _, _ = run(*command)
            assert status == 0
            assert path.read_text(encoding="utf-8") == page
            continue
        status, out, _ = run(*command, "--json")
        assert status == 0
        found = json.loads(out)
        if command[0] == "null":
            values = numbers_of(page, found["pred"])
            assert (values["ami"], values["information"]) == (f"{found['statistic']:.4f}", f"{found['pvalue']:.3g}")
        if command[0] == "score":
            for row in found["scores"]:
                values = numbers_of(page, row["labeling"])
                assert values["ari"] == f"{row['adjusted_rand_score']:.4f}"
                assert values["vi"] == f"{row['variation_of_information']:.4f}"
        if command[0] == "pairwise":
            drawn = figures_of(page)["overview"]["pairwise"]["data"][0]["x"]
            assert {name.strip() for name in drawn} == set(found["labelings"]) == {"digit", "dbscan", "kmeans_10"}


def test_standard_input(run, tmp_path):
    path = tmp_path / "page.html"
    text = DIGITS.read_bytes()
    options = ["--true", "digit", "--pred", "ward_10", "--resamples", "19", "-o", path]
    status, out, _ = run("report", "-", *options, stdin=text)
    assert (status, "ward_10" in out) == (0, True)
    assert "amiable report - --true digit" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "columns",
    [
        {"true": ["a"], "pred": [1]},
        {"true": [0, 0, 0, 0], "pred": [0, 1, 0, 1]},
        {"true": [0, 1, 0, 1], "pred": [7, 7, 7, 7]},
        {"true": [0, 1, 0, 1], "pred": [1, 2, 3, 4]},
        pytest.param({"true": np.arange(20_000) % 7, "pred": np.arange(20_000) % 5000}, marks=pytest.mark.slow),
        {"true": ["<b>", "ü", "'", '"'], "pred": ["</script>", "&amp;", "猫", "a,b"]},
    ],
    ids=["one row", "one class", "one cluster", "all distinct", "5,000 clusters", "HTML, quotes, unicode"],
)
def test_unusual_columns(run, tmp_path, columns):
    source, path = tmp_path / "labels.csv", tmp_path / "page.html"
    pl.DataFrame(columns).write_csv(source)
    status, _, err = run("report", source, "--true", "true", "-o", path)
    assert (status, err) == (0, "")
    page = path.read_text(encoding="utf-8")
    assert page.count("<script") == 3
    assert len(numbers_of(page, "pred")) == 12 + 2


def test_a_column_with_itself_and_a_file_like_an_option(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"t": [0, 0, 1]}).write_csv("-t.csv")
    status, _, err = run("report", "--true", "t", "--pred", "t", "--confidence", "0.99999999999", "--", "-t.csv")
    assert (status, err) == (0, "")
    page = Path("report.html").read_text(encoding="utf-8")
    assert "-0.0000" not in page
    assert len(commands_of(page)) == 3
    for command in commands_of(page):
        assert run(*shlex.split(command)[1:])[0] == 0


@pytest.mark.parametrize("command", ["report", "pairwise"])
def test_odd_columns_are_told_of_once(run, tmp_path, command):
    path = tmp_path / "labels.csv"
    values = {"t": [0, 0, 1, 1], "a": [0.5, 1.5, 0.25, 1], "b": [0.1, 0.1, 0.2, 0.3], "c": [1, 2, 1, 2]}
    pl.DataFrame(values).write_csv(path)
    options = ["--true", "t", "-o", tmp_path / "page.html"] if command == "report" else ["--score", "homogeneity"]
    status, _, err = run(command, path, *options)
    assert status == 0
    lines = err.splitlines()
    assert sorted(line[: len("amiable: warning: column 'a' holds continuous")] for line in lines) == [
        f"amiable: warning: column {name!r} holds continuous" for name in "ab"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--true", "nothing"], "has no column 'nothing'"),
        (["--true", "digit", "--pred", "nothing"], "has no column 'nothing'"),
        (["--true", "digit", "--confidence", "1"], "--confidence is 1.0: expected a number between 0 and 1"),
        (["--true", "digit", "-o", "/no/such/folder/page.html"], "the folder /no/such/folder does not exist"),
        (["--true", "digit", "-o", str(DIGITS.parent)], "it is a folder"),
        (["--true", "digit", "--pred", "dbscan", "--resamples", "19", "-o", "/dev/full"], "No space left on device"),
    ],
)
def test_errors_in_one_line(run, arguments, message):
    status, out, err = run("report", DIGITS, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("amiable: ")
    assert err.count("\n") == 1
    assert message in err
    assert "Traceback" not in err


def test_what_to_install(run, monkeypatch):
    for module in ("jinja2", "amiable.report", "amiable.report._page"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    monkeypatch.delitem(__import__("sys").modules, "amiable.report")
    status, _, err = run("report", DIGITS, "--true", "digit")
    assert (status, err) == (2, f"amiable: {hint('amiable.report', 'jinja2', 'viz')}\n")


def test_the_best_is_compared_with_the_second(run, tmp_path):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 800)
    good = np.where(rng.random(800) < 0.6, true, rng.integers(0, 4, 800))
    for name, moved, expected in (("far", 0.3, "It is ahead of"), ("near", 0.004, "It is not shown to differ from")):
        other = np.where(rng.random(800) < moved, rng.integers(0, 4, 800), good)
        pl.DataFrame({"true": true, "good": good, name: other}).write_csv(tmp_path / "labels.csv")
        status, _, _ = run("report", tmp_path / "labels.csv", "--true", "true", "-o", tmp_path / "page.html")
        assert status == 0
        page = (tmp_path / "page.html").read_text()
        assert f"{expected} <bdi><b>" in page
    status, _, _ = run(
        "report", tmp_path / "labels.csv", "--true", "true", "--pred", "good", "-o", tmp_path / "one.html"
    )
    assert "the second" not in (tmp_path / "one.html").read_text()
