"""The command line: one command a module."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from amiable import __version__
from amiable.cli.common import visible
from amiable.cli.emi import emi
from amiable.cli.null import null
from amiable.cli.pairwise import pairwise
from amiable.cli.report import report
from amiable.cli.score import score

_UsageError: Any = typer.BadParameter.__base__  # of Click, which later versions of Typer bring along


def _with_flags(options: list[Any]) -> list[Any]:
    """Let the help of flags name no type of a value."""
    for option in options:
        if getattr(option, "is_flag", False):
            option.metavar = ""
    return options


class _Command(TyperCommand):
    """A command whose flags take no value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return options, that of help, too."""
        return _with_flags(super().get_params(ctx))


class _Commands(TyperGroup):
    """Commands whose errors are one line, and whose flags take no value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return options, those of completion and help, too."""
        return _with_flags(super().get_params(ctx))

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command as Typer does, but for what it says of a command line that it cannot read."""
        is_alone = options.pop("standalone_mode", True)
        options["standalone_mode"] = False
        if not is_alone:
            return super().main(*args, **options)
        try:
            status = super().main(*args, **options)
        except _UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()
                sys.exit(error.exit_code)
            command = error.ctx.command_path if error.ctx is not None else "amiable"
            said = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
            typer.echo(f"amiable: {visible(said)} (see {command} --help)", err=True)
            sys.exit(error.exit_code)
        except typer.Abort:
            typer.echo("amiable: interrupted", err=True)
            sys.exit(130)
        sys.exit(status if isinstance(status, int) else 0)


app = typer.Typer(
    cls=_Commands,
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
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Agreement of cluster labelings, corrected for chance."""


for _command in (score, report, pairwise, null, emi):
    app.command(cls=_Command)(_command)
