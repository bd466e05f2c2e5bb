"""What commands share: arguments, complaints in one line, tables, progress, standard input, files written."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import secrets
import shutil
import sys
import tempfile
import unicodedata
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

from amiable.files import FileError
from amiable.scores.registry import SCORES, Score, record_called

_DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class Format(enum.StrEnum):
    """Of what comes from standard input."""

    csv = "csv"
    tsv = "tsv"
    parquet = "parquet"


# what --missing takes
Missing = enum.StrEnum("Missing", {"raise": "raise", "drop": "drop"})
RAISE = Missing("raise")


class Noise(enum.StrEnum):
    """What -1 among predicted labels means."""

    cluster = "cluster"
    drop = "drop"
    singletons = "singletons"


def score_called(name: str) -> Score:
    """Return the record of a score by its name or short name."""
    record = record_called(name)
    if record is None:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, SCORES))} or their functions' names.")
    return record


ScoreOption = Annotated[
    Score,
    typer.Option(
        "--score",
        parser=score_called,
        metavar="NAME",
        help=f"What is computed: {', '.join(SCORES)}, or a function's name. Rows are true labels, where sides differ.",
    ),
]
AMI: Any = "ami"  # made a record as what is typed is

File = Annotated[
    Path,
    typer.Argument(
        help="CSV, TSV, Parquet, NPY or NPZ file, one labeling a column; - for standard input.", allow_dash=True
    ),
]
MissingOption = Annotated[
    Missing,
    typer.Option("--missing", help="Rows that lack a label: raise an error, or drop them, of each two columns anew."),
]
IgnoreTrue = Annotated[
    list[str] | None,
    typer.Option("--ignore-true", metavar="LABEL", help="Leave out rows with this true label; may be given again."),
]
IgnorePred = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-pred", metavar="LABEL", help="Leave out rows with this predicted label; may be given again."
    ),
]
NoiseOption = Annotated[
    Noise | None,
    typer.Option(
        "--noise",
        help="What -1 among predicted labels is: one cluster, rows to drop, or singletons, each a cluster of its own. "
        "Default: cluster.",
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
            typer.echo(f"amiable: warning: {visible(message)}", err=True)
    except FileError as error:
        complain(str(error))


@contextlib.contextmanager
def _path(file: Path, of_input: Format) -> Iterator[Path]:
    if str(file) != "-" and not (file.is_fifo() or file.is_char_device()):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"input.{of_input.value}"
        source = contextlib.nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")
        with path.open("wb") as copy, source as given:
            shutil.copyfileobj(given, copy)
        try:
            yield path
        except FileError as error:
            name = "standard input" if str(file) == "-" else str(file)
            raise FileError(str(error).replace(str(path), name)) from error


def shown_pvalue(pvalue: float) -> str:
    """Return a p-value as text; never 0, which none is."""
    return f"{pvalue:.2g}" if pvalue >= 1e-16 else "< 1e-16"


def complain(message: str) -> NoReturn:
    """Say what is wrong, in one line, and exit with status 2."""
    typer.echo(f"amiable: {visible(message)}", err=True)
    raise typer.Exit(2)


def visible(text: str) -> str:
    """Return text with control characters, and marks that turn its direction, written out as escapes."""
    return "".join(c if c == " " or _is_shown(c) else c.encode("unicode_escape").decode() for c in text)


def _is_shown(c: str) -> bool:
    return unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") and c not in _DIRECTION_MARKS


def of_identifier(name: str) -> str:
    """Say what a column of identifiers is."""
    return f"{name!r} has a label of its own for nearly every sample, as an id or index has, and is no clustering."


def print_table(title: str, headings: list[str], rows: list[list[str]], *notes: str) -> None:
    """Print a table whose first column is text; a line too long for the terminal is the terminal's to wrap."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(_literal(heading), justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(_literal, row))
    console = Console(highlight=False)
    console.width = max(console.width, Measurement.get(console, console.options.update(width=10**6), table).maximum)
    console.print(_literal(title), soft_wrap=True)
    console.print(table)
    for note in notes:
        console.print(_literal(note), soft_wrap=True)


def _literal(text: str) -> str:
    return escape(visible(text))


def print_json(found: Any) -> None:
    """Print JSON for machines; what a terminal would not show is escaped."""
    text = json.dumps(found, indent=2, ensure_ascii=False)
    typer.echo("".join(c if c == "\n" or _is_shown(c) else f"\\u{ord(c):04x}" for c in text))


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function of the number of steps done and of all, shown where somebody looks at the terminal."""
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, n_all: bar.update(task, completed=done, total=n_all)


def check_writable(path: Path, source: Path) -> None:
    """Complain of a path that cannot be written, or is the input's, before the work that is to be written there."""
    if path.exists() and source.exists() and path.samefile(source):
        complain(f"{path} could not be written: it is the input, expected another path")
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
        _replace(path, text)
    except OSError as error:
        complain(f"{path} could not be written: {error.strerror}")


def _replace(path: Path, text: str) -> None:
    """Write text beside a file, or what a link leads to, and put it in its place once it is whole."""
    target = path.resolve()
    if (target.exists() and not target.is_file()) or not os.access(target.parent, os.W_OK):
        path.write_text(text, encoding="utf-8")  # a pipe or a terminal; a file that nothing can be put beside
        return
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        beside.write_text(text, encoding="utf-8")
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def write_figure(figure: Callable[[], Any], path: Path) -> None:
    """Write a figure as one page that needs nothing else."""
    write_page(lambda: figure().to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False}), path)
