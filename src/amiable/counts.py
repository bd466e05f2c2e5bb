"""Counts that callers bring: whole, non-negative, finite. Every complaint about counts is raised here."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import array_api_compat as compat
import numpy as np

from amiable._array.namespace import (
    Array,
    as_array,
    common_namespace,
    count_dtype,
    is_traced,
    to_count,
    working_dtype,
)


def check_counts(name: str, counts: Any, axis: int | tuple[int, ...]) -> Array:
    """Return whole, non-negative, finite `counts` in the count dtype of their device; `axis` adds up to one table."""
    x = as_array(name, counts)
    if x.ndim < (1 if axis == -1 else 2):
        raise ValueError(f"{name} has shape {tuple(x.shape)}: expected at least {1 if axis == -1 else 2} dimensions")
    xp = compat.array_namespace(x)
    if (compat.is_numpy_array(x) and x.dtype.kind not in "iuf") or not xp.isdtype(
        x.dtype, ("integral", "real floating")
    ):
        raise TypeError(f"{name} has dtype {x.dtype}: expected whole numbers")
    if is_traced(x):
        return to_count(xp, x)
    flat = xp.reshape(x, (-1,))
    if xp.isdtype(x.dtype, "real floating"):
        bad = ~(xp.isfinite(flat) & (flat == xp.floor(flat)) & (flat >= 0))
    elif xp.isdtype(x.dtype, "signed integer"):
        bad = flat < 0
    else:
        bad = None
    if bad is not None and bool(xp.any(bad)):
        first = int(xp.argmax(to_count(xp, bad)))
        raise ValueError(
            f"{name} holds {flat[first]} at position {first} (in row-major order): expected whole numbers >= 0"
        )
    _check_total(name, xp, x, axis)
    return to_count(xp, x)


def _check_total(name: str, xp: ModuleType, x: Array, axis: int | tuple[int, ...]) -> None:
    """Raise unless every total stays inside the integers, and the exact arithmetic, of this device."""
    if count_dtype(xp, x) == xp.int32:
        limit = 2**31
    else:  # whole numbers that a float64 holds; what three 14-bit digits hold (`offset_from_mean`)
        limit = 2**53 if working_dtype(xp, x) == xp.float64 else 2**42
    totals = xp.sum(xp.astype(x, xp.float32), axis=axis)  # close enough, and cannot wrap around
    if math.prod(totals.shape) and (most := float(xp.max(totals))) >= limit * (1 - 1e-3):
        raise ValueError(f"{name} adds up to about {most:.3g}: expected less than {limit} samples")


def check_margins(row_sums: Any, col_sums: Any) -> tuple[ModuleType, Array, Array]:
    """Return the namespace and cluster sizes (..., R) and (..., C) whose totals agree; batches are broadcast."""
    rows, cols = check_counts("row_sums", row_sums, -1), check_counts("col_sums", col_sums, -1)
    xp = common_namespace(row_sums=rows, col_sums=cols)
    for name, sums in (("row_sums", rows), ("col_sums", cols)):
        if 0 in sums.shape[:-1]:
            raise ValueError(f"{name} has shape {tuple(sums.shape)}: the batch is empty, expected at least one table")
    try:
        lead = np.broadcast_shapes(rows.shape[:-1], cols.shape[:-1])
    except ValueError:
        raise ValueError(
            f"row_sums has shape {tuple(rows.shape)} and col_sums {tuple(cols.shape)}: "
            "the leading (batch) dimensions must broadcast"
        ) from None
    rows, cols = (xp.broadcast_to(sums, (*lead, sums.shape[-1])) for sums in (rows, cols))
    if not is_traced(rows) and not is_traced(cols):
        totals = [xp.reshape(xp.sum(sums, axis=-1), (-1,)) for sums in (rows, cols)]
        unequal = to_count(xp, totals[0] != totals[1])
        if bool(xp.any(unequal > 0)):
            n_rows, n_cols = (int(total[int(xp.argmax(unequal))]) for total in totals)
            raise ValueError(f"row_sums add up to {n_rows} and col_sums to {n_cols}: expected the same n_samples")
    return xp, rows, cols
