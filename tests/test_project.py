"""What the project says of itself is true: the reference, the records, the versions."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from amiable.scores.registry import RECORDS, SCORES, function_of

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="needs a checkout")


def names_in_the_reference() -> set[str]:
    found, module = set(), ""
    for line in (ROOT / "docs" / "api.md").read_text().splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif re.fullmatch(r"   ~?[\w.]+", line):
            found.add(f"{module}.{line.strip().lstrip('~')}")
    return found


def test_every_public_name_stands_in_the_reference_and_nothing_else():
    for name in ("torch", "plotly", "jinja2", "dask"):
        pytest.importorskip(name)
    public = set()
    for name in ("amiable", "amiable.torch", "amiable.plot", "amiable.report", "amiable.dask"):
        public |= {f"{name}.{public}" for public in importlib.import_module(name).__all__}
    assert names_in_the_reference() == public


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"\nversion: {project['version']}\n" in (ROOT / "CITATION.cff").read_text()
    assert importlib.import_module("amiable").__version__ == project["version"]


def test_the_readme_fits_a_screen_or_two():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 120
    assert len(text.split()) <= 900


def test_records_have_names_of_their_own():
    for names in ([r.short_name for r in RECORDS], [r.name for r in RECORDS], [r.heading for r in RECORDS]):
        assert len(set(names)) == len(names)
    for record in SCORES.values():
        assert function_of(record.short_name) is function_of(record.name) is record.function
        assert record.low < record.high
        assert record.meaning.endswith(".")


def test_options_that_break_symmetry_are_options():
    for record in RECORDS:
        assert set(record.symmetric_options) <= set(record.options)
        for name, values in record.symmetric_options.items():
            assert record.options[name].default == values[0]
