"""Exact variance of mutual information under the permutation model, from cluster sizes alone.

n MI is a sum over cells of deviances D_ij. Given N_ij = l, the rest of row i and the rest of column j are independent,
and each cell of them is hypergeometric in a smaller population (for the row, n - b_j samples of which a_i - l are row
i's). Two cells that share neither row nor column lie in the row and the column of exactly one third cell, (i, j), so

    n**2 Var(MI) = sum over (i, j) of E[row_ij(l) col_ij(l)],
    row_ij(l) = E[sum of row i's deviances | N_ij = l] - E[sum of row i's deviances], and col_ij(l) alike.

The deviances of the row's other cells, each from its own mean, are those from their conditional means and those of
the conditional means from the means. The latter are proportional to b_j', so that they add up to one deviance:

    E[sum of row i's deviances | l] = D(l, a_i b_j / n) + D(a_i - l, a_i (n - b_j) / n) + rest_j(a_i - l),
    rest_j(m) = sum over j' != j of E[D(K, E K)], K ~ Hypergeometric(n - b_j, m, b_j').

Where one labeling is a cluster beside singletons, and the clusters of the other are nearly equal, MI hardly varies, and
nearly all of these terms cancel. Singletons tell nothing of K log K, so that the sum over the one cluster's line is all
that varies. With N_j = m_j + t_j there it is, up to a constant,

    sum over j of D(N_j, m_j) + t_j v_j,   v_j = log(b_j / b) for any b, as the t_j add up to 0,

and its variance is the sum over j of E[row_j(l) (D_j + t_j v_j)], small terms only.

Where almost all clusters are singletons, K log K in place of the deviance keeps the digits: the two differ by what the
margins determine, and it is 0 for K <= 1. Its conditional expectations need no such shift.

So for each column one function of one variable is needed, which is smooth: a few hundred m stand in for all, as a few
hundred sizes do (`interpolation`), and the cost is that of a few hundred expectations of mutual information. Compiled
loops of scalars do the same where there are any (`_scalars.variance`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from amiable._array import loops
from amiable._array.arithmetic import at_least, matmul
from amiable._array.bins import unique_inverse
from amiable._array.blocks import blocks, budget, cell_blocks
from amiable._array.compiling import compiled, recompiles_per_shape
from amiable._array.devices import device_of, is_traced
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch
from amiable._scalars.cells import DEVIANCE, XLOGX
from amiable._scalars.series import MOST_TERMS
from amiable._scalars.variance import covariances_of_cells, expect_rests, n_bands, n_places
from amiable.chance.deviance import deviance, mean_count, offset_from_mean, xlogx
from amiable.chance.entropies import concentration, is_floor_positive, is_trivial, number_of_clusters
from amiable.chance.expectation import each_table, expectations_of_pairs, expectations_of_sizes, in_few_shapes
from amiable.chance.hypergeometric import MAX_NODES, Form, Forms, Lattice, expectations, lattice, n_nodes
from amiable.chance.interpolation import Nodes, SizeCounts, nodes_for, size_counts_of_clusters

# Cells, times those in a line with them: so few are one program where the library compiles, as under tracing; it
# then holds 2**14 nodes for each at once.
_ONE_PROGRAM = 1 << 13
PER_OCTAVE = 12  # nodes an octave of sizes: 1e-13 is enough here, and the cost grows with their third power
# How many expectations of a cell take as long as its covariance, and as what one cluster adds to a table of rests
_CELL_WEIGHT, _REST_WEIGHT = 32.0, 64.0
_FORMS: Forms = ("deviance", "xlogx")
_ROOM = 32  # blocks of cells and their nodes may take so many times the budget of one temporary


def variance_of_sum(
    xp: Namespace, row_sums: Array, col_sums: Array, *, static: bool = False, per_octave: int | None = PER_OCTAVE
) -> Array:
    """Return the variance of the sum of all cells' deviances, n**2 Var(MI), under the permutation model.

    Parameters
    ----------
    xp : namespace
    row_sums, col_sums : arrays of whole numbers, shapes (..., R) and (..., C)
        Cluster sizes, with equal totals n.
    static : bool
        Compute every cell on a fixed number of nodes, so that no shape depends on a value and no device is waited
        for. Traced arrays are always computed in this way.
    per_octave : int or None
        Nodes an octave of cluster sizes; None sums over every size.

    Returns
    -------
    variance : array of floats, shape (...)
    """
    traced = is_traced(row_sums) or is_traced(col_sums)
    n_triples = _n_triples(math.prod(row_sums.shape[:-1]), row_sums.shape[-1], col_sums.shape[-1])
    if traced and n_triples > _ONE_PROGRAM:
        most = round((_ONE_PROGRAM / 2) ** (1 / 3))
        raise ValueError(
            f"the variance of mutual information of row_sums {tuple(row_sums.shape)} and col_sums "
            f"{tuple(col_sums.shape)} is too large for a traced program: expected some {most} "
            "clusters each at most, or a call outside of tracing"
        )
    if static or traced:
        of_deviances, of_xlogs = _over_cells(xp, row_sums, col_sums)
        variance = xp.where(_are_small(xp, row_sums, col_sums), of_xlogs, of_deviances)
        return xp.where(is_constant(xp, row_sums, col_sums), 0.0, variance)
    if recompiles_per_shape(xp):  # the number of distinct sizes would be a new shape
        margins, back = in_few_shapes(xp, row_sums, col_sums)
        n_tables, n_rows = margins[0].shape
        if _n_triples(n_tables, n_rows, margins[1].shape[-1]) <= _ONE_PROGRAM:
            return back(compiled(variance_of_sum, xp, static=True)(*margins))
    return each_table(xp, row_sums, col_sums, lambda rows, cols: _over_sizes(xp, rows, cols, per_octave))


def _n_triples(n_tables: int, n_rows: int, n_cols: int) -> int:
    """Return how many cells of tables there are, times those in a line with them."""
    return n_tables * n_rows * n_cols * (n_rows + n_cols)


def is_constant(xp: Namespace, row_sums: Array, col_sums: Array) -> Array:
    """Whether the sizes alone determine the mutual information, so that its variance is 0: booleans of shape (...).

    They do where one labeling is a single cluster or all singletons, and where one is a single sample beside the rest
    and the clusters of the other are of one size.
    """
    # A trivial labeling shares with any other exactly what its own sizes say. Where a single sample stands beside the
    # rest, the table is settled by the cluster of the other labeling that this sample lies in: clusters of one size all
    # give the same cells. Enumeration of all margins of up to nine samples finds no other case.
    n = xp.sum(row_sums, axis=-1)
    trivial, single_out, of_one_size = [], [], []
    for sums in (row_sums, col_sums):
        n_clusters = number_of_clusters(xp, sums)
        most = xp.max(sums, axis=-1) if sums.shape[-1] else n
        trivial.append(is_trivial(xp, sums))
        single_out.append((n_clusters == 2) & (most == n - 1))
        of_one_size.append(n_clusters * most == n)
    return trivial[0] | trivial[1] | (single_out[0] & of_one_size[1]) | (single_out[1] & of_one_size[0])


def _are_small(xp: Namespace, row_sums: Array, col_sums: Array) -> Array:
    """Whether nearly all clusters are so small that sums of K log K keep digits which sums of deviances lose."""
    n = xp.sum(row_sums, axis=-1)
    return is_floor_positive(xp, concentration(xp, row_sums, n), concentration(xp, col_sums, n), n)


@np.errstate(under="ignore")  # weights far from the mean underflow to 0, as intended
def _over_sizes(xp: Namespace, row_sums: Array, col_sums: Array, per_octave: int | None) -> Array:
    """Sum over distinct sizes, for one table."""
    n = xp.sum(row_sums)
    if bool(is_constant(xp, row_sums, col_sums)):
        return xp.zeros_like(to_float(xp, n))
    form: Form = "xlogx" if bool(_are_small(xp, row_sums, col_sums)) else "deviance"
    rows, cols = (size_counts_of_clusters(xp, sums, per_octave) for sums in (row_sums, col_sums))
    if form == "deviance":
        for sums, others in ((row_sums, cols), (col_sums, rows)):
            if bool(is_one_cluster(xp, sums)):
                return _of_one_cluster(xp, xp.max(sums), others, n, per_octave)
    if per_octave is not None and isinstance(rows.sizes, np.ndarray) and loops.is_compiled():
        return _by_loops(rows, cols, int(n), form)
    # E[D_ij] for all pairs of sizes, and E[sum of row i's deviances] and that of column j's, which centre the rests.
    expected = expectations_of_sizes(xp, rows.sizes, cols.sizes, n, forms=(form,))[0, ...]
    of_rows, of_cols = matmul(xp, expected, cols.counts[:, None]), matmul(xp, rows.counts[None, :], expected)
    width = fetch(xp.max(n_nodes(xp, rows.sizes[:, None], cols.sizes[None, :], n, line=True))[None])[0]
    # The sum over (i, j) of E[row_ij(l) col_ij(l)], with each pair of sizes as often as there are such clusters. `left`
    # is what N_ij = l leaves for the rest of the line: a_i - l of the n - b_j samples outside of column j.
    total = xp.zeros_like(to_float(xp, n))
    for block in blocks(cols.sizes.shape[0], budget(rows.sizes) * _ROOM // (rows.sizes.shape[0] * width)):
        a, b = rows.sizes[:, None], cols.sizes[None, block]
        nodes = lattice(xp, a, b, n, width=width, line=True)
        own = cols.sizes[block]
        row_rest = _rests(xp, a[..., None] - nodes.k, 1, n - own, cols, own, per_octave, form) - of_rows[..., None]
        col_rest = _rests(xp, b[..., None] - nodes.k, 0, n - rows.sizes, rows, rows.sizes, per_octave, form)
        cells = _cell_covariance(xp, nodes, a, b, n, row_rest, col_rest - of_cols[:, block, None], form)
        part = xp.sum(matmul(xp, rows.counts[None, :], cells)[0, :] * cols.counts[block])
        total = total + part
    return total


def _by_loops(rows: Any, cols: Any, n: int, form: Form) -> Array:
    """Return the same from compiled loops of scalars, which look rests up in tables, one a cluster size."""
    a, b = loops.integers(rows.sizes), loops.integers(cols.sizes)
    wanted = XLOGX if form == "xlogx" else DEVIANCE
    xp: Any = np
    expected: Any = expectations_of_sizes(xp, a, b, np.asarray(n), forms=(form,))[0, ...]
    of_rows, of_cols = expected @ cols.counts, rows.counts @ expected
    tables = _tables_of_rests(a, rows.counts, b, n, wanted), _tables_of_rests(b, cols.counts, a, n, wanted)
    out = np.empty(expected.shape)
    loops.run(covariances_of_cells, out.size, a, b, n, wanted, of_rows, of_cols, *tables, out=out, weight=_CELL_WEIGHT)
    total: Array = rows.counts @ out @ cols.counts
    return total


def _tables_of_rests(sizes: Any, counts: Any, crossing: Any, n: int, wanted: int) -> tuple[Any, ...]:
    """Return tables, one a cluster of these sizes, of what is expected of the rest of a line that crosses it."""
    n_lines = sizes.shape[0]
    listed, found = (np.zeros((n_lines, k), dtype=np.int64) for k in (n_places(n), n_bands(n)))
    nodes, factors, values = (np.empty(listed.shape) for _ in range(3))
    sums = np.empty((n_lines, n_lines + 1, MOST_TERMS))
    given = sizes, counts, crossing, n, wanted, listed, found, nodes, factors, sums
    loops.run(expect_rests, n_lines, *given, out=values, weight=_REST_WEIGHT * n_lines)
    return listed, found, nodes, factors, values


def is_one_cluster(xp: Namespace, sums: Array) -> Array:
    """Whether all clusters (..., K) but one are singletons, and that one is not: booleans of shape (...)."""
    n_clusters, size = number_of_clusters(xp, sums), xp.max(sums, axis=-1)
    return (n_clusters - 1 == xp.sum(sums, axis=-1) - size) & (size > 1)


def slopes(xp: Namespace, sizes: Array, n: Array, n_clusters: Array) -> Array:
    """Return log(size / usual), with the digits of their difference, for a whole `usual` size; 0 for empty clusters."""
    usual = at_least(xp, n // at_least(xp, n_clusters, 1), 1)
    return xp.log1p(to_float(xp, xp.where(sizes > 0, sizes - usual, 0)) / to_float(xp, usual))


def expected_line(xp: Namespace, row_sums: Array, col_sums: Array) -> Array:
    """Return the expected deviance (...) of the line of the one cluster beside singletons; 0 where there is none."""

    def of_table(rows: Array, cols: Array) -> Array:
        for sums, others in ((rows, cols), (cols, rows)):
            if bool(is_one_cluster(xp, sums)):
                side = size_counts_of_clusters(xp, others, PER_OCTAVE)
                cells = expectations_of_sizes(
                    xp, xp.max(sums)[None], side.sizes, xp.sum(sums), forms=("each_deviance",)
                )
                return xp.sum(cells[0, 0, :] * side.counts)
        return to_float(xp, xp.sum(rows[:0]))

    return each_table(xp, row_sums, col_sums, of_table)


def _of_one_cluster(xp: Namespace, size: Array, others: SizeCounts, n: Array, per_octave: int | None) -> Array:
    """Return the variance where one labeling is a cluster of `size` samples and singletons: that of its line alone."""
    a, b = size[None, None], others.sizes[None, :]
    expected = expectations_of_sizes(xp, a[0, :], b[0, :], n, forms=("each_deviance",))[0, ...]
    nodes = lattice(xp, a, b, n, line=True)
    rest = _rests(xp, a[..., None] - nodes.k, 1, n - b[0, :], others, b[0, :], per_octave, "each_deviance")
    rest = rest - matmul(xp, expected, others.counts[:, None])[..., None]
    # v_j = log(b_j / b), for b a usual size; the t_j add up to 0, so that any b gives the same sum.
    n_clusters = xp.astype(xp.round(xp.sum(others.counts)), n.dtype)
    usual, slope = n // n_clusters, slopes(xp, b, n, n_clusters)
    # The sum of all v_j' t_j', given t_j = t. The samples that column j lacks are spread over the others in proportion
    # to their sizes: E[t_j' | t] = -t b_j' / (n - b_j). So it is t (v_j - sum over j' != j of v_j' b_j' / (n - b_j)),
    # which, with the mean `of_all` = sum over all j' of v_j' b_j' / n, is t (v_j - of_all) n / (n - b_j).
    share = to_float(xp, b) / to_float(xp, n - b)
    of_all = xp.sum(others.counts * to_float(xp, b) / to_float(xp, n) * slope, axis=-1)
    row_slope = (slope - of_all) * (1 + share)
    # The t_j add up to 0, so that any number may be added to all slopes. This one keeps the terms near the mean small.
    below = xp.astype(mean_count(xp, size, usual, n), n.dtype)
    steps = [offset_from_mean(xp, below + i, size, usual, n) for i in (0, 1)]
    at = [deviance(xp, to_float(xp, below + i), mean_count(xp, size, usual, n), steps[i]) for i in (0, 1)]
    slope = slope - (at[1] - at[0])
    # row_j(l), with the expectation of the other t_j' v_j' given N_j = l, times the cell's own D_j + t_j v_j.
    row = _of_line(xp, nodes, a, b, n) + rest + nodes.t * row_slope[..., None]
    cells = xp.sum(nodes.weights * row * (nodes.deviance + nodes.t * slope[..., None]), axis=-1)
    return xp.sum(cells / xp.sum(nodes.weights, axis=-1) * others.counts)


def _of_line(xp: Namespace, nodes: Lattice, size: Array, others: Array, n: Array) -> Array:
    """Return the deviance of the nodes and that of the rest of their line, of `size` samples, as one cell."""
    # D(l, a b / n) + D(a - l, a (n - b) / n), the first two terms of row_ij(l): the cell, and all others as one.
    size, others, n = size[..., None], others[..., None], n[..., None]
    left, pool = size - nodes.k, n - others
    return nodes.deviance + deviance(xp, to_float(xp, left), mean_count(xp, size, pool, n), -nodes.t)


def _rests(
    xp: Namespace,
    left: Array,
    axis: int,
    pools: Array,
    others: SizeCounts,
    own: Array,
    per_octave: int | None,
    form: Form,
) -> Array:
    """Return what is expected of the rest of each line, given how many of its samples are left for it.

    `left` is (S, T, L); along `axis` each line has its pool of samples and its own size, which the others lack.
    """
    # How many samples are left takes few different values; nodes stand in for them where they are many.
    n_lines = left.shape[axis]
    found = [_distinct(xp, left[:, i, :] if axis else left[i, ...], pools[i], per_octave) for i in range(n_lines)]
    margins = others.sizes
    shapes = [(nodes.sizes.shape[0], margins.shape[0] + 1) for nodes, _ in found]
    pairs: list[list[Array]] = [[], [], []]
    for i, (nodes, _) in enumerate(found):
        # only the line's own cluster can exceed the pool; it is cut to the pool, and subtracted below
        every = xp.minimum(xp.concat([margins, own[i : i + 1]]), pools[i])
        for grid, x in zip(pairs, (nodes.sizes[:, None], every[None, :], pools[i : i + 1, None]), strict=True):
            grid.append(xp.reshape(xp.broadcast_to(x, shapes[i]), (-1,)))
    # E[D(K, E K)] for all lines at once: K ~ Hypergeometric(pool, left, size of another cluster).
    sizes, partners, totals = (xp.concat(grid) for grid in pairs)
    cells = expectations_of_pairs(xp, sizes, partners, totals, (form,))[0, ...]
    # The sum over j' != j: all clusters, less the line's own.
    weights = xp.concat([others.counts, -xp.ones_like(others.counts[:1])])[:, None]
    rests, start = [], 0
    for (nodes, where), shape in zip(found, shapes, strict=True):
        here = xp.reshape(cells[start : start + math.prod(shape)], shape)
        at_sizes = nodes.at_sizes(xp, matmul(xp, here, weights))[:, 0]
        rests.append(xp.reshape(xp.take(at_sizes, xp.reshape(where, (-1,))), where.shape))
        start += math.prod(shape)
    return xp.stack(rests, axis=axis)


def _distinct(xp: Namespace, left: Array, pool: Array, per_octave: int | None) -> tuple[Nodes, Array]:
    sizes, where = unique_inverse(xp, left)
    return nodes_for(xp, sizes, pool, per_octave), where


def _cell_covariance(
    xp: Namespace, nodes: Lattice, a: Array, b: Array, n: Array, row_rest: Array, col_rest: Array, form: Form
) -> Array:
    """Return E[row(l) col(l)] of cells: shape (...), from nodes and centred rests of shape (..., L)."""
    # K log K of the cell itself, or its deviance with that of the rest of its line; the rests are those of other cells
    if form == "xlogx":
        row = col = xlogx(xp, to_float(xp, nodes.k))
    else:
        row, col = _of_line(xp, nodes, a, b, n), _of_line(xp, nodes, b, a, n)
    product = (row + row_rest) * (col + col_rest)
    return xp.sum(nodes.weights * product, axis=-1) / xp.sum(nodes.weights, axis=-1)


def _over_cells(xp: Namespace, row_sums: Array, col_sums: Array) -> tuple[Array, Array]:
    """Sum over every cell (i, j), one block of columns after another, every sum on MAX_NODES nodes; in both forms."""
    # The same sum as in `_over_sizes`, with every cell on its own: no shape depends on a value.
    n = xp.sum(row_sums, axis=-1)[..., None, None]
    n_rows, n_cols = row_sums.shape[-1], col_sums.shape[-1]
    a = row_sums[..., :, None]
    every = expectations(xp, a, col_sums[..., None, :], n)
    of_rows, of_cols = xp.sum(every, axis=-1)[..., None, None], xp.sum(every, axis=-2)[..., None, :, None]
    numbers = [xp.arange(k, dtype=n.dtype, device=device_of(n)) for k in (n_rows, n_cols)]
    totals: list[Array] = []
    per_column = math.prod(row_sums.shape) * (n_rows + n_cols) * MAX_NODES**2
    for block in cell_blocks(row_sums, n_cols, per_column):
        b = col_sums[..., None, block]
        nodes = lattice(xp, a, b, n, line=True)
        row_rest, col_rest = _rests_of_cells(xp, nodes.k, a, b, n, row_sums, col_sums, numbers[0], numbers[1][block])
        row_rest, col_rest = row_rest - of_rows, col_rest - of_cols[..., block, :]
        parts = [
            xp.sum(_cell_covariance(xp, nodes, a, b, n, row_rest[i, ...], col_rest[i, ...], form), axis=(-2, -1))
            for i, form in enumerate(_FORMS)
        ]
        totals = [total + part for total, part in zip(totals, parts, strict=True)] if totals else parts
    return totals[0], totals[1]


def _rests_of_cells(
    xp: Namespace, k: Array, a: Array, b: Array, n: Array, row_sums: Array, col_sums: Array, i: Array, j: Array
) -> tuple[Array, Array]:
    """Return what `_rests` does of rows and of columns, in both forms, sharing nothing: (2, ..., R, C, L) each.

    `k` is (..., R, C, L), for rows `i` and columns `j`. One program serves both, as it is long.
    """
    # Along a new last axis stand the other cells of row i, one a column, and then those of column j, one a row. Each is
    # hypergeometric: of the pool (samples outside of column j, or of row i) `left` lie in the line, `margins` in the
    # other cluster.
    shape = (*k.shape, col_sums.shape[-1] + row_sums.shape[-1])
    of_row = xp.arange(shape[-1], dtype=n.dtype, device=device_of(n)) < col_sums.shape[-1]  # else of the column
    size, pool = (xp.where(of_row, x[..., None, None], y[..., None, None]) for x, y in ((a, b), (n - b, n - a)))
    left = xp.broadcast_to(size - k[..., None], shape)
    margins = xp.minimum(xp.concat([col_sums, row_sums], axis=-1)[..., None, None, None, :], pool)
    number = xp.concat([xp.arange(x.shape[-1], dtype=n.dtype, device=device_of(n)) for x in (col_sums, row_sums)])
    # the crossing line itself is no other cell: it adds nothing
    own = xp.where(of_row, j[None, :, None, None], i[:, None, None, None]) == number
    cells = expectations(xp, left, margins, pool)
    cells = xp.where(own, 0.0, cells)
    n_cols = col_sums.shape[-1]
    return xp.sum(cells[..., :n_cols], axis=-1), xp.sum(cells[..., n_cols:], axis=-1)
