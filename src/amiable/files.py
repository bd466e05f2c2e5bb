"""Columns of labels from files: CSV, TSV, Parquet, NPY and NPZ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_FORMATS = (*_SEPARATORS, ".parquet", ".pq", ".npy", ".npz")
_MISSING = ["", "NA", "NaN", "nan"]  # in text
_NUMBER = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"  # "01" is none


class FileError(Exception):
    """A file that cannot give the labels asked for; the message says why, in one line."""


def read_labels(path: Path, true: str, pred: list[str] | None = None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read the true labels and the labelings named in `pred`, by default every other column.

    Parameters
    ----------
    path : Path
        A CSV, TSV, Parquet, NPY (columns of a 2-D array are named "0", "1", ...; those of a structured array by
        its fields) or NPZ file (one array a column).
    true : str
        The column of true labels.
    pred : list of str, optional
        The columns to compare with it.

    Returns
    -------
    labels_true : array of shape (n_samples,)
    labelings : dict of array of shape (n_samples,)
        In the order of `pred`, or of the file.

    Raises
    ------
    FileError
        No such file or column, an unknown or unreadable format, unequal lengths, missing values.
    """
    frame = _read(path, None if pred is None or not pred else [true, *pred])
    names = [name for name in frame.columns if name != true] if not pred else list(dict.fromkeys(pred))
    for name in (true, *names):
        if name not in frame.columns:
            raise FileError(f"{path} has no column {name!r}: its columns are {', '.join(map(repr, frame.columns))}")
    if not names:
        raise FileError(f"{path} has no column besides {true!r}: expected at least one labeling to score")
    if frame.height == 0:
        raise FileError(f"{path} has no rows below its column names: expected at least one sample")
    return _labels(path, frame[true]), {name: _labels(path, frame[name]) for name in names}


def _read(path: Path, names: list[str] | None) -> pl.DataFrame:
    """Read all columns, or, where a format keeps them apart, those of `names` that there are."""
    if not path.is_file():
        raise FileError(f"{path} {'is a folder, not a file' if path.is_dir() else 'does not exist'}")
    suffix = path.suffix.lower()
    if suffix == ".gz":
        suffix = Path(path.stem).suffix.lower()
        if suffix not in _SEPARATORS:
            raise FileError(f"{path} is compressed: expected that of {', '.join(_SEPARATORS)} only")
    if suffix not in _FORMATS:
        raise FileError(f"{path} has an unknown format {path.suffix!r}: expected one of {', '.join(_FORMATS)}")
    try:
        if suffix in _SEPARATORS:
            return _read_text(path, _SEPARATORS[suffix])
        if suffix in (".parquet", ".pq"):
            return pl.read_parquet(path, glob=False)
        return pl.DataFrame(_read_numpy(path, names))
    except FileError:
        raise
    except Exception as error:  # whatever a broken file makes a reader say, a person gets one line
        reason = "it holds Python objects, which are never loaded, or is no such file"
        if "pickle" not in str(error):
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FileError(f"{path} could not be read as {suffix[1:]}: {reason}") from error


def _read_text(path: Path, separator: str) -> pl.DataFrame:
    """Read text as text, so that "01" and "1" stay apart; only columns of decimal numbers become numbers."""
    frame = pl.read_csv(path, separator=separator, infer_schema=False, null_values=_MISSING, glob=False)
    for name in frame.columns:
        base, _, number = name.rpartition("_duplicated_")
        if number.isdigit() and base in frame.columns:
            raise FileError(f"{path} has two columns named {base!r}: expected different names")
    if frame.width > 1:  # an empty line at the end is no sample without labels
        labelled = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
        frame = frame.head(frame.height - int(labelled.reverse().arg_max() or 0)) if labelled.any() else frame.clear()
    decimal = [
        column.name
        for column in frame.get_columns()
        if column.str.contains(_NUMBER).all() and column.str.contains(r"[.eEiI]").any()
    ]
    return frame.with_columns(pl.col(decimal).cast(pl.Float64)) if decimal else frame


def _read_numpy(path: Path, names: list[str] | None) -> dict[str, np.ndarray]:
    with path.open("rb") as file:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            if loaded.dtype.names:
                columns = {name: loaded[name] for name in loaded.dtype.names}
            else:
                table = loaded[:, None] if loaded.ndim == 1 else loaded
                columns = {str(i): table[:, i] for i in range(table.shape[1])} if table.ndim == 2 else {"array": table}
        else:
            columns = {name: loaded[name] for name in loaded.files if names is None or name in names}
    for name, column in columns.items():
        if column.ndim != 1:
            raise FileError(f"{path} holds {name!r} of shape {column.shape}: expected one label a sample")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise FileError(f"{path} holds columns of unequal lengths: {found}")
    return columns


def _labels(path: Path, column: pl.Series) -> np.ndarray:
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise FileError(f"{path}: column {column.name!r} holds {column.dtype}: expected one label a row")
    missing = column.is_null() | (column.is_nan() if column.dtype.is_float() else False)
    if missing.any():
        raise FileError(
            f"{path}: column {column.name!r} has {missing.sum()} missing values in {len(column)} rows, "
            f"the first in row {int(missing.arg_max() or 0) + 1}: expected a label in every row"
        )
    if column.dtype.is_decimal() or column.dtype == pl.Int128:
        column = column.cast(pl.String)  # NumPy has no such numbers
    return column.to_numpy()
