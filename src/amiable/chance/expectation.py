"""Expected mutual information from cluster sizes alone: EMI = w' F v / n.

EMI is the mean of MI over all labelings with cluster sizes a_1, ..., a_R and b_1, ..., b_C, equally likely (the
permutation model). There N_ij is hypergeometric, and its law depends on a_i, b_j and n alone. MI is a sum over cells,
and an expectation of a sum is the sum of the expectations, so

    n EMI = sum over i, j of E[D(N_ij)],   D(k) = k log(k / m) - k + m,   m = a_i b_j / n.

F[s, t] is one cell's expectation for cluster sizes s and t; w and v say how many clusters have each size. Equal
sizes are computed once, and a few hundred sizes stand in for any number (`interpolation`). Where all means are large, F
is a sum of a few products of a number of s and one of t, so that the cells need not be listed (`_scalars.series`).
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from amiable._array import cuda, kernels, loops
from amiable._array.arithmetic import constant, matmul, to_divisor
from amiable._array.bins import count_keys, encode_integers, sum_by_key
from amiable._array.blocks import blocks, budget, cell_blocks, power_of_two, zero_padded
from amiable._array.compiling import compiled, recompiles_per_shape
from amiable._array.devices import device_of, is_captured, is_traced
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch
from amiable._scalars.cells import DEVIANCE, GIVEN_COL, GIVEN_ROW, XLOGX
from amiable._scalars.loops import expectations_of_pairs as loop_over_pairs
from amiable._scalars.loops import expected_sums_of_table
from amiable._scalars.series import MOST_TERMS, n_terms
from amiable.chance.deviance import copy_constants, mean_count, xlogx
from amiable.chance.hypergeometric import (
    MAX_NODES,
    Form,
    Forms,
    expectations,
    expectations_by_series,
    least_mean_of_series,
    n_nodes,
    reach,
    series_coefficients,
    series_of_clusters,
    walked_expectations,
)
from amiable.chance.interpolation import PER_OCTAVE, Nodes, nodes_for

# Pairs are walked in classes of similar reach above the mean, so that few steps are idle. The last holds all means
# below those of which a series is known.
_REACHES = (8, 16, 24, 32, 48, 80)
# A device is not asked for equal sizes among so few cells of all tables together: their nodes are 2**21 numbers, which
# it takes through an operation in about the time that it takes to launch one.
_STATIC_CELLS = 1 << 14
# Up to so many cells of all tables together, a kernel computes them all in less time than equal sizes take to find.
_LAUNCHED_CELLS = 1 << 18
# Which of the sums of a loop of scalars each form is.
_SLOTS: dict[Form, int] = {"deviance": 0, "each_deviance": 0, "xlogx": 1, "given_row": 2, "given_col": 3}
_BITS = (DEVIANCE, XLOGX, GIVEN_ROW, GIVEN_COL)
_FEW_CELLS = 1 << 12  # a table of so many cells is one program where the library compiles every shape
_FEW_PAIRS = 1 << 8  # so few pairs cost less than to look for equal sizes among them
_PAIRS_OF_A_TOTAL = 1 << 11  # below so many pairs a total, sharing sizes among its tables costs more than it saves


def expected_sums(
    xp: Namespace,
    row_sums: Array,
    col_sums: Array,
    *,
    forms: Forms = ("deviance", "xlogx"),
    static: bool = False,
    per_octave: int | None = PER_OCTAVE,
) -> tuple[Array, ...]:
    """Return the sums over all cells of what is expected of their counts under the permutation model.

    Parameters
    ----------
    xp : namespace
    row_sums, col_sums : arrays of whole numbers, shapes (..., R) and (..., C)
        Cluster sizes, with equal totals n.
    forms : tuple of str
        What is expected of a count K: "deviance" from its mean, "xlogx" K log K, "given_row" K log(a / K), "given_col"
        K log(b / K).
    static : bool
        Compute every cell on a fixed number of nodes, so that no shape depends on a value and no device is
        waited for, unless there are many cells. Arrays that are traced or captured are always computed in this way.
    per_octave : int or None
        Nodes an octave of cluster sizes; None sums over every size.

    Returns
    -------
    sums : tuple of arrays of floats, shape (...), or of floats for one table of compiled loops; one a form
        The sum of deviances is n EMI; that of K log K is n EMI + sum a log a + sum b log b - n log n; those of
        K log(a / K) and K log(b / K) are n (H(V) - EMI) and n (H(U) - EMI), without their cancellation.
    """
    n_cells = math.prod(row_sums.shape) * col_sums.shape[-1]
    if are_few(row_sums, col_sums):
        sizes = loops.integers(row_sums), loops.integers(col_sums)
        of_table = loops.compiled(expected_sums_of_table)(*sizes, _wanted(forms))
        return tuple([of_table[_SLOTS[form]] for form in forms])
    sums = _expected_sums(xp, row_sums, col_sums, n_cells, forms, static=static, per_octave=per_octave)
    return tuple([sums[i, ...] for i in range(len(forms))])


def are_few(row_sums: Array, col_sums: Array) -> bool:
    """Whether a compiled loop adds up all pairs of cluster sizes, of one table; others look for equal sizes first."""
    if not isinstance(row_sums, np.ndarray) or row_sums.ndim > 1 or not loops.is_compiled():
        return False
    return row_sums.size * col_sums.shape[-1] <= _FEW_PAIRS


def _expected_sums(
    xp: Namespace,
    row_sums: Array,
    col_sums: Array,
    n_cells: int,
    forms: Forms,
    *,
    static: bool,
    per_octave: int | None,
) -> Array:
    if cuda.has_kernels(row_sums):
        if n_cells <= _LAUNCHED_CELLS or is_captured(row_sums):
            return _sums_by_kernel(xp, row_sums, col_sums, forms)
        if static:  # the same call in a graph needs the kernel to be there
            _sums_by_kernel(xp, row_sums[..., :1], col_sums[..., :1], forms)
        static = False
    few = static and (n_cells <= _STATIC_CELLS or is_captured(row_sums))
    if static and not few and not is_traced(row_sums):
        copy_constants(xp, to_float(xp, row_sums[..., :1]))  # for the same call in a graph, which is of few cells
    if few or is_traced(row_sums) or is_traced(col_sums):
        return _sums_over_cells(xp, row_sums, col_sums, forms=forms)
    if recompiles_per_shape(xp) and n_cells <= _FEW_CELLS:
        # the number of distinct sizes would be a new shape
        margins, back = in_few_shapes(xp, row_sums, col_sums)
        return xp.stack([back(x) for x in compiled(_sums_over_cells, xp, forms=forms)(*margins)])
    lead = row_sums.shape[:-1]
    if math.prod(row_sums.shape) == 0 or math.prod(col_sums.shape) == 0:
        nothing = to_float(xp, xp.sum(row_sums, axis=-1))
        return xp.stack([nothing] * len(forms))
    rows = xp.reshape(row_sums, (-1, row_sums.shape[-1]))
    cols = xp.reshape(col_sums, (-1, col_sums.shape[-1]))
    return xp.reshape(_sums_of_batch(xp, rows, cols, forms, per_octave), (len(forms), *lead))


def _sums_by_kernel(xp: Namespace, row_sums: Array, col_sums: Array, forms: Forms) -> Array:
    """Return the same of every cell, in one launch and without a wait."""
    rows, cols = (xp.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1])) for x in (row_sums, col_sums))
    sums = _chosen(cuda.sum_expectations(xp, rows, cols, _wanted(forms)), forms)
    return xp.reshape(sums, (len(forms), *row_sums.shape[:-1]))


def in_few_shapes(
    xp: Namespace, row_sums: Array, col_sums: Array
) -> tuple[tuple[Array, Array], Callable[[Array], Array]]:
    """Pad cluster sizes with empty clusters, and a batch with empty tables, as every shape is compiled; and go back."""
    lead, n_tables = row_sums.shape[:-1], math.prod(row_sums.shape[:-1])
    more = power_of_two(n_tables)
    rows, cols = (
        zero_padded(xp, xp.reshape(x, (n_tables, x.shape[-1])), (more, power_of_two(x.shape[-1])))
        for x in (row_sums, col_sums)
    )
    return (rows, cols), lambda sums: xp.reshape(sums[:n_tables], lead)


def each_table(xp: Namespace, row_sums: Array, col_sums: Array, of_table: Callable[[Array, Array], Array]) -> Array:
    """Return `of_table(rows, cols)` of each table of a batch, (...) or (..., T); on a host, once for equal ones."""
    lead, n_rows = row_sums.shape[:-1], row_sums.shape[-1]
    margins = xp.reshape(xp.concat([row_sums, col_sums], axis=-1), (math.prod(lead), n_rows + col_sums.shape[-1]))
    where = None
    if isinstance(margins, np.ndarray):  # tables that are drawn at random share their margins
        margins, where = np.unique(margins, axis=0, return_inverse=True)
    each = xp.stack([of_table(margins[i, :n_rows], margins[i, n_rows:]) for i in range(margins.shape[0])])
    return xp.reshape(each if where is None else each[where], (*lead, *each.shape[1:]))


def _sums_of_batch(xp: Namespace, rows: Array, cols: Array, forms: Forms, per_octave: int | None) -> Array:
    """Return the sums (T, B) for tables (B, R) and (B, C), in the way that shares most."""
    # Where all means are large, clusters add to the sums one by one. Else there are three ways, by what can be shared.
    # Few pairs are computed one by one. Tables of one total share F for the distinct sizes of all. Where there are
    # several totals, each has an F of its own, if its tables have pairs enough to pay for it.
    n = xp.sum(rows, axis=-1)
    means = _least_means(xp, rows, cols, n)
    least_mean = float(xp.min(means))
    if least_mean >= least_mean_of_series(xp, means):
        return _sums_by_series(xp, rows, cols, n, forms, n_terms(least_mean))
    n_pairs = math.prod(rows.shape) * cols.shape[-1]
    if n_pairs <= _FEW_PAIRS:
        return _sums_over_pairs(xp, rows, cols, forms)
    which, totals = encode_integers(xp, n)
    n_totals = totals.shape[0]
    if n_totals == 1:
        return _sums_over_sizes(xp, rows, cols, totals[0], forms, per_octave)
    if n_pairs <= n_totals * _PAIRS_OF_A_TOTAL:
        return _sums_over_pairs(xp, rows, cols, forms)
    return _sums_by_total(xp, rows, cols, totals, which, forms, per_octave)


def _least_means(xp: Namespace, rows: Array, cols: Array, n: Array) -> Array:
    """Return the least mean of a cell of two clusters that are not empty: shape (B,)."""
    least_row, least_col = (xp.min(xp.where(sums > 0, sums, n[:, None]), axis=-1) for sums in (rows, cols))
    return mean_count(xp, least_row, least_col, n)


def _sums_by_series(xp: Namespace, rows: Array, cols: Array, n: Array, forms: Forms, n_terms: int) -> Array:
    """Return the sums (T, B) of tables whose means are all large; their cells are not even listed."""
    # A term of the series is a product of a number of the row's and one of the column's, so that sums of rows and sums
    # of columns are multiplied: E = sum over j of c_j (sum over i of u_j(a_i)) (sum over i' of u_j(b_i')).
    of_rows, of_cols = (xp.sum(series_of_clusters(xp, sums, n[:, None], n_terms), axis=-1) for sums in (rows, cols))
    own = xp.sum(series_coefficients(xp, n, n_terms) * of_rows * of_cols, axis=0)

    def below_total(sums: Array) -> Array:  # n times the entropy
        return xp.sum(to_float(xp, sums) * xp.log1p(to_float(xp, n[:, None] - sums) / to_divisor(xp, sums)), axis=-1)

    def from_deviance(form: Form) -> Array:
        if form == "xlogx":  # of the means; none is below `LEAST_MEAN`, so that few digits cancel
            return own + xlogx(xp, to_float(xp, n)) - below_total(rows) - below_total(cols)
        if form in ("given_row", "given_col"):
            return below_total(cols if form == "given_row" else rows) - own
        return own

    return xp.stack([from_deviance(form) for form in forms])


def _sums_over_pairs(xp: Namespace, rows: Array, cols: Array, forms: Forms) -> Array:
    """Sum over every cell of small tables (B, R) and (B, C) of many totals, whose sizes have nothing to share."""
    shape = (rows.shape[-1], cols.shape[-1])
    # All pairs (i, j) of a block of tables as one vector, each with the total of its table, and summed a table at a
    # time.
    parts = []
    for block in blocks(rows.shape[0], budget(rows) * 16 // math.prod(shape)):
        a, b = rows[block, :, None], cols[block, None, :]
        n = xp.sum(a, axis=1, keepdims=True)
        full = (a.shape[0], *shape)
        zero = xp.zeros(full, dtype=a.dtype, device=device_of(a))  # to add it costs less than broadcast_to in NumPy
        a, b, n = (xp.reshape(x + zero, (-1,)) for x in (a, b, n))
        cells = expectations_of_pairs(xp, a, b, n, forms)
        parts.append(xp.sum(xp.reshape(cells, (len(forms), *full)), axis=(-2, -1)))
    return xp.concat(parts, axis=-1)


def _sums_by_total(
    xp: Namespace, rows: Array, cols: Array, totals: Array, which: Array, forms: Forms, per_octave: int | None
) -> Array:
    """Sum over distinct sizes for each total in turn: tables (B, R) and (B, C), each of `totals[which]`."""
    # The tables of each total in turn; sorting their positions puts the sums back into the order of the batch.
    parts, members = [], []
    for group in range(totals.shape[0]):
        members.append(xp.nonzero(which == group)[0])
        some_rows, some_cols = (xp.take(v, members[-1], axis=0) for v in (rows, cols))
        parts.append(_sums_over_sizes(xp, some_rows, some_cols, totals[group], forms, per_octave))
    return xp.take(xp.concat(parts, axis=-1), xp.argsort(xp.concat(members)), axis=-1)


def _sums_over_cells(xp: Namespace, row_sums: Array, col_sums: Array, *, forms: Forms) -> Array:
    """Sum over every cell (i, j) on MAX_NODES nodes k, in static blocks of tables and of their columns."""
    lead, n_rows, n_cols = row_sums.shape[:-1], row_sums.shape[-1], col_sums.shape[-1]
    rows, cols = (xp.reshape(x, (math.prod(lead), x.shape[-1])) for x in (row_sums, col_sums))
    parts = []
    for tables in cell_blocks(rows, rows.shape[0], MAX_NODES * n_rows):
        a, b, total = rows[tables, :, None], cols[tables, None, :], None
        n = xp.sum(a, axis=1, keepdims=True)
        for block in cell_blocks(rows, n_cols, MAX_NODES * n_rows * a.shape[0]):
            part = xp.sum(expectations(xp, a, b[..., block], n, forms=forms), axis=(-2, -1))
            total = part if total is None else total + part
        parts.append(total)
    return xp.reshape(parts[0] if len(parts) == 1 else xp.concat(parts, axis=-1), (len(forms), *lead))


def _sums_over_sizes(
    xp: Namespace, row_sums: Array, col_sums: Array, n: Array, forms: Forms, per_octave: int | None
) -> Array:
    """Sum over distinct sizes, for tables (B, R) and (B, C) that share one total n."""
    # F on the nodes of the distinct sizes of all tables together.
    (where_a, a), (where_b, b) = encode_integers(xp, row_sums), encode_integers(xp, col_sums)
    nodes_a, nodes_b = nodes_for(xp, a, n, per_octave), nodes_for(xp, b, n, per_octave)
    cells = expectations_of_sizes(xp, nodes_a.sizes, nodes_b.sizes, n, forms=forms)

    def weights(which: Array, sizes: Array, nodes: Nodes) -> Array:  # (block of tables, nodes)
        return nodes.spread(xp, to_float(xp, count_keys(xp, which, sizes.shape[0])))

    # w' F v for each table: w and v are its numbers of clusters of each size, handed to the nodes.
    parts = []
    for block in blocks(row_sums.shape[0], budget(a) * 16 // max(a.shape[0], b.shape[0])):
        w, v = weights(where_a[block, :], a, nodes_a), weights(where_b[block, :], b, nodes_b)
        parts.append(xp.sum(matmul(xp, w, cells) * v, axis=-1))
    return xp.concat(parts, axis=-1)


def expectations_of_sizes(xp: Namespace, a: Array, b: Array, n: Array, *, forms: Forms) -> Array:
    """Return the expectations of every pair of sizes (S,) and (S',) under one total: (T, S, S')."""
    shape = (a.shape[0], b.shape[0])
    grid_a, grid_b = (xp.reshape(xp.broadcast_to(v, shape), (-1,)) for v in (a[:, None], b[None, :]))
    return xp.reshape(expectations_of_pairs(xp, grid_a, grid_b, n, forms), (len(forms), *shape))


@np.errstate(under="ignore")  # weights far from the mean underflow to 0, as intended
def expectations_of_pairs(xp: Namespace, a: Array, b: Array, n: Array, forms: Forms) -> Array:
    """Return the expectations (T, P) of size pairs (P,), sorted by reach and cut into blocks that fit the budget."""
    n = xp.broadcast_to(n, a.shape)
    if kernels.take(a):
        return _expectations_by_loop(a, b, n, forms)
    if recompiles_per_shape(xp):
        return _expectations_in_equal_blocks(xp, a, b, n, forms)
    mean = mean_count(xp, a, b, n)
    large = mean >= least_mean_of_series(xp, mean)
    n_large = int(xp.sum(xp.astype(large, n.dtype)))
    if n_large == 0:
        return _walks_of_pairs(xp, a, b, n, forms)
    if n_large == a.shape[0]:
        return _series_of_pairs(xp, a, b, n, forms, n_terms(float(xp.min(mean))))
    far, near = xp.nonzero(large)[0], xp.nonzero(~large)[0]
    parts = [
        _series_of_pairs(xp, xp.take(a, far), xp.take(b, far), xp.take(n, far), forms),
        _walks_of_pairs(xp, xp.take(a, near), xp.take(b, near), xp.take(n, near), forms),
    ]
    return xp.take(xp.concat(parts, axis=-1), xp.argsort(xp.concat([far, near])), axis=-1)


def _series_of_pairs(xp: Namespace, a: Array, b: Array, n: Array, forms: Forms, n_terms: int = MOST_TERMS) -> Array:
    """Return the expectations of pairs whose means are large, in blocks that fit the budget."""
    parts = [
        expectations_by_series(xp, a[block], b[block], n[block], n_terms=n_terms, forms=forms)
        for block in blocks(a.shape[0], budget(a) // n_terms)
    ]
    return parts[0] if len(parts) == 1 else xp.concat(parts, axis=-1)


def _walks_of_pairs(xp: Namespace, a: Array, b: Array, n: Array, forms: Forms) -> Array:
    """Return the expectations of pairs whose means are not, sorted by reach and cut into blocks that fit the budget."""
    pairs = [a, b, n, *reach(xp, a, b, n)]
    if a.shape[0] * _REACHES[-1] <= budget(a):  # not worth sorting
        return _expectations_of_block(xp, pairs, forms)
    # Pairs of similar reach are walked together, so that few steps are taken for nothing. They are sorted by class,
    # each class is computed in blocks, and `back` puts the results in the order of the pairs.
    classes = xp.searchsorted(constant(xp, _REACHES, pairs[3]), pairs[3])
    per_class = fetch(count_keys(xp, xp.astype(classes, a.dtype), len(_REACHES) + 1))
    order = xp.argsort(xp.astype(classes, xp.uint8), stable=True)  # bytes may be sorted by radix
    start, parts = 0, []
    for width, count in zip((*_REACHES, MAX_NODES), per_class, strict=True):
        for block in blocks(count, budget(a) // width) if count else ():
            at = order[start + block.start : start + block.stop]
            parts.append(_expectations_of_block(xp, [xp.take(x, at) for x in pairs], forms))
        start += count
    back = sum_by_key(xp, order, xp.arange(order.shape[0], dtype=order.dtype, device=device_of(order)), order.shape[0])
    return xp.take(xp.concat(parts, axis=-1), back, axis=-1)


def _expectations_by_loop(a: Any, b: Any, n: Any, forms: Forms) -> Array:
    """Return the same from compiled loops of scalars, which walk as far as each pair needs."""
    arrays = [kernels.integers(x) for x in (a, b, n)]
    n_pairs = arrays[0].shape[0]
    out = kernels.empty((len(_BITS), n_pairs), arrays[0])
    return _chosen(kernels.run(loop_over_pairs, n_pairs, *arrays, _wanted(forms), out=out), forms)


def _chosen(sums: Array, forms: Forms) -> Array:
    """Return those of all sums (4, ...) that are wanted: (forms, ...)."""
    xp = namespace_of(sums)
    return xp.stack([sums[_SLOTS[form], ...] for form in forms])


@functools.cache
def _wanted(forms: Forms) -> int:
    return functools.reduce(operator.or_, [_BITS[_SLOTS[form]] for form in forms])


def _expectations_of_block(xp: Namespace, pairs: list[Array], forms: Forms) -> Array:
    """Walk where the furthest reach of pairs (sizes, total, up, down) is near, else sum over the lattice."""
    a, b, n, up, down = pairs
    most_up, most_down = fetch(xp.stack([xp.max(up), xp.max(down)]))
    if most_up <= _REACHES[-1]:
        return walked_expectations(xp, a, b, n, up=most_up, down=most_down, forms=forms)
    return expectations(xp, a, b, n, width=fetch(xp.max(n_nodes(xp, a, b, n))[None])[0], forms=forms)


def _expectations_in_equal_blocks(xp: Namespace, a: Array, b: Array, n: Array, forms: Forms) -> Array:
    """Return the same in blocks of one shape, the last one padded with empty cells: compiled once for all."""
    # A cell of size 0 of a total of 0 expects 0, so that the last block may be filled up with such.
    n_pairs, step = a.shape[0], budget(a) // MAX_NODES
    padding = xp.zeros(-n_pairs % step, dtype=a.dtype, device=device_of(a))
    a, b, n = (xp.concat([x, padding]) for x in (a, b, n))
    kernel = compiled(expectations, xp, forms=forms)
    parts = [kernel(a[block], b[block], n[block]) for block in blocks(a.shape[0], step)]
    return xp.concat(parts, axis=-1)[:, :n_pairs]
