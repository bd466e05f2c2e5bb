"""What is done with samples that lack a label: they raise an error, or are left out where the caller says so."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from amiable._array.devices import is_traced
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array
from amiable._array.transfers import as_array
from amiable.inputs.categories import is_missing
from amiable.inputs.labels import check_container, check_labels

MissingPolicy = Literal["raise", "drop"]


class Policies(NamedTuple):
    """Which samples are left out."""

    drops: bool = False  # those that lack a label, which raise an error otherwise
    ignored: tuple[Any, Any] = (None, None)  # those with one of these true, or predicted, labels

    @property
    def same(self) -> bool:
        """Whether both sides ignore the same labels, as far as that can be told."""
        true, pred = self.ignored
        return true is pred or (type(true) is type(pred) and not hasattr(true, "shape") and bool(true == pred))


def check_policies(missing: Any, ignore_true: Any = None, ignore_pred: Any = None) -> Policies:
    """Return the arguments of these names; ValueError for a policy that there is not."""
    if missing not in get_args(MissingPolicy):
        raise ValueError(f"missing is {missing!r}: expected one of {', '.join(map(repr, get_args(MissingPolicy)))}")
    return Policies(missing == "drop", (ignore_true, ignore_pred))


def labels_and_missing(
    name: str, labels: Any, *, axis: int | None = -1, warns: bool = True
) -> tuple[Array, Array | None]:
    """Return labels as `check_labels` does, and where one is missing, if any is; another label stands there.

    Missing are None, NaN, NaT, NA and masked entries.
    """
    check_container(name, labels)
    x, missing = _found(name, labels)
    if missing is None or not bool(namespace_of(missing).any(missing)):
        return check_labels(name, labels if missing is None else x, axis=axis, warns=warns), None
    xp = namespace_of(x)
    if isinstance(x, np.ndarray):
        there = x[~missing]
        x = x.copy() if there.size else np.zeros(x.shape, dtype=np.int64)
        if there.size:
            x[missing] = there[:1].repeat(missing.sum())
    else:  # floats
        known = xp.where(missing, xp.zeros_like(x), x)
        x = xp.where(missing, xp.max(known), x)  # 0 or one of the labels: no table keeps it
    return check_labels(name, x, axis=axis, warns=warns), missing


def either(one: Array | None, other: Array | None) -> Array | None:
    """Return which samples one of two arrays marks; None marks none."""
    return other if one is None else one if other is None else one | other


def _found(name: str, labels: Any) -> tuple[Any, Any]:
    """Return labels as an array that keeps them apart, and where one is missing; None where none can be."""
    if isinstance(labels, np.ma.MaskedArray):
        x, missing = _found(name, labels.data)
        masked = np.ma.getmaskarray(labels)
        return x, masked if missing is None else masked | missing
    if not hasattr(labels, "dtype") or _may_hold_nulls(labels):  # as floats, integers beside None would lose digits
        x = _objects(labels)
        return x, _missing_objects(x)
    x = as_array(name, labels)
    if isinstance(x, np.ndarray):
        if x.dtype.kind in "OT":
            x = x.astype(object)
            return x, _missing_objects(x)
        if x.dtype.kind in "mM":
            return x, np.isnat(x)
        return x, np.isnan(x) if x.dtype.kind == "f" else None
    xp = namespace_of(x)
    is_float = xp.isdtype(x.dtype, "real floating") and not is_traced(x)
    return x, xp.isnan(x) if is_float else None


def _may_hold_nulls(labels: Any) -> bool:
    """Whether labels are a column of a dataframe in which a mark, not a value, says what is missing."""
    if isinstance(labels, np.ndarray) or not (hasattr(labels, "isna") or hasattr(labels, "null_count")):
        return False
    n_null = labels.null_count if hasattr(labels, "null_count") else labels.isna().sum()
    return bool(n_null() if callable(n_null) else n_null)


def _objects(labels: Any) -> np.ndarray:
    """Return labels as an array of Python objects."""
    if hasattr(labels, "dtype") or hasattr(labels, "null_count"):  # a column: its values, one by one
        name = next(name for name in ("to_pylist", "to_list", "tolist") if hasattr(labels, name))
        values = getattr(labels, name)()
        x = np.empty(len(values), dtype=object)
        x[:] = values
        return x
    return np.asarray(labels, dtype=object)


def _missing_objects(x: np.ndarray) -> np.ndarray:
    values = x.ravel().tolist()
    return np.fromiter(map(is_missing, values), dtype=bool, count=len(values)).reshape(x.shape)
