"""A few hundred cluster sizes stand in for any number of them.

The expectations of a cell are smooth in the logarithms of its two cluster sizes. Sizes below 32 are kept; in each
octave above, whole-number Chebyshev nodes stand in for all sizes there, and the other sizes hand their
multiplicities to the nodes by barycentric interpolation (Berrut and Trefethen 2004, 10.1137/S0036144502417715).

Near n, where the expectations fall to 0, they are smooth in the logarithm of what a size leaves of n: a cell has all
samples of the other cluster but those that fall outside, and these are hypergeometric, too. So the sizes above 3 n / 4
are cut into octaves of n - size, as the others are into octaves of the size.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from amiable._array.arithmetic import clipped, constant, matmul
from amiable._array.bins import unique_counts
from amiable._array.devices import device_of
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch

PER_OCTAVE = 16  # sizes that stand in for all from s to 2 s
EXACT_BELOW = 2 * PER_OCTAVE  # from PER_OCTAVE to here they would be every size


@dataclass(frozen=True)
class Nodes:
    """Cluster sizes that stand in for others, and how multiplicities pass to them."""

    sizes: Array  # (N,) whole numbers
    pieces: list[tuple[slice, Array | None]]  # runs of the original sizes, with the basis (run, nodes) they go through

    def spread(self, xp: Namespace, multiplicities: Array) -> Array:
        """Hand multiplicities (..., S) of the original sizes to the nodes: (..., N)."""
        parts = [
            multiplicities[..., run] if basis is None else matmul(xp, multiplicities[..., run], basis)
            for run, basis in self.pieces
        ]
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=-1)

    def at_sizes(self, xp: Namespace, values: Array) -> Array:
        """Interpolate values (N, ...) at the nodes to the original sizes: (S, ...)."""
        parts, start = [], 0
        for run, basis in self.pieces:
            stop = start + (run.stop - run.start if basis is None else basis.shape[1])
            here = values[start:stop, ...]
            parts.append(here if basis is None else matmul(xp, basis, here))
            start = stop
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)


def nodes_for(xp: Namespace, sizes: Array, n: Array, per_octave: int | None = PER_OCTAVE) -> Nodes:
    """Return nodes for sorted, distinct `sizes` (S,) of clusters of `n` samples; every size with `per_octave=None`."""
    n_sizes = sizes.shape[0]
    if per_octave is None or n_sizes <= per_octave:
        return Nodes(sizes, [(slice(0, n_sizes), None)])
    # Each octave either keeps its sizes, where they are few or small, or hands them to `per_octave` nodes. The nodes
    # are Chebyshev points in log s, rounded to whole numbers; near n they are points in log(n - s).
    chosen: list[Array] = []
    pieces: list[tuple[slice, Array | None]] = []
    total, octaves = _octaves(xp, sizes, n)
    for run, low, high, is_near in octaves:
        least, most = (total - high, total - low) if is_near else (low, high)
        keep = least < EXACT_BELOW or run.stop - run.start <= per_octave
        nodes = None if keep else _chebyshev(least, most, per_octave)
        if nodes is None or nodes.size >= run.stop - run.start:
            chosen.append(sizes[run])
            pieces.append((run, None))
            continue
        here = total - nodes[::-1] if is_near else nodes
        chosen.append(xp.asarray(here, dtype=sizes.dtype, device=device_of(sizes)))
        measured = (n - sizes[run], n - chosen[-1]) if is_near else (sizes[run], chosen[-1])
        pieces.append((run, _basis(xp, *measured, nodes[::-1] if is_near else nodes)))
    return Nodes(xp.concat(chosen), pieces)


class SizeCounts(NamedTuple):
    """Cluster sizes that stand in for all of one labeling, and how many clusters each stands for."""

    sizes: Array  # whole numbers
    counts: Array  # floats


def size_counts_of(
    xp: Namespace, sizes: Array, counts: Array, n: Array, per_octave: int | None = PER_OCTAVE
) -> SizeCounts:
    """Return nodes that stand in for distinct, sorted `sizes`, of which there are `counts`, of `n` samples together."""
    nodes = nodes_for(xp, sizes, n, per_octave)
    return SizeCounts(nodes.sizes, nodes.spread(xp, to_float(xp, counts)))


def size_counts_of_clusters(xp: Namespace, sums: Array, per_octave: int | None = PER_OCTAVE) -> SizeCounts:
    """Return nodes that stand in for the clusters (K,) of one labeling, of which one at least is not empty."""
    sizes, counts = unique_counts(xp, sums)
    if fetch(sizes[:1])[0] == 0:
        sizes, counts = sizes[1:], counts[1:]
    return size_counts_of(xp, sizes, counts, xp.sum(sums), per_octave)


def _octaves(xp: Namespace, sizes: Array, n: Array) -> tuple[int, list[tuple[slice, int, int, bool]]]:
    """Return n and runs of sorted sizes, cut at powers of two from EXACT_BELOW on, and near n at powers less than n.

    Runs are not empty, and come with their first and last size, and whether they are near n.
    """
    # The edges: powers of two up to 3 n / 4, and n less powers of two from there. `searchsorted` finds where each edge
    # falls among the sizes. The cuts, the first and the last size of each run come to the host in one copy.
    last_bit = int(xp.iinfo(sizes.dtype).bits) - 2
    powers = [EXACT_BELOW << i for i in range(last_bit - EXACT_BELOW.bit_length() + 2)]
    edges = constant(xp, tuple(powers), sizes)
    near = n - n // 4
    edges = xp.concat([xp.minimum(edges, near), xp.maximum(n + 1 - xp.flip(edges), near)])
    cuts = xp.searchsorted(sizes, edges)
    top = sizes.shape[0] - 1
    first = xp.take(sizes, clipped(xp, cuts, 0, top))
    last = xp.take(sizes, clipped(xp, cuts - 1, 0, top))
    totals = xp.stack([xp.astype(x, sizes.dtype) for x in (n, near)])
    known = fetch(xp.concat([xp.astype(cuts, sizes.dtype), first, last, sizes[:1], sizes[-1:], totals]))
    (*known, start, end, total, nearest), count = known, 2 * len(powers)
    bounds = itertools.pairwise([0, *known[:count], top + 1])
    lows, highs = [start, *known[count : 2 * count]], [*known[2 * count :], end]
    runs = [
        (slice(*run), low, high, low >= nearest)
        for run, low, high in zip(bounds, lows, highs, strict=True)
        if run[0] < run[1]
    ]
    return total, runs


def _chebyshev(low: int, high: int, per_octave: int) -> np.ndarray:
    """Return distinct whole numbers in low..high, near Chebyshev points in the logarithm."""
    # Chebyshev points x of [-1, 1], taken to log s = log low + (1 + x) / 2 * log(high / low), and s rounded.
    points = np.cos((2 * np.arange(per_octave) + 1) / (2 * per_octave) * math.pi)
    # What s is above low, as floats of large numbers would lose their difference.
    above = low * np.expm1(math.log1p((high - low) / low) / 2 * (1 + points))
    return np.unique(low + np.clip(np.rint(above).astype(np.int64), 0, high - low))


def _basis(xp: Namespace, sizes: Array, nodes: Array, known: np.ndarray) -> Array:
    """Return the values (S, N) at `sizes` of the barycentric basis functions of `nodes` in the logarithm.

    Differences of logarithms come from those of whole numbers, which keep their digits however large the numbers are.
    """
    # Barycentric weights 1 / prod over j != i of (x_i - x_j), with x = log s.
    gaps = np.log1p((known[:, None] - known[None, :]) / known[None, :])
    gaps = gaps / (np.ptp(gaps[:, 0]) / 4)  # scaled by the interval's capacity: no overflow
    np.fill_diagonal(gaps, 1.0)
    barycentric = xp.asarray(1 / gaps.prod(1), dtype=to_float(xp, nodes[:1]).dtype, device=device_of(nodes))
    # The second barycentric formula: basis_i(x) = (w_i / (x - x_i)) / sum over j of (w_j / (x - x_j)). A size that is a
    # node has the value 1 there and 0 at all others.
    difference = sizes[:, None] - nodes[None, :]
    hit = difference == 0
    distance = xp.log1p(to_float(xp, difference) / to_float(xp, nodes))
    terms = barycentric / xp.where(hit, 1.0, distance)
    terms = terms / xp.sum(terms, axis=-1, keepdims=True)
    return xp.where(xp.any(hit, axis=-1, keepdims=True), xp.astype(hit, terms.dtype), terms)
