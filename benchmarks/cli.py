"""The command line: how long commands take, against the library on the same labels in memory, or a promise."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from benchmarks.measure import Options
from benchmarks.report import Report, table, with_unit

ROOT = Path(__file__).parents[1]
TRUE = "truth"
RUNS = 3


class Timing(NamedTuple):
    """A command on a file, what it is compared with, and how long it may take."""

    name: str
    write: Callable[[Path], pl.DataFrame]
    command: tuple[str, ...]
    against: str
    peer: Callable[[Path, pl.DataFrame], float] | None
    bar: float  # times the peer, or seconds


def run(options: Options) -> Report:
    """Time each command and what it is compared with in turn, once what they need is compiled."""
    rows, cells = [], []
    for case in CASES:
        if options.match not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            seconds, peer = _best(case, Path(folder))
        rows.append({"case": case.name, "s": seconds, "peer_s": peer, "bar": case.bar})
        limit = f"≤ {case.bar:g} s" if peer is None else f"≤ {case.bar:g} times"
        ratio = "" if peer is None else f"{seconds / peer:.2g}"
        beside = "" if peer is None else with_unit(peer)
        cells.append([case.name, with_unit(seconds), case.against, beside, ratio, limit])
        print(" | ".join(cells[-1]), file=sys.stderr)
    heads = ["command", "time", "against", "time", "ratio", "bar"]
    text = [f"The best of {RUNS} runs of each side in turn, each a process of its own, with imports and reading."]
    return Report("The command line", [*text, "", *table(heads, cells)], rows)


def _best(case: Timing, folder: Path) -> tuple[float, float | None]:
    """Return the least time of a command, and of what it is compared with."""
    few, path, beside = (folder / name for name in ("few.csv", "labels.csv", "beside.csv"))
    frame = case.write(path)
    frame.head(50).select(frame.columns[:4]).write_csv(few)

    def command(given: Path) -> float:
        return _seconds(case.command[0], str(given), *case.command[1:], *_output(case, given))

    command(few)
    peer = case.peer
    times = [(command(path), None if peer is None else peer(beside, frame)) for _ in range(RUNS)]
    return min(seconds for seconds, _ in times), min((x for _, x in times if x is not None), default=None)


def _output(case: Timing, path: Path) -> list[str]:
    return ["-o", str(path.with_suffix(".html"))] if case.command[0] == "report" else []


def _seconds(*arguments: str) -> float:
    return _seconds_of("-m", "amiable", *arguments)


def _seconds_of(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - start


def _runs(path: Path, count: int, n: int, clusters: int, **others: Any) -> pl.DataFrame:
    """Write labelings that agree with the true one on half of the samples."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, clusters, n)
    found = (np.where(rng.random(n) < 0.5, truth, rng.integers(0, clusters, n)) for _ in range(count - 1))
    frame = pl.DataFrame({TRUE: truth, **{f"run_{i}": column for i, column in enumerate(found)}})
    frame.with_columns(**others).write_csv(path)
    return frame


def _library(path: Path, frame: pl.DataFrame) -> float:
    """Read and score every pair."""
    frame.write_csv(path)
    script = f"import amiable, polars; amiable.pairwise_scores(polars.read_csv({str(path)!r}))"
    return _seconds_of("-c", script)


def _without_id(path: Path, frame: pl.DataFrame) -> float:
    frame.write_csv(path)
    return _seconds("score", str(path), "--true", TRUE)


def _with_id(path: Path) -> pl.DataFrame:
    names = pl.int_range(10**6, eager=True).cast(pl.String).str.zfill(7)
    return _runs(path, 20, 10**6, 20, sample="s" + names)


CASES = (
    Timing(
        "pairwise, 300 columns x 2,000 rows",
        lambda path: _runs(path, 300, 2000, 10),
        ("pairwise", "--json"),
        "reading and `pairwise_scores`",
        _library,
        2,
    ),
    Timing(
        "score, 20 columns x 1e6 rows, and a text id",
        _with_id,
        ("score", "--true", TRUE),
        "the same without the id",
        _without_id,
        2,
    ),
    Timing(
        "report, 60 columns x 2,000 rows",
        lambda path: _runs(path, 61, 2000, 10),
        ("report", "--true", TRUE),
        "",
        None,
        15,
    ),
)
