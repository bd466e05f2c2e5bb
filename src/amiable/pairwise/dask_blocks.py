"""Labelings in Dask arrays: the matrix of scores, in blocks that the workers score."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

from amiable._array.dtypes import to_float
from amiable._array.libraries import is_dask_array, namespace_of
from amiable._array.loops import threads
from amiable._array.protocols import Array
from amiable._array.transfers import to_numpy
from amiable.contingency import Cells
from amiable.contingency.dask_blocks import delayed_cells
from amiable.inputs.labels import check_matrix, check_n_labels
from amiable.inputs.missing import Policies
from amiable.pairwise.selection import BestPairs, ScoredPairs, Selection, Top
from amiable.scores.evaluate import score_of_table

_AT_ONCE = 8  # parts of a strip of the matrix that are merged in one task


def delayed_scores(
    local: Callable[..., Any],
    labelings: Any,
    others: Any,
    score: Callable[..., Any],
    n_labels: tuple[int, int] | None,
    selection: Selection | None,
    policies: Policies,
    *,
    mirrored: bool,
) -> Any:
    """Score every pair of labelings in Dask arrays, later: by `local`, which does so in memory, for each block."""
    promised = None if n_labels is None else check_n_labels(n_labels)
    x = _checked("labelings", labelings)
    y = x if others is None else _checked("others", others)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"labelings and others have {[x.shape[1], y.shape[1]]} samples: expected the same samples")
    if max(map(_bytes_of_one, (x, y))) > _most_bytes():
        scores = _by_adding_tables(x, y, score, promised, policies, mirrored=mirrored)
    else:
        x = _in_rows(x)
        y = x if others is None else _in_rows(y)
        ignore_true, ignore_pred = policies.ignored
        options = {"n_labels": promised, "missing": "drop" if policies.drops else "raise"}
        block = functools.partial(local, score=score, **options, ignore_true=ignore_true, ignore_pred=ignore_pred)
        scores = _in_blocks(block, x, y, mirrored=mirrored)
    return scores if selection is None else _selected(scores, selection, same=others is None, mirrored=mirrored)


def _checked(name: str, labelings: Any) -> da.Array:
    if not is_dask_array(labelings):
        raise TypeError(
            f"{name} is a {type(labelings).__name__} and the other labelings are in Dask, or it is no array of Dask: "
            "expected Dask arrays of shape (n_labelings, n_samples), nothing is moved to the workers silently"
        )
    check_matrix(name, labelings.shape)
    if any(map(math.isnan, labelings.shape)):
        raise ValueError(f"{name} has chunks of unknown lengths: expected known ones (compute_chunk_sizes())")
    return labelings


def _most_bytes() -> int:
    """Return how large a chunk may be, as Dask is told."""
    return int(dask.utils.parse_bytes(dask.config.get("array.chunk-size")))


def _bytes_of_one(x: da.Array) -> int:
    return int(x.shape[1] * x.dtype.itemsize)


def _in_rows(x: da.Array) -> da.Array:
    """Return labelings in chunks of some of them with all samples, none larger than Dask allows, nor its scores."""
    most = max(1, min(_most_bytes() // max(1, _bytes_of_one(x)), math.isqrt(_most_bytes() // 8)))
    parts = [[most] * (length // most) + [length % most] * (length % most > 0) for length in x.chunks[0]]
    return x.rechunk((tuple(itertools.chain.from_iterable(parts)), (x.shape[1],)))


def _in_blocks(local: Callable[..., Any], x: da.Array, y: da.Array, *, mirrored: bool) -> da.Array:
    """Return the matrix (M, L) of labelings in chunks of rows, each block of it from a chunk of either side."""
    name = f"pairwise_scores-{tokenize(local, x, y, mirrored)}"
    starts = [_starts(side.chunks[0]) for side in (x, y)]
    graph: dict[Any, Any] = {}
    for i, j in itertools.product(*map(range, (x.numblocks[0], y.numblocks[0]))):
        if mirrored and j < i:
            graph[name, i, j] = (np.transpose, (name, j, i))
            continue
        where = f"labelings from {starts[0][i]} on, others from {starts[1][j]} on"
        other = None if x is y and i == j else (y.name, j, 0)
        graph[name, i, j] = (_block, local, (x.name, i, 0), other, where)
    chunks = (x.chunks[0], y.chunks[0])
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[x, y])
    return da.Array(layers, name, chunks, meta=x._meta.astype("float64"))


def _starts(lengths: tuple[int, ...]) -> list[int]:
    return [0, *itertools.accumulate(lengths[:-1])]


@threads(1)  # the other threads of a worker have tasks of their own
def _block(local: Callable[..., Any], x: Any, y: Any, where: str) -> Array:
    try:
        scores = local(x, y)
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{where}: {error}") from error
    return to_float(namespace_of(scores), scores)


def _by_adding_tables(
    x: da.Array,
    y: da.Array,
    score: Callable[..., Any],
    promised: tuple[int, int] | None,
    policies: Policies,
    *,
    mirrored: bool,
) -> da.Array:
    """Return the matrix of labelings that are too long for a chunk: tables of chunks of samples are added."""
    one = dask.delayed(functools.partial(_score_of_table, score))
    true, pred = ([side[i] for i in range(side.shape[0])] for side in (x, y))
    found: dict[tuple[int, int], da.Array] = {}
    for i, j in itertools.product(range(len(true)), range(len(pred))):
        if mirrored and j < i:
            found[i, j] = found[j, i].T
            continue
        table = delayed_cells(true[i], pred[j], promised, None, policies)
        found[i, j] = da.from_delayed(one(table), (1, 1), meta=x._meta.astype("float64"))
    return da.block([[found[i, j] for j in range(len(pred))] for i in range(len(true))])


def _score_of_table(score: Callable[..., Any], table: Cells) -> Array:
    value = score_of_table(score, table)
    return to_float(namespace_of(value), value)[None, None]


def _selected(scores: da.Array, selection: Selection, *, same: bool, mirrored: bool) -> BestPairs | ScoredPairs:
    """Return the pairs that are wanted of the matrix `scores`, a strip of it at a time, whose parts are merged."""
    if isinstance(selection, Top):
        selection = selection.among(scores.shape[1] - same)
    name = f"selected_pairs-{tokenize(scores, selection, same, mirrored)}"
    starts = [_starts(lengths) for lengths in scores.chunks]
    once = mirrored and not isinstance(selection, Top)  # each pair is listed once
    graph: dict[Any, Any] = {}
    for i, row in enumerate(starts[0]):
        parts = []
        for j, col in enumerate(starts[1]):
            if not (once and j < i):
                parts.append((f"{name}-part", i, j))
                graph[parts[-1]] = (_part, selection, (scores.name, i, j), row, col, same, once)
        while len(parts) > 1:
            level = [parts[k : k + _AT_ONCE] for k in range(0, len(parts), _AT_ONCE)]
            parts = [(f"{name}-{len(parts)}", i, k) for k in range(len(level))]
            graph.update((key, (selection.merged, some)) for key, some in zip(parts, level, strict=True))
        graph[name, i] = parts[0]
    layers = HighLevelGraph.from_collections(name, graph, dependencies=[scores])
    array = functools.partial(_array, layers, name)
    if isinstance(selection, Top):
        chunks = (scores.chunks[0], (selection.k,))
        return BestPairs(array(0, chunks, "int64"), array(1, chunks, "float64"))
    unknown = ((math.nan,) * len(starts[0]),)
    return ScoredPairs(array(0, unknown, "int64"), array(1, unknown, "int64"), array(2, unknown, "float64"))


def _part(selection: Selection, scores: Any, row: int, col: int, same: bool, once: bool) -> Any:
    """Return the pairs that are wanted of a block whose first row and column these are."""
    scores = to_numpy(scores)
    rows, cols = (start + np.arange(length) for start, length in zip((row, col), scores.shape, strict=True))
    wanted = np.ones(scores.shape, dtype=bool)
    if once:
        wanted = rows[:, None] < cols[None, :]
    elif same:
        wanted = rows[:, None] != cols[None, :]
    return selection.of_block(rows, cols, scores, wanted)


def _array(layers: HighLevelGraph, name: str, k: int, chunks: tuple[tuple[float, ...], ...], dtype: str) -> da.Array:
    """Return the array that is the k-th of each strip's tuple."""
    own = f"{name}-{k}-of-each"
    zeros = (0,) * (len(chunks) - 1)
    graph = {(own, i, *zeros): (operator.getitem, (name, i), k) for i in range(len(chunks[0]))}
    whole = HighLevelGraph({**layers.layers, own: graph}, {**layers.dependencies, own: {name}})
    return da.Array(whole, own, chunks, dtype=dtype)
