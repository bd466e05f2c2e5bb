"""`amiable pairwise`: the matrix of all labelings of a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import amiable

pl = pytest.importorskip("polars")

DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"


@pytest.mark.parametrize("name", ["ami", "homogeneity", "vi", "smi"])
def test_matrix_equals_the_function(run, name):
    from amiable.scores.registry import SCORES

    columns = ["digit", "ward_10", "dbscan"]
    options = [part for column in columns for part in ("--column", column)]
    status, out, err = run("pairwise", DIGITS, *options, "--score", name, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["labelings"], found["score"]) == (columns, name)
    labels = pl.read_csv(DIGITS)[columns].to_numpy().T
    np.testing.assert_allclose(
        found["scores"], amiable.pairwise_scores(labels, score=SCORES[name].function), rtol=1e-12
    )


def test_all_columns_in_a_table(run):
    status, out, _ = run("pairwise", DIGITS)
    assert status == 0
    names = pl.read_csv(DIGITS).columns
    rows = {name: [] for name in names}
    for line in out.splitlines():
        name, *values = line.split() or [""]
        if name in rows and values[0] not in names:
            rows[name] += values
    assert all(len(row) == len(names) for row in rows.values())
    assert all(row[i] == "1.0000" for i, row in enumerate(rows.values()))
    assert all(len(line) <= 80 for line in out.splitlines())


def test_heatmap(run, tmp_path):
    pytest.importorskip("plotly")
    path = tmp_path / "<b>.csv"
    pl.DataFrame({"<script>alert(1)</script>": [0, 0, 1], "b": [0, 1, 1], "c": [1, 1, 0]}).write_csv(path)
    page = tmp_path / "page.html"
    status, _, err = run("pairwise", path, "--heatmap", page)
    assert (status, err) == (0, "")
    html = page.read_text()
    assert "<script>alert(1)" not in html
    assert '<script src="http' not in html
    status, _, err = run("pairwise", path, "--heatmap", tmp_path / "no" / "page.html")
    assert (status, err) == (
        2,
        f"amiable: {tmp_path}/no/page.html could not be written: the folder {tmp_path}/no does not exist\n",
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--column", "digit"), "has 'digit' to compare: expected at least two columns"),
        (("--column", "digit", "--column", "x"), "has no column 'x': its columns are 'digit', "),
    ],
)
def test_bad_columns(run, args, message):
    status, out, err = run("pairwise", DIGITS, *args)
    assert (status, out) == (2, "")
    assert message in err
