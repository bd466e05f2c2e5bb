"""Files with one labeling a column, of whatever format, opened in one way."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from amiable._extras import hint
from amiable.files.arrays import frame_of_arrays, frame_of_obs, open_h5ad, open_numpy
from amiable.files.errors import FileError, first_line
from amiable.files.packing import SUFFIXES as PACKED
from amiable.files.packing import unpacked
from amiable.files.text import MISSING, Text, not_in, text_of

T = TypeVar("T")

TEXT = ("csv", "tsv", "txt")
# formats by the ends of names
_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "txt",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".npy": "numpy",
    ".npz": "numpy",
    ".h5ad": "h5ad",
}
FORMATS = tuple(dict.fromkeys(_SUFFIXES.values()))


@dataclass(frozen=True)
class Reading:
    """How a file is read, where that is not as it looks.

    Attributes
    ----------
    format : str, optional
        One of `FORMATS`; by default the one that the end of the name tells.
    separator : str, optional
        Of text, a character, or "tab"; by default the one that fits.
    has_header : bool
        Whether text or a sheet begins with the names of columns; else they are "0", "1" and so on.
    encoding : str, optional
        Of text, as Python calls it.
    keeps_na : bool
        Whether words such as NA and None are labels in text and in sheets, where they are missing labels otherwise.
    """

    format: str | None = None
    separator: str | None = None
    has_header: bool = True
    encoding: str | None = None
    keeps_na: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """What a command line has that says so."""
        valued = {"--format": self.format, "--separator": self.separator, "--encoding": self.encoding}
        flags = {"--no-header": not self.has_header, "--keep-na": self.keeps_na}
        given = [part for name, value in valued.items() if value is not None for part in (name, value)]
        return (*given, *(name for name, is_given in flags.items() if is_given))


@dataclass(frozen=True)
class Labelings:
    """The labelings of a file, one a column.

    Attributes
    ----------
    name : str
        What messages call the file.
    kind : str
        Its format.
    columns : list of str
        Their names, in order.
    scan : callable
        Returns a lazy frame of some columns.
    text : Text or None
        How it is read, if it is text.
    """

    name: str
    kind: str
    columns: list[str]
    scan: Callable[[Sequence[str]], pl.LazyFrame]
    text: Text | None = None

    def collected(self, read: Callable[[], T]) -> T:
        """Return what `read()` does; whatever a broken file makes a reader say, a person gets one line."""
        try:
            return read()
        except FileError:
            raise
        except Exception as error:
            raise _unreadable(self.name, self.kind, error) from error

    def opened(self, names: Sequence[str]) -> pl.LazyFrame:
        """Return a lazy frame of columns, which are there and hold one label a row; FileError otherwise."""
        for name in names:
            if name not in self.columns:
                listed = ", ".join(map(repr, self.columns))
                raise FileError(f"{self.name} has no column {name!r}: its columns are {listed}")
        frame = self.collected(lambda: self.scan(list(dict.fromkeys(names))))
        for name, dtype in self.collected(frame.collect_schema).items():
            if dtype.is_nested() or dtype in (pl.Object, pl.Binary):
                raise FileError(f"{self.name}: column {name!r} holds {dtype}: expected one label a row")
        return frame


@contextlib.contextmanager
def opened(path: Path, reading: Reading | None = None, *, name: str | None = None) -> Iterator[Labelings]:
    """Open a file of labelings; it is read as columns are asked for, text, Parquet and Arrow a part at a time.

    Parameters
    ----------
    path : Path
        A file of text (CSV, TSV, with any separator), Parquet, Arrow (Feather), JSON Lines, Excel, NPY (columns of a
        2-D array are named "0", "1", ...; those of a structured array by its fields), NPZ (one array a column) or
        AnnData (the columns of `obs`). It may be compressed (gz, bz2, xz, zst), or alone in a zip archive.
    reading : Reading, optional
        How it is read.
    name : str, optional
        What messages call it; by default its path.

    Raises
    ------
    FileError
        No such file, an unknown or unreadable format, an option that the format does not have.
    """
    reading, name = reading or Reading(), name or str(path)
    if not path.is_file():
        raise FileError(f"{name} {'is a folder, not a file' if path.is_dir() else 'does not exist'}")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        plain, inner = unpacked(path, name, Path(folder))
        kind = reading.format or _SUFFIXES.get(Path(inner).suffix.lower())
        if kind is None:
            raise FileError(
                f"{name} has an unknown format {Path(inner).suffix!r}: expected one of {', '.join(_SUFFIXES)}, maybe "
                f"with {', '.join(PACKED)}, or --format {'|'.join(FORMATS)}"
            )
        _check_options(name, kind, reading)
        try:
            found = _open(plain, name, kind, reading, Path(folder), stack)
        except FileError:
            raise
        except Exception as error:
            raise _unreadable(name, kind, error) from error
        yield found


def _check_options(name: str, kind: str, reading: Reading) -> None:
    """Raise FileError for an option that says nothing of a format."""
    sheets = (*TEXT, "excel")
    for option, is_given, kinds in (
        ("--separator", reading.separator is not None, TEXT),
        ("--encoding", reading.encoding is not None, TEXT),
        ("--no-header", not reading.has_header, sheets),
        ("--keep-na", reading.keeps_na, sheets),
    ):
        if is_given and kind not in kinds:
            raise FileError(f"{option} is given for {name}, which is {kind}: expected it for {', '.join(kinds)} only")


def _open(path: Path, name: str, kind: str, reading: Reading, folder: Path, stack: contextlib.ExitStack) -> Labelings:
    if kind in TEXT:
        return _open_text(path, name, kind, reading, folder)
    if kind == "numpy":
        arrays = open_numpy(path)
        if hasattr(arrays, "close"):
            stack.callback(arrays.close)
        return Labelings(name, kind, list(arrays), lambda wanted: frame_of_arrays(name, arrays, wanted))
    if kind == "h5ad":
        columns, obs = open_h5ad(path, name)
        stack.callback(obs.file.close)
        return Labelings(name, kind, columns, lambda wanted: frame_of_obs(obs, wanted))
    frame = _READERS[kind](path, name, reading)
    return Labelings(name, kind, frame.collect_schema().names(), frame.select)


def _open_text(path: Path, name: str, kind: str, reading: Reading, folder: Path) -> Labelings:
    options: dict[str, Any] = {name: getattr(reading, name) for name in ("separator", "encoding", "has_header")}
    text = text_of(path, name, kind, folder, **options)
    frame = text.scan(MISSING[:1] if reading.keeps_na else MISSING)
    try:
        found = text.ragged() if text.may_be_ragged() else None
    except UnicodeError as error:
        raise FileError(f"{name} {not_in('utf-8')}") from error
    if found:
        raise FileError(f"{name}: {found}")
    return Labelings(name, kind, text.names, frame.select, text)


def _read_parquet(path: Path, name: str, reading: Reading) -> pl.LazyFrame:  # noqa: ARG001
    return pl.scan_parquet(path, glob=False)


def _read_arrow(path: Path, name: str, reading: Reading) -> pl.LazyFrame:  # noqa: ARG001
    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    return pl.scan_ipc(path) if is_file else pl.read_ipc_stream(path).lazy()


def _read_jsonl(path: Path, name: str, reading: Reading) -> pl.LazyFrame:  # noqa: ARG001
    return pl.scan_ndjson(path, infer_schema_length=None)


def _read_excel(path: Path, name: str, reading: Reading) -> pl.LazyFrame:
    try:
        import fastexcel
    except ModuleNotFoundError as error:
        raise FileError(hint(f"reading {name}", "fastexcel", "files")) from error
    sheets = fastexcel.read_excel(path).sheet_names
    if len(sheets) > 1:
        warnings.warn(f"{name} has {len(sheets)} sheets: the first is read, {sheets[0]!r}", stacklevel=2)
    frame = pl.read_excel(path, sheet_id=1, has_header=reading.has_header, infer_schema_length=None)
    if not reading.has_header:
        frame.columns = [str(i) for i in range(frame.width)]
    missing = MISSING[:1] if reading.keeps_na else MISSING
    text = pl.col(pl.String)
    return frame.lazy().with_columns(pl.when(~text.is_in(missing)).then(text))


_READERS = {"parquet": _read_parquet, "arrow": _read_arrow, "jsonl": _read_jsonl, "excel": _read_excel}


def _unreadable(name: str, kind: str, error: Exception) -> FileError:
    reason = "it holds Python objects, which are never loaded, or is no such file"
    return FileError(f"{name} could not be read as {kind}: {reason if 'pickle' in str(error) else first_line(error)}")
