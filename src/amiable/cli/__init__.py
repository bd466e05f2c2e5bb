"""The command line: one command a module."""

from __future__ import annotations

from typing import Annotated

import typer

from amiable import __version__
from amiable.cli.emi import emi
from amiable.cli.null import null
from amiable.cli.pairwise import pairwise
from amiable.cli.report import report
from amiable.cli.score import score

app = typer.Typer(
    name="amiable",
    help="Agreement of cluster labelings, corrected for chance.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"amiable {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Agreement of cluster labelings, corrected for chance."""


for _command in (score, report, pairwise, null, emi):
    app.command()(_command)
