"""Labels in Dask arrays: each block is counted where it lies, and tables are added as a tree."""

from __future__ import annotations

import functools
import math
from typing import Any, TypeAlias

import dask
import dask.array as da

from amiable._array.libraries import is_dask
from amiable._array.loops import threads
from amiable.contingency.cells import Cells
from amiable.contingency.counting import cells_of_labels
from amiable.contingency.merging import add_cells
from amiable.inputs.labels import check_labelings

Delayed: TypeAlias = Any  # dask.delayed.Delayed, which has no types

_AT_ONCE = 8  # tables that are added in one task


def delayed_cells(labels_true: Any, labels_pred: Any, n_labels: tuple[int, int] | None) -> Delayed:
    """Count two labelings in Dask arrays, later: a delayed object of `Cells`."""
    tables = _cells_of_blocks(labels_true, labels_pred, n_labels)
    while len(tables) > 1:
        tables = [dask.delayed(_add)(tables[i : i + _AT_ONCE]) for i in range(0, len(tables), _AT_ONCE)]
    return tables[0]


def _cells_of_blocks(labels_true: Any, labels_pred: Any, n_labels: tuple[int, int] | None) -> list[Delayed]:
    """Return the cells of each pair of blocks, later."""
    for name, labels in (("labels_true", labels_true), ("labels_pred", labels_pred)):
        if not is_dask(labels):
            raise TypeError(
                f"{name} is a {type(labels).__name__} and the other labeling is in Dask: expected two Dask arrays, "
                "nothing is moved to the workers silently"
            )
    if all(hasattr(labels, "map_partitions") for labels in (labels_true, labels_pred)):
        # two series of one frame: as arrays, each would be made from a copy of the frame of its own
        _check_paired(labels_true.npartitions, labels_pred.npartitions)
        options = {"align_dataframes": False, "meta": (None, object), "enforce_metadata": False}
        tables: list[Delayed] = labels_true.map_partitions(
            _count, labels_pred, n_labels, "a block", **options
        ).to_delayed()
        return tables
    true, pred = _lined_up(_as_array("labels_true", labels_true), _as_array("labels_pred", labels_pred))
    # optimised here, each labeling would be made from a copy of its own of what both are made from
    blocks = list(zip(*(x.to_delayed(optimize_graph=False).tolist() for x in (true, pred)), strict=True))
    return [
        dask.delayed(_count)(*block, n_labels, f"block {i} of {len(blocks)}") for i, block in enumerate(blocks, start=1)
    ]


def _as_array(name: str, labels: Any) -> da.Array:
    x = labels.to_dask_array() if hasattr(labels, "to_dask_array") else labels
    if x.ndim != 1:
        raise ValueError(f"{name} must be 1D: shape is {x.shape}; expected (n_samples,) of a Dask array")
    return x


def _lined_up(true: da.Array, pred: da.Array) -> tuple[da.Array, da.Array]:
    """Return both labelings with blocks that cover the same samples, as far as lengths are known."""
    n_true, n_pred = true.shape[0], pred.shape[0]
    if math.isnan(n_true) or math.isnan(n_pred):
        _check_paired(true.numblocks[0], pred.numblocks[0])
        return true, pred
    if n_true != n_pred:
        raise ValueError(f"labels_true and labels_pred must have the same length: they have {n_true} and {n_pred}")
    _, (true, pred) = da.core.unify_chunks(true, "i", pred, "i")
    return true, pred


def _check_paired(n_true: int, n_pred: int) -> None:
    if n_true != n_pred:
        raise ValueError(
            f"labels_true has {n_true} blocks and labels_pred {n_pred}, of lengths not all known: expected as many "
            "blocks, or arrays of known lengths (compute_chunk_sizes())"
        )


@threads(1)  # the other threads of a worker have tasks of their own
def _count(true: Any, pred: Any, n_labels: tuple[int, int] | None, where: str) -> Cells:
    if len(true) != len(pred):
        raise ValueError(
            f"{where} has {len(true)} samples in labels_true and {len(pred)} in labels_pred: expected blocks that line "
            "up in length; rechunk one labeling as the other"
        )
    try:
        return cells_of_labels(*check_labelings(true, pred, warns=False), n_labels)
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{where}: {error}") from error


def _add(tables: list[Cells]) -> Cells:
    return functools.reduce(add_cells, tables)
