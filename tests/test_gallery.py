"""Gallery scripts run as they are downloaded, and print what scikit-learn would."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

go = pytest.importorskip("plotly.graph_objects")
metrics = pytest.importorskip("sklearn.metrics")

import amiable  # noqa: E402

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not GALLERY.is_dir(), reason="needs a checkout")]


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs a script and returns its names, and how many figures it shows."""
    shown = []
    monkeypatch.setattr(go.Figure, "show", lambda figure: shown.extend([figure]))

    def run_script(name):
        (path,) = GALLERY.glob(f"plot_{name}_*.py")
        found = runpy.run_path(str(path))
        assert shown
        return found

    return run_script


def assert_ami(truth, labels, ami, atol=1e-10):
    for one, score in zip(labels, ami, strict=True):
        assert abs(float(score) - metrics.adjusted_mutual_info_score(truth, one)) < atol


def test_from_scratch(run):
    found = run("01")
    assert found["by_chance"].shape == (1680,)
    assert found["by_chance"].mean() == pytest.approx(amiable.expected_mutual_information(*found["sizes"]), abs=1e-14)
    assert abs(found["scores"].mean()) < 1e-14
    assert found["by_hand"] == pytest.approx(0.12559873432804056, abs=1e-12)  # of the last, random labels
    assert abs(found["test"].pvalue - found["at_least"].mean()) < 0.02


def test_invariance(run):
    found = run("02")
    assert np.ptp(found["ami"]) < 1e-14
    assert_ami(found["truth"], found["renamed"], found["ami"])
    assert found["shuffled"] == amiable.adjusted_mutual_info_score(found["truth"], found["found"])


def test_label_noise(run):
    found = run("03")
    ami = found["ami"]
    assert (ami[0] == 1).all()
    assert 0.2 < ami[10].mean() < 0.25
    assert found["fractions"][10] == 0.5
    assert_ami(found["truth"], found["noisy"][:, 0], ami[:, 0])


def test_number_of_clusters(run):
    found = run("04")
    assert_ami(found["truth"], found["labelings"][:, 0], found["ami"][:, 0])
    for labels, mi in zip(found["labelings"][:, 0], found["mi"][:, 0], strict=True):
        assert mi == pytest.approx(metrics.mutual_info_score(found["truth"], labels), abs=1e-12)
    assert np.abs(found["ami"].mean(axis=1)).max() < 0.01


def test_null_distribution(run):
    found = run("05")
    assert_ami(found["truth"], found["shuffled"], found["scores"])
    assert abs(found["scores"].mean()) < 4 * found["deviation"] / 250**0.5
    assert abs(found["test"].pvalue - amiable.mutual_info_pvalue(found["truth"], found["found"])) < 0.01


def test_which_clusters(run):
    found = run("06")
    assert_ami(found["digit"], [found["kmeans"], found["group"]], [found["ami"], found["test"].statistic])
    assert found["test"].pvalue == 1 / 10_000


def test_fixed_sizes(run):
    found = run("07")
    assert np.ptp(found["entropies"]) < 1e-12
    assert abs(found["mi"].mean() - found["emi"]) < 4 * found["error"]


def test_nmi_and_ami(run):
    found = run("08")
    assert_ami(found["truth"], found["labelings"][:, 0], found["ami"][:, 0])
    for method, scores in found["nmi_by_method"].items():
        for labels, score in zip(found["labelings"][:, 0], scores[:, 0], strict=True):
            peer = metrics.normalized_mutual_info_score(found["truth"], labels, average_method=method)
            assert score == pytest.approx(peer, abs=1e-12)
    assert abs(found["least"] - 1) < 1e-14
    assert found["clusters"].size == 22
    assert 0.3 < found["nmi"][-1].mean() < 0.36


def test_choose_k(run):
    found = run("09")
    best = {name: found["ks"][scores.mean(axis=1).argmax()] for name, scores in found["scores"].items()}
    assert (best["AMI"], best["NMI"], best["homogeneity"]) == (6, 6, 12)
    assert_ami(found["truth"], found["labels"][:, 0], found["scores"]["AMI"][:, 0])


def test_objective(run):
    found = run("10")
    ami, labels = found["ami"], found["labels"]
    best = divmod(int(ami.argmax()), 37)
    assert (found["penalties"][best[0]], found["thresholds"][best[1]]) == (0, 0.625)
    assert_ami(found["y_held"], labels[0], ami[0])
    tables = [amiable.contingency_matrix(found["y_held"], labels[0, found[at]]) for at in ("by_accuracy", "by_ami")]
    assert [table.tolist() for table in tables] == [[[138, 1], [2, 139]], [[139, 0], [3, 138]]]


def test_stability(run):
    found = run("11")
    assert_ami(found["digit"], found["labels"], found["truth"])
    assert_ami(found["labels"][0], found["labels"], found["pairs"][0])


def test_array_libraries(run):
    for name in ("jax", "torch"):
        pytest.importorskip(name)
    found = run("12")
    for name, atol in {"NumPy": 1e-10, "PyTorch": 1e-10, "JAX": 1e-5}.items():
        assert_ami(found["truth"], found["noisy"][:, 0], found["by_library"][name][:, 0], atol)


@pytest.mark.parametrize("name", ["13", "15"])
def test_training(run, name):
    pytest.importorskip("torchmetrics")
    history = run(name)["history"]
    ami = next(scores for called, scores in history.items() if called.startswith("AMI"))
    assert ami[-1] > ami[0]


def test_own_score(run):
    found = run("14")
    assert abs(found["scores"].mean() - found["mean"]) < 4 * found["deviation"] / 100_000**0.5
    assert abs(found["scores"].std(ddof=1) / found["deviation"] - 1) < 0.02
    assert abs(found["pvalue"] - found["test"].pvalue) < 0.002
    assert 4.8 < found["standardized"] < 4.9
