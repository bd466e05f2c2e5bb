"""Files that are no labelings, names that are no words, and pages that cannot be written."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

pl = pytest.importorskip("polars")


@pytest.fixture
def labels(tmp_path):
    """A file of true labels, noise and an index."""
    rng = np.random.default_rng(3)
    columns = {"truth": rng.integers(0, 3, 60), "noise": rng.integers(0, 3, 60), "id": np.arange(60)}
    path = tmp_path / "labels.csv"
    pl.DataFrame(columns).write_csv(path)
    return path


def test_an_index_is_no_clustering_and_noise_not_the_best(run, labels, tmp_path):
    status, out, _ = run("score", labels, "--true", "truth")
    assert status == 0
    assert "'noise' is no better than chance, p = 0." in out
    said = "'id' has a label of its own for nearly every row, as an id has, and is left out: --pred id brings it back."
    assert said in " ".join(out.split())
    status, out, _ = run("score", labels, "--true", "truth", "--pred", "id", "--pred", "noise")
    assert status == 0
    assert out.index("noise ") < out.index("id ")
    assert "'id' has a label of its own for nearly every sample, as an id or index has," in " ".join(out.split())
    pytest.importorskip("plotly")
    page = tmp_path / "page.html"
    status, out, _ = run("report", labels, "--true", "truth", "-o", page, "--resamples", 199)
    assert status == 0
    assert "the best of 1, 'noise', is no better than chance beside 'truth', p = 0." in " ".join(out.split())
    assert "'id' has a label of its own" in " ".join(out.split())
    head = page.read_text(encoding="utf-8")
    head = head[: head.index("<main>")]
    assert "None is shown to agree more than chance would" in head
    assert "Best" not in head


def test_labels_that_differ_by_white_space(run, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("truth,found\n1,a\n 1,a\n1,b\n 1,b\n2,b\n")
    status, out, err = run("score", path, "--true", "truth")
    assert status == 0
    assert "column 'truth' has labels that differ by white space alone, ' 1' and '1': they are counted as two" in err
    assert "white" not in out


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize(
    ("command", "option"),
    [(["report"], "-o"), (["null", "--pred", "noise"], "--histogram"), (["pairwise"], "--heatmap")],
)
def test_an_output_that_is_the_input_is_refused(run, labels, tmp_path, command, option, link):
    before, output = labels.read_bytes(), labels
    if link:
        output = tmp_path / "link.html"
        output.symlink_to(labels)
    true = [] if command == ["pairwise"] else ["--true", "truth"]
    status, _, err = run(command[0], labels, *command[1:], *true, option, output)
    assert (status, err) == (2, f"amiable: {output} could not be written: it is the input, expected another path\n")
    assert labels.read_bytes() == before


def test_a_failed_write_leaves_the_old_page_whole(run, labels, tmp_path, monkeypatch):
    pytest.importorskip("plotly")
    page = tmp_path / "page.html"
    page.write_text("old")
    page.chmod(0o640)

    def full(self, *args, **kwargs):
        self.touch()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        status, _, err = run("pairwise", labels, "--heatmap", page)
    assert (status, err) == (2, f"amiable: {page} could not be written: No space left on device\n")
    assert page.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.csv", "page.html"]
    assert run("pairwise", labels, "--heatmap", page)[0] == 0
    assert page.read_text(encoding="utf-8").startswith(("<!doctype html>", "<html>"))  # as Plotly 7 and 6 write
    assert page.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of POSIX")
def test_a_pipe_is_read(run, labels, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(labels.read_bytes()))
    writer.start()
    status, out, err = run("score", pipe, "--true", "truth")
    writer.join()
    assert (status, err) == (0, "")
    assert f"{pipe}:60samples" in "".join(out.split())


def test_control_characters_do_not_reach_the_terminal(run, tmp_path):
    path = tmp_path / "labels.csv"
    name = "\x1b[31mred\u202eder\x9b"
    pl.DataFrame({"truth": [0, 0, 1, 1], name: ["a", "b\x07", "b\x07", " a"]}).write_csv(path)
    for command in (["score", "--true", "truth"], ["pairwise"], ["score", "--true", "truth", "--json"]):
        status, out, err = run(command[0], path, *command[1:])
        assert status == 0
        assert not set("\x1b\x07\x9b\u202e") & set(out + err)
        assert "red" in out
        assert "white space" in err
    _, _, err = run("score", path, "--true", "\x1b[2J")
    assert err.startswith("amiable: ")
    assert "\x1b" not in err
    assert err.count("\n") == 1


def test_direction_marks_end_with_a_name_on_pages(run, tmp_path):
    pytest.importorskip("plotly")
    path, page = tmp_path / "labels.csv", tmp_path / "page.html"
    pl.DataFrame({"truth": [0, 0, 1, 1], "\u202eevil": [0, 0, 1, 1]}).write_csv(path)
    assert run("report", path, "--true", "truth", "-o", page, "--resamples", 19)[0] == 0
    found = page.read_text(encoding="utf-8")
    for shown in (
        "<bdi>\u202eevil</bdi></a>",
        "<h3><bdi>\u202eevil</bdi></h3>",
        '<option dir="auto" value="0">\u202eevil',
    ):
        assert shown in found
