"""Time amiable and a peer alternately on the same inputs, and compare their results while at it."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import amiable
from benchmarks import peers
from benchmarks.places import NUMPY, Place, to_host
from benchmarks.report import Report, table, with_unit, without_paths


@dataclass(frozen=True)
class Options:
    """What the command line asked for."""

    place: Place
    repeats: int
    seconds: float
    match: str
    output: Path


def largest_difference(ours: Any, theirs: Any) -> float:
    """Return the largest absolute difference of two results."""
    return float(np.max(np.abs(to_host(ours) - to_host(theirs))))


@dataclass(frozen=True)
class Case:
    """Two ways to the same result.

    `ours(*inputs)` and `theirs(module of the peer, *inputs)` are called, or the functions of these names. `error`
    says how far two results are apart. Where the peer does only `part` of the work, e.g. (200, 19900), its time
    is scaled up.
    """

    name: str
    peer: str
    draw: Callable[[], tuple[np.ndarray, ...]]
    ours: str | Callable[..., Any]
    theirs: str | Callable[..., Any]
    bar: float | None = None
    at_most: bool = False  # the ratio is amiable's time / the peer's, and the bar its upper limit
    tolerance: float = 1e-8
    error: Callable[[Any, Any], float] = largest_difference
    part: tuple[int, int] = (1, 1)
    place: Place = NUMPY


def timed(call: Callable[[], Any], place: Place) -> tuple[float, Any]:
    """Return seconds and result of one call, the device's work included."""
    start = time.perf_counter()
    result = call()
    place.wait(result)
    return time.perf_counter() - start, result


def compare(case: Case, options: Options) -> dict[str, Any]:
    """Measure one case; a peer that cannot be imported is named in place of its times."""
    try:
        module = peers.load(case.peer)
        host = case.draw()
        here = tuple(case.place.put(x) for x in host)
    except ImportError as error:
        return {"case": case.name, "peer": case.peer, "at_most": case.at_most, "missing": without_paths(str(error))}
    case.place.wait(here)
    ours = getattr(amiable, case.ours) if isinstance(case.ours, str) else case.ours
    theirs = getattr(module, case.theirs) if isinstance(case.theirs, str) else partial(case.theirs, module)
    arrays = here if peers.PEERS[case.peer].same_arrays else host
    times, worst = _alternate(case, partial(ours, *here), partial(theirs, *arrays), options)
    scale = case.part[1] / case.part[0]
    spread = {side: _quartiles(found, scale if side == "peer" else 1) for side, found in times.items()}
    ratio = spread["peer"][1] / spread["amiable"][1]
    return {
        "case": case.name,
        "peer": case.peer,
        "amiable_s": spread["amiable"],
        "peer_s": spread["peer"],
        "ratio": 1 / ratio if case.at_most else ratio,
        "bar": case.bar,
        "at_most": case.at_most,
        "runs": [len(times["amiable"]), len(times["peer"])],
        "part": case.part,
        "error": worst,
        "tolerance": case.tolerance,
    }


def _alternate(
    case: Case, ours: Callable[[], Any], theirs: Callable[[], Any], options: Options
) -> tuple[dict[str, list[float]], float]:
    """Call both sides in turn: each up to `repeats` times, but no more once it has taken `seconds`.

    The first round warms up; a peer's first call counts if it took a second, beside which warming up is nothing.
    """
    times: dict[str, list[float]] = {"amiable": [], "peer": []}
    results: dict[str, Any] = {}
    errors = []
    for warm in (False, *(True,) * options.repeats):
        for side, call in (("amiable", ours), ("peer", theirs)):
            if times[side] and (sum(times[side]) > options.seconds or len(times[side]) == options.repeats):
                continue
            elapsed, results[side] = timed(call, case.place)
            if warm or (side == "peer" and elapsed > 1):
                times[side].append(elapsed)
        errors.append(case.error(results["amiable"], results["peer"]))
    return times, float(np.max(errors))  # NaN if any is


def _quartiles(times: list[float], scale: float) -> list[float]:
    """Return the quartiles; the second is the median."""
    if len(times) == 1:
        return [times[0] * scale] * 3
    return [q * scale for q in statistics.quantiles(times, n=4, method="inclusive")]


def agrees(row: dict[str, Any]) -> bool:
    """Whether both sides gave the same result; NaN is not the same."""
    return "missing" in row or row["error"] <= row["tolerance"]


def compare_all(title: str, cases: Iterable[Case], options: Options) -> Report:
    """Measure the cases one after another."""
    rows = []
    for case in cases:
        if options.match in case.name:
            rows.append(compare(case, options))
            print(" | ".join(_cells(rows[-1])), file=sys.stderr)
    lines = []
    for at_most, ratio in ((False, "peer / amiable"), (True, "amiable / peer")):
        chosen = [_cells(row) for row in rows if row["at_most"] is at_most]
        heads = ["case", "peer", "amiable", "peer's time", ratio, "bar", "difference", "runs"]
        lines += table(heads, chosen) if chosen else []
    return Report(title, lines, rows, [row["case"] for row in rows if not agrees(row)])


def _cells(row: dict[str, Any]) -> list[str]:
    """Return one row of the table as text."""
    if "missing" in row:
        return [row["case"], row["peer"], "", f"missing: {row['missing']}", "", "", "", ""]
    times = [
        with_unit(median, *((low, high) if runs > 2 else ()))
        for (low, median, high), runs in zip((row["amiable_s"], row["peer_s"]), row["runs"], strict=True)
    ]
    if row["part"] != (1, 1):
        times[1] += ", timed on {:,} of {:,} and scaled".format(*row["part"])
    bar = "" if row["bar"] is None else f"{'≤' if row['at_most'] else '≥'} {row['bar']:,g}"
    ratio = f"{row['ratio']:,.3g}" if row["ratio"] < 1000 else f"{row['ratio']:,.0f}"
    error = f"{row['error']:.1g}" if agrees(row) else f"RESULTS DIFFER by {row['error']:.3g}"
    return [row["case"], row["peer"], *times, ratio, bar, error, "{} / {}".format(*row["runs"])]
