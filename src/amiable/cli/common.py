"""What commands share: arguments, complaints in one line, tables, progress, standard input, files written."""

from __future__ import annotations

import contextlib
import enum
import html
import json
import os
import secrets
import shutil
import sys
import tempfile
import textwrap
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_args

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from amiable.files import FORMATS, FileError, Labelings, Reading, opened
from amiable.resampling.permutation import Alternative as Alternatives
from amiable.scores.registry import SCORES, Score, record_called

_HEADING = 18  # characters of a line of the name of a column, where a table is too wide
_DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


# what --format takes
Format = enum.StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]
# what --missing takes
Missing = enum.StrEnum("Missing", {"raise": "raise", "drop": "drop"})
RAISE = Missing("raise")


# what --alternative takes
Alternative = enum.StrEnum("Alternative", {name: name for name in get_args(Alternatives)})  # type: ignore[misc]


class Noise(enum.StrEnum):
    """What -1 among predicted labels means."""

    cluster = "cluster"
    drop = "drop"
    singletons = "singletons"


def score_called(name: str, option: str = "--score") -> Score:
    """Return the record of a score by its name or short name."""
    record = record_called(name.strip().lower())
    if record is None:
        expected = f"{', '.join(SCORES)}, or the name of one of their functions"
        raise typer.BadParameter(f"{name!r} is not one of {expected}", param_hint=repr(option))
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

_ROWS = "Which rows"
_READING = "How the file is read"

File = Annotated[
    Path,
    typer.Argument(
        help="Text (CSV or the like), Parquet, Arrow, JSON Lines, Excel, NPY, NPZ or H5AD file, one labeling a "
        "column, maybe compressed; - for standard input.",
        allow_dash=True,
    ),
]
TrueOption = Annotated[str, typer.Option("--true", metavar="COLUMN", help="The column of true labels.")]
PredOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pred",
        metavar="COLUMN",
        help="A column to score, or a pattern such as 'kmeans_*'; may be given again. Default: all others but indexes "
        "and ids.",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="COLUMN", help="A column, or a pattern, to leave out; may be given again."),
]
TableOption = Annotated[
    bool,
    typer.Option(
        "--table",
        help="The file is a contingency table: a row for each class, a column of counts for each cluster. --true is "
        "the column that names the classes.",
    ),
]
MissingOption = Annotated[
    Missing,
    typer.Option(
        "--missing",
        case_sensitive=False,
        rich_help_panel=_ROWS,
        help="Rows that lack a label: raise an error, or drop them, of each two columns anew.",
    ),
]
IgnoreTrue = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-true",
        metavar="LABEL",
        rich_help_panel=_ROWS,
        help="Leave out rows with this true label; may be given again.",
    ),
]
IgnorePred = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore-pred",
        metavar="LABEL",
        rich_help_panel=_ROWS,
        help="Leave out rows with this predicted label; may be given again.",
    ),
]
NoiseOption = Annotated[
    Noise | None,
    typer.Option(
        "--noise",
        case_sensitive=False,
        rich_help_panel=_ROWS,
        help="What -1 among predicted labels is: one cluster, rows to drop, or singletons, each a cluster of its own. "
        "Default: cluster.",
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        case_sensitive=False,
        rich_help_panel=_READING,
        help="Default: what the end of the name tells, or csv of standard input.",
    ),
]
SeparatorOption = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="CHARACTER",
        rich_help_panel=_READING,
        help="Of text: a character, or tab. Default: the one that fits.",
    ),
]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        rich_help_panel=_READING,
        help="The first row holds labels; columns are named 0, 1 and so on.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        rich_help_panel=_READING,
        help="Of text, such as latin-1. Default: UTF-8, or UTF-16 that is marked.",
    ),
]
KeepNA = Annotated[
    bool,
    typer.Option(
        "--keep-na",
        rich_help_panel=_READING,
        help="Words such as NA, null and None are labels; by default they are missing ones.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@contextlib.contextmanager
def labelings_of(file: Path, reading: Reading) -> Iterator[Labelings]:
    """Open a file or standard input; say in one line what is wrong, and once what is odd."""
    try:
        with warnings.catch_warnings(record=True) as caught, contextlib.ExitStack() as stack:
            warnings.simplefilter("always", UserWarning)
            with progress("opening"):
                path, name = stack.enter_context(_named(file))
                labelings = stack.enter_context(opened(path, _of_input(file, reading), name=name))
            yield labelings
        # of a column in many pairs, the numbers behind the colon differ
        found = {str(warning.message).partition(":")[0]: str(warning.message) for warning in reversed(caught)}
        for message in reversed(found.values()):
            typer.echo(f"amiable: warning: {visible(message)}", err=True)
    except FileError as error:
        complain(str(error))


def reading_of(
    of_format: Format | None, separator: str | None, no_header: bool, encoding: str | None, keep_na: bool
) -> Reading:
    """Return what the options of these names say."""
    return Reading(of_format and of_format.value, separator, not no_header, encoding, keep_na)


def _of_input(file: Path, reading: Reading) -> Reading:
    """Take what has no name that tells its format, as standard input, for CSV."""
    is_unnamed = str(file) == "-" or not (file.suffix or file.is_file())
    return replace(reading, format="csv") if is_unnamed and reading.format is None else reading


@contextlib.contextmanager
def _named(file: Path) -> Iterator[tuple[Path, str]]:
    """Give the path of a file, or of a copy of what is read from elsewhere, and what messages call it."""
    if str(file) != "-" and not (file.is_fifo() or file.is_char_device()):
        yield file, str(file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        source = contextlib.nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")
        with path.open("wb") as copy, source as given:
            shutil.copyfileobj(given, copy)
        yield path, "standard input" if str(file) == "-" else str(file)


def shown(value: float, digits: str = ".4f") -> str:
    """Return a number as text, zero without a sign."""
    return f"{value:z{digits}}"


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


def number_of(n: int, what: str) -> str:
    """Return a number of things, in the plural but for one."""
    return f"{n} {what}" if n == 1 else f"{n} {what}{'es' if what.endswith('s') else 's'}"


def print_table(title: str, headings: list[str], rows: list[list[str]], *notes: str) -> None:
    """Print a table whose first column is text; one too wide goes on below, with its first column again.

    There the names of columns fold, and values stay whole.
    """
    console = Console(highlight=False)
    _print_text(console, title)
    widest = [max(cell_len(visible(row[i])) for row in rows) for i in range(len(headings))]
    whole = [max(width, cell_len(visible(name))) for width, name in zip(widest, headings, strict=True)]
    fits = sum(whole) + 2 * len(whole) <= console.width
    limits = whole if fits else [whole[0], *(max(width, _HEADING) for width in widest[1:])]
    widths = [min(width, limit) for width, limit in zip(whole, limits, strict=True)]
    for columns in _folded([width + 2 for width in widths], console.width):
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
        for i in columns:
            side = {"justify": "right", "width": widths[i]} if i else {"justify": "left"}
            table.add_column(_literal(headings[i]), overflow="fold", **side)
        for row in rows:
            table.add_row(*(_literal(row[i]) for i in columns))
        console.print(table)
    print_lines(*notes)


def print_lines(*texts: str) -> None:
    """Print sentences, each from the start of a line."""
    console = Console(highlight=False)
    for text in texts:
        _print_text(console, text)


def _print_text(console: Console, text: str) -> None:
    """Print a sentence in lines as wide as the terminal; words that are longer, as of paths, stay whole."""
    lines = textwrap.wrap(visible(text), console.width, break_long_words=False, break_on_hyphens=False)
    console.print("\n".join(map(_literal, lines)), soft_wrap=True)


def _folded(widths: list[int], width: int) -> Iterator[list[int]]:
    """Share columns out among tables that are at most as wide as the terminal, the first column in each."""
    first = min(widths[0], width // 2)
    taken: list[int] = []
    for i in range(1, len(widths)):
        if taken and first + sum(widths[j] for j in taken) + widths[i] > width:
            yield [0, *taken]
            taken = []
        taken.append(i)
    yield [0, *taken]


def _literal(text: str) -> str:
    return escape(visible(text))


def print_json(found: Any) -> None:
    """Print JSON for machines; what a terminal would not show is escaped."""
    text = json.dumps(found, indent=2, ensure_ascii=False)
    typer.echo("\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n")))


def _escaped(line: str) -> str:
    return "".join(c if _is_shown(c) else f"\\u{ord(c):04x}" for c in line)


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


def write_figure(figure: Callable[[], Any], path: Path, title: str, *, as_json: bool) -> None:
    """Write a figure as one page that needs nothing else, and say so, beside JSON on standard error."""
    with progress("drawing"):
        write_page(lambda: _page_of(figure(), title), path)
    typer.echo(visible(f"{path}: {title}"), err=as_json)


def _page_of(figure: Any, title: str) -> str:
    body = figure.to_html(include_plotlyjs=True, full_html=False, config={"displaylogo": False})
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title>'
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>{body}</body>\n</html>\n'
