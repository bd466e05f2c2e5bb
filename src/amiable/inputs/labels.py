"""Labels that callers bring. They are of one kind, and none is missing; errors about labels are raised here."""

from __future__ import annotations

import math
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, MappingView, Set
from typing import Any

import numpy as np

from amiable._array.blocks import common_lead
from amiable._array.devices import common_namespace, is_captured, is_meta, is_traced, on_cpu
from amiable._array.dtypes import to_count
from amiable._array.libraries import NUMPY, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_array, fetch, host_view, lengths_of_items
from amiable.inputs.categories import Categories, categories_of, is_missing

_FROM_MEMBERS = "clusters listed by their members become labels by amiable.labels_of_clusters(clusters, samples)"


def check_labelings(
    labels_true: Any, labels_pred: Any, *, axis: int | None = -1, warns: bool = True
) -> tuple[Namespace, Array, Array]:
    """Return the namespace and both labelings as arrays whose samples, moved from `axis` to the last one, agree."""
    true = check_labels("labels_true", labels_true, axis=axis, warns=warns)
    pred = check_labels("labels_pred", labels_pred, axis=axis, warns=warns)
    xp = common_namespace(labels_true=true, labels_pred=pred)
    if axis != -1:
        true, pred = samples_last(axis, labels_true=true, labels_pred=pred)
    if true.shape[-1] != pred.shape[-1]:
        if axis != -1:
            raise ValueError(
                f"labels_true and labels_pred have {true.shape[-1]} and {pred.shape[-1]} samples along axis {axis}: "
                "expected the same number"
            )
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
        if min(true.ndim, pred.ndim) > 1:
            common_lead(true, pred)
    except ValueError:
        raise ValueError(
            f"labels_true has shape {tuple(true.shape)} and labels_pred {tuple(pred.shape)}: "
            "the leading (batch) dimensions must broadcast"
        ) from None
    return xp, true, pred


def samples_last(axis: int | None, **labels: Array) -> list[Array]:
    """Return arrays with their samples moved from `axis` to the end, or, for None, of one shape, each as one labeling.

    This is all that `axis` does. The arrays are those that `check_labels` returned, or such of the same shapes.
    """
    if axis is not None:
        return [namespace_of(x).moveaxis(x, axis, -1) for x in labels.values()]
    (first, one), *others = labels.items()
    for name, x in others:
        if x.shape != one.shape:
            raise ValueError(
                f"{first} has shape {tuple(one.shape)} and {name} {tuple(x.shape)}: with axis=None, expected one shape"
            )
    return [namespace_of(x).reshape(x, (-1,)) for x in labels.values()]


def check_labels(name: str, labels: Any, *, axis: int | None = -1, warns: bool = True) -> Array:
    """Return `labels` as an array (..., n) of values of one kind, with none missing; warn of continuous ones.

    With another `axis` samples lie along that one, or with None along all; where they lie is not changed here.
    """
    if type(labels) is np.ndarray and labels.ndim and labels.dtype.kind in "iub":
        x: Array = labels  # there is nothing to find in values
    else:
        x = _checked_values(name, labels, warns)
    if axis != -1 or x.ndim != 1:
        check_shape(name, x.shape, axis)
    return x


def check_shape(name: str, shape: tuple[int, ...], axis: int | None = -1) -> None:
    """Raise ValueError for an axis that is not there, an empty batch, and a column (n, 1) of labels."""
    if axis is None:
        return
    if not hasattr(axis, "__index__") or isinstance(axis, bool) or not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"axis is {axis!r} and {name} has shape {tuple(shape)}: expected None, or an axis that the labels have"
        )
    n_tables = math.prod(shape[:axis]) * math.prod(shape[axis:][1:])
    if n_tables == 0:
        raise ValueError(f"{name} has shape {tuple(shape)}: the batch is empty, expected at least one labeling")
    if shape[axis] == 1 and n_tables > 1:
        raise ValueError(
            f"{name} must be 1D: shape is {tuple(shape)}, a batch of labelings of one sample each; expected "
            "(n_samples,), which ravel() makes of a column, as axis=None does in scores and tables"
        )


def check_matrix(name: str, shape: tuple[int, ...]) -> None:
    """Raise ValueError for a shape that is not (n_labelings, n_samples), or is that of a column of labels."""
    if len(shape) != 2:
        raise ValueError(f"{name} has shape {tuple(shape)}: expected (n_labelings, n_samples)")
    if shape[0] == 0:
        raise ValueError(f"{name} has shape {tuple(shape)}: the batch is empty, expected at least one labeling")
    if shape[1] == 1 and shape[0] > 1:
        raise ValueError(
            f"{name} has shape {tuple(shape)}, labelings of one sample each: expected (n_labelings, n_samples); of a "
            "column, ravel() makes one labeling (n_samples,)"
        )


def _checked_values(name: str, labels: Any, warns: bool) -> Array:
    check_container(name, labels)
    if (known := check_categories(name, labels)) is not None:
        labels = known.values[known.codes]
    x = as_array(name, labels)
    if x.ndim == 0:
        kind = type(labels).__name__
        raise ValueError(f"{name} must be 1D: shape is () of type {kind}; expected (n_samples,) or (..., n_samples)")
    if isinstance(x, np.ndarray):
        x = _check_numpy(name, np.asarray(x), labels)
    xp = common_namespace(**{name: x})
    if not isinstance(x, np.ndarray) and not xp.isdtype(x.dtype, ("bool", "integral", "real floating")):
        raise TypeError(f"{name} has dtype {x.dtype}: expected integers, booleans or floats")
    if getattr(x.dtype, "kind", "") != "O" and xp.isdtype(x.dtype, "real floating") and not is_traced(x):
        _check_floats(xp, name, x, warns)
    return x


def check_container(name: str, labels: Any) -> None:
    """Raise for what holds no labels, or holds them without an order, or by cluster."""
    if labels is None:
        raise TypeError(f"{name} is None: expected labels, an array of shape (n_samples,) or (..., n_samples)")
    kind = type(labels).__name__
    if kind == "ContingencyTable":
        raise TypeError(f"{name} is a ContingencyTable: expected labels; a table is given by name, as contingency")
    if kind in ("DataFrame", "LazyFrame", "Table", "RecordBatch") or hasattr(labels, "tocoo"):
        raise TypeError(f"{name} is a {kind}: expected one label a sample, for example one column")
    if hasattr(labels, "dtype"):  # what a series holds may be its attributes
        return
    if hasattr(labels, "membership"):
        raise TypeError(f"{name} is a {kind}: expected one label a sample, which its membership is")
    if isinstance(labels, (Iterator, MappingView)):
        raise TypeError(f"{name} is a {kind}: expected a list or an array of labels; list(...) makes one")
    if isinstance(labels, (Mapping, Set)) or hasattr(labels, "communities"):
        raise TypeError(
            f"{name} is a {kind}: expected one label a sample, in the order of the samples; two dicts of labels make a "
            f"table by ContingencyTable.from_mappings; {_FROM_MEMBERS}"
        )
    lengths = lengths_of_items(labels)
    if len(lengths) > 1:
        raise ValueError(
            f"{name} holds items of unequal lengths, {lengths[0]} and {lengths[1]}: expected one label a sample, or a "
            f"batch of labelings of one length; {_FROM_MEMBERS}"
        )


def check_categories(name: str, labels: Any, *, drops: bool = False) -> Categories | None:
    """Return labels that are codes of categories, with none missing unless these are dropped; None for others."""
    found = categories_of(labels)
    if found is None:
        return None
    found = found.with_missing_values()
    if not drops and found.codes.min(initial=0) < 0:
        raise ValueError(_missing(NUMPY, name, found.missing, found.codes < 0))
    return found


def warn_of_order(**labels: Any) -> None:
    """Warn of two series whose indexes hold the same entries in another order: they are taken row by row."""
    one, other = labels
    mine: Any
    theirs: Any
    mine, theirs = (getattr(x, "index", None) for x in labels.values())
    if mine is theirs or not (hasattr(mine, "equals") and hasattr(theirs, "equals")) or len(mine) != len(theirs):
        return
    if not mine.equals(theirs) and mine.is_unique and theirs.is_unique and bool(mine.isin(theirs).all()):
        warnings.warn(
            f"{one} and {other} have the same entries in their indexes in another order, and are taken row by row. "
            f"By index, they are {one} and {other}.reindex({one}.index), or their table "
            f"ContingencyTable.from_mappings({one}, {other}); {other}.to_numpy() is taken row by row without a warning",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def _check_numpy(name: str, x: np.ndarray, given: Any) -> np.ndarray:
    """Return labels as an array of a dtype that keeps them apart, of objects if need be."""
    if hasattr(given, "dtype") and x.ndim != len(given.shape):
        raise TypeError(f"{name} holds values of type {given.dtype}: expected one label a sample")
    if x.dtype.kind in "OT" or (not isinstance(given, np.ndarray) and _may_be_retyped(x)):
        return _check_objects(name, np.asarray(given, dtype=object))
    if x.dtype.kind in "mM" and np.isnat(x).any():
        raise ValueError(_missing(NUMPY, name, "NaT", np.isnat(x).ravel()))
    if x.dtype.kind not in "biufUSmM":
        raise TypeError(f"{name} has dtype {x.dtype}: expected integers, booleans, floats, strings or dates")
    return x


def _may_be_retyped(x: np.ndarray) -> bool:
    """Whether NumPy, making `x` of a list, may have made different labels equal: 1 and "1", 2**63 + 1 and 2**63."""
    return x.dtype.kind in "US" or (x.dtype.kind == "f" and bool((np.abs(x) >= 2**53).any()))


def _check_objects(name: str, x: np.ndarray) -> np.ndarray:
    """Return objects of one kind: as numbers where that keeps them apart, else as they are."""
    values = x.ravel().tolist()
    if set(map(type, values)) == {str}:  # there is nothing more to find, and there may be many
        return x
    distinct = _distinct(values)
    if any(map(is_missing, distinct)):
        missing = np.array([is_missing(v) for v in values], dtype=bool)
        what = values[int(missing.argmax())]
        raise ValueError(_missing(NUMPY, name, "NaN" if isinstance(what, float) else str(what), missing))
    of_each_type = {type(v): v for v in values}
    kinds = {kind_of(v) for v in of_each_type.values()}
    if len(kinds) > 1:
        found = ", ".join(f"{count} {kind}" for kind, count in Counter(map(kind_of, values)).most_common())
        raise TypeError(f"{name} mixes kinds of labels ({found}): expected one kind{_advice_for_tuples(x)}")
    if any(issubclass(t, (Set, list, np.ndarray)) for t in of_each_type):
        kind = next(iter(kinds))
        raise TypeError(f"{name} holds labels of type {kind}: expected one label a sample; {_FROM_MEMBERS}")
    if "complex" in kinds or not all(map(_can_be_hashed, distinct)):
        raise TypeError(
            f"{name} holds labels of type {next(iter(kinds))}: expected numbers, strings or other hashables"
        )
    if kinds != {"number"}:
        return x
    if all(issubclass(t, (bool, np.bool_)) for t in of_each_type):
        return x.astype(np.bool_)
    if all(issubclass(t, (int, np.integer, np.bool_)) for t in of_each_type):
        return x.astype(np.int64) if all(-(2**63) <= v < 2**63 for v in distinct) else x
    exact = any(math.isinf(v) for v in distinct) or all(abs(v) < 2**53 for v in distinct)
    return x.astype(np.float64) if exact else x


def _advice_for_tuples(x: np.ndarray) -> str:
    """Say how tuples are given as labels, where what was given may be a list of such."""
    if x.ndim == 1:
        return ""
    return "; nested lists are a batch, and tuples are labels in a pandas MultiIndex or a 1D array of objects"


def _distinct(values: list[Any]) -> Collection[Any]:
    """Return each value once, so that what is asked of values is asked few times; all, if they cannot be hashed."""
    try:
        return set(values)
    except (TypeError, ValueError):
        return values


def kind_of(value: Any) -> str:
    """Name the kind of a label; labels of one kind may stand in one array."""
    if isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
        return "number"
    if isinstance(value, (complex, np.complexfloating)):
        return "complex"
    return next((kind.__name__ for kind in (str, bytes) if isinstance(value, kind)), type(value).__name__)


def _can_be_hashed(value: Any) -> bool:
    try:
        hash(value)
    except (TypeError, ValueError):
        return False
    return True


def _missing(xp: Namespace, name: str, what: str, where: Array) -> str:
    """Say how many values are missing, from booleans (m,), and where the first is."""
    found = where.astype(np.int64) if isinstance(where, np.ndarray) else to_count(xp, where)
    way_out = "" if what == "infinity" else ", or ContingencyTable.from_labels(..., missing='drop')"
    return (
        f"{name} contains {what}: {int(xp.sum(found))} of {found.shape[0]} values, the first at position "
        f"{int(xp.argmax(found))}; expected a label for every sample{way_out}"
    )


def _check_floats(xp: Namespace, name: str, x: Array, warns: bool) -> None:
    if is_meta(x):
        raise ValueError(f"{name} is on the meta device, its values are not known: expected labels that have values")
    flat = xp.reshape(x, (-1,))
    n_nan, n_infinite, n_fractional = fetch(
        xp.stack([xp.sum(to_count(xp, v)) for v in (xp.isnan(flat), xp.isinf(flat), flat != xp.floor(flat))])
    )
    if n_nan or n_infinite:
        what, bad = ("NaN", xp.isnan(flat)) if n_nan else ("infinity", xp.isinf(flat))
        raise ValueError(_missing(xp, name, what, bad))
    if n_fractional and warns:
        warnings.warn(
            f"{name} holds continuous values: {n_fractional} of {flat.shape[0]} are not whole numbers. "
            "Clustering metrics expect discrete labels; every distinct value is taken as a label",
            UserWarning,
            stacklevel=level_of_caller(),
        )


def level_of_caller() -> int:
    """Return the stack level, for a warning raised by the caller of this, of the first frame outside amiable."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "amiable":
        level, frame = level + 1, frame.f_back
    return level


def check_values_known(name: str, x: Array) -> None:
    """Raise ValueError for an array that is traced or captured: how many labels it has cannot be found out."""
    if is_traced(x) or is_captured(x) or is_meta(x):
        why = "on the meta device" if is_meta(x) else "traced" if is_traced(x) else "captured in a CUDA graph"
        raise ValueError(f"{name} is {why}, its values are not known: expected the number of labels, n_labels, as well")


def check_codes(xp: Namespace, name: str, x: Array, n_labels: int, promise: str = "n_labels") -> None:
    """Raise unless `x` are integer codes that may lie in 0..n_labels-1, as the argument named `promise` promises.

    The promise is checked where looking at the values copies nothing (in host memory, outside tracing).
    """
    if not xp.isdtype(x.dtype, ("integral", "bool")):
        raise TypeError(f"{name} has dtype {x.dtype}: with {promise}, labels must be integer codes")
    if on_cpu(x) and x.shape[-1]:
        seen: Any = host_view(x)  # under tracing, functions of the library would be traced, whatever they are given
        seen, there = (to_count(xp, x), xp) if seen is None else (seen, np)
        low, high = int(there.min(seen)), int(there.max(seen))
        if low < 0 or high >= n_labels:
            raise ValueError(
                f"{name} has the code {low if low < 0 else high}, outside {promise}: expected 0..{n_labels - 1}"
            )


def check_room(n_labels: Any, size: int, most: int, what: str) -> None:
    """Raise ValueError where `n_labels` asks for `size` counts, more than `most`."""
    if size > most:
        raise ValueError(
            f"n_labels is {n_labels}: {size} {what} would take {8 * size / 2**30:.3g} GiB, expected at most {most}; "
            "without n_labels, which tracing alone needs, only labels that occur are counted"
        )


def check_n_labels(n_labels: Any) -> tuple[int, int]:
    """Return `n_labels` as a pair of positive whole numbers (R, C)."""
    pair = tuple(n_labels) if isinstance(n_labels, (tuple, list)) else ()
    if len(pair) != 2 or not all(map(is_positive, pair)):
        raise ValueError(
            f"n_labels is {n_labels!r}: expected two positive integers, (classes of true, clusters of pred)"
        )
    return int(pair[0]), int(pair[1])


def check_one_n_labels(n_labels: Any) -> int:
    """Return `n_labels` of a single labeling as a positive whole number."""
    if not is_positive(n_labels):
        raise ValueError(f"n_labels is {n_labels!r}: expected a positive integer")
    return int(n_labels)


def is_positive(k: Any) -> bool:
    """Whether `k` is a whole number above 0."""
    return isinstance(k, (int, np.integer)) and not isinstance(k, bool) and bool(k > 0)


def is_identifier(n_clusters: int, n_samples: int) -> bool:
    """Whether labels are nearly all different, as those of an id or index are, which group nothing."""
    return n_samples > 2 and n_clusters > 0.95 * n_samples
