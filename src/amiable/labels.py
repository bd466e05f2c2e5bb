"""Labels to codes 0..K-1. Every complaint about labels is raised here."""

from __future__ import annotations

import math
import sys
import warnings
from collections import Counter
from types import ModuleType
from typing import Any

import array_api_compat as compat
import numpy as np

from amiable._array.counting import count_keys, unique_inverse
from amiable._array.namespace import (
    Array,
    as_array,
    common_namespace,
    count_dtype,
    device_of,
    fetch,
    is_traced,
    on_cpu,
    to_count,
)

_COMPACT = 1 << 16  # a table this long is cheaper than sorting any labels


def check_labelings(labels_true: Any, labels_pred: Any) -> tuple[ModuleType, Array, Array]:
    """Return the namespace and both labelings as arrays whose samples, along the last axis, agree."""
    true = check_labels("labels_true", labels_true)
    pred = check_labels("labels_pred", labels_pred)
    xp = common_namespace(labels_true=true, labels_pred=pred)
    if true.shape[-1] != pred.shape[-1]:
        for name, labels in (("labels_true", true), ("labels_pred", pred)):
            if labels.ndim != 1:
                raise ValueError(
                    f"{name} must be 1D: shape is {tuple(labels.shape)}; for a batch, (..., n_samples), the last "
                    f"axes must agree: they are {true.shape[-1]} and {pred.shape[-1]}"
                )
        raise ValueError(
            "labels_true and labels_pred must have the same length. "
            f"Found input variables with inconsistent numbers of samples: [{true.shape[-1]}, {pred.shape[-1]}]"
        )
    try:
        np.broadcast_shapes(true.shape, pred.shape)
    except ValueError:
        raise ValueError(
            f"labels_true has shape {tuple(true.shape)} and labels_pred {tuple(pred.shape)}: "
            "the leading (batch) dimensions must broadcast"
        ) from None
    return xp, true, pred


def check_labels(name: str, labels: Any) -> Array:
    """Return `labels` as an array (..., n) of values of one kind, with none missing."""
    if labels is None:
        raise TypeError(f"{name} is None: expected labels, an array of shape (n_samples,) or (..., n_samples)")
    if type(labels).__name__ in ("DataFrame", "LazyFrame") or hasattr(labels, "tocoo"):
        raise TypeError(f"{name} is a {type(labels).__name__}: expected one label a sample, for example one column")
    x = as_array(name, labels)
    if compat.is_numpy_array(x):
        x = _check_numpy(name, np.asarray(x), labels)
    if x.ndim == 0:
        raise ValueError(f"{name} must be 1D: shape is (); expected (n_samples,) or (..., n_samples)")
    if 0 in x.shape[:-1]:
        raise ValueError(f"{name} has shape {tuple(x.shape)}: the batch is empty, expected at least one labeling")
    return x


def _check_numpy(name: str, x: np.ndarray, given: Any) -> np.ndarray:
    if x.dtype.kind == "O" or (x.dtype.kind in "US" and not isinstance(given, np.ndarray)):
        # made from a list, [1, "a"] would have become ["1", "a"] without a word
        return _check_objects(name, np.asarray(given, dtype=object))
    if x.dtype.kind in "mM" and np.isnat(x).any():
        raise ValueError(_missing(name, "NaT", np.isnat(x)))
    if x.dtype.kind not in "biufUSTmM":
        raise TypeError(f"{name} has dtype {x.dtype}: expected integers, booleans, floats, strings or dates")
    return x


def _check_objects(name: str, x: np.ndarray) -> np.ndarray:
    values = x.ravel().tolist()
    missing = np.array(
        [v is None or type(v).__name__ in ("NAType", "NaTType") or _is_nan(v) for v in values], dtype=bool
    )
    if missing.any():
        what = values[int(missing.argmax())]
        raise ValueError(_missing(name, "NaN" if _is_nan(what) else str(what), missing))
    kinds = Counter(
        "number" if isinstance(v, (bool, int, float, np.number, np.bool_)) else type(v).__name__ for v in values
    )
    if len(kinds) > 1:
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        raise TypeError(f"{name} mixes kinds of labels ({found}): expected one kind")
    if values and set(kinds) <= {"number", "str", "bytes"}:
        return np.asarray(values).reshape(x.shape)
    return x


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _missing(name: str, what: str, where: np.ndarray) -> str:
    flat = where.ravel()
    return (
        f"{name} contains {what}: {int(flat.sum())} of {flat.size} values, the first at position "
        f"{int(flat.argmax())}; expected a label for every sample"
    )


def encode(xp: ModuleType, name: str, x: Array) -> tuple[Array, Array]:
    """Return codes 0..K-1 in the shape of `x` and the K distinct labels, sorted."""
    if compat.is_numpy_array(x) and x.dtype.kind not in "biuf":
        try:
            labels, codes = np.unique(x, return_inverse=True)
        except TypeError as error:
            raise TypeError(
                f"{name} holds labels that cannot be sorted ({error}): expected values of one kind"
            ) from None
        return codes.reshape(x.shape), labels
    if x.shape[-1] == 0:
        return xp.zeros(x.shape, dtype=count_dtype(xp, x), device=device_of(x)), xp.reshape(x, (-1,))
    if xp.isdtype(x.dtype, "bool"):
        codes, labels = encode(xp, name, to_count(xp, x))
        return codes, xp.astype(labels, x.dtype)
    if xp.isdtype(x.dtype, "integral"):
        return _encode_integers(xp, x)
    if not xp.isdtype(x.dtype, "real floating"):
        raise TypeError(f"{name} has dtype {x.dtype}: expected integers, booleans or floats")
    _check_floats(xp, name, x)
    labels, codes = unique_inverse(xp, x)
    return codes, labels


def _encode_integers(xp: ModuleType, x: Array) -> tuple[Array, Array]:
    """Codes of a compact range of integers by a lookup table, of others by sorting."""
    whole = to_count(xp, x)
    if xp.isdtype(x.dtype, "unsigned integer") and xp.iinfo(x.dtype).bits == xp.iinfo(whole.dtype).bits:
        # the upper half has wrapped around; flipping the top bit maps all values to signed ones in order
        top = int(xp.iinfo(whole.dtype).min)
        codes, labels = _encode_integers(xp, whole ^ top)
        return codes, xp.astype(labels ^ top, x.dtype)
    low, high = fetch(xp.stack([xp.min(whole), xp.max(whole)]))
    span = high - low + 1
    if span > max(_COMPACT, 4 * math.prod(x.shape)):
        labels, codes = unique_inverse(xp, whole)
        return codes, xp.astype(labels, x.dtype)
    codes = whole - low
    occupied = count_keys(xp, xp.reshape(codes, (-1,)), span) > 0
    labels = xp.astype(to_count(xp, xp.nonzero(occupied)[0]) + low, x.dtype)
    if labels.shape[0] < span:  # close the gaps
        lookup = xp.cumulative_sum(to_count(xp, occupied)) - 1
        codes = xp.reshape(xp.take(lookup, xp.reshape(codes, (-1,))), x.shape)
    return codes, labels


def _check_floats(xp: ModuleType, name: str, x: Array) -> None:
    flat = xp.reshape(x, (-1,))
    n_nan, n_infinite, n_fractional = fetch(
        xp.stack([xp.sum(to_count(xp, v)) for v in (xp.isnan(flat), xp.isinf(flat), flat != xp.floor(flat))])
    )
    if n_nan or n_infinite:
        what, bad = ("NaN", xp.isnan(flat)) if n_nan else ("infinity", xp.isinf(flat))
        first = int(xp.argmax(to_count(xp, bad)))
        raise ValueError(
            f"{name} contains {what}: {n_nan or n_infinite} of {flat.shape[0]} values, the first at position {first}; "
            "expected a label for every sample"
        )
    if n_fractional:
        warnings.warn(
            f"{name} holds continuous values: {n_fractional} of {flat.shape[0]} are not whole numbers. "
            "Clustering metrics expect discrete labels; every distinct value is taken as a label",
            UserWarning,
            stacklevel=_level_of_caller(),
        )


def _level_of_caller() -> int:
    """Return the stack level, for a warning raised by the caller of this, of the first frame outside amiable."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "amiable":
        level, frame = level + 1, frame.f_back
    return level


def check_values_known(name: str, x: Array) -> None:
    """Raise ValueError for a traced array: how many labels it has cannot be found out."""
    if is_traced(x):
        raise ValueError(
            f"{name} is traced, its values are not known: expected the number of labels, n_labels, as well"
        )


def check_codes(xp: ModuleType, name: str, x: Array, n_labels: int) -> Array:
    """Return integer `x` as codes that are promised to lie in 0..n_labels-1.

    The promise is checked where looking at the values copies nothing (in host memory, outside tracing).
    """
    if not xp.isdtype(x.dtype, ("integral", "bool")):
        raise TypeError(f"{name} has dtype {x.dtype}: with n_labels, labels must be integer codes")
    if on_cpu(x) and x.shape[-1]:
        codes = to_count(xp, x) if xp.isdtype(x.dtype, "bool") else x
        low, high = int(xp.min(codes)), int(xp.max(codes))
        if low < 0 or high >= n_labels:
            raise ValueError(
                f"{name} has the code {low if low < 0 else high}, outside n_labels: expected 0..{n_labels - 1}"
            )
    return to_count(xp, x)


def check_n_labels(n_labels: Any) -> tuple[int, int]:
    """Return `n_labels` as a pair of positive whole numbers (R, C)."""
    pair = tuple(n_labels) if isinstance(n_labels, (tuple, list)) else ()
    if len(pair) != 2 or not all(isinstance(k, (int, np.integer)) and not isinstance(k, bool) and k > 0 for k in pair):
        raise ValueError(
            f"n_labels is {n_labels!r}: expected two positive integers, (classes of true, clusters of pred)"
        )
    return int(pair[0]), int(pair[1])
