"""Tables for people and JSON for programs."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers import versions
from benchmarks.places import Place


@dataclass(frozen=True)
class Report:
    """What one subject found: Markdown lines, numbers, and what makes the run fail."""

    title: str
    lines: list[str]
    numbers: Any
    failures: list[str] = field(default_factory=list)
    place: Place | None = None  # where that is another than was asked for


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in Markdown, with an empty line after it."""
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in (heads, *rows)]
    return [lines[0], "|---" * len(heads) + "|", *lines[1:], ""]


def with_unit(seconds: float, *limits: float) -> str:
    """Write a time with three digits, and limits in the same unit beside it."""
    units = (("s", 1), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9))
    unit, factor = next(((u, f) for u, f in units if seconds * f >= 1), units[-1])
    text, *others = (f"{x * factor:.3g}" if x < 1000 else f"{x:.0f}" for x in (seconds, *limits))
    return f"{text} {unit}" + (f" ({' - '.join(others)})" if others else "")


def without_paths(message: str) -> str:
    """Leave the places of files on this machine out of an error message."""
    return re.sub(r"\(?(/[^\s/]+){2,}\)?", "...", message)


def power(x: float) -> str:
    """Write a round number: 1e6, 2e4."""
    return f"{x:.0e}".replace("+0", "").replace("+", "")


def write(report: Report, subject: str, place: Place, output: Path) -> None:
    """Print a report and write it beside its numbers."""
    print(save(report, subject, place, output))


def save(report: Report, subject: str, place: Place, output: Path) -> str:
    """Write a report beside its numbers; return its text."""
    known = {**versions(), **place.versions(), "python": platform.python_version()}
    measured = report.place or place
    where = f"{measured.library} on {measured.hardware()}"
    lines = [f"# {report.title}", "", f"{where}; {', '.join(f'{k} {v}' for k, v in known.items())}.", ""]
    text = "\n".join([*lines, *report.lines]).rstrip() + "\n"
    output.mkdir(parents=True, exist_ok=True)
    stem = output / f"{subject}{place.suffix()}"
    found = {"subject": subject, "place": where, "versions": known, "results": report.numbers}
    stem.with_name(stem.name + ".md").write_text(text)
    stem.with_name(stem.name + ".json").write_text(json.dumps(found, indent=1) + "\n")
    return text
