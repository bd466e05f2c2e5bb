"""Tables without some of their clusters, and tables in which a cluster falls apart into singletons."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from amiable._array.arithmetic import clipped
from amiable._array.devices import device_of, is_traced
from amiable._array.dtypes import to_count
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number, to_numpy
from amiable.contingency.cells import Cells, grid, grid_or_occupied, listed
from amiable.contingency.counting import cells_of_labels
from amiable.inputs.categories import is_missing
from amiable.inputs.codes import encode
from amiable.inputs.labels import check_codes, check_values_known, kind_of
from amiable.inputs.missing import either

IGNORING = ("ignore_true", "ignore_pred")


def without_labels(cells: Cells, true: Any, pred: Any, names: tuple[str, str] = IGNORING) -> Cells:
    """Leave out the samples that one of some labels holds, and count them; see `kept_labels`."""
    kept = kept_labels(cells, true, pred, names)
    if kept is cells:
        return cells
    return replace(kept, n_ignored=cells.n_ignored + as_number(cells.n_samples - kept.n_samples))


def kept_labels(cells: Cells, true: Any, pred: Any, names: tuple[str, str] = IGNORING) -> Cells:
    """Leave out the samples that one of some labels holds, and clusters that then hold none.

    Rows and columns without labels keep their numbers, as these are codes. In errors the arguments are called `names`.
    """
    sides = ((true, cells.row_labels, cells.row_sums), (pred, cells.col_labels, cells.col_sums))
    dropped = [_which(cells, name, *side) for name, side in zip(names, sides, strict=True)]
    if all(where is None for where in dropped):
        return cells
    kept = _emptied(cells, *dropped)
    return kept if cells.static or is_traced(cells.counts) else without_empty(kept)


def count_marked(xp: Namespace, true: Array, pred: Array, left_out: Array, n_labels: tuple[int, int] | None) -> Cells:
    """Count checked labels (..., n), or codes below `n_labels`, but for the samples that are marked (..., n)."""
    # they all get one code more than there are, whose row and column are taken away again
    codes, known = [], []
    for name, x, k in zip(("labels_true", "labels_pred"), (true, pred), n_labels or (None, None), strict=True):
        if k is None:
            check_values_known(name, x)
            code, labels = encode(xp, x)
        else:
            code, labels = to_count(xp, x), None
            check_codes(xp, name, xp.where(left_out, xp.zeros_like(code), code), k)
        known.append(labels)
        n_codes = k if k is not None else labels.shape[0]  # type: ignore[union-attr]
        codes.append((xp.where(left_out, n_codes, code), n_codes))
    (rows, n_rows), (cols, n_cols) = codes
    every = cells_of_labels(xp, rows, cols, (n_rows + 1, n_cols + 1))
    for axis, size in ((-2, n_rows), (-1, n_cols)):
        every = _chosen(every, xp.arange(size, dtype=every.counts.dtype, device=device_of(every.counts)), axis)
    named = replace(every, row_labels=known[0], col_labels=known[1])
    # labels that only samples that are left out have go, too
    return without_empty(named) if n_labels is None else named


def without_empty(cells: Cells) -> Cells:
    """Leave out the rows and columns that hold no sample, where they have labels."""
    xp = cells.xp
    for axis in (-2, -1):
        sums, labels = (cells.row_sums, cells.row_labels) if axis == -2 else (cells.col_sums, cells.col_labels)
        if labels is not None:
            holds = xp.any(xp.reshape(sums, (math.prod(sums.shape[:-1]), sums.shape[-1])) > 0, axis=0)
            cells = _chosen(cells, to_count(xp, xp.nonzero(holds)[0]), axis)
    return cells


def marks_of(name: str, value: Any, x: Array) -> Array | None:
    """Return which of some labels (..., n) are one of those to be ignored; None if none can be."""
    wanted = _values(name, value, x)
    found = None
    for label in wanted:
        if isinstance(label, tuple):  # which NumPy would take for an array
            here: Any = np.asarray([one == label for one in x.ravel().tolist()]).reshape(x.shape)  # type: ignore[attr-defined]
        elif isinstance(label, int) and not _holds(x, label):
            continue
        else:
            here = x == label
        found = here if found is None else found | here
    return found


def _holds(x: Array, label: int) -> bool:
    """Whether labels of integers may be this one; to compare them with what they cannot be may wrap around."""
    xp = namespace_of(x)
    if isinstance(x, np.ndarray) or not xp.isdtype(x.dtype, "integral"):
        return True
    limits = xp.iinfo(x.dtype)
    return bool(limits.min <= label <= limits.max)


def ignored_samples(ignored: tuple[Any, Any], true: Array, pred: Array) -> Array | None:
    """Return which samples (..., n) have a true or a predicted label that is to be ignored; None if none can."""
    return either(*(marks_of(*side) for side in zip(IGNORING, ignored, (true, pred), strict=True)))


def with_singletons(cells: Cells, true: Any, pred: Any) -> Cells:
    """Make each sample of some labels a cluster of its own; rows or columns then have no labels."""
    for axis, value in ((-1, pred), (-2, true)):
        name = "pred" if axis == -1 else "true"
        labels, sums = (cells.col_labels, cells.col_sums) if axis == -1 else (cells.row_labels, cells.row_sums)
        where = _which(cells, name, value, labels, sums)
        if where is not None:
            cells = _fallen_apart(cells, where, axis)
    return cells


def _values(name: str, value: Any, labels: Array) -> list[Any]:
    """Return the labels that `value`, one or several, names; TypeError for those of a kind that labels are not."""
    if value is None:
        return []
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    is_column = getattr(value, "ndim", 0) > 0 or hasattr(value, "to_list")
    is_several = is_column or isinstance(value, (list, tuple, set, frozenset, range))
    kind = labels.dtype.kind if isinstance(labels, np.ndarray) else "i"
    of_tuples = kind == "O" and any(isinstance(x, tuple) for x in labels.ravel()[:1])  # type: ignore[attr-defined]
    if isinstance(value, tuple) and of_tuples:
        is_several = all(isinstance(item, tuple) for item in value)
    read = next((getattr(value, name) for name in ("tolist", "to_list") if hasattr(value, name)), None)
    items = list(read() if is_column and read is not None else value) if is_several else [value]
    if any(map(is_missing, items)):
        raise ValueError(f"{name} is {value!r}, with a missing label: expected labels; missing='drop' leaves those out")
    if kind in "mM":
        return list(np.asarray(items, dtype=labels.dtype))
    if math.prod(labels.shape):
        first = labels.ravel()[:1].tolist()[0] if kind in "OUS" else 0  # type: ignore[attr-defined]
        kinds = sorted({kind_of(item) for item in items} - {kind_of(first)})
        if kinds:
            raise TypeError(
                f"{name} is {value!r}, of kind {kinds[0]}, and the labels are of kind {kind_of(first)}: expected "
                "labels of that kind"
            )
    return items


def _which(cells: Cells, name: str, value: Any, labels: Array | None, sums: Array) -> Array | None:
    """Return which rows or columns (K,) have one of the labels named; None for none."""
    if labels is None:
        if cells.group_labels is not None and value is not None:
            raise ValueError(
                f"{name} is {value!r}, and the clusters of these groups have no labels, as they are too many to be "
                "shared: expected a table of fewer groups, or labels that are ignored when counting"
            )
        xp = cells.xp
        labels = xp.arange(sums.shape[-1], dtype=sums.dtype, device=device_of(sums))
    return marks_of(name, value, labels)


def _emptied(cells: Cells, drop_rows: Array | None, drop_cols: Array | None) -> Cells:
    """Return the same table without the samples in some rows and columns, which stay as empty ones."""
    xp, keep = cells.xp, None
    for drop, at in ((drop_rows, cells.rows), (drop_cols, cells.cols)):
        if drop is not None:
            there = ~xp.take(drop, at)
            keep = there if keep is None else keep & there
    if keep is None:
        return cells
    shape, labels = cells.shape[-2:], (cells.row_labels, cells.col_labels)
    if cells.is_grid:
        counts = xp.where(keep, cells.counts, xp.zeros_like(cells.counts))
        left = grid(xp, counts, shape, *labels, static=cells.static)
    else:
        at = xp.nonzero(keep)[0]
        keys = xp.take(cells.rows * shape[1] + cells.cols, at)
        left = listed(xp, keys, xp.take(cells.counts, at, axis=-1), shape, *labels)
    return _beside(cells, left)


def _chosen(cells: Cells, at: Array, axis: int) -> Cells:
    """Return the rows (axis -2) or columns (axis -1) `at` some places, in increasing order, of a table."""
    xp, (n_rows, n_cols) = cells.xp, cells.shape[-2:]
    if at.shape[0] == (n_rows if axis == -2 else n_cols):
        return cells
    labels = [cells.row_labels, cells.col_labels]
    known = labels[axis]
    if known is not None:
        labels[axis] = xp.take(known, at)
    shape = (at.shape[0], n_cols) if axis == -2 else (n_rows, at.shape[0])
    if cells.is_grid:
        full = xp.take(xp.reshape(cells.counts, cells.shape), at, axis=axis)
        counts = xp.reshape(full, (*full.shape[:-2], math.prod(shape)))
        make = grid_or_occupied(xp, counts, shape, *labels)
        if cells.static:
            make = grid(xp, counts, shape, *labels, static=True)
        return _beside(cells, make)
    here = cells.rows if axis == -2 else cells.cols
    moved = clipped(xp, to_count(xp, xp.searchsorted(at, here)), 0, max(at.shape[0] - 1, 0))
    inside = xp.nonzero(xp.take(at, moved) == here)[0] if at.shape[0] else moved[:0]
    rows, cols = (moved, cells.cols) if axis == -2 else (cells.rows, moved)
    keys = xp.take(rows * shape[1] + cols, inside)
    return _beside(cells, listed(xp, keys, xp.take(cells.counts, inside, axis=-1), shape, *labels))


def _fallen_apart(cells: Cells, where: Array, axis: int) -> Cells:
    """Return a table in which each sample of some columns (or rows) has one of its own, after all others."""
    xp, (n_rows, n_cols) = cells.xp, cells.shape[-2:]
    if cells.static or is_traced(cells.counts):
        raise ValueError("the table is of fixed shape, and singletons need as many clusters as there are such samples")
    here = cells.cols if axis == -1 else cells.rows
    is_apart = xp.take(where, here)
    apart, rest = xp.nonzero(is_apart)[0], xp.nonzero(~is_apart)[0]
    # of a batch, as many clusters as the table with the most such samples in the cell needs
    lead = cells.shape[:-2]
    amounts = xp.reshape(xp.take(cells.counts, apart, axis=-1), (math.prod(lead), apart.shape[0]))
    most = to_numpy(xp.max(amounts, axis=0)) if apart.shape[0] else np.zeros(0, dtype=np.int64)
    kept = to_numpy(xp.nonzero(~where)[0])
    n_new = int(most.sum())
    device = device_of(cells.counts)
    of_cell = np.repeat(np.arange(most.size), most)  # the cell that each new cluster comes from
    within = np.arange(n_new) - np.repeat(np.cumsum(most) - most, most)
    cell, number = (xp.asarray(x, dtype=cells.counts.dtype, device=device) for x in (of_cell, within))
    ones = to_count(xp, xp.take(amounts, cell, axis=-1) > number)
    place = np.full(n_cols if axis == -1 else n_rows, -1, dtype=np.int64)
    place[kept] = np.arange(kept.size)
    moved = xp.take(xp.asarray(place, dtype=here.dtype, device=device), xp.take(here, rest))
    new = xp.asarray(kept.size + np.arange(n_new), dtype=here.dtype, device=device)
    other = cells.rows if axis == -1 else cells.cols
    others = xp.concat([xp.take(other, rest), xp.take(xp.take(other, apart), cell)])
    these = xp.concat([moved, new])
    shape = (n_rows, kept.size + n_new) if axis == -1 else (kept.size + n_new, n_cols)
    counts = xp.concat([xp.take(cells.counts, rest, axis=-1), xp.reshape(ones, (*lead, n_new))], axis=-1)
    keys = others * shape[1] + these if axis == -1 else these * shape[1] + others
    order = xp.argsort(keys)
    labels = (cells.row_labels, None) if axis == -1 else (None, cells.col_labels)
    found = listed(xp, xp.take(keys, order), xp.take(counts, order, axis=-1), shape, *labels)
    return _beside(cells, found)


def _beside(cells: Cells, new: Cells) -> Cells:
    """Return new cells with what is known of the samples of others that are not in them, and of their groups."""
    return replace(new, n_missing=cells.n_missing, n_ignored=cells.n_ignored, group_labels=cells.group_labels)
