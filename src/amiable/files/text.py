"""Text files: how they are encoded and separated, what their columns are called, which rows are ragged."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from amiable.files.errors import FileError

# words for a missing label, as pandas has them
MISSING = [
    "",
    *("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]
# those of a format come first; a space, as write.table of R has, only where nothing else separates
_CANDIDATES = {"csv": ",\t;| ", "tsv": "\t,;| ", "txt": "\t,;| "}
_SPELLED = {"\\t": "\t", "tab": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}
_HEAD = 1 << 18  # characters that tell how a file is separated
_BOMS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"} | dict.fromkeys(
    (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-16"
)


class Text(NamedTuple):
    """How a text file in UTF-8 is to be read."""

    path: Path
    separator: str
    names: list[str]
    n_lines: int  # above the first row
    has_rows: bool

    def scan(self, missing: list[str]) -> pl.LazyFrame:
        """Open text as text, so that "01" and "1" stay apart."""
        schema = dict.fromkeys(self.names, pl.String)
        if not self.has_rows:
            return pl.LazyFrame(schema=schema)
        return pl.scan_csv(
            self.path,
            separator=self.separator,
            has_header=False,
            skip_lines=self.n_lines,
            schema=schema,
            null_values=missing,
            glob=False,
        )

    def may_be_ragged(self) -> bool:
        """Whether some row may have another number of fields than there are columns, which Polars does not tell of.

        A row that is too short lacks its last label. If none is, and all rows together have as many separators as they
        should, none is too long.
        """
        counted = self.scan([""]).select(pl.col(self.names[-1]).has_nulls().alias("lacks"), pl.len().alias("rows"))
        try:
            lacks, n_rows = counted.collect(engine="streaming").row(0)
        except pl.exceptions.PolarsError:
            return True
        separator = self.separator.encode()
        with self.path.open("rb") as file:
            for _ in range(self.n_lines):
                file.readline()
            n_separators = sum(block.count(separator) for block in iter(lambda: file.read(1 << 20), b""))
        return bool(lacks) or n_separators != n_rows * (len(self.names) - 1)

    def ragged(self) -> str | None:
        """Say which row has another number of fields than there are columns; None if none has."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=self.separator)
            while rows.line_num < self.n_lines:
                next(rows)
            for row in rows:
                if row and len(row) != len(self.names):
                    fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
                    return f"line {rows.line_num} has {fields}: expected {len(self.names)}, one for each column"
        return None

    def count_empty_lines_at_end(self) -> int:
        """Count the empty lines after the last row, which are no samples without labels."""
        end = b""
        with self.path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            while size and not end.strip(b"\r\n"):
                size = max(size - (1 << 16), 0)
                file.seek(size)
                end = file.read()
        return max(end[len(end.rstrip(b"\r\n")) :].count(b"\n") - 1, 0)


def text_of(
    path: Path, name: str, kind: str, folder: Path, *, separator: str | None, encoding: str | None, has_header: bool
) -> Text:
    """Find out how a text file is to be read; one that is not in UTF-8 is copied to `folder`."""
    path, head = _in_utf8(path, name, encoding, folder)
    if not head.strip():
        raise FileError(f"{name} is empty: expected a line of column names, and a row for each sample")
    candidates = _CANDIDATES[kind] if separator is None else [check_separator(separator)]
    try:
        return _best(path, name, head, candidates, has_header=has_header)
    except csv.Error as error:
        raise FileError(f"{name} could not be read as {kind}: {error}") from error


def check_separator(separator: str) -> str:
    """Return the character that separates fields, which may be spelled out."""
    found = _SPELLED.get(separator.lower(), separator)
    if len(found.encode()) != 1:
        raise FileError(f"--separator is {separator!r}: expected one character, such as ';', or tab")
    return found


def _in_utf8(path: Path, name: str, encoding: str | None, folder: Path) -> tuple[Path, str]:
    """Return the path of a file in UTF-8, and its start."""
    try:
        found = codecs.lookup(encoding or _marked(path) or "utf-8").name
    except LookupError:
        raise FileError(f"--encoding is {encoding!r}: expected one that Python knows, such as latin-1") from None
    try:
        if found not in ("utf-8", "utf-8-sig"):
            with (
                path.open(encoding=found, newline="") as file,
                (folder / "utf8").open("w", encoding="utf-8", newline="") as copy,
            ):
                shutil.copyfileobj(file, copy)
            path = folder / "utf8"
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.read(_HEAD)
    except UnicodeError:
        raise FileError(f"{name} {not_in(found)}") from None
    if "\0" in head:
        raise FileError(f"{name} {not_in(found)}")
    return path, head


def not_in(encoding: str) -> str:
    """Say that a file is not in an encoding, and what to do."""
    return f"is not text in {encoding.upper()}: expected another --encoding, such as latin-1 or utf-16-le"


def _marked(path: Path) -> str | None:
    """Return the encoding that the first bytes tell of."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((encoding for mark, encoding in _BOMS.items() if start.startswith(mark)), None)


def _best(path: Path, name: str, head: str, candidates: str | list[str], *, has_header: bool) -> Text:
    """Return the first way of reading that gives rows of one length, or else that which finds most columns."""
    found = [_read_as(path, head, separator, has_header=has_header) for separator in candidates]
    several = [(text, is_even) for text, is_even in found if len(text.names) > 1]
    even = [text for text, is_even in several if is_even]
    text = even[0] if even else max((one for one, _ in several), key=lambda x: len(x.names), default=found[0][0])
    twice = [column for column, times in Counter(text.names).items() if times > 1]
    if twice:
        advice = "expected different names, or --no-header where the first row holds labels"
        raise FileError(f"{name} has two columns named {twice[0]!r}: {advice}")
    return text


def _read_as(path: Path, head: str, separator: str, *, has_header: bool) -> tuple[Text, bool]:
    """Return how a file is read with a separator, and whether all rows of its start have the same length."""
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    first = next(row for row in rows if row)
    n_lines = rows.line_num
    lengths = [len(row) for row in itertools.islice(_whole(rows, head), 1000) if row]
    if not has_header:
        return Text(path, separator, [str(i) for i in range(len(first))], 0, True), {*lengths, len(first)} == {
            len(first)
        }
    # row names have no name, as in R; a comma in the cells of a single column separates nothing
    if set(lengths) == {len(first) + 1} and (len(first) > 1 or separator in " \t"):
        first = ["", *first]
    return Text(path, separator, first, n_lines, bool(lengths) or len(head) == _HEAD), set(lengths) <= {len(first)}


def _whole(rows: Iterator[list[str]], head: str) -> Iterator[list[str]]:
    """Leave out the last row of a start that ends within it."""
    if len(head) < _HEAD:
        yield from rows
        return
    for row, _ in itertools.pairwise(rows):
        yield row
