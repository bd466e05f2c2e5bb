"""The benchmarks measure what they say: disagreement, missing peers and regressions are told."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import amiable
from benchmarks import coverage, device, device_cases, inputs, measure, places, revisions, traffic
from benchmarks.inputs import labelings
from benchmarks.places import NUMPY, TORCH

ROOT = Path(__file__).parents[1]


@pytest.fixture
def options(tmp_path):
    return measure.Options(NUMPY, repeats=3, seconds=0.1, match="", output=tmp_path)


def case(name, theirs, **more):
    return measure.Case(name, "scikit-learn", lambda: labelings(100, 3, 3), "rand_score", theirs, **more)


def test_agreement_and_disagreement(options):
    report = measure.compare_all("t", [case("same", "rand_score"), case("other", "mutual_info_score")], options)
    assert report.failures == ["other"]
    assert "RESULTS DIFFER" in "\n".join(report.lines)
    same = report.numbers[0]
    assert same["error"] <= 1e-12
    assert same["ratio"] == pytest.approx(same["peer_s"][1] / same["amiable_s"][1])
    assert same["runs"] == [3, 3]


def test_not_a_number_is_no_agreement(options):
    report = measure.compare_all("t", [case("nan", lambda module, *labels: np.nan)], options)
    assert report.failures == ["nan"]


def test_part_of_a_loop_is_scaled(options):
    row, whole = (measure.compare(case("part", "rand_score", part=part), options) for part in ((1, 1000), (1, 1)))
    assert row["peer_s"][1] > 100 * whole["peer_s"][1]


def test_missing_peers_are_named(options, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.metrics.cluster", None)
    report = measure.compare_all("t", [case("x", "rand_score")], options)
    assert "missing: " in report.lines[2]
    assert report.failures == []


def test_command_line(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "ami", "--match", "n = 1e2", "--repeats", "2"]
    done = subprocess.run([*command, "--output", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| AMI, n = 1e2, 10 x 10 | scikit-learn |" in done.stdout
    found = json.loads((tmp_path / "ami.json").read_text())
    assert found["versions"]["amiable"] == amiable.__version__
    assert found["results"][0]["case"] == "AMI, n = 1e2, 10 x 10"


@pytest.fixture
def tiny(monkeypatch):
    """Sizes of a test, and blocks that are smaller."""
    sizes = device_cases.Sizes(2000, 2000, 200, (20, 50), (6, 100, 3), (3000, 2000), 50, 4)
    monkeypatch.setattr(device, "ON_CPU", sizes)
    monkeypatch.setattr(device, "BURST", 3)
    for module in (device_cases, inputs):
        monkeypatch.setattr(module, "BLOCK", 700)


@pytest.fixture
def with_graphs(monkeypatch):
    """Let a processor pass for a device that has events and graphs."""
    monkeypatch.setattr(places.Place, "stopwatch", lambda self, of=places.Place.stopwatch: of(NUMPY))
    monkeypatch.setattr(places.Place, "capture", lambda self, call: call)
    monkeypatch.setattr(places.Place, "compiled", lambda self, function: function)
    monkeypatch.setattr(places.Place, "versions", lambda self: {"driver": "1.2"})
    monkeypatch.setattr(places.Place, "has_events", property(lambda self: self.library == "torch"))


def by_case(report, table):
    return {row["case"]: row for row in report.numbers if row["table"] == table}


@pytest.mark.slow
def test_device_subject_on_numpy(tiny, options, tmp_path):
    report = device.run(options)
    assert report.failures == []
    calls = by_case(report, "calls")
    counting = calls["counting, n = 2e3, 10 x 10, log-normal sizes"]
    assert counting["found"] == pytest.approx(counting["peer_s"][1] / counting["amiable_s"][1] / 2)
    assert {"AMI, n = 2e2, 10 x 10, eager, no graphs here, launch to end", "EMI, 5e1 x 5e1, n = 1e9"} <= calls.keys()
    assert {row["bar"] for row in report.numbers if row["table"] != "kernels"} == {None}
    assert "| counting, n = 2e3, 10 x 10, n_labels given | 0.016 MB |" in (tmp_path / "device.md").read_text()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_device_subject_with_graphs(tiny, with_graphs, options, monkeypatch, tmp_path):
    pytest.importorskip("torch")

    def other(call):
        found = call()
        if found.ndim == 1:
            raise RuntimeError("no such kernel")
        return found + (found.ndim == 2)

    monkeypatch.setattr(device, "by_array_kernels", other)
    report = device.run(dataclasses.replace(options, place=TORCH))
    names = [f"counting, n = 2e3, {k} x {k}, {spread}: array kernels" for k in (10, 1000) for spread in inputs.SPREADS]
    broken = "kernels, AMI, 20 labelings of n = 5e1, 10 x 10 (RuntimeError: no such kernel)"
    assert sorted(report.failures) == sorted([*names, broken])
    kernels = by_case(report, "kernels")
    assert {"AMI, n = 2e2, 10 x 10, n_labels given", "EMI, 1e2 x 1e2, n = 1e9"} <= kernels.keys()
    calls = by_case(report, "calls")
    short = ("eager", "replayed", "replayed 3 times at once, each", "compiled, replayed, launch to end")
    assert {f"AMI, n = 2e2, 10 x 10, {how}" for how in short} <= {*calls}
    text = (tmp_path / "device-torch-cpu.md").read_text()
    assert "driver 1.2" in text
    assert "missing: RuntimeError: no such kernel" in text
    assert "RESULTS DIFFER" in text


def test_device_subject_tells_what_breaks(tiny, options, monkeypatch):
    def breaks(*args):
        raise MemoryError("no room for /tmp/x/y")

    monkeypatch.setattr(device, "count", lambda rows, cols, k: np.zeros((k, k), dtype=np.int64))
    monkeypatch.setattr(device_cases, "scored_tables", breaks)
    report = device.run(dataclasses.replace(options, match="10 x 10, "))
    assert "counting, n = 2e3, 10 x 10, equal sizes" in report.failures
    tables = "3,000 random tables 10 x 10, n = 1e6, drawn and scored with AMI (MemoryError: no room for ...)"
    assert {tables, f"memory, {tables}"} <= {*report.failures}
    assert "memory, counting, n = 2e3, 10 x 10" not in "".join(report.failures)


def rounds(log_ratios, noise=0.02, same=True):
    return [{"seconds": (1.0, np.exp(r)), "log_ratio": r, "noise": noise, "same": same} for r in log_ratios]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (rounds([0.3, 0.25, 0.28, 0.31]), "slower"),
        (rounds([-0.3, -0.25, -0.28, -0.31]), "faster"),
        (rounds([0.05] * 4), "same"),  # less than a tenth
        (rounds([0.3] * 4, noise=0.4), "same"),  # no more than bursts of one revision differ
        (rounds([0.3, 0.0, 0.01, 0.3]), "same"),  # in half of the rounds only
        (rounds([0.0] * 4, same=False), "RESULTS DIFFER"),
        ([{"missing": "A: no such function"}], "skipped, missing in A: no such function"),
    ],
)
def test_verdicts_on_revisions(found, verdict):
    assert revisions.judge(found)["verdict"] == verdict


def test_two_revisions_in_processes_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setattr(revisions, "BURSTS", 2)
    monkeypatch.setattr(revisions, "sources_of", lambda _, copy=revisions.sources_of: copy(None))
    found = revisions.compare_revisions(["here", "there~1"], NUMPY, 1, "AMI, n = 1e2", tmp_path)
    table = (tmp_path / "revisions-here-there-1.md").read_text()
    assert "| AMI, n = 1e2, 10 x 10, numpy |" in table
    assert found in (0, 1)  # how fast is not for a test to say
    assert "RESULTS DIFFER" not in table


def test_traffic(options):
    """Launches, bytes and memory of a device's path, told by PyTorch."""
    pytest.importorskip("torch")
    report = traffic.run(dataclasses.replace(options, match="counting, n = 1e5"))
    promised, *with_kernels, found = report.numbers
    for row in with_kernels:  # where numba-cuda is installed
        assert row["waits"] == 0
        assert row["operations"]["count_in_device_memory_"] == 1
        assert row["inputs"] < row["bytes"] < promised["bytes"]
    # the ranges, which are too wide; of each side its range and its labels; the cells
    assert (promised["waits"], found["waits"]) == (0, 6)
    for row in (promised, found):
        assert row["inputs"] == 2 * 4 * 10**5
        assert row["bytes"] > row["inputs"]
        assert 0 < row["peak"] < row["allowed"]
    assert promised["operations"]["scatter_add_"] == 1


def test_coverage(options, monkeypatch):
    """Every method and score of a case; intervals of the default that miss make the run fail."""
    monkeypatch.setattr(coverage, "SAMPLES", 20)
    monkeypatch.setattr(coverage, "RESAMPLES", 99)
    monkeypatch.setattr(coverage, "LARGE", 3)
    report = coverage.run(dataclasses.replace(options, match="40 clusters, n = 100, chance"))
    assert report.failures == []
    assert [row["score"] for row in report.numbers] == [*coverage.MEASURED]
    ami = report.numbers[0]
    assert ami["coverage"]["standard"] > 0.9
    assert ami["coverage"]["percentile"] < 0.1
    assert ami["nan"]["BCa"] == 1
    assert "| case | standard (default) | centered |" in "\n".join(report.lines)
    monkeypatch.setattr(coverage, "DEFAULT_METHOD", "percentile")
    failed = coverage.run(dataclasses.replace(options, match="40 clusters, n = 100, chance")).failures
    assert "40 clusters, n = 100, chance, ami" in failed


def test_commands_are_timed(options, monkeypatch):
    pytest.importorskip("polars")
    pytest.importorskip("typer")
    from benchmarks import cli

    def small(path):
        return cli._runs(path, 3, 50, 3)

    timing = cli.Timing("small", small, ("pairwise", "--json"), "reading and scoring", cli._library, 2)
    monkeypatch.setattr(cli, "CASES", (timing,))
    report = cli.run(options)
    assert report.numbers[0]["s"] > 0
    assert report.numbers[0]["peer_s"] > 0
    assert "≤ 2 times" in "".join(report.lines)
