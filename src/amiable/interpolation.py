"""A few hundred cluster sizes stand in for any number of them.

The expectations of a cell are smooth in the logarithms of its two cluster sizes. Sizes below 128 are kept; in each
octave above, whole-number Chebyshev nodes stand in for all sizes there, and the other sizes hand their
multiplicities to the nodes by barycentric interpolation (Berrut and Trefethen 2004, 10.1137/S0036144502417715).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from types import ModuleType
from typing import NamedTuple

import numpy as np

from amiable._array.counting import unique_counts
from amiable._array.namespace import Array, clipped, constant, device_of, fetch, matmul, to_float

DEGREE = 16  # nodes an octave; 12 do for most sizes, but leave 1e-11 where a batch has many sizes just below n
EXACT_BELOW = 128  # in the octave below, rounding to whole numbers would already merge most nodes


@dataclass(frozen=True)
class Nodes:
    """Cluster sizes that stand in for others, and how multiplicities pass to them."""

    sizes: Array  # (N,) whole numbers
    pieces: list[tuple[slice, Array | None]]  # runs of the original sizes, with the basis (run, nodes) they go through

    def spread(self, xp: ModuleType, multiplicities: Array) -> Array:
        """Hand multiplicities (..., S) of the original sizes to the nodes: (..., N)."""
        parts = [
            multiplicities[..., run] if basis is None else matmul(xp, multiplicities[..., run], basis)
            for run, basis in self.pieces
        ]
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=-1)

    def at_sizes(self, xp: ModuleType, values: Array) -> Array:
        """Interpolate values (N, ...) at the nodes to the original sizes: (S, ...)."""
        parts, start = [], 0
        for run, basis in self.pieces:
            stop = start + (run.stop - run.start if basis is None else basis.shape[1])
            here = values[start:stop, ...]
            parts.append(here if basis is None else matmul(xp, basis, here))
            start = stop
        return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)


def nodes_for(xp: ModuleType, sizes: Array, degree: int | None = DEGREE) -> Nodes:
    """Return nodes for the sorted distinct `sizes` (S,); `degree=None` keeps every size."""
    n_sizes = sizes.shape[0]
    if degree is None or n_sizes <= degree:
        return Nodes(sizes, [(slice(0, n_sizes), None)])
    chosen, pieces = [], []
    for run, low, high in _octaves(xp, sizes):
        nodes = None if low < EXACT_BELOW or run.stop - run.start <= degree else _chebyshev(low, high, degree)
        if nodes is None or nodes.size >= run.stop - run.start:
            chosen.append(sizes[run])
            pieces.append((run, None))
        else:
            chosen.append(xp.asarray(nodes, dtype=sizes.dtype, device=device_of(sizes)))
            pieces.append((run, _basis(xp, sizes[run], chosen[-1], nodes)))
    return Nodes(xp.concat(chosen), pieces)


class Side(NamedTuple):
    """Cluster sizes that stand in for all of one labeling, and how many clusters each stands for."""

    sizes: Array  # whole numbers
    counts: Array  # floats


def side_of(xp: ModuleType, sizes: Array, counts: Array, degree: int | None = DEGREE) -> Side:
    """Return nodes that stand in for distinct, sorted `sizes`, of which there are `counts`."""
    nodes = nodes_for(xp, sizes, degree)
    return Side(nodes.sizes, nodes.spread(xp, to_float(xp, counts)))


def side_of_clusters(xp: ModuleType, sums: Array, degree: int | None = DEGREE) -> Side:
    """Return nodes that stand in for the clusters (K,) of one labeling, of which one at least is not empty."""
    sizes, counts = unique_counts(xp, sums)
    if fetch(sizes[:1])[0] == 0:
        sizes, counts = sizes[1:], counts[1:]
    return side_of(xp, sizes, counts, degree)


def _octaves(xp: ModuleType, sizes: Array) -> list[tuple[slice, int, int]]:
    """Cut sorted sizes at powers of two from EXACT_BELOW on: runs that are not empty, with first and last size."""
    last_bit = int(xp.iinfo(sizes.dtype).bits) - 2
    powers = [EXACT_BELOW << i for i in range(last_bit - EXACT_BELOW.bit_length() + 2)]
    cuts = xp.searchsorted(sizes, constant(xp, tuple(powers), sizes))
    top = sizes.shape[0] - 1
    first = xp.take(sizes, clipped(xp, cuts, 0, top))
    last = xp.take(sizes, clipped(xp, cuts - 1, 0, top))
    known = fetch(xp.concat([xp.astype(cuts, sizes.dtype), first, last, sizes[:1], sizes[-1:]]))
    count = len(powers)
    edges = [0, *known[:count], top + 1]
    lows = [known[-2], *known[count : 2 * count]]
    highs = [*known[2 * count : 3 * count], known[-1]]
    runs = itertools.pairwise(edges)
    return [(slice(*run), low, high) for run, low, high in zip(runs, lows, highs, strict=True) if run[0] < run[1]]


def _chebyshev(low: int, high: int, degree: int) -> np.ndarray:
    """Return distinct whole numbers in low..high, near Chebyshev points in the logarithm."""
    middle, half = math.log(low * high) / 2, math.log(high / low) / 2
    points = np.cos((2 * np.arange(degree) + 1) / (2 * degree) * math.pi)
    return np.unique(np.clip(np.rint(np.exp(middle + half * points)), low, high).astype(np.int64))


def _basis(xp: ModuleType, sizes: Array, nodes: Array, known: np.ndarray) -> Array:
    """Return the values (S, N) at `sizes` of the barycentric basis functions of `nodes` in the logarithm."""
    z = np.log(known)
    gaps = (z[:, None] - z[None, :]) / ((z[-1] - z[0]) / 4)  # scaled by the interval's capacity: no overflow
    np.fill_diagonal(gaps, 1.0)
    barycentric = xp.asarray(1 / gaps.prod(1), dtype=to_float(xp, nodes[:1]).dtype, device=device_of(nodes))
    difference = sizes[:, None] - nodes[None, :]
    hit = difference == 0
    # log(size) - log(node) from the whole-number difference keeps its digits in float32 too
    distance = xp.log1p(to_float(xp, difference) / to_float(xp, nodes))
    terms = barycentric / xp.where(hit, 1.0, distance)
    terms = terms / xp.sum(terms, axis=-1, keepdims=True)
    return xp.where(xp.any(hit, axis=-1, keepdims=True), xp.astype(hit, terms.dtype), terms)
