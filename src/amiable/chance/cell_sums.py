"""Exact mean and variance of any sum over cells, S = sum of f(n_ij; a_i, b_j, n), from cluster sizes alone.

Under the permutation model N_ij is hypergeometric, and the expectation of a sum is the sum of the expectations:

    E[S] = sum over i, j of E[f(N_ij)].

S is the sum of all R_i, the sums of f over row i, and of all C_j, those over column j; so S**2 is the sum of all
R_i C_j. Given N_ij = l, the rest of row i and the rest of column j are independent. With the conditional expectations

    row_ij(l) = f(l) + sum over j' != j of E[f(N_ij') | N_ij = l] - E[R_i],   and col_ij(l) alike,

the variance is the sum over i, j of E[row_ij(N_ij) col_ij(N_ij)]. Given N_ij = l, the other cells of row i are
hypergeometric, too: a_i - l samples are left for them among the n - b_j that lie outside of column j.

Where f is a polynomial in the count, most of it needs no sum. With (x)_r = x (x - 1) ... (x - r + 1),

    f(x) = sum over r of c_r (x)_r,   c_r = (r-th difference of f at 0) / r!,   E[(K)_r] = (a)_r (b)_r / (n)_r.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from amiable._array.arithmetic import at_least, matmul, to_divisor
from amiable._array.blocks import blocks, budget
from amiable._array.devices import device_of, is_traced, on_cpu
from amiable._array.dtypes import to_count, to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch
from amiable.chance.deviance import offset_from_mean
from amiable.chance.expectation import each_table
from amiable.chance.hypergeometric import MAX_NODES, lattice, mean_and_variance, n_nodes
from amiable.chance.interpolation import PER_OCTAVE, SizeCounts, size_counts_of_clusters
from amiable.chance.variance import PER_OCTAVE as PER_OCTAVE_OF_VARIANCE
from amiable.chance.variance import is_constant

# f(xp, x, a, b, n) of floats that broadcast: what a cell of count x adds, in a row of a samples and a column of b
Cell = Callable[[Namespace, Array, Array, Array, Array], Array]
# what is expected of the rest of row and column, given counts k (..., S, B, L) in a block of B columns
Rests = Callable[[Array, slice], tuple[Array, Array]]

# row_ij and col_ij, given counts k and their offsets t (..., S, B, L) in a block of B columns
Deviations = Callable[[Array, Array, slice], tuple[Array, Array]]

_ROOM = 32  # blocks of cells and their nodes may take so many times the budget of one temporary
_DIGITS = 1e-4  # by which polynomials of the right degree and of a wrong one differ, in float32 too
_ROUNDS = 20  # of potentials; one is enough where f bends alike in all cells
_ROUNDING = 1e-14  # a standard deviation below this share of the mean is rounding


class Line(NamedTuple):
    """What the other cells of a row, or of a column, add to a parabola: arrays that broadcast to (..., S, S')."""

    size: Array  # of the row
    own_size: Array  # of the column that is left out
    tilt: Array
    square: Array
    mixed: Array
    spread: Array


@dataclass(frozen=True)
class CellSum:
    """A sum over the cells of a table: its function f, and what may be made use of.

    Attributes
    ----------
    cell : callable
        f(xp, x, a, b, n).
    degree : int or None
        That of f as a polynomial in x; None where it is none.
    smooth : bool or "count"
        Whether f is smooth in x and in the sizes, or in the count x alone.
    """

    cell: Cell
    degree: int | None = field(default=None, kw_only=True)
    smooth: bool | Literal["count"] = field(default=False, kw_only=True)

    @property
    def is_strided(self) -> bool:
        """Whether a sum over some counts stands in for that over all."""
        return self.degree is not None or bool(self.smooth)

    @property
    def is_parabola(self) -> bool:
        """Whether f is a polynomial of degree 2 at most in the count, which is known around its mean."""
        return self.degree is not None and self.degree <= 2

    def sizes(self, xp: Namespace, sums: Array, per_octave: int) -> SizeCounts:
        """Return the sizes of the clusters (K,) of one labeling; a few for all, where f is smooth in them."""
        return size_counts_of_clusters(xp, sums, per_octave if self.smooth is True else None)

    def values(self, xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
        """Return f of counts, or weights, that broadcast; raise ValueError unless it is one finite float for each.

        Empty clusters, whose cells are left out, are taken for those of one sample.
        """
        x, a, b, n = to_float(xp, x), *(to_divisor(xp, v) for v in (a, b, n))
        shape = np.broadcast_shapes(*[tuple(v.shape) for v in (x, a, b, n)])
        try:
            found = self.cell(xp, x, a, b, n)
        except Exception as error:
            if not any(map(is_traced, (x, a, b, n))):
                raise
            raise TypeError(
                f"cell cannot be traced: expected functions of xp alone, and no look at a value; {error}"
            ) from error
        if not hasattr(found, "shape") or not hasattr(found, "dtype"):
            raise ValueError(f"cell returned {type(found).__name__}: expected an array of floats")
        if not xp.isdtype(found.dtype, "real floating"):
            raise ValueError(f"cell returned an array of dtype {found.dtype}: expected an array of floats")
        if not _broadcasts(tuple(found.shape), shape):
            raise ValueError(f"cell returned shape {tuple(found.shape)}: expected a value for each cell, {shape}")
        if not is_traced(found) and on_cpu(found) and not bool(xp.all(xp.isfinite(found))):
            bad = xp.reshape(~xp.isfinite(xp.broadcast_to(found, shape)), (-1,))
            at = int(xp.argmax(to_count(xp, bad)))
            where = [float(xp.reshape(xp.broadcast_to(v, shape), (-1,))[at]) for v in (x, a, b, n)]
            raise ValueError(
                "cell is not finite at x = {:g}, a = {:g}, b = {:g}, n = {:g}: expected a finite value for all counts "
                "from 0 to min(a, b)".format(*where)
            )
        found = xp.broadcast_to(found, shape)
        if not is_traced(found) and on_cpu(found):
            self._check_alone(xp, found, x, a, b, n)
        return found

    def _check_alone(self, xp: Namespace, found: Array, *cells: Array) -> None:
        """Raise ValueError unless a few cells, in another order, have the values that they have among all."""
        size = math.prod(found.shape)
        if size < 2:
            return
        some = np.unique([0, size // 3, size - 1])[::-1]
        at = [xp.asarray(index.copy(), device=device_of(found)) for index in np.unravel_index(some, found.shape)]
        picked = [_pick(xp, xp.broadcast_to(x, found.shape), at) for x in (found, *cells)]
        again = self.cell(xp, *picked[1:])
        shape = tuple(getattr(again, "shape", ()))
        if not _broadcasts(shape, some.shape) or bool(
            xp.any(xp.abs(again - picked[0]) > _DIGITS * (xp.abs(picked[0]) + _DIGITS * xp.max(xp.abs(found))))
        ):
            raise ValueError(
                "cell gives other values for the same cells in other company: expected a function of x, a, b and n of "
                "each cell alone, without sums over cells or random numbers"
            )


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def _pick(xp: Namespace, x: Array, at: list[Array]) -> Array:
    """Return the elements (K,) of an array at K positions, an index (K,) a dimension."""
    flat = functools.reduce(lambda key, side: key * side[1] + side[0], zip(at, x.shape, strict=True), 0 * at[0])
    return xp.take(xp.reshape(x, (-1,)), flat)


def mean_of_sum(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum, *, static: bool = False) -> Array:
    """Return the mean (...) alone; all else is as in `moments_of_sum`."""
    if static or is_traced(row_sums) or is_traced(col_sums):
        return _static_mean(xp, row_sums, col_sums, of)
    return each_table(xp, row_sums, col_sums, lambda rows, cols: _mean_of_table(xp, rows, cols, of))


def moments_of_sum(
    xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum, *, static: bool = False
) -> tuple[Array, Array]:
    """Return mean and variance (...) of a sum over the cells of random tables.

    Parameters
    ----------
    xp : namespace
    row_sums, col_sums : arrays of whole numbers, shapes (..., R) and (..., C)
        Cluster sizes, with equal totals n.
    of : CellSum
    static : bool
        Compute every cell on a fixed number of nodes, so that no shape depends on a value and no device is waited for.
        Traced arrays are always computed in this way, which takes a polynomial.
    """
    if static or is_traced(row_sums) or is_traced(col_sums):
        return _static_moments(xp, row_sums, col_sums, of)

    def of_table(rows: Array, cols: Array) -> Array:
        mean = _mean_of_table(xp, rows, cols, of)
        return xp.stack([mean, _variance_of_table(xp, rows, cols, of, mean)])

    both = each_table(xp, row_sums, col_sums, of_table)
    return both[..., 0], both[..., 1]


def room_of_sum(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum, *, static: bool = False) -> Array:
    """Return about how far (...) the mean is from the end of the distribution, beyond which no table of reals is.

    Positive is the distance to the least sum, where f is convex in every cell; negative that to the largest one, where
    f is concave; infinite where it is neither. Tables of any real counts with these margins are considered, and in each
    cell f is taken for a parabola around the mean count, which polynomials of degree 2 are: with the offset t,
    p + q t + c t**2. Row and column sums of offsets are 0. So for any potentials u of the rows and v of the columns no
    table has less than

        sum over i, j of p_ij - (u_i + v_j - q_ij)**2 / (4 c_ij),

    the dual of the least sum, which one potential after another is moved up to. All else is as in `moments_of_sum`.
    """

    def room(rows: SizeCounts, cols: SizeCounts, n: Array, mean: Array) -> Array:
        a, b, n = (to_float(xp, x) for x in (rows.sizes[..., :, None], cols.sizes[..., None, :], n[..., None, None]))
        there, w, v = (a > 0) & (b > 0), rows.counts[..., :, None], cols.counts[..., None, :]
        at_mean, slope, bend = _parabola(xp, a, b, n, of)
        bends = [
            xp.all(xp.reshape(x | ~there, (*bend.shape[:-2], -1)), axis=-1)[..., None, None]
            for x in (bend > 0, bend < 0)
        ]
        sign = xp.where(bends[1], -xp.ones_like(bend), xp.ones_like(bend))
        stiff = xp.where(there & (bend != 0), 1 / (2 * xp.where(bend == 0, 1.0, sign * bend)), 0.0)
        q = xp.where(there, sign * slope, 0.0)
        of_rows, of_cols = xp.zeros_like(stiff[..., :, :1]), xp.zeros_like(stiff[..., :1, :])
        for _ in range(_ROUNDS):
            of_rows = xp.sum(v * stiff * (q - of_cols), axis=-1, keepdims=True)
            of_rows = of_rows / _or_one(xp, xp.sum(v * stiff, axis=-1, keepdims=True))
            of_cols = xp.sum(w * stiff * (q - of_rows), axis=-2, keepdims=True)
            of_cols = of_cols / _or_one(xp, xp.sum(w * stiff, axis=-2, keepdims=True))
        beyond = xp.sum(w * v * stiff * (of_rows + of_cols - q) ** 2, axis=(-2, -1)) / 2
        if of.is_parabola:  # the mean of p + q t + c t**2
            above = xp.sum(xp.where(there, w * v * bend * mean_and_variance(xp, a, b, n)[1], 0.0), axis=(-2, -1))
        else:
            above = mean - xp.sum(xp.where(there, w * v * at_mean, 0.0), axis=(-2, -1))
        is_convex, is_concave = (x[..., 0, 0] for x in bends)
        return xp.where(is_convex, beyond + above, xp.where(is_concave, above - beyond, math.inf))

    if static or is_traced(row_sums) or is_traced(col_sums):
        rows, cols = _every_cluster(xp, row_sums, col_sums)
        mean = _static_mean(xp, row_sums, col_sums, of)
        return room(rows, cols, xp.sum(row_sums, axis=-1), mean)

    def of_table(row_sums: Array, col_sums: Array) -> Array:
        n = xp.sum(row_sums)
        if int(n) == 0:
            return xp.zeros_like(to_float(xp, n))
        rows, cols = (of.sizes(xp, sums, PER_OCTAVE) for sums in (row_sums, col_sums))
        return room(rows, cols, n, _mean_of_table(xp, row_sums, col_sums, of))

    return each_table(xp, row_sums, col_sums, of_table)


def excess_of_cell(xp: Namespace, x: Array, a: Array, b: Array, n: Array, of: CellSum) -> Array:
    """Return f(x) - E[f(K)] of whole numbers, for a polynomial of degree 2 at most; 0 for empty clusters.

    Around the mean count, where nothing large cancels.
    """
    t = offset_from_mean(xp, x, a, b, n)
    there = (a > 0) & (b > 0)
    a, b, n = (to_float(xp, v) for v in (a, b, n))
    _, slope, bend = _parabola(xp, a, b, n, of)
    return xp.where(there, slope * t + bend * (t * t - mean_and_variance(xp, a, b, n)[1]), 0.0)


def _parabola(xp: Namespace, a: Array, b: Array, n: Array, of: CellSum) -> tuple[Array, Array, Array]:
    """Return value, slope and half the second derivative of f at the mean count, by cells of sizes in floats."""
    mean = a * (b / at_least(xp, n, 1.0))
    # through three counts that are a standard deviation apart, about; all of them are counts that the cell may have
    most = xp.minimum(a, b)
    step = xp.minimum(at_least(xp, xp.floor(xp.sqrt(mean)), 1.0), at_least(xp, most, 1.0) / 2)
    first = xp.minimum(at_least(xp, xp.floor(mean) - step, 0.0), at_least(xp, most - 2 * step, 0.0))
    f = [of.values(xp, first + k * step, a, b, n) for k in range(3)]
    t = (mean - first) / step
    bend = (f[2] - 2 * f[1] + f[0]) / 2
    slope = f[1] - f[0] - bend
    around = f[0] + t * (slope + t * bend), (slope + 2 * t * bend) / step, bend / step / step
    if not of.is_parabola:
        return around
    # A polynomial is known from any three counts. Those keep most digits that have the least values for their distance.
    g = [of.values(xp, xp.zeros_like(mean) + x, a, b, n) for x in range(3)]
    c = [(g[2] - 2 * g[1] + g[0]) / 2, g[1] - g[0]]
    at_zero = g[0] + c[1] * mean + c[0] * (mean * (mean - 1)), c[1] + c[0] * (2 * mean - 1), c[0]
    sizes = [functools.reduce(xp.maximum, map(xp.abs, values)) for values in (f, g)]
    near = sizes[0] < sizes[1] * step * step
    value, slope, bend = (xp.where(near, x, y) for x, y in zip(around, at_zero, strict=True))
    return value, slope, bend


def _or_one(xp: Namespace, x: Array) -> Array:
    return xp.where(x > 0, x, 1.0)


def sum_of_empty_cells(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum) -> Array:
    """Return what the sum over all cells (...) of clusters with samples would be if no cell held any."""

    def total(rows: SizeCounts, cols: SizeCounts, n: Array) -> Array:
        a, b = rows.sizes[..., :, None], cols.sizes[..., None, :]
        cells = of.values(xp, xp.zeros_like(a), a, b, n[..., None, None])
        return xp.sum(rows.counts[..., :, None] * cells * cols.counts[..., None, :], axis=(-2, -1))

    def of_table(row_sums: Array, col_sums: Array) -> Array:
        n = xp.sum(row_sums)
        if int(n) == 0:
            return xp.zeros_like(to_float(xp, n))
        rows, cols = (size_counts_of_clusters(xp, sums, None) for sums in (row_sums, col_sums))
        return total(rows, cols, n)

    if is_traced(row_sums) or is_traced(col_sums):
        rows, cols = _every_cluster(xp, row_sums, col_sums)
        return total(rows, cols, xp.sum(row_sums, axis=-1))
    return each_table(xp, row_sums, col_sums, of_table)


def _every_cluster(xp: Namespace, row_sums: Array, col_sums: Array) -> tuple[SizeCounts, SizeCounts]:
    """Return each cluster as a size of its own, of which there is one, or none where it is empty."""
    return SizeCounts(row_sums, to_float(xp, row_sums > 0)), SizeCounts(col_sums, to_float(xp, col_sums > 0))


def _mean_of_table(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum) -> Array:
    n = xp.sum(row_sums)
    if int(n) == 0:
        return xp.zeros_like(to_float(xp, n))
    rows, cols = (of.sizes(xp, sums, PER_OCTAVE) for sums in (row_sums, col_sums))
    cells = _expected_cells(xp, rows.sizes, cols.sizes, n, of)
    return xp.sum(matmul(xp, rows.counts[None, :], cells)[0, :] * cols.counts)


def _variance_of_table(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum, mean: Array) -> Array:
    n = xp.sum(row_sums)
    if int(n) == 0 or of.degree == 0 or bool(is_constant(xp, row_sums, col_sums)):
        return xp.zeros_like(mean)
    rows, cols = (of.sizes(xp, sums, PER_OCTAVE_OF_VARIANCE) for sums in (row_sums, col_sums))
    a, b = rows.sizes[:, None], cols.sizes[None, :]
    width = fetch(xp.max(n_nodes(xp, a, b, n, line=True, strided=of.is_strided))[None])[0]
    variance = _variance(xp, rows, cols, n, of, width)
    return xp.where(variance <= (_ROUNDING * mean) ** 2, 0.0, variance)


def _static_mean(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum) -> Array:
    """Return the mean (...) from every cell: no shape depends on a value."""
    if of.degree is None:
        raise ValueError(
            "the moments of a sum over cells that is no polynomial look at values: expected a degree, or a call "
            "outside of tracing"
        )
    rows, cols = _every_cluster(xp, row_sums, col_sums)
    cells = _expected_cells(xp, row_sums, col_sums, xp.sum(row_sums, axis=-1), of)
    return xp.sum(cells * rows.counts[..., :, None] * cols.counts[..., None, :], axis=(-2, -1))


def _static_moments(xp: Namespace, row_sums: Array, col_sums: Array, of: CellSum) -> tuple[Array, Array]:
    """Return mean and variance (...) from every cell on a fixed number of nodes."""
    mean = _static_mean(xp, row_sums, col_sums, of)
    rows, cols = _every_cluster(xp, row_sums, col_sums)
    variance = _variance(xp, rows, cols, xp.sum(row_sums, axis=-1), of, MAX_NODES)
    none = is_constant(xp, row_sums, col_sums) | (variance <= (_ROUNDING * mean) ** 2)
    return mean, xp.where(none, 0.0, variance)


def _expected_cells(xp: Namespace, row_sizes: Array, col_sizes: Array, n: Array, of: CellSum) -> Array:
    """Return E[f] (..., S, S') for every pair of sizes (..., S) and (..., S')."""
    a, b, n = row_sizes[..., :, None], col_sizes[..., None, :], n[..., None, None]
    if of.is_parabola:
        if not is_traced(a) and not is_traced(b) and on_cpu(a):
            _check_degree(xp, _coefficients(xp, a, b, n, of), a, b, n, of)
        there = (a > 0) & (b > 0)
        a, b, n = (to_float(xp, x) for x in (a, b, n))
        value, _, bend = _parabola(xp, a, b, n, of)
        return xp.where(there, value + bend * mean_and_variance(xp, a, b, n)[1], 0.0)
    if of.degree is not None:
        coefficients = _coefficients(xp, a, b, n, of)
        if not is_traced(a) and not is_traced(b) and on_cpu(a):
            _check_degree(xp, coefficients, a, b, n, of)
        sums = zip(coefficients, _falling(xp, a, of), _falling(xp, b, of), strict=True)
        pools = _falling(xp, n, of, least=1.0)
        terms = [c * (x / pool) * y for (c, x, y), pool in zip(sums, pools, strict=True)]
        return sum(terms[1:], terms[0])
    parts = []
    width = fetch(xp.max(n_nodes(xp, a, b, n, strided=of.is_strided))[None])[0]
    for block in blocks(b.shape[-1], budget(a) * _ROOM // (a.shape[-2] * width)):
        parts.append(_expected(xp, a, b[..., block], n, (a, b[..., block], n), of, width))
    return xp.concat(parts, axis=-1)


def _expected(
    xp: Namespace, a: Array, b: Array, n: Array, sizes: tuple[Array, Array, Array], of: CellSum, width: int
) -> Array:
    """Return E[f(K)] of K ~ Hypergeometric(n, a, b), in cells of clusters of other `sizes` (a, b, n)."""
    nodes = lattice(xp, a, b, n, width=width, strided=of.is_strided)
    values = of.values(xp, nodes.k, *[x[..., None] for x in sizes])
    return xp.sum(nodes.weights * values, axis=-1) / xp.sum(nodes.weights, axis=-1)


def _variance(xp: Namespace, rows: SizeCounts, cols: SizeCounts, n: Array, of: CellSum, width: int) -> Array:
    """Return the sum over (i, j) of E[row_ij col_ij], with each pair of sizes as often as there are such clusters."""
    a, b, n = rows.sizes[..., :, None], cols.sizes[..., None, :], n[..., None, None]
    w, v = rows.counts[..., :, None], cols.counts[..., None, :]
    deviations = (_deviations_of_parabolas if of.is_parabola else _deviations_from_rests)(xp, rows, cols, n, of)
    total = xp.zeros_like(to_float(xp, n[..., 0, 0]))
    traced = is_traced(a) or is_traced(b)
    step = b.shape[-1] if traced else budget(a) * _ROOM // (math.prod(a.shape) * width)
    for block in blocks(b.shape[-1], step):
        some = SizeCounts(b[..., block], v[..., block])
        nodes = lattice(xp, a, some.sizes, n, width=width, line=True, strided=of.is_strided)
        row, col = deviations(nodes.k, nodes.t, block)
        cells = xp.sum(nodes.weights * (row * col), axis=-1) / xp.sum(nodes.weights, axis=-1)
        total = total + xp.sum(w * cells * some.counts, axis=(-2, -1))
    return total


def _deviations_of_parabolas(xp: Namespace, rows: SizeCounts, cols: SizeCounts, n: Array, of: CellSum) -> Deviations:
    """Return row_ij and col_ij of polynomials of degree 2 from the offset t = N_ij - a_i b_j / n: little cancels.

    Around the mean f is p + q t + c t**2. Given t, the mean of another cell j' of the row moves by -b_j' t / (n - b_j),
    and its variance becomes that of a_i - N_ij samples among n - b_j. So row_ij is

        q t + c (t**2 - Var) + sum over j' of -q' b' t / (n - b) + c' ((b' t / (n - b))**2 + Var' given t - Var').
    """
    a, b = (to_float(xp, x) for x in (rows.sizes[..., :, None], cols.sizes[..., None, :]))
    n = to_float(xp, n)
    there = (a > 0) & (b > 0)
    _, q, c = (xp.where(there, x, 0.0) for x in _parabola(xp, a, b, n, of))
    own = c * mean_and_variance(xp, a, b, n)[1]

    def of_line(size: Array, own_size: Array, others: Array, counts: Array, axis: int) -> Line:
        """Return, of the other cells in lines of `size` samples: sums of q b', c b'**2, c b' (n - b - b'), c Var'."""
        terms = q * others, c * others * others, c * others, own
        tilt, square, plain, spread = (xp.sum(counts * x, axis=axis, keepdims=True) - x for x in terms)
        return Line(size, own_size, tilt, square, (n - own_size) * plain - square, spread)

    lines = of_line(a, b, b, cols.counts[..., None, :], -1), of_line(b, a, a, rows.counts[..., :, None], -2)

    def deviations(k: Array, t: Array, block: slice) -> tuple[Array, Array]:
        def of_block(x: Array) -> Array:
            return (x if x.shape[-1] == 1 else x[..., block])[..., None]

        counts, whole = to_float(xp, k), n[..., None]
        alone = of_block(q) * t + (of_block(c) * t * t - of_block(own))
        found = []
        for line in lines:
            size, own_size, tilt, square, mixed, spread = map(of_block, line)
            pool = at_least(xp, whole - own_size, 1.0)
            left = (size - counts) * ((whole - size) - (own_size - counts))  # Var' given t is c' b' (n - b - b') times
            given = left * mixed / (pool * pool * at_least(xp, pool - 1, 1.0))
            found.append(alone - tilt * t / pool + square * (t / pool) ** 2 + (given - spread))
        return found[0], found[1]

    return deviations


def _deviations_from_rests(xp: Namespace, rows: SizeCounts, cols: SizeCounts, n: Array, of: CellSum) -> Deviations:
    """Return row_ij and col_ij from what is expected of the rests of row and column, less E[R_i] and E[C_j]."""
    expected = _expected_cells(xp, rows.sizes, cols.sizes, n[..., 0, 0], of)
    of_rows = xp.sum(expected * cols.counts[..., None, :], axis=-1)[..., None, None]
    of_cols = xp.sum(expected * rows.counts[..., :, None], axis=-2)[..., None, :, None]
    rests = (_rests_of_polynomial if of.degree is not None else _rests_by_summing)(xp, rows, cols, n, of)

    def deviations(k: Array, t: Array, block: slice) -> tuple[Array, Array]:  # noqa: ARG001
        a, b = rows.sizes[..., :, None, None], cols.sizes[..., None, block, None]
        own = of.values(xp, k, a, b, n[..., None])
        row_rest, col_rest = rests(k, block)
        return own + row_rest - of_rows, own + col_rest - of_cols[..., block, :]

    return deviations


def _rests_of_polynomial(xp: Namespace, rows: SizeCounts, cols: SizeCounts, n: Array, of: CellSum) -> Rests:
    """Return the rests by factorial moments: E[(N_ij')_r | N_ij = l] = (a_i - l)_r (b_j')_r / (n - b_j)_r."""
    # So all that is needed is, for each r, the sum over j' of c_r (b_j')_r, less j's own; and for columns alike.
    a, b = rows.sizes[..., :, None], cols.sizes[..., None, :]
    w, v = rows.counts[..., :, None], cols.counts[..., None, :]
    coefficients = _coefficients(xp, a, b, n, of)
    of_row, of_col = ([c * x for c, x in zip(coefficients, _falling(xp, sizes, of), strict=True)] for sizes in (b, a))
    row_sums = [xp.sum(v * x, axis=-1)[..., None] for x in of_row]
    col_sums = [xp.sum(w * x, axis=-2)[..., None, :] for x in of_col]

    def rests(k: Array, block: slice) -> tuple[Array, Array]:
        lefts = _falling(xp, a[..., None] - k, of), _falling(xp, b[..., block, None] - k, of)
        pools = _falling(xp, n - b[..., block], of, least=1.0), _falling(xp, n - a, of, least=1.0)
        row_rest = col_rest = xp.zeros_like(lefts[0][0])
        for r in range(len(coefficients)):
            row_others = row_sums[r] - of_row[r][..., block]
            col_others = (col_sums[r] - of_col[r])[..., block]
            row_rest = row_rest + lefts[0][r] * (row_others / pools[0][r])[..., None]
            col_rest = col_rest + lefts[1][r] * (col_others / pools[1][r])[..., None]
        return row_rest, col_rest

    return rests


def _coefficients(xp: Namespace, a: Array, b: Array, n: Array, of: CellSum) -> list[Array]:
    """Return c_0, c_1, ... of f(x) = sum of c_r (x)_r: differences of f at 0 over r!; 0 for empty clusters."""
    shape = np.broadcast_shapes(*[tuple(x.shape) for x in (a, b, n)])
    there = xp.broadcast_to((a > 0) & (b > 0), shape)
    zero = xp.zeros(shape, dtype=a.dtype, device=device_of(a))
    assert of.degree is not None
    values = [xp.where(there, of.values(xp, zero + x, a, b, n), 0.0) for x in range(of.degree + 1)]
    found = []
    for r in range(of.degree + 1):
        found.append(values[0] / math.factorial(r))
        values = [after - before for before, after in itertools.pairwise(values)]
    return found


def _check_degree(xp: Namespace, coefficients: list[Array], a: Array, b: Array, n: Array, of: CellSum) -> None:
    """Raise ValueError where f at the largest count of a cell is not that of the polynomial."""
    most = to_float(xp, xp.minimum(a, b))
    largest = functools.reduce(xp.maximum, map(xp.abs, coefficients))
    for x in (most, xp.floor(most / 2), xp.floor(2 * most / 3)):
        terms = [c * y for c, y in zip(coefficients, _falling(xp, x, of), strict=True)]
        found, scale = sum(terms[1:], terms[0]), sum(map(xp.abs, terms[1:]), xp.abs(terms[0]))
        expected = xp.where(most > 0, of.values(xp, x, a, b, n), found)
        # the differences at 0 are off by so much, which their factors make larger
        lost = float(xp.finfo(found.dtype).eps) * largest * _falling(xp, x, of)[-1] / math.factorial(of.degree or 0)
        if (
            of.degree is not None
            and of.degree > 2
            and bool(xp.any(lost > _DIGITS * _DIGITS * xp.max(xp.abs(expected))))
        ):
            raise ValueError(
                f"degree is {of.degree}, and the coefficients of the polynomial at 0 cancel where counts are large: "
                "expected no degree, but smooth=True"
            )
        scale = scale + lost / _DIGITS
        if bool(xp.any(xp.abs(found - expected) > _DIGITS * (scale + xp.abs(expected)))):
            raise ValueError(
                f"degree is {of.degree}, of which cell is no polynomial in x: expected another degree, or None"
            )


def _falling(xp: Namespace, x: Array, of: CellSum, least: float = 0.0) -> list[Array]:
    """Return (x)_0, (x)_1, ... up to the degree, of whole numbers x; their factors are at least `least`."""
    x = to_float(xp, x)
    found = [xp.ones_like(x)]
    for r in range(of.degree or 0):
        found.append(found[-1] * at_least(xp, x - r, least))
    return found


def _rests_by_summing(xp: Namespace, rows: SizeCounts, cols: SizeCounts, n: Array, of: CellSum) -> Rests:
    """Return the rests of one table by sums over the counts of every other cell."""
    n = n[0, 0]

    def of_line(size: Array, own: Array, left: Array, others: SizeCounts, is_row: bool) -> Array:
        """Return (L,) for a line of `size` samples, of which `left` lie outside of the crossing line of `own`."""
        pool = n - own
        every = xp.concat([others.sizes, own[None]])
        weights = xp.concat([others.counts, -xp.ones_like(others.counts[:1])])  # all clusters, less the line's own
        capped = xp.minimum(every, pool)  # one of more samples than the pool is the line's own
        sizes = (size[None, None], every[None, :]) if is_row else (every[None, :], size[None, None])
        width = fetch(xp.max(n_nodes(xp, left[:, None], capped[None, :], pool, strided=of.is_strided))[None])[0]
        cells = _expected(xp, left[:, None], capped[None, :], pool, (*sizes, n[None, None]), of, width)
        return matmul(xp, cells, weights[:, None])[:, 0]

    def rests(k: Array, block: slice) -> tuple[Array, Array]:
        a, b = rows.sizes, cols.sizes[block]
        pairs = [(i, j) for i in range(k.shape[0]) for j in range(k.shape[1])]
        row_rests = [of_line(a[i], b[j], a[i] - k[i, j, :], cols, True) for i, j in pairs]
        col_rests = [of_line(b[j], a[i], b[j] - k[i, j, :], rows, False) for i, j in pairs]
        return xp.reshape(xp.stack(row_rests), k.shape), xp.reshape(xp.stack(col_rests), k.shape)

    return rests
