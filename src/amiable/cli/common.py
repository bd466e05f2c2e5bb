"""What commands share: arguments, complaints in one line, tables, progress, standard input, files written."""

from __future__ import annotations

import contextlib
import enum
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import Progress
from rich.table import Table

from amiable import ContingencyTable
from amiable.catalogue import SCORES
from amiable.files import FileError, Pairs

ScoreName = enum.StrEnum("ScoreName", {name: name for name in SCORES})  # type: ignore[misc]  # what --score takes
AMI = ScoreName("ami")


class Format(enum.StrEnum):
    """Of what comes from standard input."""

    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"


File = Annotated[
    Path,
    typer.Argument(
        help="CSV, TSV, Parquet, NPY or NPZ file, one labeling a column; - for standard input.", allow_dash=True
    ),
]
StandardInput = Annotated[Format, typer.Option("--format", help="Of standard input.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@contextlib.contextmanager
def opened(file: Path, of_input: Format) -> Iterator[Path]:
    """Give the path of a file, or of a copy of standard input; say in one line what is wrong, and once what is odd."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            with _path(file, of_input) as path:
                yield path
        # of a column in many pairs, the numbers behind the colon differ
        found = {str(warning.message).partition(":")[0]: str(warning.message) for warning in reversed(caught)}
        for message in reversed(found.values()):
            typer.echo(f"amiable: warning: {message}", err=True)
    except FileError as error:
        complain(str(error))


@contextlib.contextmanager
def _path(file: Path, of_input: Format) -> Iterator[Path]:
    if str(file) != "-":
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"input.{of_input.value}"
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        try:
            yield path
        except FileError as error:
            raise FileError(str(error).replace(str(path), "standard input")) from error


def complain(message: str) -> NoReturn:
    """Say what is wrong, in one line, and exit with status 2."""
    typer.echo(f"amiable: {message}", err=True)
    raise typer.Exit(2)


def table_of(pairs: Pairs, true: str, pred: str) -> ContingencyTable:
    """Return the table of two columns; complaints and warnings say columns where the library says arguments."""

    def in_columns(message: str) -> str:
        return message.replace("labels_true", f"column {true!r}").replace("labels_pred", f"column {pred!r}")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            table = ContingencyTable.from_cells(*pairs)
        except (ValueError, TypeError) as error:
            raise FileError(in_columns(str(error))) from error
    for warning in caught:
        warnings.warn(in_columns(str(warning.message)), stacklevel=2)
    return table


def print_table(title: str, headings: list[str], rows: list[list[str]], note: str = "") -> None:
    """Print a table whose first column is text; a line too long for the terminal is the terminal's to wrap."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(escape(heading), justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    console = Console(highlight=False)
    console.width = max(console.width, Measurement.get(console, console.options.update(width=10**6), table).maximum)
    console.print(escape(title), soft_wrap=True)
    console.print(table)
    if note:
        console.print(escape(note), soft_wrap=True)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function of the number of steps done and of all, shown where somebody looks at the terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, n_all: bar.update(task, completed=done, total=n_all)


def check_writable(path: Path) -> None:
    """Complain of a path that cannot be written, before the work that is to be written there."""
    if path.is_dir():
        complain(f"{path} could not be written: it is a folder, expected the path of a file")
    if not path.parent.is_dir():
        complain(f"{path} could not be written: the folder {path.parent} does not exist")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        complain(f"{path} could not be written: permission denied")


def write_page(page: Callable[[], str], path: Path) -> None:
    """Write a page of HTML; say what to install where a library that makes it is missing."""
    try:
        text = page()
    except ModuleNotFoundError as error:
        complain(str(error))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        complain(f"{path} could not be written: {error.strerror}")


def write_figure(figure: Callable[[], Any], path: Path) -> None:
    """Write a figure as one page that needs nothing else."""
    write_page(lambda: figure().to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False}), path)
