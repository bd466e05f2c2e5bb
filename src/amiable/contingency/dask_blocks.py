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
from amiable.contingency.merging import add_cells
from amiable.contingency.policies import counted_labels
from amiable.inputs.labels import check_shape
from amiable.inputs.missing import Policies

Delayed: TypeAlias = Any  # dask.delayed.Delayed, which has no types

_AT_ONCE = 8  # tables that are added in one task


def delayed_cells(
    labels_true: Any,
    labels_pred: Any,
    n_labels: tuple[int, int] | None,
    groups: Any | None,
    policies: Policies,
    axis: int | None = -1,
) -> Delayed:
    """Count two labelings in Dask arrays, later: a delayed object of `Cells`."""
    tables = _cells_of_blocks(labels_true, labels_pred, n_labels, groups, policies, axis)
    while len(tables) > 1:
        tables = [dask.delayed(_add)(tables[i : i + _AT_ONCE]) for i in range(0, len(tables), _AT_ONCE)]
    return tables[0]


def _cells_of_blocks(
    labels_true: Any,
    labels_pred: Any,
    n_labels: tuple[int, int] | None,
    groups: Any | None,
    policies: Policies,
    axis: int | None,
) -> list[Delayed]:
    """Return the cells of each block of the labelings and groups, later."""
    given = {"labels_true": labels_true, "labels_pred": labels_pred}
    if groups is not None:
        given["groups"] = groups
    for name, labels in given.items():
        if not is_dask(labels):
            raise TypeError(
                f"{name} is a {type(labels).__name__} and the other labeling is in Dask: expected Dask arrays alone, "
                "nothing is moved to the workers silently"
            )
    options: dict[str, Any] = {"n_labels": n_labels, "policies": policies, "axis": axis}
    if all(hasattr(labels, "map_partitions") for labels in given.values()):
        # two series of one frame: as arrays, each would be made from a copy of the frame of its own
        _check_paired({name: (labels.npartitions,) for name, labels in given.items()})
        options |= {"align_dataframes": False, "meta": (None, object), "enforce_metadata": False}
        first, *others = given.values()
        tables: list[Delayed] = first.map_partitions(_count, *others, where="a block", **options).to_delayed()
        return tables
    arrays = _lined_up({name: _as_array(name, labels, axis) for name, labels in given.items()})
    # optimised here, each labeling would be made from a copy of its own of what both are made from
    blocks = list(zip(*(x.to_delayed(optimize_graph=False).ravel().tolist() for x in arrays), strict=True))
    return [
        dask.delayed(_count)(*block, **options, where=f"block {i} of {len(blocks)}")
        for i, block in enumerate(blocks, start=1)
    ]


def _as_array(name: str, labels: Any, axis: int | None) -> da.Array:
    x = labels.to_dask_array() if hasattr(labels, "to_dask_array") else labels
    if x.ndim == 0 or (x.ndim > 1 and axis is not None):
        raise ValueError(
            f"{name} must be 1D: shape is {x.shape}; expected (n_samples,) of a Dask array, or axis=None, which takes "
            "labels of any shape as one labeling"
        )
    check_shape(name, x.shape, axis)
    return x


def _lined_up(given: dict[str, da.Array]) -> list[da.Array]:
    """Return labelings with blocks that cover the same samples, as far as lengths are known."""
    (first, one), *others = given.items()
    for name, x in others:
        known = [(n, m) for n, m in zip(one.shape, x.shape, strict=False) if not (math.isnan(n) or math.isnan(m))]
        if x.ndim == one.ndim and all(n == m for n, m in known):
            continue
        if x.ndim == one.ndim == 1:
            ((n_first, n),) = known
            raise ValueError(f"{first} and {name} must have the same length: they have {n_first} and {n}")
        raise ValueError(f"{first} has shape {one.shape} and {name} {x.shape}: with axis=None, expected one shape")
    if any(math.isnan(n) for x in given.values() for n in x.shape):
        _check_paired({name: x.numblocks for name, x in given.items()})
        return list(given.values())
    axes = tuple(range(one.ndim))
    _, arrays = da.core.unify_chunks(*(item for x in given.values() for item in (x, axes)))
    return list(arrays)


def _check_paired(n_blocks: dict[str, tuple[int, ...]]) -> None:
    if len(set(n_blocks.values())) > 1:
        shown = {name: " x ".join(map(str, n)) for name, n in n_blocks.items()}
        found = " and ".join(
            f"{name}{' has' * (not i)} {n}{' blocks' * (not i)}" for i, (name, n) in enumerate(shown.items())
        )
        raise ValueError(
            f"{found}, of lengths not all known: expected as many "
            "blocks, or arrays of known lengths (compute_chunk_sizes())"
        )


@threads(1)  # the other threads of a worker have tasks of their own
def _count(
    true: Any,
    pred: Any,
    groups: Any | None = None,
    *,
    n_labels: tuple[int, int] | None,
    policies: Policies,
    axis: int | None,
    where: str,
) -> Cells:
    for name, x in (("labels_pred", pred), ("groups", groups)):
        if x is not None and len(true) != len(x):
            raise ValueError(
                f"{where} has {len(true)} samples in labels_true and {len(x)} in {name}: expected blocks that line "
                "up in length; rechunk one labeling as the other"
            )
    try:
        return counted_labels(true, pred, n_labels, groups, policies, axis=axis, warns=False)
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{where}: {error}") from error


def _add(tables: list[Cells]) -> Cells:
    return functools.reduce(add_cells, tables)
