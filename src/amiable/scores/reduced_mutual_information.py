"""Reduced mutual information: what one labeling saves in describing another, the cost of the table included.

To describe the classes of samples whose clusters are known, one first says how each cluster splits into classes, then
which of its samples are of which class. Mutual information counts the second part alone. The first part is the price of
the table, which grows with the number of clusters; the reduced score counts both.

A whole of b samples that splits into parts of x samples, one for each of q classes, costs in both parts together

    R(b, q alpha) - sum R(x, alpha),   R(x, alpha) = log(Gamma(x + alpha) / Gamma(alpha)),

where alpha is the concentration of a symmetric Dirichlet prior for the shares of the classes. R(x, alpha) is
x log x - x and an excess. Over a table, the former add up to mutual information, whose terms never cancel. What remains
are the excesses, which are small. They are computed once for each distinct size of wholes and parts.
"""

from __future__ import annotations

import functools
import math
import operator
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from amiable._array.arithmetic import at_least, matmul, to_divisor
from amiable._array.bins import count_keys, encode_integers
from amiable._array.blocks import cell_blocks, power_of_two, zero_padded
from amiable._array.compiling import compiled, recompiles_per_shape
from amiable._array.devices import device_of, is_captured, is_traced, maybe_any
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.special import gammaln
from amiable.chance.entropies import is_trivial
from amiable.contingency import Cells
from amiable.scores.evaluate import evaluate
from amiable.scores.information import Information, information, numbers_of_clusters

__all__ = ["reduced_mutual_info_score"]

Reduction = Literal["dirichlet", "flat"]
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)

# The cost as a function of log alpha has one minimum for nearly all tables, and in rare ones a second. So a coarse grid
# finds where they are, and parabolas through three points, closer each time, lead to the lowest two.
_COARSE = 48
_BASINS = 2
_CLOSER = (1 / 2, 1 / 8, 1 / 64, 1 / 2048)  # steps of the grid; the last leaves 1e-7 of a step, and 1e-14 of the cost

# Stirling's series is at full precision from here on. Its coefficients of 1/z, 1/z**3, ... are B_2j / (2j (2j - 1)).
_LARGE = 16.0
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_HALF_LOG_2_PI = math.log(2 * math.pi) / 2


def reduced_mutual_info_score(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    reduction: Reduction = "dirichlet",
    normalized: bool = True,
    symmetric: bool = False,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Reduced mutual information (RMI): mutual information less the price of describing the contingency table.

    How much shorter `labels_true` is described by who knows `labels_pred`. A table of many clusters is long, so
    they do not raise the score, as they raise mutual information. As a rule it is not symmetric: the table is described
    given the cluster sizes of `labels_pred` and the number of classes.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    reduction : {"dirichlet", "flat"}, default="dirichlet"
        How the table is described. "dirichlet": each cluster splits into classes by a symmetric Dirichlet-multinomial
        distribution, whose concentration is the best for the table; the shortest where labelings are alike. "flat": all
        tables with these cluster sizes cost the same, the logarithm of their number, as estimated by Jerdee, Kirkley
        and Newman (2022).
    normalized : bool, default=True
        Divide by the reduced mutual information of `labels_true` with itself, as its authors recommend: 1 is all that
        there is to know of the classes. Else the score is in nats per sample, as mutual information is.
    symmetric : bool, default=False
        Take the sum over both directions, of the numerator and of the denominator; if not normalized, their mean.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    rmi : float or array of shape (...)
        If normalized, at most 1 (of the flat reduction, some hundredths more are possible): 1 for identical partitions,
        both empty or single clusters included; else 0 for a single class, or classes of one sample each, of which there
        is nothing to be known. In nats, 0 for such classes, and at most that of `labels_true` with itself, which is
        about its entropy. In both, below 0 where the table costs more than it saves, and 0 for a single cluster. A
        float for lists and 1-D NumPy labels, else an array of the inputs' library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, an unknown `reduction`, `normalized` or `symmetric` that is no boolean; the message names
        the argument.

    Notes
    -----
    The score in nats, times n_samples / log(2), is the number of bits for all samples that clustering-mi gives in
    ``mutual_information(labels_pred, labels_true)``, the classes second. Its search for the concentration ends at 1e-4
    and 1e4. Here the limits 0 and infinity take part, so that the cost is the least. For a labeling with itself 0 is
    the best, so normalized scores differ: by some 1e-5 for ten clusters, by 2e-3 for thousands.

    References
    ----------
    Newman, Cantwell and Young (2020), Improved mutual information measure for clustering, classification, and community
    detection, Physical Review E 101:042304, 10.1103/PhysRevE.101.042304. The Dirichlet reduction: Jerdee, Kirkley and
    Newman (2024), Mutual information and the encoding of contingency tables, 10.48550/arXiv.2405.05393. The number of
    tables: Jerdee, Kirkley and Newman (2022), Improved estimates for the number of non-negative integer matrices with
    given row and column sums, 10.48550/arXiv.2209.14869. Divided by the truth's alone: the same (2023), Normalized
    mutual information is a biased measure for classification and community detection, 10.48550/arXiv.2307.01282.

    Examples
    --------
    >>> from amiable import reduced_mutual_info_score
    >>> reduced_mutual_info_score([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    >>> true, pred = [0] * 10 + [1] * 10, [0] * 9 + [1] * 11
    >>> round(reduced_mutual_info_score(true, pred), 6)
    0.607237
    >>> round(reduced_mutual_info_score(true, pred, normalized=False), 6)  # nats
    0.378814
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction is {reduction!r}: expected one of {', '.join(map(repr, REDUCTIONS))}")
    for name, value in (("normalized", normalized), ("symmetric", symmetric)):
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(f"{name} is {value!r}: expected True or False")
    options: dict[str, Any] = {"reduction": reduction, "normalized": bool(normalized), "symmetric": bool(symmetric)}
    return evaluate(_reduced, labels_true, labels_pred, contingency, n_labels, axis, **options)


class Tally(NamedTuple):
    """Some counts, each as often as it occurs: floats."""

    values: Array  # (D,) or (..., D), at least 1
    times: Array  # (D,) or (..., D); 0 for what fills up


class Tallies(NamedTuple):
    """Several tallies, one after another, to be computed at once."""

    values: Array  # (D,) or (..., D)
    times: Array
    owners: Array  # (D,): which of G tallies each belongs to
    one_hot: Array  # (G, D), 1.0 where one does


class Direction(NamedTuple):
    """What describing one labeling, the classes, by another, the clusters, is computed from: floats of shape (...)."""

    n: Array
    n_classes: Array
    n_clusters: Array
    whole: Tally  # all samples
    classes: Tally
    clusters: Tally
    cells: Tally
    entropy: Array  # of the classes
    mutual: Array
    is_pure: Array  # whether each cluster holds samples of one class only
    is_trivial: Array  # whether there is nothing to be known of the classes from other clusters

    def swapped(self, entropy: Array, is_pure: Array, is_trivial: Array) -> Direction:
        """Return the other direction."""
        return self._replace(
            n_classes=self.n_clusters,
            n_clusters=self.n_classes,
            classes=self.clusters,
            clusters=self.classes,
            entropy=entropy,
            is_pure=is_pure,
            is_trivial=is_trivial,
        )


def _reduced(table: Cells, reduction: str, normalized: bool, symmetric: bool) -> Array:
    xp, known = table.xp, information(table)
    directions = _directions(table, known)[: 2 if symmetric else 1]
    saved, most = zip(*(_dirichlet if reduction == "dirichlet" else _flat)(xp, directions), strict=True)
    total: Array = functools.reduce(operator.add, saved)
    if not normalized:
        return total / len(directions)
    largest = functools.reduce(operator.add, most)
    is_positive = largest > 0
    score = xp.where(is_positive, total, 0.0) / xp.where(is_positive, largest, 1.0)
    if reduction == "dirichlet":  # each cell costs log q at least, so no more is saved than by the classes themselves
        score = xp.minimum(score, xp.ones_like(score))
    result: Array = xp.where(known.structure.identical, 1.0, score)
    return result


def _directions(table: Cells, known: Information) -> list[Direction]:
    """Return what classes by rows, and then by columns, are described from."""
    xp, n = table.xp, table.n_samples
    looks = not table.static and not any(is_traced(x) or is_captured(x) for x in table.arrays)
    rows, cols, cells = (_tally(xp, x, looks) for x in (table.row_sums, table.col_sums, table.counts))
    whole = Tally(to_divisor(xp, n)[..., None], to_float(xp, n > 0)[..., None])
    n_rows, n_cols = numbers_of_clusters(table)
    structure = known.structure
    trivial_rows, trivial_cols = (is_trivial(xp, x) for x in (table.row_sums, table.col_sums))
    by_rows = Direction(
        to_divisor(xp, n),
        at_least(xp, n_rows, 1),
        at_least(xp, n_cols, 1),
        whole,
        rows,
        cols,
        cells,
        known.h_true,
        known.mutual,
        structure.homogeneous,
        trivial_rows,
    )
    return [by_rows, by_rows.swapped(known.h_pred, structure.complete, trivial_cols)]


def _tally(xp: Namespace, x: Array, looks: bool) -> Tally:
    """Count how often each of some counts (..., K) occurs; where none is looked at, or all differ, each on its own."""
    if looks and math.prod(x.shape) > 0:
        codes, distinct = encode_integers(xp, x)
        n_distinct = distinct.shape[0]
        if n_distinct < x.shape[-1]:
            times = count_keys(xp, codes, n_distinct)
            if recompiles_per_shape(xp):
                wide = power_of_two(n_distinct)
                distinct = zero_padded(xp, distinct, (wide,))
                times = zero_padded(xp, times, (*times.shape[:-1], wide))
            return Tally(to_divisor(xp, distinct), xp.where(distinct > 0, to_float(xp, times), 0.0))
    return Tally(to_divisor(xp, x), to_float(xp, x > 0))


def _join(xp: Namespace, *tallies: Tally) -> Tallies:
    """Put tallies one after another."""
    lengths = [tally.values.shape[-1] for tally in tallies]
    arrays = ([tally.values for tally in tallies], [tally.times for tally in tallies])
    joined = []
    for parts in arrays:
        lead = np.broadcast_shapes(*[tuple(x.shape[:-1]) for x in parts])
        full = [xp.broadcast_to(x, (*lead, k)) if lead else x for x, k in zip(parts, lengths, strict=True)]
        joined.append(xp.concat(full, axis=-1))
    values, times = joined
    # made on the device: nothing is copied to it while a graph is captured
    numbers = xp.arange(len(tallies), device=device_of(values))
    owners = xp.concat([xp.broadcast_to(numbers[i : i + 1], (k,)) for i, k in enumerate(lengths)])
    one_hot = xp.astype(numbers[:, None] == owners, values.dtype)
    return Tallies(values, times, owners, one_hot)


def _dirichlet(xp: Namespace, directions: list[Direction]) -> list[tuple[Array, Array]]:
    """Return what clusters save, per sample, of the cost of the classes, and what the classes themselves would save."""
    log_q = [xp.log(known.n_classes) for known in directions]
    # In the limit of alpha = infinity each sample costs log q.
    limits = [
        known.n * (log - known.entropy + share)
        for known, log in zip(directions, log_q, strict=True)
        for share in (xp.zeros_like(known.mutual), known.mutual)
    ]
    tallies = [x for known in directions for x in (known.whole, known.classes, known.clusters, known.cells)]
    q = xp.stack([known.n_classes + 0 * limits[0] for known in directions for _ in range(2)], axis=-1)
    least = compiled(_least_excess, xp)(directions[0].n, q, _join(xp, *tallies), xp.stack(limits, axis=-1))
    return [_saved_dirichlet(xp, known, least[..., 2 * i], least[..., 2 * i + 1]) for i, known in enumerate(directions)]


def _saved_dirichlet(xp: Namespace, known: Direction, own: Array, given: Array) -> tuple[Array, Array]:
    """Return what is saved, from the least excess of the classes on their own, and given the clusters."""
    n, q, log_q = known.n, known.n_classes, xp.log(known.n_classes)
    # A cluster of one class costs log q alone in the limit of alpha = 0, which is the best where all clusters are such.
    given = xp.where(known.is_pure, known.n_clusters * log_q, given)
    return _where_known(xp, known, known.mutual + (own - given) / n, known.entropy + (own - q * log_q) / n)


def _least_excess(xp: Namespace, n: Array, q: Array, tallies: Tallies, limit: Array) -> Array:
    """Return the least excess (..., S) over all alpha of what wholes that split into q parts cost; `limit` at infinity.

    The tallies are the wholes and the parts of each of S splits in turn. Below the grid the cost falls, since
    1 / (q W (1 + log n)) is less than the best alpha for W wholes: the parts beyond the first of their whole, one at
    least, pull to the right by 1 / alpha each, and all else to the left by q W (1 + log n) at most. Where the least is
    above the grid, at an alpha that exceeds all parts by the root of 1 / eps, it is the limit to within n eps.
    """
    scale = xp.stack([q, xp.ones_like(q)], axis=-1)[..., None]

    def excess(t: Array) -> Array:
        alpha = scale * xp.exp(t)[..., None, :]
        lead, n_splits, length = t.shape[:-2], t.shape[-2], t.shape[-1]
        found = _excesses(xp, tallies, xp.reshape(alpha, (*lead, 2 * n_splits, length)))
        found = xp.reshape(found, (*lead, n_splits, 2, length))
        return found[..., 0, :] - found[..., 1, :]

    eps = float(xp.finfo(limit.dtype).eps)
    log_n = xp.log(n)[..., None] + xp.zeros_like(limit)
    n_wholes = matmul(xp, tallies.one_hot, tallies.times[..., None])[..., ::2, 0]
    low = -xp.log(q * at_least(xp, n_wholes, 1) * (1 + log_n))
    step = ((log_n - math.log(eps) / 2 + 1 - low) / (_COARSE - 1))[..., None]
    t = low[..., None] + step * xp.arange(_COARSE, dtype=limit.dtype, device=device_of(limit))
    at = excess(t)
    found = [limit[..., None], at]
    shift, lowest, is_valley = _vertex(xp, at[..., :-2], at[..., 1:-1], at[..., 2:])
    order = xp.argsort(xp.where(is_valley, lowest, math.inf), axis=-1)[..., :_BASINS]
    centre = xp.take_along_axis(t[..., 1:-1] + step * xp.where(is_valley, shift, 0.0), order, axis=-1)
    for share in _CLOSER:
        h = step * share
        at = excess(xp.concat([centre - h, centre, centre + h], axis=-1))
        found.append(at)
        sides = (at[..., i * _BASINS : (i + 1) * _BASINS] for i in range(3))
        centre = centre + h * _vertex(xp, *sides)[0]
    return xp.min(xp.concat([*found, excess(centre)], axis=-1), axis=-1)


def _vertex(xp: Namespace, left: Array, middle: Array, right: Array) -> tuple[Array, Array, Array]:
    """Return where a parabola through three points at -1, 0, 1 is the least, at most 2 away, and its value there.

    The third value says whether the middle is the lowest of the three.
    """
    fall = left - right
    bend = (left - middle) + (right - middle)
    is_convex = bend > 0
    bend = xp.where(is_convex, bend, 1.0)
    shift = xp.where(is_convex, fall / (2 * bend), 0.0)
    shift = xp.minimum(xp.maximum(shift, -2 * xp.ones_like(shift)), 2 * xp.ones_like(shift))
    return shift, middle - fall * fall / (8 * bend), is_convex & (middle <= left) & (middle <= right)


def _flat(xp: Namespace, directions: list[Direction]) -> list[tuple[Array, Array]]:
    """Return what clusters save if all tables cost the same, per sample, and what the classes themselves would save."""
    return [
        _where_known(
            xp,
            known,
            known.mutual + _flat_excess(xp, known, known.n_clusters, known.clusters, known.cells),
            known.entropy + _flat_excess(xp, known, known.n_classes, known.classes, known.classes),
        )
        for known in directions
    ]


def _flat_excess(xp: Namespace, known: Direction, m: Array, clusters: Tally, cells: Tally) -> Array:
    """Return the excess (...) of log(n! prod x! / (prod a! prod b! N)) per sample over mutual information.

    N is the number of tables with class sizes a and `m` cluster sizes b, as arXiv:2209.14869 estimates it. There, too,
    the b split by a Dirichlet distribution, whose concentration comes from the moments of a; a! and b! cancel.
    """
    n, (sizes, times) = known.n, known.classes
    pairs = xp.sum(times * (sizes * (sizes - 1)), axis=-1)
    all_pairs = n * (n - 1)
    alpha = at_least(xp, (all_pairs + (all_pairs - pairs) / m) / at_least(xp, pairs, 1), 1)  # 0 of a single sample
    m = m + 0 * alpha
    tallies = _join(xp, cells, known.whole, clusters, known.classes)
    found = _excesses(xp, tallies, xp.stack([xp.ones_like(m), m * alpha, alpha, m], axis=-1)[..., None])[..., 0]
    return (found[..., 0] + found[..., 1] - found[..., 2] - found[..., 3]) / n


def _where_known(xp: Namespace, known: Direction, saved: Array, most: Array) -> tuple[Array, Array]:
    """Return what is saved, exactly nothing where there is nothing to be known, or one cluster to know it from."""
    nothing = known.is_trivial | (known.n_clusters == 1)
    return xp.where(nothing, 0.0, saved), xp.where(known.is_trivial, 0.0, most)


def _excesses(xp: Namespace, tallies: Tallies, alpha: Array) -> Array:
    """Sum R(x, alpha) - x log x + x over each of G tallies, for each of its alpha (..., G, A): (..., G, A).

    With log Gamma(z) = (z - 1/2) log z - z + log(2 pi) / 2 + B(z) it is x log(1 + alpha / x)
    + (alpha - 1/2) log(1 + x / alpha) + B(x + alpha) - B(alpha), whose terms are about as small as their sum.
    """
    of_alpha = _binet(xp, alpha)

    def sum_of(block: slice) -> Array:
        x, owners = tallies.values[..., block, None], tallies.owners[block]
        own = xp.take(alpha, owners, axis=-2)
        terms = x * xp.log1p(own / x) + (own - 0.5) * xp.log1p(x / own)
        terms = terms + _binet(xp, x + own) - xp.take(of_alpha, owners, axis=-2)
        return matmul(xp, tallies.one_hot[:, block], tallies.times[..., block, None] * terms)

    n_values = tallies.values.shape[-1]
    per_value = math.prod(np.broadcast_shapes(alpha.shape[:-2], tallies.values.shape[:-1])) * alpha.shape[-1]
    return functools.reduce(operator.add, map(sum_of, cell_blocks(alpha, n_values, per_value)))


def _binet(xp: Namespace, z: Array) -> Array:
    """Return log Gamma(z) less Stirling's (z - 1/2) log z - z + log(2 pi) / 2, for z > 0."""
    inverse = 1 / at_least(xp, z, _LARGE)
    r = inverse * inverse
    tail: Array | float = _STIRLING[-1]
    for coefficient in reversed(_STIRLING[:-1]):
        tail = tail * r + coefficient
    large = tail * inverse
    is_small = z < _LARGE
    if not maybe_any(xp, is_small):
        return large
    small = xp.where(is_small, z, _LARGE)
    return xp.where(is_small, gammaln(xp, small) - ((small - 0.5) * xp.log(small) - small + _HALF_LOG_2_PI), large)
