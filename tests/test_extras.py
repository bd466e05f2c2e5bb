"""Hints name what pyproject.toml asks for."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import pytest

from amiable._extras import hint

EXTRAS = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["optional-dependencies"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_command_installs_all_of_an_extra(extra):
    """It names the libraries themselves, wherever amiable came from."""
    found = hint("this", "that", extra)
    assert found.startswith("this needs that; install it with: pip install ")
    assert sorted(shlex.split(found.partition("pip install ")[2])) == sorted(EXTRAS[extra])
