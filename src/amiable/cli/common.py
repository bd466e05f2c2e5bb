"""What commands share: arguments, names of scores, complaints in one line, tables, progress, standard input."""

from __future__ import annotations

import contextlib
import enum
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import Progress
from rich.table import Table

import amiable
from amiable import ContingencyTable
from amiable.files import FileError, Pairs

SCORES: dict[str, Callable[..., Any]] = {
    "ami": amiable.adjusted_mutual_info_score,
    "nmi": amiable.normalized_mutual_info_score,
    "ari": amiable.adjusted_rand_score,
    "ri": amiable.rand_score,
    "homogeneity": amiable.homogeneity_score,
    "completeness": amiable.completeness_score,
    "v": amiable.v_measure_score,
    "fmi": amiable.fowlkes_mallows_score,
    "mi": amiable.mutual_info_score,
    "smi": amiable.standardized_mutual_info_score,
    "vi": amiable.variation_of_information,
    "nvi": partial(amiable.variation_of_information, normalized=True),
}
UNITS = {"mi": "nats", "vi": "nats", "smi": "standard deviations"}  # of the others: none


class ScoreName(enum.StrEnum):
    """What `--score` takes: the keys of SCORES."""

    ami = "ami"
    nmi = "nmi"
    ari = "ari"
    ri = "ri"
    homogeneity = "homogeneity"
    completeness = "completeness"
    v = "v"
    fmi = "fmi"
    mi = "mi"
    smi = "smi"
    vi = "vi"
    nvi = "nvi"


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
    """Give the path of a file, or of a copy of standard input; whatever is wrong with it is said in one line."""
    try:
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
    except FileError as error:
        complain(str(error))


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
        typer.echo(f"amiable: warning: {in_columns(str(warning.message))}", err=True)
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


def axis_title(score: str) -> str:
    """Return the name of a score with its unit."""
    return f"{score} ({UNITS.get(score, 'no unit')})"


def write_figure(figure: Callable[[], Any], path: Path) -> None:
    """Write a figure as one page that needs nothing else."""
    try:
        page = figure().to_html(include_plotlyjs=True, full_html=True)
    except ModuleNotFoundError as error:
        complain(str(error))
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        complain(f"{path} could not be written: {error.strerror}")
