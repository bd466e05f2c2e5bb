"""Sums over the cells of tables, and whole scores, by compiled loops: of NumPy's arrays or on a CUDA device."""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from amiable._array import cuda, kernels, loops
from amiable._array.compact import count_compact
from amiable._array.libraries import NUMPY, namespace_of
from amiable._array.protocols import Array
from amiable._scalars import scores
from amiable._scalars.cells import DEVIANCE, GIVEN_COL, GIVEN_ROW, XLOGX
from amiable.chance.expectation import are_few
from amiable.contingency import Cells, most_cells, sums_of_grid

_NOTHING = np.empty(0, dtype=np.int64)
_NONE_KNOWN = np.empty((0, 1))
_CELLS = 16  # that take as long as the expectation of one
_FEW_CELLS = 1 << 8  # for which there is room where few labels are counted and scored in one call
_FEW_SAMPLES = 1 << 14  # whose range is found, and which are then counted, from the cache
_SHARED: contextvars.ContextVar[dict[Any, Any] | None] = contextvars.ContextVar("amiable_shared_sums", default=None)


class Whole(NamedTuple):
    """A score that one loop computes: of few labels, of a table, of tables; and how it averages entropies."""

    of_labels: Callable[..., float]
    of_table: Callable[..., float]
    of_tables: Callable[..., None]
    has_expectation: bool
    option: int = 0


ADJUSTED_RAND = Whole(
    scores.adjusted_rand_of_labels, scores.adjusted_rand, scores.adjusted_rand_of_tables, has_expectation=False
)
NORMALIZED_INFORMATION = Whole(
    scores.normalized_information_of_labels,
    scores.normalized_information,
    scores.normalized_information_of_tables,
    has_expectation=False,
)
ADJUSTED_INFORMATION = Whole(
    scores.adjusted_information_of_labels,
    scores.adjusted_information,
    scores.adjusted_information_of_tables,
    has_expectation=True,
)


@contextlib.contextmanager
def shared_sums() -> Iterator[None]:
    """Let scores of the same tables share their sums, which are kept until the end of the ``with`` block."""
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def is_looped(table: Cells) -> bool:
    """Whether the sums of a table come from compiled loops."""
    return not table.is_weighted and kernels.take_rows(table.counts)


def sums_by_loop(
    table: Cells, of_table: Callable[..., Any], of_tables: Callable[..., Any], *options: Any, n_sums: int
) -> Any:
    """Return the sums that loops of `amiable._scalars.tables` make: numbers for one table, arrays (...) for a batch."""
    kept = _SHARED.get()
    if kept is None:
        return _sums(table, of_table, of_tables, options, n_sums)
    key = (*map(id, table.arrays), of_tables, options)
    if key not in kept:  # the table beside its sums, so that no other array has the same id meanwhile
        kept[key] = table, _sums(table, of_table, of_tables, options, n_sums)
    return kept[key][1]


def _sums(
    table: Cells, of_table: Callable[..., Any], of_tables: Callable[..., Any], options: tuple[Any, ...], n_sums: int
) -> Any:
    lead, given = table.counts.shape[:-1], (table.counts, table.row_sums, table.col_sums)
    near = isinstance(table.counts, np.ndarray)
    if near and table.is_grid:
        places = [_NOTHING, _NOTHING]
    else:
        places = [kernels.integers(x[:0] if table.is_grid else x) for x in (table.rows, table.cols)]
    if near and not lead:
        return loops.compiled(of_table)(*places, *[loops.integers(x)[None] for x in given], *options, 0)
    arrays = [_rows(x) for x in given]
    return _run(of_tables, n_sums, arrays[0], *places, *arrays, *options).reshape(n_sums, *lead)


def _rows(x: Any) -> Any:
    """Return whole numbers of a batch (..., K) as loops take them: (T, K)."""
    return kernels.integers(x).reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _run(of_tables: Callable[..., Any], n_rows: int, counts: Any, *arguments: Any) -> Any:
    """Return what a loop writes for tables of `counts` (T, cells): (n_rows, T)."""
    out = kernels.empty((n_rows, counts.shape[0]), counts)
    weight = max(1.0, counts.shape[1] / _CELLS)
    return kernels.run(of_tables, counts.shape[0], *arguments, out=out, weight=weight)


def score_of_integers(whole: Whole, labels_true: Any, labels_pred: Any) -> float | None:
    """Return the score of two labelings of NumPy's integers without listing any cell; None for any others."""
    if not (_are_integers(labels_true) and _are_integers(labels_pred)) or not loops.is_compiled():
        return None
    n_samples = labels_true.size
    if not 0 < n_samples == labels_pred.size:
        return None
    if n_samples <= _FEW_SAMPLES:
        x, y = loops.integers(labels_true[None]), loops.integers(labels_pred[None])
        room = np.zeros(3 * _FEW_CELLS, dtype=np.int64)
        found: float = loops.compiled(whole.of_labels)(x, y, whole.option, _NONE_KNOWN, room)
        return None if math.isnan(found) else found
    if whole.has_expectation:  # which equal clusters of a large table share
        return None
    counted = count_compact((labels_true, labels_pred), most_cells(n_samples))
    if counted is None:
        return None
    sums = sums_of_grid(NUMPY, counted.counts[0], (counted.lengths[0], counted.lengths[1]))
    return float(score_by_loop(whole, counted.counts[0], *sums))


def _are_integers(x: Any) -> bool:
    if type(x) is not np.ndarray or x.ndim != 1:
        return False
    return x.dtype.kind in "ib" or (x.dtype.kind == "u" and x.dtype.itemsize < 8)


def is_scored_whole(whole: Whole, table: Cells) -> bool:
    """Whether one loop computes the score of a table, or of each of a batch; not where scores share their sums."""
    if not table.is_grid or not is_looped(table) or _SHARED.get() is not None:
        return False
    if not whole.has_expectation or not isinstance(table.counts, np.ndarray):
        return True
    return table.counts.ndim == 1 and are_few(table.row_sums, table.col_sums)


def expected_information_by_loop(row_sums: Array, col_sums: Array) -> Any:
    """Return the expectation of mutual information for cluster sizes of NumPy, of one table of few cells."""
    return loops.compiled(scores.expected_information)(*[loops.integers(x)[None] for x in (row_sums, col_sums)])


def score_by_loop(whole: Whole, counts: Array, row_sums: Array, col_sums: Array) -> Any:
    """Return the score of a grid of counts (R*C,), a number; or of each of a batch (..., R*C), an array (...)."""
    lead, given = counts.shape[:-1], (counts, row_sums, col_sums)
    expected: Any = _NONE_KNOWN
    if isinstance(counts, np.ndarray) and not lead:
        arrays = [loops.integers(x)[None] for x in given]
        return loops.compiled(whole.of_table)(*arrays, whole.option, expected, 0)
    arrays = [_rows(x) for x in given]
    if not isinstance(counts, np.ndarray):
        expected = kernels.empty((0, 1), counts)
        if whole.has_expectation:
            every = DEVIANCE | XLOGX | GIVEN_ROW | GIVEN_COL
            expected = cuda.sum_expectations(namespace_of(counts), arrays[1], arrays[2], every)
    return _run(whole.of_tables, 1, arrays[0], *arrays, whole.option, expected).reshape(lead)
