"""Two git revisions of amiable against each other: `python -m benchmarks --revision A [B]`.

The sources of both are copied aside; the working tree is not touched. Each round starts a fresh process for each
revision and asks both in turn for bursts of every call. A round calls B slower where its median is above A's by more
than the floor and by more than bursts of one revision differ among themselves in that round. A call has regressed
where three quarters of the rounds say so, and again when it is measured a second time.
"""

from __future__ import annotations

import contextlib
import math
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inputs import Call
from benchmarks.places import NUMPY, TORCH, Place
from benchmarks.report import Report, table, with_unit, write
from benchmarks.worker import ROOT, Worker

AMI, EMI, COUNT = "adjusted_mutual_info_score", "expected_mutual_information", "ContingencyTable.from_labels"
CALLS = {
    "AMI, n = 1e2, 10 x 10": Call(AMI, 10**2),
    "AMI, n = 1e4, 10 x 10": Call(AMI, 10**4),
    "AMI, n = 1e6, 10 x 10": Call(AMI, 10**6),
    "AMI, n = 1e5, 100 x 100": Call(AMI, 10**5, 100, 100),
    "ARI, n = 1e4, 10 x 10": Call("adjusted_rand_score", 10**4),
    "NMI, n = 1e6, 100 x 100": Call("normalized_mutual_info_score", 10**6, 100, 100),
    "EMI, n = 1e6, 10 x 10": Call(EMI, 10**6),
    "EMI, n = 1e9, 1000 x 1000": Call(EMI, 10**9, 1000, 1000),
    "counting, n = 1e6, 10 x 10, int8": Call(COUNT, 10**6, dtype="int8"),
    "counting, n = 1e6, 1000 x 1000": Call(COUNT, 10**6, 1000, 1000),
    "AMI, 100 labelings of n = 1e3": Call(AMI, 10**3, batch=100),
    "AMI, all pairs of 20 labelings of n = 1e3": Call("pairwise_scores", 10**3, batch=20),
}
FLOOR = math.log(1.1)  # what is less than a tenth slower is no regression, however sure
MOST = 0.75  # of the rounds
BURSTS = 5  # of each revision in a round


def compare_revisions(revisions: list[str], place: Place, rounds: int, match: str, output: Path) -> int:
    """Print and write a table; return 1 where B is slower beyond noise or gives other results."""
    places = (NUMPY, TORCH) if place == NUMPY else (place,)
    calls = {f"{name}, {p.library}": (call, p) for p in places for name, call in CALLS.items() if match in name}
    with sources_of(revisions[0]) as first, sources_of(revisions[1] if len(revisions) > 1 else None) as second:
        found = measure(calls, (first, second), rounds)
        suspects = {name: calls[name] for name, row in found.items() if row["verdict"] == "slower"}
        again = measure(suspects, (first, second), rounds) if suspects else {}
    for name, row in again.items():
        if row["verdict"] != "slower":
            row["verdict"] = "slower once, not again"
        found[name] = row
    heads = ["call", "A", "B", "B / A", "noise", "rounds slower", "verdict"]
    known = [*revisions, "the working tree"][1]
    lines = table(heads, [cells(name, row) for name, row in found.items()])
    report = Report(f"Two revisions: A is {revisions[0]}, B is {known}", lines, found)
    write(report, f"revisions-{slug(revisions[0])}-{slug(known)}", place, output)
    return int(any(row["verdict"] in ("slower", "RESULTS DIFFER") for row in found.values()))


@contextlib.contextmanager
def sources_of(revision: str | None) -> Iterator[Path]:
    """Copy the package of a git revision, or of the working tree, to where it can be imported from."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        if revision is None:
            shutil.copytree(ROOT / "src" / "amiable", folder / "amiable")
        else:
            command = ["git", "-C", str(ROOT), "archive", f"{revision}:src"]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
            if done.returncode:  # git has said why
                sys.exit(2)
            with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
                archive.extractall(folder, filter="data")
        (folder / "amiable-0.dist-info").mkdir()  # the package asks for its own version
        (folder / "amiable-0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: amiable\nVersion: 0\n")
        yield folder


def measure(calls: dict[str, tuple[Call, Place]], sources: tuple[Path, Path], rounds: int) -> dict[str, dict[str, Any]]:
    """Return what the rounds found of each call, and the verdict."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in calls}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}, {len(calls)} calls", file=sys.stderr)
        with Worker(sources[0]) as first, Worker(sources[1]) as second:
            for name, (call, place) in calls.items():
                found[name].append(one_round((first, second), call, place))
    return {name: judge(rows) for name, rows in found.items()}


def one_round(workers: tuple[Worker, Worker], call: Call, place: Place) -> dict[str, Any]:
    """Ask both workers in turn; return the log of their ratio, and the noise: how far bursts of one are apart."""
    answers: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for turn in range(BURSTS):
        for side in (0, 1) if turn % 2 else (1, 0):
            answers[side].append(workers[side].ask(call, place))
    missing = {side: known[0]["missing"] for side, known in zip("AB", answers, strict=True) if "missing" in known[0]}
    if missing:
        return {"missing": "; ".join(f"{side}: {why}" for side, why in missing.items())}
    seconds = np.asarray([[answer["seconds"] for answer in known] for known in answers])
    low, middle, high = np.quantile(np.log(seconds), [0.25, 0.5, 0.75], axis=1)
    sums = [known[0]["checksum"] for known in answers]
    return {
        "seconds": np.exp(middle),
        "log_ratio": middle[1] - middle[0],
        "noise": max(high - low),
        "same": math.isclose(*sums, rel_tol=1e-6, abs_tol=1e-12),
    }


def judge(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the rounds of one call."""
    if "missing" in rows[0]:
        return {"verdict": f"skipped, missing in {rows[0]['missing']}"}
    ratios = np.asarray([row["log_ratio"] for row in rows])
    bars = np.asarray([max(FLOOR, row["noise"]) for row in rows])
    slower, faster = np.mean(ratios > bars), np.mean(-ratios > bars)
    verdict = "slower" if slower >= MOST else "faster" if faster >= MOST else "same"
    return {
        "seconds": np.median([row["seconds"] for row in rows], axis=0).tolist(),
        "ratio": float(np.exp(np.median(ratios))),
        "noise": float(np.expm1(np.median([row["noise"] for row in rows]))),
        "slower": f"{sum(ratios > bars)} of {len(rows)}",
        "verdict": verdict if all(row["same"] for row in rows) else "RESULTS DIFFER",
    }


def slug(revision: str) -> str:
    """Return what of a revision's name may stand in that of a file."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", revision).strip("-")


def cells(name: str, row: dict[str, Any]) -> list[str]:
    """Return one row of the table as text."""
    if "ratio" not in row:
        return [name, "", "", "", "", "", row["verdict"]]
    times = [with_unit(seconds) for seconds in row["seconds"]]
    return [name, *times, f"{row['ratio']:.2f}", f"{row['noise']:.0%}", row["slower"], row["verdict"]]
