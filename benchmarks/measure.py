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


def timed(call: Callable[[], Any], place: Place, *, events: bool = False) -> tuple[float, Any]:
    """Return seconds and result of one call, the device's work included; with `events`, by the device's own clock."""
    if events and place.has_events:
        stop = place.stopwatch()
        result = call()
        return stop(), result
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
    calls = {"amiable": partial(ours, *here), "peer": partial(theirs, *arrays)}
    times, worst = alternate(
        calls, lambda found: case.error(found["amiable"], found["peer"]), options, partial(timed, place=case.place)
    )
    row = summary(case.name, case.peer, times, case.part)
    ratio = 1 / row["ratio"] if case.at_most else row["ratio"]
    judged = {"bar": case.bar, "at_most": case.at_most, "error": worst, "tolerance": case.tolerance}
    return {**row, "ratio": ratio, **judged}


def alternate(
    calls: dict[str, Callable[[], Any]],
    error: Callable[[dict[str, Any]], float],
    options: Options,
    clock: Callable[[Callable[[], Any]], tuple[float, Any]],
) -> tuple[dict[str, list[float]], float]:
    """Call all sides in turn: each up to `repeats` times, but no more once it has taken `seconds`.

    The first round warms up; the first call of a side other than the first counts if it took a second, beside which
    warming up is nothing. Returns the times of each, and the largest `error` of the results of a round.
    """
    times: dict[str, list[float]] = {side: [] for side in calls}
    results: dict[str, Any] = {}
    errors = []
    ours = next(iter(calls))
    for warm in (False, *(True,) * options.repeats):
        for side, call in calls.items():
            if times[side] and (sum(times[side]) > options.seconds or len(times[side]) == options.repeats):
                continue
            elapsed, results[side] = clock(call)
            if warm or (side != ours and elapsed > 1):
                times[side].append(elapsed)
        errors.append(error(results))
    return times, float(np.max(errors))  # NaN if any is


def summary(case: str, peer: str, times: dict[str, list[float]], part: tuple[int, int] = (1, 1)) -> dict[str, Any]:
    """Return quartiles of the times of amiable and, if there is one, of a peer that did `part` of the work."""
    ours, *others = times.values()
    theirs = quartiles(others[0], part[1] / part[0]) if others else None
    found = quartiles(ours)
    return {
        "case": case,
        "peer": peer,
        "amiable_s": found,
        "peer_s": theirs,
        "ratio": theirs[1] / found[1] if theirs else None,
        "runs": [len(side) for side in times.values()],
        "part": part,
    }


def quartiles(times: list[float], scale: float = 1) -> list[float]:
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
            print(" | ".join(cells(rows[-1])), file=sys.stderr)
    lines = []
    for at_most, ratio in ((False, "peer / amiable"), (True, "amiable / peer")):
        chosen = [cells(row) for row in rows if row["at_most"] is at_most]
        heads = ["case", "peer", "amiable", "peer's time", ratio, "bar", "difference", "runs"]
        lines += table(heads, chosen) if chosen else []
    return Report(title, lines, rows, [row["case"] for row in rows if not agrees(row)])


def cells(row: dict[str, Any]) -> list[str]:
    """Return one row of the table as text."""
    if "missing" in row:
        return [row["case"], row["peer"], "", f"missing: {row['missing']}", "", "", "", ""]
    bar = "" if row["bar"] is None else f"{'≤' if row['at_most'] else '≥'} {row['bar']:,g}"
    ratio = f"{row['ratio']:,.3g}" if row["ratio"] < 1000 else f"{row['ratio']:,.0f}"
    return [row["case"], row["peer"], *cells_of_times(row), ratio, bar, cell_of_error(row), cell_of_runs(row)]


def cells_of_times(row: dict[str, Any]) -> list[str]:
    """Return amiable's times and the peer's as text; the latter is empty where there is no peer."""
    sides = [side for side in (row["amiable_s"], row["peer_s"]) if side is not None]
    times = [
        with_unit(median, *((low, high) if runs > 2 else ()))
        for (low, median, high), runs in zip(sides, row["runs"], strict=True)
    ]
    if row["part"] != (1, 1):
        times[1] += ", timed on {:,} of {:,} and scaled".format(*row["part"])
    return times if len(times) == 2 else [*times, ""]


def cell_of_error(row: dict[str, Any]) -> str:
    """Return how far the results are apart as text."""
    return f"{row['error']:.1g}" if agrees(row) else f"RESULTS DIFFER by {row['error']:.3g}"


def cell_of_runs(row: dict[str, Any]) -> str:
    """Return how often each side ran as text."""
    return " / ".join(map(str, row["runs"]))
