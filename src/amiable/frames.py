"""Pairs of labels counted where a dataframe lies: the engine groups and counts, only counts arrive."""

from __future__ import annotations

from typing import Any

import numpy as np

_TRUE, _PRED, _COUNT = "labels_true", "labels_pred", "count"


def count_pairs(frame: Any, true: str, pred: str, *, dropna: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of labels (M,), (M,) in two columns of `frame`, and in how many rows (M,) each stands.

    The arguments are those of `ContingencyTable.from_frame`, as are the complaints.
    """
    nw = _narwhals()
    try:
        lazy = nw.from_native(frame).lazy()
    except TypeError as error:
        raise TypeError(
            f"frame is a {type(frame).__name__}: expected a dataframe, lazy frame or relation of a library that "
            "narwhals supports"
        ) from error
    names = lazy.collect_schema().names()
    for name in (true, pred):
        if name not in names:
            raise ValueError(f"frame has no column {name!r}: its columns are {', '.join(map(repr, names))}")
    pairs = lazy.select(nw.col(true).alias(_TRUE), nw.col(pred).alias(_PRED))
    found = pairs.group_by(_TRUE, _PRED).agg(nw.len().alias(_COUNT)).collect()
    counts = found[_COUNT].to_numpy().astype(np.int64)
    known = np.ones(counts.shape, dtype=bool)
    for name, column in ((true, found[_TRUE]), (pred, found[_PRED])):
        missing = _missing(column)
        if missing.any() and not dropna:
            raise ValueError(
                f"column {name!r} has {counts[missing].sum()} missing values in {counts.sum()} rows: "
                "expected a label in every row, or dropna=True"
            )
        known &= ~missing
    if not known.all():
        found = found.filter(known.tolist())
    return _labels(true, found[_TRUE]), _labels(pred, found[_PRED]), counts[known]


def _narwhals() -> Any:
    try:
        import narwhals.stable.v2 as nw
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "tables from dataframes need narwhals; install it with: pip install 'amiable[frames]'", name=error.name
        ) from error
    return nw


def _missing(column: Any) -> np.ndarray:
    """Return which values are null or NaN."""
    missing = column.is_null()
    if column.dtype.is_float():
        missing |= column.is_nan().fill_null(True)
    return missing.to_numpy().astype(bool)


def _labels(name: str, column: Any) -> np.ndarray:
    """Return a column without missing values as an array that keeps its values apart."""
    nw = _narwhals()
    if column.dtype.is_nested():
        raise TypeError(f"column {name!r} holds {column.dtype}: expected one label a row")
    if column.dtype in (nw.Decimal, nw.Int128, nw.UInt128):  # NumPy has none of these
        column = column.cast(nw.String)
    return column.to_numpy()
