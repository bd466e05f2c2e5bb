"""Labels of several columns counted where a dataframe lies: the engine groups and counts, only counts arrive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from amiable._array.bins import unique_counts
from amiable._array.libraries import NUMPY
from amiable._extras import hint
from amiable.inputs.categories import Categories, codes_of_column
from amiable.inputs.codes import Coded, named_codes
from amiable.inputs.labels import check_labels

_COUNT = "count"
_FEW_CELLS = 1 << 13
_MOMENTS = ("weight", "square", "number", "bad")


def count_columns(
    frame: Any, names: Sequence[str], *, drops: bool = False, weight: str | None = None
) -> tuple[list[Coded], np.ndarray, int]:
    """Return the labels (M,) of some columns of `frame`, in how many rows (M,) they stand, and how many lack one.

    Labels are codes where the frame holds codes, or texts.

    With a column of weights, the second are these, their squares, and in how many rows one is positive: (3, M).

    The arguments are those of `ContingencyTable.from_frame`, and so are the errors.
    """
    nw = _narwhals()
    given = _opened(frame)
    lazy = given.lazy()
    schema = lazy.collect_schema()
    _check_columns(schema, *names)
    if weight is None and isinstance(given, nw.DataFrame):
        columns = [codes_of_column(given[name].to_native()) for name in names]
        if (counted := _count_codes(names, columns, drops=drops)) is not None:
            return counted
    aliases = [f"label_{i}" for i in range(len(names))]
    picked = [nw.col(name).alias(alias) for name, alias in zip(names, aliases, strict=True)]
    sums = [nw.len().alias(_COUNT)]
    if weight is not None:
        picked += _moments(schema, weight)
        sums += [nw.col(alias).sum() for alias in _MOMENTS]
    rows = lazy.select(picked)
    n_missing = 0
    if drops:  # at once: beside missing ones, pandas would make floats of integers
        n_rows = int(rows.select(nw.len()).collect().item())
        rows = rows.drop_nulls(subset=aliases)
    try:
        found = rows.group_by(aliases).agg(sums).collect()
    except TypeError as error:
        if "unhashable" not in str(error):
            raise
        given = " or ".join(map(repr, names))
        raise TypeError(f"column {given} holds lists or the like: expected one label a row") from error
    counts = found[_COUNT].to_numpy().astype(np.int64)
    known = np.ones(counts.shape, dtype=bool)
    for name, alias in zip(names, aliases, strict=True):
        missing = _missing(found[alias])
        _check_known(name, missing, counts, drops=drops)
        known &= ~missing
    if not known.all():
        found, counts = found.filter(known.tolist()), counts[known]
    if drops:
        n_missing = n_rows - int(counts.sum())
    amounts = counts if weight is None else _sums_of_weights(found, weight)
    labels = [
        Coded(check_labels(f"column {name!r}", _labels(found[alias])))
        for name, alias in zip(names, aliases, strict=True)
    ]
    return labels, amounts, n_missing


def _moments(schema: Any, name: str) -> list[Any]:
    """Return the weight of each row, its square, whether it is positive, and whether it is none."""
    nw = _narwhals()
    _check_columns(schema, name)
    if not (schema[name].is_numeric() or schema[name].is_boolean()):
        raise TypeError(f"column {name!r} holds {schema[name]}: expected weights, real numbers")
    value = nw.col(name).cast(nw.Float64)
    bad = ~(value.is_finite() & (value >= 0)).fill_null(False)
    parts = (value, value * value, (value > 0).cast(nw.Int64), bad.cast(nw.Int64))
    return [x.alias(alias) for x, alias in zip(parts, _MOMENTS, strict=True)]


def _sums_of_weights(found: Any, name: str) -> np.ndarray:
    """Return the sums (3, M) of the first three of `_moments`; raise for what is no weight."""
    *sums, n_bad = (found[alias].to_numpy().astype(np.float64) for alias in _MOMENTS)
    if n_bad.any():
        raise ValueError(f"column {name!r} has {int(n_bad.sum())} values that are no weights: expected numbers >= 0")
    if n_bad.size and not sums[0].any():
        raise ValueError(f"column {name!r} is 0 throughout: expected a positive weight")
    return np.stack(sums)


def _count_codes(
    names: Sequence[str], columns: Sequence[Categories | None], *, drops: bool
) -> tuple[list[Coded], np.ndarray, int] | None:
    """Return what `count_columns` does, of columns of codes; None for others.

    One pass over the codes is several times faster than to group them.
    """
    known = [column.with_missing_values() for column in columns if column is not None]
    shape = [len(column.values) + 1 for column in known]  # the first of each is that of missing labels
    if len(known) < len(names) or math.prod(shape) >= 1 << 62:
        return None
    keys: Any = 0
    for column, length in zip(known, shape, strict=True):
        keys = keys * length + (column.codes.astype(np.int64) + 1)
    if math.prod(shape) <= max(_FEW_CELLS, keys.size):
        counts = np.bincount(keys, minlength=math.prod(shape))
        cells = np.nonzero(counts)[0]
        counts = counts[cells]
    else:
        cells, counts = map(np.asarray, unique_counts(NUMPY, keys))
    codes = np.unravel_index(cells, shape)
    for name, code in zip(names, codes, strict=True):
        _check_known(name, code == 0, counts, drops=drops)
    there = np.all([code > 0 for code in codes], axis=0)
    labels = [
        named_codes(f"column {name!r}", code[there] - 1, column.values)
        for name, column, code in zip(names, known, codes, strict=True)
    ]
    return labels, counts[there], int(counts[~there].sum())


def _check_known(name: str, missing: np.ndarray, counts: np.ndarray, *, drops: bool) -> None:
    if missing.any() and not drops:
        raise ValueError(
            f"column {name!r} has {counts[missing].sum()} missing values in {counts.sum()} rows: "
            "expected a label in every row, or missing='drop'"
        )


def _opened(frame: Any) -> Any:
    """Return a frame as narwhals takes it."""
    nw = _narwhals()
    try:
        given = nw.from_native(frame)
        given.lazy().collect_schema()
    except nw.exceptions.DuplicateError as error:
        found = " ".join(str(error).split())
        raise ValueError(f"frame has several columns of one name ({found}): rename or drop all but one") from error
    except TypeError as error:
        raise TypeError(
            f"frame is a {type(frame).__name__}: expected a dataframe, lazy frame or relation of a library that "
            "narwhals supports"
        ) from error
    return given


def _narwhals() -> Any:
    try:
        import narwhals.stable.v2 as nw
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(hint("a table from a dataframe", "narwhals", "frames"), name=error.name) from error
    return nw


def _check_columns(schema: Any, *names: str) -> None:
    for name in names:
        if name not in list(schema):
            raise ValueError(f"frame has no column {name!r}: its columns are {', '.join(map(repr, schema))}")
        if schema[name].is_nested():
            raise TypeError(f"column {name!r} holds {schema[name]}: expected one label a row")


def _missing(column: Any) -> np.ndarray:
    """Return which values are null or NaN."""
    missing = column.is_null()
    if column.dtype.is_float():
        missing |= column.is_nan().fill_null(True)
    return np.asarray(missing.to_numpy(), dtype=bool)


def _labels(column: Any) -> np.ndarray:
    """Return a column without missing values as an array that keeps its values apart."""
    nw = _narwhals()
    if column.dtype in (nw.Decimal, nw.Int128, nw.UInt128):  # NumPy has none of these
        column = column.cast(nw.String)
    return np.asarray(column.to_numpy())
