"""Labels to codes 0..K-1: equal labels get equal codes, in the order of the labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from amiable._array.bins import COMPACT, encode_integers, unique_inverse
from amiable._array.compact import extremes
from amiable._array.devices import device_of
from amiable._array.dtypes import count_dtype, to_count
from amiable._array.libraries import NUMPY
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch
from amiable.inputs.labels import check_categories, check_labels, kind_of, warn_of_order


class Coded(NamedTuple):
    """Labels as they were given; or codes of the categories that occur, in their order, and what these are called."""

    labels: Any
    names: np.ndarray | None = None
    missing: np.ndarray | None = None  # which samples lack a label, if any does; the code of another stands there


def coded(name: str, labels: Any, *, drops: bool = False, warns: bool = True) -> Coded:
    """Return labels of a categorical type as codes, which stand for the labels in their order; others as they are."""
    known = None if type(labels) is np.ndarray else check_categories(name, labels, drops=drops)
    if known is None:
        return Coded(labels)
    return named_codes(name, known.codes, known.values, warns=warns)


def named_codes(name: str, codes: np.ndarray, values: np.ndarray, *, warns: bool = True) -> Coded:
    """Return codes of some values, -1 where a label is missing, as codes of those that occur, in their order."""
    missing = codes < 0 if codes.min(initial=0) < 0 else None
    occurs = np.bincount(codes if missing is None else codes[~missing], minlength=len(values)) > 0
    order, names = encode(NUMPY, check_labels(name, values[occurs], warns=warns))
    lookup = np.zeros(len(values) + 1, dtype=codes.dtype)  # the last stands for missing labels, of code -1
    lookup[:-1][occurs] = order
    if missing is not None or (lookup[:-1] != np.arange(len(values)))[occurs].any():
        codes = np.take(lookup, codes)
    return Coded(codes, np.asarray(names), missing)


def coded_labelings(labels_true: Any, labels_pred: Any, *, drops: bool = False, warns: bool = True) -> list[Coded]:
    """Return two labelings, of which those of a categorical type are codes; warn of indexes in different orders."""
    warn_of_order(labels_true=labels_true, labels_pred=labels_pred)
    given = {"labels_true": labels_true, "labels_pred": labels_pred}
    return [coded(name, labels, drops=drops, warns=warns) for name, labels in given.items()]


def encode(xp: Namespace, x: Any) -> tuple[Array, Array]:
    """Return codes 0..K-1 in the shape of `x` and the K distinct labels, sorted."""
    if isinstance(x, np.ndarray) and x.dtype.kind in "OUS":
        return _encode_objects(x)
    if isinstance(x, np.ndarray) and x.dtype.kind in "mM":
        native = x.astype(x.dtype.newbyteorder("="), copy=False)
        codes, labels = encode(xp, native.view(np.int64))
        return codes, np.asarray(labels).view(native.dtype).astype(x.dtype, copy=False)
    if x.shape[-1] == 0:
        return xp.zeros(x.shape, dtype=count_dtype(xp, x), device=device_of(x)), xp.reshape(x, (-1,))
    if xp.isdtype(x.dtype, "bool"):
        codes, labels = encode_integers(xp, to_count(xp, x))
        return codes, xp.astype(labels, x.dtype)
    if xp.isdtype(x.dtype, "integral"):
        return encode_integers(xp, x)
    labels, codes = unique_inverse(xp, x)
    return codes, labels


def encode_labelings(xp: Namespace, x: Array) -> tuple[Array, list[int]]:
    """Return codes of labelings (M, n), each in its own right, and for each a number that its codes are below."""
    if x.shape[-1] and not _is_text(x) and xp.isdtype(x.dtype, ("integral", "bool")):
        low, high = extremes(xp, x)
        known = fetch(xp.concat([low, high]))
        spans = [b - a + 1 for a, b in zip(known[: x.shape[0]], known[x.shape[0] :], strict=True)]
        if max(spans) <= max(COMPACT, 4 * x.shape[-1]):
            dtype = _narrowest(xp, low, min(known), max(*known, *spans))
            return xp.astype(x, dtype, copy=False) - xp.astype(low, dtype)[:, None], spans
    each = [encode(xp, x[i, ...]) for i in range(x.shape[0])]
    return xp.stack([codes for codes, _ in each]), [max(labels.shape[0], 1) for _, labels in each]


def _narrowest(xp: Namespace, like: Array, low: int, high: int) -> Any:
    """Return the smallest signed dtype that holds low..high, at most that of counts, which `like` is."""
    held = (d for d in (xp.int16, xp.int32) if xp.iinfo(d).min <= low and high <= xp.iinfo(d).max)
    return next(held, like.dtype)


def _is_text(x: Array) -> bool:
    """Whether `x` holds what only NumPy does: objects, strings, dates."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "OUSmM"


def _encode_objects(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes by hashing, which tells labels apart as Python does; in Python's order, where there is one."""
    values = x.ravel().tolist()
    try:
        distinct = sorted(set(values))
    except TypeError:
        distinct = list(dict.fromkeys(values))
    code = dict(zip(distinct, range(len(distinct)), strict=True))
    codes = np.fromiter(map(code.__getitem__, values), dtype=np.int64, count=len(values)).reshape(x.shape)
    if x.dtype.kind in "US":
        return codes, np.asarray(distinct, dtype=x.dtype)
    if set(map(type, distinct)) <= {str, np.str_}:
        texts = np.asarray(distinct, dtype=str)
        if int(np.char.str_len(texts).sum()) == sum(map(len, distinct)):  # NumPy drops zero characters at the end
            return codes, texts
    if all(isinstance(label, int) and -(2**63) <= label < 2**63 for label in distinct):
        return codes, np.asarray(distinct, dtype=np.int64)
    labels = np.empty(len(distinct), dtype=object)
    labels[:] = distinct
    return codes, labels


def unite(xp: Namespace, name: str, mine: Any, theirs: Any) -> tuple[Array, Array, Array]:
    """Return the united labels of two label sets and, for each set, where its labels are among them."""
    if 0 in (mine.shape[0], theirs.shape[0]):  # labels of no samples unite with any
        united = mine if theirs.shape[0] == 0 else theirs
        codes = xp.arange(united.shape[0], dtype=count_dtype(xp, united), device=device_of(united))
        return united, codes[: mine.shape[0]], codes[: theirs.shape[0]]
    if _kind(xp, mine) != _kind(xp, theirs):
        raise TypeError(f"{name} are of dtype {mine.dtype} and {theirs.dtype}: expected labels of one kind")
    if mine.dtype != theirs.dtype and _kind(xp, mine) == "integer":
        # no promotion: uint64 beside int64 would become floats
        exact = isinstance(mine, np.ndarray)
        mine, theirs = (x.astype(object) if exact else to_count(xp, x) for x in (mine, theirs))
    where, united = encode(xp, xp.concat([mine, theirs]))
    return united, where[: mine.shape[0]], where[mine.shape[0] :]


def _kind(xp: Namespace, labels: Array) -> str:
    """Name what labels are, so that those of another kind are not joined with them."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "USOmM":
        if labels.dtype.kind in "mM":  # in other units, dates may not be what they were
            return str(labels.dtype)
        kind = kind_of(labels[0].item() if labels.dtype.kind in "US" else labels[0])
        whole = kind == "number" and all(isinstance(v, int) for v in labels)
        return "integer" if whole else kind
    if xp.isdtype(labels.dtype, "integral"):
        wide = labels.dtype == getattr(xp, "uint64", None) and not isinstance(labels, np.ndarray)
        return "uint64" if wide else "integer"
    return "bool" if xp.isdtype(labels.dtype, "bool") else "number"
