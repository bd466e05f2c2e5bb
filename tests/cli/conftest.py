"""The command line, run as a person would run it."""

from __future__ import annotations

import pytest


@pytest.fixture
def run():
    """Run `amiable` with arguments; return exit status, standard output and standard error."""
    testing = pytest.importorskip("typer.testing")
    pytest.importorskip("polars")
    from amiable.cli import app

    def invoke(*args, stdin=None):
        result = testing.CliRunner().invoke(app, [str(a) for a in args], input=stdin, prog_name="amiable")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return invoke
