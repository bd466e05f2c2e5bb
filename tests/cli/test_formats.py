"""Every kind of file that people have, made by the test, gives the same scores."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sys
import zipfile

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from amiable._extras import hint

pl = pytest.importorskip("polars")
zstandard = pytest.importorskip("zstandard")

TRUTH = ["cat", "dog", "cat", "dög", "cat", "dog"]
FOUND = [0, 1, 0, 2, 1, 1]
AMI = round(adjusted_mutual_info_score(TRUTH, FOUND), 4)


@pytest.fixture
def frame():
    """Labels of a few samples, not all in ASCII."""
    return pl.DataFrame({"truth": TRUTH, "found": FOUND})


@pytest.fixture
def score(run):
    """Score `found` of a file; return its AMI to four digits."""

    def called(path, *options):
        status, out, err = run("score", path, "--true", "truth", "--pred", "found", "--json", *options)
        assert (status, err) == (0, "")
        return round(json.loads(out)["scores"][0]["adjusted_mutual_info_score"], 4)

    return called


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".tab", ".txt"])
def test_separators_are_found(score, frame, tmp_path, suffix, separator):
    frame.write_csv(tmp_path / f"a{suffix}", separator=separator)
    assert score(tmp_path / f"a{suffix}") == AMI


@pytest.mark.parametrize("given", [":", "\\t", "tab", "TAB"])
def test_a_separator_that_is_named(score, frame, tmp_path, given):
    frame.write_csv(tmp_path / "a.txt", separator=":" if given == ":" else "\t")
    assert score(tmp_path / "a.txt", "--separator", given) == AMI


def test_separators_in_quotes_and_decimal_commas(score, run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('truth;found;height\n"a;b";0;1,5\n"c,d";1;2,5\n"a;b";0;1,25\n', encoding="utf-8")
    assert score(path) == 1.0
    path.write_text('truth,found\n"a;b",x|y\n"c\nd",z\n"a;b",x|y\n', encoding="utf-8")
    assert score(path) == 1.0


def test_tables_that_r_writes(score, run, tmp_path):
    path = tmp_path / "a.txt"
    rows = "\n".join(f'"{i}" "{t}" {f}' for i, (t, f) in enumerate(zip(TRUTH * 3, FOUND * 3, strict=True), start=1))
    path.write_text(f'"truth" "found"\n{rows}\n', encoding="utf-8")
    assert score(path) == score(path, "--separator", "space")
    out = run("score", path, "--true", "truth")[1]
    assert "'' is an index and is left out: --pred '' brings it back." in out
    found = json.loads(run("score", path, "--true", "truth", "--pred", "", "--json")[1])["scores"]
    assert [row["labeling"] for row in found] == [""]


def test_without_a_header(score, run, frame, tmp_path):
    frame.write_csv(tmp_path / "a.csv", include_header=False)
    status, out, _ = run("score", tmp_path / "a.csv", "--no-header", "--true", "0", "--json")
    (row,) = json.loads(out)["scores"]
    assert (status, row["labeling"], round(row["adjusted_mutual_info_score"], 4)) == (0, "1", AMI)
    (tmp_path / "b.csv").write_text("1,1\n2,2\n")
    _, _, err = run("score", tmp_path / "b.csv", "--true", "1")
    assert "has two columns named '1': expected different names, or --no-header" in err


@pytest.mark.parametrize(
    ("encoding", "options"),
    [
        ("utf-8-sig", ()),
        ("utf-16", ()),
        ("utf-32", ()),
        ("utf-16-le", ("--encoding", "utf-16-le")),
        ("latin-1", ("--encoding", "latin-1")),
        ("cp1252", ("--encoding", "CP1252")),
    ],
)
def test_encodings(score, frame, tmp_path, encoding, options):
    (tmp_path / "a.csv").write_bytes(frame.write_csv().encode(encoding))
    assert score(tmp_path / "a.csv", *options) == AMI


@pytest.mark.parametrize(
    ("encoding", "options", "message"),
    [
        ("latin-1", (), "is not text in UTF-8: expected another --encoding, such as latin-1 or utf-16-le"),
        ("utf-16-le", (), "is not text in UTF-8: expected another --encoding"),
        ("latin-1", ("--encoding", "ascii"), "is not text in ASCII: expected another --encoding"),
        ("latin-1", ("--encoding", "klingon"), "--encoding is 'klingon': expected one that Python knows"),
        ("utf-8", ("--separator", "::"), "--separator is '::': expected one character, such as ';', or tab"),
    ],
)
@pytest.mark.parametrize("n_rows", [6, 60_000])
def test_wrong_encodings(run, frame, tmp_path, encoding, options, message, n_rows):
    text = "truth,found\n" + "a,1\n" * n_rows + "dög,2\n"
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    status, out, err = run("score", tmp_path / "a.csv", "--true", "truth", *options)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


PACKED = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("suffix", [".csv", ".txt", ".jsonl", ".parquet"])
def test_compressed(score, frame, tmp_path, packed, suffix):
    plain, path = tmp_path / f"plain{suffix}", tmp_path / f"a{suffix}{packed}"
    write = {".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}.get(suffix, frame.write_csv)
    write(plain)
    path.write_bytes(PACKED[packed](plain.read_bytes()))
    assert score(path) == AMI


def test_compressed_standard_input(run, frame):
    data = gzip.compress(frame.write_csv(separator=";").encode())
    status, out, _ = run("score", "-", "--true", "truth", "--json", stdin=data)
    assert (status, round(json.loads(out)["scores"][0]["adjusted_mutual_info_score"], 4)) == (0, AMI)


def test_archives(score, run, frame, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/labels.tsv", frame.write_csv(separator="\t"))
    assert score(path) == AMI
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("other.csv", "x\n")
    _, _, err = run("score", path, "--true", "truth")
    assert err == f"amiable: {path} holds 2 files: expected an archive of one\n"


@pytest.mark.parametrize("suffix", [".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst", ".zip"])
def test_broken_archives(run, frame, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    whole = PACKED.get(suffix[4:], gzip.compress)(frame.write_csv().encode() * 100)
    path.write_bytes(whole[: len(whole) - 20])
    status, _, err = run("score", path, "--true", "truth")
    assert status == 2
    assert "could not be unpacked: " in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows"])
def test_frames(score, frame, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".arrows":
        frame.write_ipc_stream(tmp_path / "a.arrow")
        assert score(tmp_path / "a.arrow") == AMI
        return
    write = frame.write_parquet if suffix[1] == "p" else frame.write_ipc
    (frame.write_ndjson if suffix in (".jsonl", ".ndjson") else write)(path)
    assert score(path) == AMI


def test_a_format_that_is_named(score, frame, tmp_path):
    frame.write_ipc(tmp_path / "labels")
    assert score(tmp_path / "labels", "--format", "ARROW") == AMI


def test_excel(score, run, frame, tmp_path):
    pytest.importorskip("fastexcel")
    pytest.importorskip("xlsxwriter")
    path = tmp_path / "a.xlsx"
    frame.with_columns(pl.Series("word", ["NA", "x", "x", "y", "y", "y"])).write_excel(path, worksheet="runs")
    assert score(path) == AMI
    _, _, err = run("score", path, "--true", "truth", "--pred", "word")
    assert "column 'word' has 1 missing values in 6 rows, the first in row 1: expected a label in every row" in err
    status, out, _ = run("score", path, "--true", "truth", "--pred", "word", "--keep-na", "--json")
    assert (status, json.loads(out)["scores"][0]["n_clusters"]) == (0, 3)
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as book:
        for name in ("first", "second"):
            book.add_worksheet(name).write_column(0, 0, FOUND)
            book.get_worksheet_by_name(name).write_column(0, 1, FOUND)
    status, out, err = run("score", tmp_path / "b.xlsx", "--no-header", "--true", "0", "--json")
    assert (status, json.loads(out)["n_samples"]) == (0, 6)
    assert err.endswith("b.xlsx has 2 sheets: the first is read, 'first'\n")


@pytest.fixture
def h5ad(tmp_path):
    """A file as AnnData writes it, of the columns that a test gives."""
    h5py = pytest.importorskip("h5py")

    def written(**columns):
        path = tmp_path / "cells.h5ad"
        with h5py.File(path, "w") as file:
            obs = file.create_group("obs")
            obs.attrs["column-order"] = list(columns)
            obs.attrs["_index"] = "_index"
            obs["_index"] = [f"cell{i}" for i in range(6)]
            for name, column in columns.items():
                if isinstance(column, dict):
                    for part, values in column.items():
                        obs[f"{name}/{part}"] = values
                else:
                    obs[name] = column
        return path

    return written


def test_cells(score, run, h5ad):
    kinds = ["cat", "dog", "dög"]
    path = h5ad(
        truth={"categories": kinds, "codes": np.array([kinds.index(x) for x in TRUTH], dtype=np.int8)},
        found=np.array(FOUND),
        text=TRUTH,
        holes={"categories": [7, 8], "codes": np.array([0, 1, 0, -1, 0, 1], dtype=np.int8)},
        masked={"values": np.array(FOUND), "mask": np.array([0, 0, 0, 1, 0, 0], dtype=bool)},
    )
    assert score(path) == AMI
    status, out, _ = run("score", path, "--true", "truth", "--missing", "drop", "--json")
    found = {row["labeling"]: row for row in json.loads(out)["scores"]}
    assert (status, set(found)) == (0, {"found", "text", "holes", "masked"})
    assert found["text"]["adjusted_mutual_info_score"] == 1
    assert [found[name]["n_missing"] for name in ("found", "holes", "masked")] == [0, 1, 1]
    assert found["holes"]["n_clusters"] == found["masked"]["n_clusters"] == 2


def test_cells_of_another_kind(run, h5ad, tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "old.h5ad"
    with h5py.File(path, "w") as file:
        file["obs"] = np.zeros(3, dtype=[("truth", int)])
    _, _, err = run("score", path, "--true", "truth")
    assert err.endswith("has no group 'obs' with columns: expected a file that anndata 0.7 or later has written\n")
    _, _, err = run("score", h5ad(truth=np.array(FOUND)), "--true", "nothing")
    assert err.endswith("has no column 'nothing': its columns are 'truth'\n")


@pytest.mark.parametrize(("suffix", "library"), [("xlsx", "fastexcel"), ("h5ad", "h5py")])
def test_what_to_install(run, tmp_path, monkeypatch, suffix, library):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, library, None)
    status, _, err = run("score", path, "--true", "x")
    assert (status, err) == (2, f"amiable: {hint(f'reading {path}', library, 'files')}\n")


@pytest.mark.parametrize("word", ["null", "NULL", "N/A", "<NA>", "None", "NA", "nan", "NaN", "n/a", "#N/A"])
def test_words_for_missing_labels(run, tmp_path, word):
    path = tmp_path / "a.csv"
    path.write_text(f"truth,found\na,1\nb,{word}\nb,2\na,1\n")
    _, _, err = run("score", path, "--true", "truth")
    assert f"column 'found' has 1 missing values in 4 rows, the first in row 2 ({word!r}): expected a label" in err
    assert err.endswith("or --missing drop, or --keep-na where that is a label\n")
    _, out, _ = run("score", path, "--true", "truth", "--missing", "drop")
    assert "1 of 4 rows lacks a label and was left out." in out
    status, out, _ = run("score", path, "--true", "truth", "--keep-na", "--json")
    assert (status, json.loads(out)["scores"][0]["n_clusters"]) == (0, 3)


@pytest.mark.parametrize(
    ("suffix", "option"), [("parquet", "--separator=;"), ("npy", "--no-header"), ("jsonl", "--keep-na")]
)
def test_options_of_other_formats(run, tmp_path, suffix, option):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"x")
    status, _, err = run("score", path, "--true", "x", option)
    assert status == 2
    assert err.startswith(f"amiable: {option.partition('=')[0]} is given for {path}, which is ")
    assert err.count("\n") == 1
