"""Tables of the labelings in files, counted a part at a time, and labelings as codes in memory."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import polars as pl

from amiable.files.errors import FileError
from amiable.files.opening import Labelings

_NUMBER = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"  # "01" is none
_WHOLE_NUMBER = r"^(0|-?[1-9]\d{0,17})$"


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


class Column(NamedTuple):
    """One labeling: the code of each sample's label, -1 where it is missing, and the distinct labels, shape (K,)."""

    codes: np.ndarray
    labels: np.ndarray


def count_pairs(labelings: Labelings, true: str, pred: Sequence[str], *, drops: bool = False) -> dict[str, Pairs]:
    """Count the pairs of labels that the true labeling makes with each named in `pred`, in one pass over the file.

    Parameters
    ----------
    labelings : Labelings
        The opened file.
    true : str
        The column of true labels.
    pred : sequence of str
        The columns to compare with it.
    drops : bool, default=False
        Whether missing values are left to the caller, who drops them; they raise an error otherwise.

    Returns
    -------
    pairs : dict of Pairs
        In the order of `pred`.

    Raises
    ------
    FileError
        No such column, columns that cannot be read or have unequal lengths, missing values.
    """
    found = _count(labelings, [{"true": true, "pred": name} for name in pred], drops=drops)
    is_text = labelings.text is not None
    return {name: _arrays(pairs, is_text) for name, pairs in zip(pred, found, strict=True)}


def count_groups(
    labelings: Labelings, by: str, true: str, pred: Sequence[str], *, drops: bool = False
) -> tuple[list[object], dict[str, GroupedPairs]]:
    """Count the pairs of labels as `count_pairs` does, in each group of the samples that a column tells apart.

    Returns the names of the groups, in the order of the column's type (of text that is whole numbers, that of numbers),
    and the counts by the columns of `pred`.
    """
    found = _count(labelings, [{"true": true, "pred": name, "group": by} for name in pred], drops=drops)
    is_text = labelings.text is not None
    groups = _in_order(found[0]["group"], is_text)
    number = pl.DataFrame({"group": groups}).with_row_index("number")
    counted = {}
    for name, pairs in zip(pred, found, strict=True):
        numbered = pairs.join(number, on="group", how="left", maintain_order="left")
        at = _labels(numbered["number"].cast(pl.Int64), is_text=False)
        counted[name] = GroupedPairs(*_arrays(pairs, is_text)[:2], at, pairs["count"].to_numpy())
    return groups.to_list(), counted


def count_triples(labelings: Labelings, true: str, first: str, others: Sequence[str]) -> dict[str, Triples]:
    """Count the triples of labels that the true labeling and the first one make with each of some others.

    Of columns whose pairs were counted. Samples that lack a label are left out. Raises FileError as `count_pairs` does.
    """
    wanted = [{"true": true, "a": first, "b": other} for other in others]
    found = _group(labelings, labelings.opened([true, first, *others]), wanted)
    is_text = labelings.text is not None
    triples = {}
    for other, counted in zip(others, found, strict=True):
        whole = counted.drop_nulls().drop_nans()  # empty lines after the last row lack labels, too
        labels = [_labels(whole[side], is_text) for side in ("true", "a", "b")]
        triples[other] = Triples(labels[0], labels[1], labels[2], whole["count"].to_numpy())
    return triples


def read_columns(labelings: Labelings, names: Sequence[str], *, drops: bool = False) -> dict[str, Column]:
    """Return labelings as codes in memory; `drops` and errors are those of `count_pairs`."""
    lazy = labelings.opened(names).with_columns(pl.col(pl.String).cast(pl.Categorical))
    frame = labelings.collected(lambda: lazy.collect(engine="streaming"))
    if labelings.text is not None and any(column.has_nulls() for column in frame):
        frame = frame.head(frame.height - labelings.text.count_empty_lines_at_end())
    _check_rows(labelings, frame.height)
    counts = pl.ones(frame.height, dtype=pl.Int64, eager=True)
    for name in names:
        if not drops:
            _check_missing(labelings, name, frame[name], counts)
        _warn_of_spaces(name, frame[name])
    return {name: _coded(frame[name], labelings.text is not None) for name in names}


def _coded(column: pl.Series, is_text: bool) -> Column:
    missing = _missing(column).to_numpy()
    if column.dtype.is_decimal() or column.dtype in (pl.Int128, pl.UInt128):
        column = column.cast(pl.String).cast(pl.Categorical)
    known = column.to_physical().to_numpy()[~missing]
    _, first, codes = np.unique(known, return_index=True, return_inverse=True)
    distinct = column.filter(~pl.Series(missing)).gather(first)
    if isinstance(distinct.dtype, (pl.Categorical, pl.Enum)):
        distinct = distinct.cast(pl.String)
    labels, same = np.unique(_labels(distinct, is_text), return_inverse=True)  # 1 and 1.0 in text are one
    found = np.full(len(column), -1)
    found[~missing] = same[codes]
    return Column(found, labels)


def _count(labelings: Labelings, wanted: list[dict[str, str]], *, drops: bool) -> list[pl.DataFrame]:
    """Count the labels of some columns together, by the names that each is to have, and find what is missing."""
    frame = labelings.opened([name for columns in wanted for name in columns.values()])
    found = _group(labelings, frame, wanted)
    if labelings.text is not None and any(counted[side].has_nulls() for counted in found for side in wanted[0]):
        n_empty = labelings.text.count_empty_lines_at_end()
        if n_empty:
            found = _group(labelings, frame.head(int(found[0]["count"].sum()) - n_empty), wanted)
    _check_rows(labelings, found[0].height)
    if not drops:
        for columns, counted in zip(wanted, found, strict=True):
            for side, name in columns.items():
                _check_missing(labelings, name, counted[side], counted["count"])
    for columns, counted in zip(wanted, found, strict=True):
        for side, name in columns.items():
            _warn_of_spaces(name, counted[side])
    return found


def _check_rows(labelings: Labelings, n_rows: int) -> None:
    if not n_rows:
        raise FileError(f"{labelings.name} has no rows below its column names: expected at least one sample")


def _group(labelings: Labelings, frame: pl.LazyFrame, wanted: list[dict[str, str]]) -> list[pl.DataFrame]:
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
    return labelings.collected(lambda: pl.collect_all(grouped, engine="streaming"))


def _check_missing(labelings: Labelings, name: str, labels: pl.Series, counts: pl.Series) -> None:
    missing = _missing(labels)
    if not missing.any():
        return
    row, word = _first_missing(labelings, name)
    raise FileError(
        f"{labelings.name}: column {name!r} has {counts.filter(missing).sum()} missing values in {counts.sum()} rows, "
        f"the first in row {row + 1}{f' ({word!r})' if word else ''}: expected a label in every row, or --missing drop"
        f"{', or --keep-na where that is a label' if word else ''}"
    )


def _first_missing(labelings: Labelings, name: str) -> tuple[int, str | None]:
    """Return the first row that lacks a label, and the word in text that says so, if there is one."""
    frame = labelings.opened([name])
    label = pl.col(name)
    is_float = frame.collect_schema()[name].is_float()
    where = (label.is_null() | (label.is_nan() if is_float else False)).fill_null(True)
    rows = frame.select(where.alias("missing")).with_row_index("row").filter("missing").select(pl.col("row").min())
    row = int(labelings.collected(lambda: rows.collect(engine="streaming")).item())
    if labelings.text is None:
        return row, None
    return row, labelings.text.scan([""]).select(name).slice(row, 1).collect().item()


def _missing(labels: pl.Series) -> pl.Series:
    """Return which labels are null or NaN."""
    return labels.is_null() | labels.is_nan().fill_null(True) if labels.dtype.is_float() else labels.is_null()


def _in_order(groups: pl.Series, is_text: bool) -> pl.Series:
    """Return the distinct groups in the order of their type; text that is whole numbers, in that of numbers."""
    distinct = groups.filter(~_missing(groups)).unique().sort()
    if is_text and distinct.str.contains(_WHOLE_NUMBER).all():
        distinct = distinct.gather(distinct.cast(pl.Int64).arg_sort())
    return distinct


def _warn_of_spaces(name: str, labels: pl.Series) -> None:
    """Warn of labels that differ by the white space around them alone."""
    if not isinstance(labels.dtype, (pl.String, pl.Categorical, pl.Enum)):
        return
    distinct = labels.cast(pl.String).unique()
    bare = distinct.str.strip_chars()
    if bare.n_unique() < len(distinct):
        same = pl.DataFrame({"label": distinct, "bare": bare}).group_by("bare").agg("label")
        same = same.filter(pl.col("label").list.len() > 1).sort("bare")
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
