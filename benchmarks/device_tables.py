"""The tables of the subject `device`: its rows, which are dictionaries, as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.measure import agrees, cell_of_error, cell_of_runs, cells_of_times
from benchmarks.places import NUMPY, Place
from benchmarks.report import Report, table, with_unit, without_paths


def broken(of_table: str, case: str, error: Exception) -> dict[str, Any]:
    """Return a row that says what went wrong."""
    message = (str(error).strip().splitlines() or [""])[0]
    return {"table": of_table, "case": case, "missing": without_paths(f"{type(error).__name__}: {message}")}


def judged(
    row: dict[str, Any], found: float, unit: str, bar: float | None, *, at_most: bool = False, events: bool = False
) -> dict[str, Any]:
    """Add to a comparison what its bar is for."""
    return {**row, "table": "calls", "found": found, "unit": unit, "bar": bar, "at_most": at_most, "events": events}


def report_of(rows: list[dict[str, Any]], place: Place) -> Report:
    """Return what is known so far: a table for each kind of row."""
    written = [f"What runs on the processor runs on: {NUMPY.hardware()}.", "", *ABOUT]
    if place.device == "cpu":
        written += ["The sizes are those for a processor, for which there are no bars.", ""]
    for kind, (title, heads, cells) in TABLES.items():
        chosen = [cells(row) for row in rows if row["table"] == kind]
        written += [f"## {title}", "", *table(heads, chosen)] if chosen else []
    return Report("On a device", written, rows, [failure for row in rows if (failure := failure_of(row))])


def failure_of(row: dict[str, Any]) -> str | None:
    """Say what makes the run fail: other results, or a break; not a peer that is not installed, nor a bar."""
    if "missing" in row:
        return None if row.get("peer") else f"{row['case']} ({row['missing']})"
    if row["table"] == "memory" or agrees(row):
        return None
    return f"{row['case']}: {row['peer']}" if row["table"] == "kernels" else row["case"]


def cells_of_call(row: dict[str, Any]) -> list[str]:
    """Return a row of the first table as text."""
    if "missing" in row:
        return [row["case"], row.get("peer", ""), f"missing: {row['missing']}", *[""] * 7]
    found = written(row["found"], row["unit"])
    if row["unit"] == "%":
        read = row["bytes"] / row["amiable_s"][1] / 1e9
        found += f" of the copy's bandwidth: {read:,.4g} GB/s read; copy's time / amiable's {row['ratio']:.3g}"
    times, runs, error = cells_of_times(row), cell_of_runs(row), cell_of_error(row)
    clock = "events" if row["events"] else "wall"
    return [row["case"], row["peer"], *times, found, *cells_of_bar(row), error, runs, clock]


def written(x: float, unit: str) -> str:
    """Write what a bar is for."""
    if unit == "s":
        return with_unit(x)
    return f"{100 * x:.3g} %" if unit == "%" else f"{x:,.3g}" if x < 1000 else f"{x:,.0f}"


def cells_of_bar(row: dict[str, Any]) -> list[str]:
    """Return the bar, and whether it is met."""
    if row["bar"] is None:
        return ["", ""]
    met = row["found"] <= row["bar"] if row["at_most"] else row["found"] >= row["bar"]
    return [f"{'≤' if row['at_most'] else '≥'} {written(row['bar'], row['unit'])}", "yes" if met else "**no**"]


def cells_of_memory(row: dict[str, Any]) -> list[str]:
    """Return a row of the table of peaks as text."""
    sizes = [f"{row[name] / 1e6:,.4g} MB" for name in ("inputs", "result", "bytes")]
    if row["bar"] is None:
        return [row["case"], *sizes, "", ""]
    return [row["case"], *sizes, f"≤ {row['bar'] / 1e6:,.4g} MB", "yes" if row["bytes"] <= row["bar"] else "**no**"]


def cells_of_kernels(row: dict[str, Any]) -> list[str]:
    """Return a row of the table of kernels as text."""
    if "missing" in row:
        return [row["case"], f"missing: {row['missing']}", *[""] * 4]
    return [row["case"], *cells_of_times(row), f"{row['ratio']:.3g}", cell_of_error(row), cell_of_runs(row)]


ABOUT = [
    '"Wall" is the time from a call until the device is done; "events" is the time between two events on the device,',
    "one before the call and one after it. Counting is judged by the bytes of labels that it reads a second, as a",
    "share of the bytes that the copy reads and writes a second: as a copy moves each byte twice, that is half of the",
    "copy's time / amiable's. Short labels are several sets in turn; the device's cache may hold all of them.",
    "",
]
TABLES: dict[str, tuple[str, list[str], Callable[[dict[str, Any]], list[str]]]] = {
    "calls": (
        "Calls",
        ["call", "beside", "amiable", "its time", "found", "bar", "met", "difference", "runs", "clock"],
        cells_of_call,
    ),
    "memory": (
        "Peak memory beside the inputs",
        ["call", "inputs", "result", "peak", "bar: 30 temporaries of a block, and the result", "met"],
        cells_of_memory,
    ),
    "kernels": (
        "Compiled kernels and array kernels",
        ["call", "amiable", "by array kernels", "their time / amiable's", "difference", "runs"],
        cells_of_kernels,
    ),
}
