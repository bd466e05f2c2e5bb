"""Tables of the labelings in files: CSV, TSV, Parquet, NPY and NPZ. CSV and Parquet may be larger than memory."""

from __future__ import annotations

import gzip
import itertools
import warnings
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import polars as pl

T = TypeVar("T")

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_FORMATS = (*_SEPARATORS, ".parquet", ".pq", ".npy", ".npz")
_MISSING = ["", "NA", "NaN", "nan"]  # in text
_AT_ONCE = 250  # pairs of columns: planning far more of them takes longer than a pass
_NUMBER = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"  # "01" is none
_WHOLE_NUMBER = r"^(0|-?[1-9]\d{0,17})$"


class FileError(Exception):
    """A file that cannot give the labels asked for; the message says why, in one line."""


class Triples(NamedTuple):
    """How many samples have each triple of labels: arrays of shape (M,)."""

    labels_true: np.ndarray
    labels_a: np.ndarray
    labels_b: np.ndarray
    counts: np.ndarray


class Pairs(NamedTuple):
    """How many samples have each pair of labels: arrays of shape (M,), masked where a label is missing."""

    labels_true: np.ndarray
    labels_pred: np.ndarray
    counts: np.ndarray


class GroupedPairs(NamedTuple):
    """How many samples of each group have each pair of labels: arrays of shape (M,), masked where one is missing."""

    labels_true: np.ndarray
    labels_pred: np.ndarray
    groups: np.ndarray  # numbers of groups
    counts: np.ndarray


def count_pairs_in_file(
    path: Path, true: str, pred: list[str] | None = None, *, drops: bool = False
) -> dict[str, Pairs]:
    """Count the pairs of labels that the true labeling makes with each named in `pred`, by default every other column.

    Parameters
    ----------
    path : Path
        A CSV, TSV, Parquet, NPY (columns of a 2-D array are named "0", "1", ...; those of a structured array by
        its fields) or NPZ file (one array a column). CSV, TSV and Parquet are read a part at a time.
    true : str
        The column of true labels.
    pred : list of str, optional
        The columns to compare with it.
    drops : bool, default=False
        Whether missing values are left to the caller, who drops them; they raise an error otherwise.

    Returns
    -------
    pairs : dict of Pairs
        In the order of `pred`, or of the file.

    Raises
    ------
    FileError
        No such file or column, an unknown or unreadable format, unequal lengths, missing values.
    """
    frame, names = _opened(path, (true,), pred)
    found = _count(path, frame, [{"true": true, "pred": name} for name in names], drops=drops)
    is_text = _is_text(path)
    return {name: _arrays(pairs, is_text) for name, pairs in zip(names, found, strict=True)}


def count_groups_in_file(
    path: Path, by: str, true: str, pred: list[str] | None = None, *, drops: bool = False
) -> tuple[list[Any], dict[str, GroupedPairs]]:
    """Count the pairs of labels as `count_pairs_in_file` does, in each group of the samples that a column tells apart.

    Returns the names of the groups, in the order of the column's type (of text that is whole numbers, that of numbers),
    and the counts by the columns of `pred`.
    """
    frame, names = _opened(path, (true, by), pred)
    found = _count(path, frame, [{"true": true, "pred": name, "group": by} for name in names], drops=drops)
    groups = _in_order(found[0]["group"], _is_text(path))
    number = pl.DataFrame({"group": groups}).with_row_index("number")
    counted = {}
    for name, pairs in zip(names, found, strict=True):
        numbered = pairs.join(number, on="group", how="left", maintain_order="left")
        at = _labels(numbered["number"].cast(pl.Int64), is_text=False)
        counted[name] = GroupedPairs(*_arrays(pairs, _is_text(path))[:2], at, pairs["count"].to_numpy())
    return groups.to_list(), counted


def count_every_pair_in_file(path: Path, names: list[str], *, drops: bool = False) -> dict[tuple[str, str], Pairs]:
    """Count the pairs of labels of every two of at least two labelings, in the order of `itertools.combinations`.

    `drops` and errors are those of `count_pairs_in_file`.
    """
    frame = _scan(path, names)
    _check_columns(path, _collected(path, frame.collect_schema), names)
    wanted = list(itertools.combinations(names, 2))
    found = _count(path, frame, [{"true": true, "pred": pred} for true, pred in wanted], drops=drops)
    is_text = _is_text(path)
    return {pair: _arrays(pairs, is_text) for pair, pairs in zip(wanted, found, strict=True)}


def count_triples_in_file(path: Path, true: str, first: str, others: list[str]) -> dict[str, Triples]:
    """Count the triples of labels that the true labeling and the first one make with each of some others.

    Of columns whose pairs were counted. Samples that lack a label are left out. Raises FileError as
    `count_pairs_in_file` does.
    """
    frame = _scan(path, [true, first, *others])
    found = _group(path, frame, [{"true": true, "a": first, "b": other} for other in others])
    is_text = _is_text(path)
    triples = {}
    for other, counted in zip(others, found, strict=True):
        whole = counted.drop_nulls().drop_nans()  # empty lines after the last row lack labels, too
        labels = [_labels(whole[side], is_text) for side in ("true", "a", "b")]
        triples[other] = Triples(labels[0], labels[1], labels[2], whole["count"].to_numpy())
    return triples


def _check_columns(path: Path, schema: pl.Schema, names: Iterable[str]) -> None:
    for name in names:
        if name not in schema:
            raise FileError(f"{path} has no column {name!r}: its columns are {_listed(schema)}")
        if schema[name].is_nested() or schema[name] == pl.Object:
            raise FileError(f"{path}: column {name!r} holds {schema[name]}: expected one label a row")


def _opened(path: Path, fixed: tuple[str, ...], pred: list[str] | None) -> tuple[pl.LazyFrame, list[str]]:
    """Open a file, and return the columns to compare with those that are fixed: all others by default."""
    frame = _scan(path, [*fixed, *pred] if pred else None)
    schema = _collected(path, frame.collect_schema)
    names = list(dict.fromkeys(pred)) if pred else [name for name in schema if name not in fixed]
    _check_columns(path, schema, (*fixed, *names))
    if not names:
        besides = " and ".join(map(repr, fixed))
        raise FileError(f"{path} has no column besides {besides}: expected at least one labeling to score")
    return frame, names


def _count(path: Path, frame: pl.LazyFrame, wanted: list[dict[str, str]], *, drops: bool) -> list[pl.DataFrame]:
    """Count the labels of some columns together, by the names that each is to have, and find what is missing."""
    found = _group(path, frame, wanted)
    if any(counted[side].has_nulls() for counted in found for side in wanted[0]) and _is_text(path):
        n_empty = _collected(path, lambda: _count_empty_lines_at_end(path))
        if n_empty:
            frame = frame.head(int(found[0]["count"].sum()) - n_empty)
            found = _group(path, frame, wanted)
    if found[0].is_empty():
        raise FileError(f"{path} has no rows below its column names: expected at least one sample")
    for check in (_warn_of_spaces,) if drops else (partial(_check_missing, path, frame), _warn_of_spaces):
        for columns, counted in zip(wanted, found, strict=True):
            for side, name in columns.items():
                check(name, counted[side], counted["count"])
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def columns_of_file(path: Path) -> list[str]:
    """Return the names of the columns of a file; FileError as `count_pairs_in_file` raises it."""
    return list(_collected(path, _scan(path, None).collect_schema))


def _scan(path: Path, names: list[str] | None) -> pl.LazyFrame:
    """Open a file without reading it; of arrays, read all, or, where a format keeps them apart, those of `names`."""
    if not path.is_file():
        raise FileError(f"{path} {'is a folder, not a file' if path.is_dir() else 'does not exist'}")
    suffix = _suffix(path)
    if path.suffix.lower() == ".gz" and suffix not in _SEPARATORS:
        raise FileError(f"{path} is compressed: expected that of {', '.join(_SEPARATORS)} only")
    if suffix not in _FORMATS:
        raise FileError(f"{path} has an unknown format {path.suffix!r}: expected one of {', '.join(_FORMATS)}")
    if suffix in _SEPARATORS:
        return _scan_text(path, _SEPARATORS[suffix])
    if suffix in (".parquet", ".pq"):
        return _collected(path, lambda: pl.scan_parquet(path, glob=False))
    return _collected(path, lambda: pl.LazyFrame(_read_numpy(path, names)))


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix == ".gz" else suffix


def _is_text(path: Path) -> bool:
    return _suffix(path) in _SEPARATORS


def _collected(path: Path, read: Callable[[], T]) -> T:
    """Return what `read()` does; whatever a broken file makes a reader say, a person gets one line."""
    try:
        return read()
    except FileError:
        raise
    except Exception as error:
        reason = "it holds Python objects, which are never loaded, or is no such file"
        if "pickle" not in str(error):
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise FileError(f"{path} could not be read as {_suffix(path)[1:]}: {reason}") from error


def _scan_text(path: Path, separator: str) -> pl.LazyFrame:
    """Open text as text, so that "01" and "1" stay apart."""
    options: dict[str, Any] = {"separator": separator, "infer_schema": False, "null_values": _MISSING, "glob": False}
    frame = _collected(path, lambda: pl.scan_csv(path, **options))
    names = _collected(path, frame.collect_schema)
    for name in names:
        base, _, number = name.rpartition("_duplicated_")
        if number.isdigit() and base in names:
            raise FileError(f"{path} has two columns named {base!r}: expected different names")
    doubled = {name: name.replace('""', '"') for name in names if '""' in name}  # Polars leaves quotes in names doubled
    for name in doubled.values():
        if name in names or list(doubled.values()).count(name) > 1:
            raise FileError(f"{path} has two columns named {name!r}: expected different names")
    return frame.rename(doubled)


def _group(path: Path, frame: pl.LazyFrame, wanted: list[dict[str, str]]) -> list[pl.DataFrame]:
    """Count the labels of some columns together, by the names that each is to have; many in one pass over the file."""
    # codes group several times faster than text, but making them takes longer than to group once
    coded = frame.with_columns(pl.col(pl.String).cast(pl.Categorical)) if len(wanted) > 1 else frame
    grouped = [
        coded.select(pl.col(column).alias(name) for name, column in columns.items())
        .group_by(list(columns))
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .with_columns(pl.col(pl.Categorical).cast(pl.String))
        for columns in wanted
    ]
    found: list[pl.DataFrame] = []
    for start in range(0, len(grouped), _AT_ONCE):
        found += _collected(path, partial(pl.collect_all, grouped[start : start + _AT_ONCE], engine="streaming"))
    return found


def _count_empty_lines_at_end(path: Path) -> int:
    """Count the empty lines after the last row, which are no samples without labels."""
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    end = b""
    with gzip.open(path) if gzipped else path.open("rb") as file:
        while block := file.read(1 << 20):
            rest = block.rstrip(b"\r\n")
            end = block[len(rest) :] if rest else end + block
    return max(end.count(b"\n") - 1, 0)


def _check_missing(path: Path, frame: pl.LazyFrame, name: str, labels: pl.Series, counts: pl.Series) -> None:
    missing = _missing(labels)
    if missing.any():
        is_float = labels.dtype.is_float()
        where = pl.col(name).is_null() | (pl.col(name).is_nan() if is_float else False)
        rows = frame.select(where.fill_null(True).alias("missing")).with_row_index("row").filter("missing")
        first = _collected(path, lambda: rows.select(pl.col("row").min()).collect(engine="streaming")).item()
        raise FileError(
            f"{path}: column {name!r} has {counts.filter(missing).sum()} missing values in {counts.sum()} rows, "
            f"the first in row {first + 1}: expected a label in every row, or --missing drop"
        )


def _missing(labels: pl.Series) -> pl.Series:
    """Return which labels are null or NaN."""
    return labels.is_null() | labels.is_nan().fill_null(True) if labels.dtype.is_float() else labels.is_null()


def _in_order(groups: pl.Series, is_text: bool) -> pl.Series:
    """Return the distinct groups in the order of their type; text that is whole numbers, in that of numbers."""
    distinct = groups.filter(~_missing(groups)).unique().sort()
    if is_text and distinct.str.contains(_WHOLE_NUMBER).all():
        distinct = distinct.gather(distinct.cast(pl.Int64).arg_sort())
    return distinct


def _warn_of_spaces(name: str, labels: pl.Series, _: pl.Series) -> None:
    """Warn of labels that differ by the white space around them alone."""
    if not isinstance(labels.dtype, (pl.String, pl.Categorical, pl.Enum)):
        return
    distinct = labels.cast(pl.String).unique()
    same = pl.DataFrame({"label": distinct, "bare": distinct.str.strip_chars()}).group_by("bare").agg("label")
    same = same.filter(pl.col("label").list.len() > 1).sort("bare")
    if same.height:
        one, other = sorted(same["label"][0].to_list())[:2]
        warnings.warn(
            f"column {name!r} has labels that differ by white space alone, {one!r} and {other!r}: they are counted as "
            "two clusters",
            UserWarning,
            stacklevel=2,
        )


def _arrays(pairs: pl.DataFrame, is_text: bool) -> Pairs:
    return Pairs(_labels(pairs["true"], is_text), _labels(pairs["pred"], is_text), pairs["count"].to_numpy())


def _labels(labels: pl.Series, is_text: bool) -> np.ndarray:
    """Return labels as an array, masked where one is missing; decimals in text become floats that tell them apart."""
    missing = _missing(labels)
    if missing.any():
        known = _labels(labels.filter(~missing), is_text)
        x = np.zeros(len(labels), dtype=known.dtype)
        mask = missing.to_numpy()
        x[~mask] = known
        return np.ma.MaskedArray(x, mask)
    if is_text and labels.str.contains(_NUMBER).all() and labels.str.contains(r"[.eEiI]").any():
        numbers = labels.cast(pl.Float64)
        if numbers.n_unique() == len(set(map(Decimal, labels.unique()))):
            labels = numbers
    if labels.dtype.is_decimal() or labels.dtype in (pl.Int128, pl.UInt128):
        labels = labels.cast(pl.String)  # NumPy has no such numbers
    return labels.to_numpy()


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
            for name in names or ():
                if name not in loaded.files:
                    raise FileError(f"{path} has no column {name!r}: its columns are {_listed(loaded.files)}")
            columns = {name: loaded[name] for name in loaded.files if names is None or name in names}
    for name, column in columns.items():
        if column.ndim != 1:
            raise FileError(f"{path} holds {name!r} of shape {column.shape}: expected one label a sample")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise FileError(f"{path} holds columns of unequal lengths: {found}")
    return columns
