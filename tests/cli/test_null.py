"""`amiable null` and `amiable emi`: what random labelings give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import amiable

pl = pytest.importorskip("polars")

DIGITS = Path(__file__).parents[2] / "examples" / "digits.csv"


@pytest.mark.parametrize(("name", "side"), [("ami", "greater"), ("vi", "less"), ("nvi", "less")])
def test_null_equals_the_functions(run, name, side):
    from amiable.scores.registry import SCORES

    command = ("null", DIGITS, "--true", "digit", "--pred", "dbscan", "--score", name, "--resamples", 200, "--seed", 3)
    status, out, err = run(*command, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    labels = pl.read_csv(DIGITS)
    true, pred = (labels[name].cast(pl.String).to_numpy() for name in ("digit", "dbscan"))  # text is taken as text
    test = amiable.permutation_test(true, pred, score=SCORES[name].function, n_resamples=200, alternative=side, rng=3)
    assert found["alternative"] == side
    for key in ("statistic", "pvalue", "mean", "standard_deviation"):
        assert found[key] == pytest.approx(getattr(test, key), rel=1e-12)
    assert found["exact"]["score"] == "mi"
    assert found["exact"]["standardized"] == amiable.standardized_mutual_info_score(true, pred)
    status, out, _ = run(*command)
    assert status == 0
    assert f"{test.statistic:.6g}" in out
    assert f"p-value, {side}" in out


def test_histogram(run, tmp_path):
    pytest.importorskip("plotly")
    page = tmp_path / "null.html"
    options = ("--true", "digit", "--pred", "dbscan", "--score", "mi", "--resamples", 300, "--histogram", page)
    status, _, err = run("null", DIGITS, *options)
    assert (status, err) == (0, "")
    assert "mutual" not in page.name
    assert "share of random labelings" in page.read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--true", "digit", "--pred", "x"), "has no column 'x': its columns are"),
        (
            ("--true", "digit", "--pred", "dbscan", "--alternative", "up"),
            "'--alternative': 'up' is not one of 'greater', 'less', 'two-sided'",
        ),
        (("--true", "digit", "--pred", "dbscan", "--resamples", "0"), "--resamples"),
        (("--true", "digit", "--pred", "dbscan", "--score", "x"), "--score"),
    ],
)
def test_bad_options(run, args, message):
    status, out, err = run("null", DIGITS, *args)
    assert (status, out) == (2, "")
    assert message in err


def test_emi(run):
    status, out, err = run("emi", "60,40", "30, 30,40", "--json")
    assert (status, err) == (0, "")
    mean, variance = amiable.mutual_information_moments([60, 40], [30, 30, 40])
    assert json.loads(out) == {"n_samples": 100, "mean": mean, "variance": variance}
    _, out, _ = run("emi", "60,40", "30,30,40")
    assert f"{mean:.15g}" in out


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (("60,40", "30,30"), "amiable: row_sums add up to 100 and col_sums to 60: expected the same n_samples\n"),
        (
            ("60;40", "100"),
            "amiable: ROW_SUMS is '60;40': expected whole numbers separated by commas, such as 30,20,50\n",
        ),
        (("100", "1.5,98.5"), "amiable: COL_SUMS is '1.5,98.5': expected whole numbers separated by commas, such as"),
        (("100", ""), "amiable: COL_SUMS is '': expected whole numbers"),
        ((str(10**30), str(10**30)), f"amiable: row_sums holds {10**30}: expected whole numbers that int64 holds\n"),
    ],
)
def test_bad_sizes(run, sizes, message):
    status, out, err = run("emi", *sizes)
    assert (status, out) == (2, "")
    assert err.startswith(message)


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet"])
def test_standard_input(run, tmp_path, kind):
    frame = pl.read_csv(DIGITS)["digit", "dbscan"]
    path = tmp_path / "x"
    if kind == "parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if kind == "tsv" else ",")
    status, out, err = run("score", "-", "--true", "digit", "--format", kind, "--json", stdin=path.read_bytes())
    assert (status, err) == (0, "")
    _, of_file, _ = run("score", DIGITS, "--true", "digit", "--pred", "dbscan", "--json")
    assert json.loads(out)["scores"] == json.loads(of_file)["scores"]
    assert json.loads(out)["file"] == "-"


def test_bad_standard_input(run):
    status, _, err = run("score", "-", "--true", "c", stdin="a,b\n1,2\n")
    assert (status, err) == (2, "amiable: standard input has no column 'c': its columns are 'a', 'b'\n")
    status, _, err = run("score", "-", "--true", "a", stdin="")
    assert status == 2
    assert err.startswith("amiable: standard input is empty: ")


def test_scores_by_the_names_of_their_functions(run):
    short, long = (
        run(
            "null",
            DIGITS,
            "--true",
            "digit",
            "--pred",
            "dbscan",
            "--score",
            name,
            "--resamples",
            50,
            "--seed",
            3,
            "--json",
        )
        for name in ("ari", "adjusted_rand_score")
    )
    assert short == long
    assert short[0] == 0
    status, _, err = run("null", DIGITS, "--true", "digit", "--pred", "dbscan", "--score", "nonsense")
    assert status == 2
    assert err.startswith("amiable: Invalid value for '--score': 'nonsense' is not one of ami, nmi")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("name", "of"), [("ecs", "ecs"), ("ari", "ari"), ("vi", "mi"), ("purity", None)])
def test_exact_moments_are_those_of_the_score(run, name, of):
    command = ("null", DIGITS, "--true", "digit", "--pred", "ward_10", "--score", name, "--resamples", 99)
    status, out, _ = run(*command, "--json")
    exact = json.loads(out)["exact"]
    assert status == 0
    if of is None:
        assert exact is None
        return
    assert exact["score"] == of
    frame = pl.read_csv(DIGITS)
    labels = frame["digit"].to_numpy(), frame["ward_10"].to_numpy()
    assert exact["standardized"] == pytest.approx(amiable.standardized_score(*labels, score=of), rel=1e-12)
    assert exact["pvalue"] == amiable.score_pvalue(*labels, score=of)
    _, shown, _ = run(*command)
    assert f"{exact['mean']:.6g}" in shown
