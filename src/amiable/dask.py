"""Tables of labels in Dask arrays: each block is counted where it lies, and tables are added as a tree."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import dask
import dask.array as da

from amiable._array.namespace import is_dask
from amiable.contingency.table import ContingencyTable

Delayed: TypeAlias = Any  # dask.delayed.Delayed, which has no types

_AT_ONCE = 8  # tables that are added in one task


def delayed_table(labels_true: Any, labels_pred: Any, *, n_labels: tuple[int, int] | None = None) -> Delayed:
    """Count two labelings in Dask arrays, later: on the workers, when the result is computed.

    `ContingencyTable.from_labels` and every score take Dask arrays directly and compute at once; this is for computing
    several tables, or a table and something else, in one go.

    Parameters
    ----------
    labels_true, labels_pred : dask array of shape (n_samples,), or dask series
        Labels of any kind, in blocks of NumPy or CuPy arrays. Blocks need not line up where their lengths are known;
        where they are not, the blocks of both labelings are taken in pairs, which must agree in length.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.

    Returns
    -------
    table : dask.delayed.Delayed of ContingencyTable
        Its `compute()`, or `dask.compute` of many, gives tables in the array library of the blocks. A worker holds
        one block of each labeling for each of its threads, and tables.

    Raises
    ------
    TypeError
        Only one of the labelings is a Dask array.
    ValueError
        Labels that are not 1-D, different lengths, blocks of unknown lengths that cannot be paired. What can be known
        from values alone (missing labels, codes outside `n_labels`) is raised when the table is computed.

    Examples
    --------
    >>> import dask.array as da
    >>> from amiable.dask import delayed_table
    >>> truth, found = da.arange(1000, chunks=100) // 500, da.arange(1000, chunks=300) // 250
    >>> delayed_table(truth, found).compute().to_dense()
    array([[250, 250,   0,   0],
           [  0,   0, 250, 250]])
    """
    true, pred = _as_dask("labels_true", labels_true), _as_dask("labels_pred", labels_pred)
    blocks = zip(*_lined_up(true, pred), strict=True)
    tables = [dask.delayed(_count)(*block, n_labels) for block in blocks]
    while len(tables) > 1:
        tables = [dask.delayed(_add)(tables[i : i + _AT_ONCE]) for i in range(0, len(tables), _AT_ONCE)]
    return tables[0]


def _as_dask(name: str, labels: Any) -> da.Array:
    if not is_dask(labels):
        raise TypeError(
            f"{name} is a {type(labels).__name__} and the other labeling is in Dask: expected two Dask arrays, "
            "nothing is moved to the workers silently"
        )
    x = labels.to_dask_array() if hasattr(labels, "to_dask_array") else labels
    if x.ndim != 1:
        raise ValueError(f"{name} must be 1D: shape is {x.shape}; expected (n_samples,) of a Dask array")
    return x


def _lined_up(true: da.Array, pred: da.Array) -> tuple[list[Delayed], list[Delayed]]:
    """Return the blocks of both labelings, in pairs that cover the same samples."""
    n_true, n_pred = true.shape[0], pred.shape[0]
    if not math.isnan(n_true) and not math.isnan(n_pred):
        if n_true != n_pred:
            raise ValueError(f"labels_true and labels_pred must have the same length: they have {n_true} and {n_pred}")
        _, (true, pred) = da.core.unify_chunks(true, "i", pred, "i")
    elif true.numblocks != pred.numblocks:
        raise ValueError(
            f"labels_true has {true.numblocks[0]} blocks and labels_pred {pred.numblocks[0]}, of lengths not all "
            "known: expected as many blocks, or known lengths (compute_chunk_sizes())"
        )
    return true.to_delayed().tolist(), pred.to_delayed().tolist()


def _count(true: Any, pred: Any, n_labels: tuple[int, int] | None) -> ContingencyTable:
    if len(true) != len(pred):
        raise ValueError(
            f"a block of labels_true has {len(true)} samples and that of labels_pred {len(pred)}: expected blocks that "
            "line up in length; rechunk one labeling as the other"
        )
    return ContingencyTable.from_labels(true, pred, n_labels=n_labels)


def _add(tables: list[ContingencyTable]) -> ContingencyTable:
    return sum(tables[1:], tables[0])
