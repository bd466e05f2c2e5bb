"""Counts that callers bring. They are whole, non-negative and finite; errors about counts are raised here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from amiable._array.devices import common_namespace, is_meta, is_traced
from amiable._array.dtypes import count_dtype, to_count, working_dtype
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_array
from amiable.inputs.categories import is_missing


def check_counts(name: str, counts: Any, axis: int | tuple[int, ...], *, where: str = "in row-major order") -> Array:
    """Return whole, non-negative, finite `counts` as new memory in the count dtype; `axis` adds up to one table."""
    if isinstance(counts, (Iterator, Mapping, Set, str)):
        raise TypeError(
            f"{name} is a {type(counts).__name__}: expected an array of counts; "
            "ContingencyTable.from_cells takes labels with their counts"
        )
    x = as_array(name, counts)
    least_ndim = 1 if axis == -1 else 2
    if x.ndim < least_ndim:
        raise ValueError(f"{name} has shape {tuple(x.shape)}: expected at least {least_ndim} dimensions")
    if 0 in x.shape[:-least_ndim]:
        raise ValueError(f"{name} has shape {tuple(x.shape)}: the batch is empty, expected at least one table")
    if is_meta(x):
        raise ValueError(f"{name} is on the meta device, its values are not known: expected counts that have values")
    x = _check_dtype(name, x, counts, where)
    xp = namespace_of(x)
    if isinstance(x, np.ndarray) and _are_small(x):
        return x.astype(np.int64)
    if is_traced(x):
        return to_count(xp, x)
    flat = xp.reshape(x, (-1,))
    floats = xp.isdtype(x.dtype, "real floating")
    bad = ~(xp.isfinite(flat) & (flat == xp.floor(flat))) if floats else xp.zeros_like(flat, dtype=xp.bool)
    if not xp.isdtype(x.dtype, "unsigned integer"):
        bad = bad | (flat < 0)
    if bool(xp.any(bad)):
        first = int(xp.argmax(to_count(xp, bad)))
        value = float(flat[first]) if floats else int(flat[first])
        raise ValueError(
            f"{name} holds {value} {_place(counts, first, where)}: expected whole numbers >= 0{_advice(counts, value)}"
        )
    check_total(name, [x], axis)
    return xp.astype(x, count_dtype(xp, x), copy=True)


def _are_small(x: np.ndarray) -> bool:
    """Whether numbers of NumPy are integers of at least 0, so small that no total is near the limit."""
    return x.size > 0 and x.dtype.kind in "iu" and 0 <= int(x.min()) <= int(x.max()) < 2**52 // x.size


def check_no_totals(name: str, counts: Any, x: Array) -> None:
    """Raise ValueError for a frame whose last row or column is called a total, and is the sum of the others."""
    if not _is_frame(counts) or not isinstance(x, np.ndarray) or x.ndim != 2 or not x.any():
        return
    ends = {
        end: repr(title)
        for end, axis, full in (("last row", counts.index, x), ("last column", counts.columns, x.T))
        if _is_total(title := axis.tolist()[-1]) and bool((full[-1] == full[:-1].sum(axis=0)).all())
    }
    if ends:
        raise ValueError(
            f"{name} has the sums of the others in its {' and '.join(ends)}, called {' and '.join(ends.values())}, as "
            "pandas.crosstab(margins=True) has: expected counts without totals, margins=False; if they are clusters, "
            f"give ContingencyTable.from_counts({name}.to_numpy())"
        )


def _is_total(title: Any) -> bool:
    return str(title[0] if isinstance(title, tuple) else title).lower() in ("all", "total")


def _is_frame(counts: Any) -> bool:
    return hasattr(counts, "index") and hasattr(counts, "columns")


def _advice(counts: Any, value: Any) -> str:
    """Say how a frame of counts gets whole numbers."""
    if not _is_frame(counts):
        return ""
    if is_missing(value):
        return "; a combination without samples has the count 0, by fill_value=0 in a pivot, or .fillna(0).astype(int)"
    return "" if isinstance(value, Real) and value < 0 else "; .astype(int) makes such of counts in another type"


def _place(counts: Any, position: int, where: str) -> str:
    """Say where a count stands: by the names of row and column, where they have some."""
    if _is_frame(counts):
        row, col = divmod(position, len(counts.columns))
        return f"at row {counts.index.tolist()[row]!r}, column {counts.columns.tolist()[col]!r}"
    return f"at position {position} ({where})"


def _whole_numbers(name: str, x: np.ndarray, counts: Any, where: str) -> np.ndarray:
    """Return objects that are whole numbers, as pandas and databases make them, as integers."""
    for i, value in enumerate(x.flat):
        if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
            place = _place(counts, i, where)
            raise TypeError(
                f"{name} has dtype object, with {value!r} {place}: expected whole numbers{_advice(counts, value)}"
            )
        if not _is_whole(value):
            place = _place(counts, i, where)
            raise ValueError(f"{name} holds {value} {place}: expected whole numbers >= 0{_advice(counts, value)}")
        if not -(2**63) <= int(x.flat[i]) < 2**63:
            raise ValueError(f"{name} holds {value}: expected whole numbers that int64 holds")
    return np.array([int(value) for value in x.flat], dtype=np.int64).reshape(x.shape)


def _is_whole(value: Any) -> bool:
    try:
        return bool(int(value) == value)
    except (ValueError, ArithmeticError):  # NaN and infinity
        return False


def _check_dtype(name: str, x: Array, counts: Any, where: str) -> Array:
    """Return numbers as they are, and objects that are whole numbers as integers."""
    xp = namespace_of(x)
    if isinstance(x, np.ndarray) and x.dtype.kind == "O" and x.size:
        return _whole_numbers(name, x, counts, where)
    if (isinstance(x, np.ndarray) and x.dtype.kind not in "iuf") or not xp.isdtype(
        x.dtype, ("integral", "real floating")
    ):
        raise TypeError(f"{name} has dtype {x.dtype}: expected whole numbers")
    return x


def check_total(name: str, counts: list[Array], axis: int | tuple[int, ...]) -> None:
    """Raise unless all totals, of several counts together, stay inside the integers and exact arithmetic here."""
    xp, x = namespace_of(counts[0]), counts[0]
    if count_dtype(xp, x) == xp.int32:
        limit = 2**31
    else:  # whole numbers that a float64 holds; what three 14-bit digits hold (`offset_from_mean`)
        limit = 2**53 if working_dtype(xp, x) == xp.float64 else 2**42
    limit = int(limit * 0.999)  # totals in float32 are close, and cannot wrap around
    totals = [xp.sum(xp.astype(c, xp.float32), axis=axis) for c in counts]
    most = sum(float(xp.max(t)) for t in totals if math.prod(t.shape))
    if most >= limit:
        raise ValueError(f"{name} adds up to about {most:.3g}: expected less than {limit} samples")


def check_margins(row_sums: Any, col_sums: Any) -> tuple[Namespace, Array, Array]:
    """Return the namespace and cluster sizes (..., R) and (..., C) whose totals agree; batches are broadcast."""
    for name, sums in (("row_sums", row_sums), ("col_sums", col_sums)):
        kind = type(sums).__name__
        advice = "those of a table of counts are ContingencyTable.from_counts(counts).row_sums and .col_sums"
        if kind == "ContingencyTable" or hasattr(sums, "tocoo"):
            raise TypeError(f"{name} is a {kind}: expected cluster sizes; {advice}")
        if isinstance(sums, Real):
            raise ValueError(f"{name} has shape (), it is {sums}: expected cluster sizes; {advice}")
    rows, cols = check_counts("row_sums", row_sums, -1), check_counts("col_sums", col_sums, -1)
    xp = common_namespace(row_sums=rows, col_sums=cols)
    try:
        lead = np.broadcast_shapes(rows.shape[:-1], cols.shape[:-1])
    except ValueError:
        raise ValueError(
            f"row_sums has shape {tuple(rows.shape)} and col_sums {tuple(cols.shape)}: "
            "the leading (batch) dimensions must broadcast"
        ) from None
    if lead:
        rows, cols = (xp.broadcast_to(sums, (*lead, sums.shape[-1])) for sums in (rows, cols))
    if not is_traced(rows) and not is_traced(cols):
        totals = [xp.reshape(xp.sum(sums, axis=-1), (-1,)) for sums in (rows, cols)]
        unequal = to_count(xp, totals[0] != totals[1])
        if bool(xp.any(unequal > 0)):
            n_rows, n_cols = (int(total[int(xp.argmax(unequal))]) for total in totals)
            raise ValueError(f"row_sums add up to {n_rows} and col_sums to {n_cols}: expected the same n_samples")
    return xp, rows, cols
