"""Loops of the exact variance of mutual information, as `amiable.chance.variance` derives it.

Every cluster of one labeling has a table. It tells what is expected of the rest of a crossing line, one of the other
labeling's clusters, of which m samples are left outside of this cluster:

    rest(m) = sum over all clusters beside this one of E[D(K, E K)], K ~ Hypergeometric(pool, m, size),

or of E[K log K], where the pool is all that lies outside of this cluster. The function is smooth in log m, and near the
pool in log(pool - m). So a few m of each band of two octaves stand in for all, as sizes do in
`amiable.chance.interpolation`; the m below EXACT_BELOW are kept, and those as near to the pool.
"""

from __future__ import annotations

import math
from typing import Any

from amiable._scalars.cells import (
    DEVIANCE,
    NOTHING,
    XLOGX,
    cost_of_count,
    deviance,
    expectations_of_cell,
    offset_from_mean,
)
from amiable._scalars.series import COEFFICIENTS, LEAST_MEAN, MOST_TERMS, n_terms

EXACT_BITS = 5
EXACT_BELOW = 1 << EXACT_BITS
BAND = 2  # octaves
PER_BAND = 18  # nodes that tell the expectation of each cell to 1e-12

# The window and the stride of the counts that carry a null distribution, as in `amiable.chance.hypergeometric`.
TAIL = -math.log(1e-17)
STRIDE_SIGMA = 4.7
STRIDE_MEAN = 40.0

Window = tuple[int, int, int, int]


def window_of_cell(a: int, b: int, n: int) -> Window:
    """Return a count near the mean, the first and the last that carry Hypergeometric(n, a, b), and their stride.

    They are the same for (b, a). The stride does no harm to smooth functions of K, a - K and b - K.
    """
    a, b = min(a, b), max(a, b)
    mean = a * (b / n)
    variance = mean * ((n - a) / n) * ((n - b) / max(n - 1, 1))
    above = TAIL / 3 + math.sqrt(TAIL * TAIL / 9 + 2 * TAIL * variance)
    below = min(above, math.sqrt(2 * TAIL * mean))
    least, most = max(0, a - (n - b)), a
    start = min(max(int(mean), least), most)
    first = min(max(math.floor(mean - below), least), start)
    last = max(min(math.ceil(mean + above), most), start)
    stride, sigma = 1, math.sqrt(variance)
    if sigma > STRIDE_SIGMA and min(mean, a * ((n - b) / n), (n - a) * (b / n)) > STRIDE_MEAN:
        stride = math.floor(math.pi / math.asin(STRIDE_SIGMA / sigma))
    return start, start - (start - first) // stride * stride, last, stride


def n_bands(n: int) -> int:
    """Return how many bands, of both kinds, a table of `n` samples may have."""
    return 2 * (max(math.frexp(float(n))[1] - EXACT_BITS, 0) // BAND + 1)


def n_places(n: int) -> int:
    """Return how many numbers a table of `n` samples may keep: those that are exact, low and near, then the bands."""
    return 2 * EXACT_BELOW + n_bands(n) * PER_BAND


def place_of_count(m: int, pool: int) -> tuple[int, int, int]:
    """Return m, or how far it is from the pool; its band, and the first place of that; or -1, and its own place."""
    near = 1 if m > pool - pool // 4 else 0
    x = pool - m if near else m
    if x < EXACT_BELOW:
        return x, -1, x + near * EXACT_BELOW
    band = 2 * ((math.frexp(float(x))[1] - EXACT_BITS - 1) // BAND) + near
    return x, band, 2 * EXACT_BELOW + band * PER_BAND


def list_count(listed: Any, place: int, found: int, x: int) -> int:
    """List x in a band that has `found` numbers; beyond PER_BAND only the least and the largest are kept."""
    if found <= PER_BAND:
        for i in range(place, place + found):
            if listed[i] == x:
                return found
        if found < PER_BAND:
            listed[place + found] = x
            return found + 1
        low = high = x
        for i in range(place, place + PER_BAND):
            low, high = min(low, listed[i]), max(high, listed[i])
        listed[place], listed[place + 1] = low, high
        return found + 1
    listed[place], listed[place + 1] = min(listed[place], x), max(listed[place + 1], x)
    return found


def chebyshev_nodes(listed: Any, place: int) -> int:
    """Put whole numbers near Chebyshev points of the logarithm in place of the least and the largest; return how many.

    They are distinct, and rise.
    """
    low, high = listed[place], listed[place + 1]
    half, found = math.log1p((high - low) / low) / 2, 0
    for i in range(PER_BAND):
        point = math.cos((2 * (PER_BAND - i) - 1) / (2 * PER_BAND) * math.pi)
        x = low + min(round(low * math.expm1(half * (1 + point))), high - low)
        if found == 0 or x > listed[place + found - 1]:
            listed[place + found] = x
            found += 1
    return found


def list_counts(size: int, crossing: Any, n: int, listed: Any, found: Any) -> None:
    """List all m that occur beside a cluster of `size` samples; those that have places of their own are marked by 1."""
    pool = n - size
    for i in range(len(crossing)):
        _, first, last, stride = window_of_cell(crossing[i], size, n)
        for k in range(first, last + 1, stride):
            x, band, place = place_of_count(crossing[i] - k, pool)
            if band < 0:
                listed[place] = 1
            else:
                found[band] = list_count(listed, place, found[band], x)


def sum_series_of_clusters(sizes: Any, counts: Any, own: int, pool: int, sums: Any) -> None:
    """Write the sums of u_t (see `series`) over all clusters from the c-th on, but the table's own, into `sums[c]`."""
    for t in range(MOST_TERMS):
        sums[len(sizes), t] = 0.0
    for c in range(len(sizes) - 1, -1, -1):
        size = float(min(sizes[c], pool))
        rest, weight = pool - size, counts[c] - (1.0 if c == own else 0.0)
        term, ratio = rest / pool, 1.0
        for t in range(MOST_TERMS):
            sums[c, t] = sums[c + 1, t] + weight * term
            step = ratio * (rest / (size + (t + 1)))
            term, ratio = term + step, ratio + step


def expected_rest(m: int, sizes: Any, counts: Any, own: int, pool: int, wanted: int, sums: Any) -> float:
    """Return rest(m): a sum over clusters whose sizes rise, so that from some one on all means are large."""
    total = 0.0
    if m == 0:
        return total
    for c in range(len(sizes)):
        size = min(sizes[c], pool)  # only the table's own cluster can exceed the pool
        mean = m * (size / pool)
        if wanted == DEVIANCE and mean >= LEAST_MEAN:
            return total + expected_of_large(m, pool, n_terms(mean), sums[c])
        weight = counts[c] - (1.0 if c == own else 0.0)
        if weight != 0.0:
            expected = expectations_of_cell(m, size, pool, wanted)
            total += weight * (expected[0] if wanted == DEVIANCE else expected[1])
    return total


def expected_of_large(m: int, pool: int, terms: int, sums: Any) -> float:
    """Return the sum of the expected deviances in clusters whose means are large, from their sums of u_t."""
    rest = float(pool - m)
    term, ratio, scale, total = rest / pool, 1.0, 1.0, 0.0
    for t in range(terms):
        total += COEFFICIENTS[t] * scale * term * sums[t]
        step = ratio * (rest / (m + (t + 1)))
        term, ratio = term + step, ratio + step
        scale /= pool + (t + 1)
    return total


def expect_rests(
    sizes: Any,
    counts: Any,
    crossing: Any,
    n: int,
    wanted: int,
    listed: Any,
    found: Any,
    nodes: Any,
    factors: Any,
    sums: Any,
    first: int,
    last: int,
    out: Any,
) -> None:
    """Write the tables of clusters `first` to `last`: what is expected at their places, into rows of `out`.

    Rows of `listed` have the numbers at these places, and rows of `found` how many each band has. Rows of `nodes` have
    the logarithms, less that of the first number of the band, rows of `factors` the barycentric weights.
    """
    for own in range(first, last):
        pool = n - sizes[own]
        list_counts(sizes[own], crossing, n, listed[own], found[own])
        sum_series_of_clusters(sizes, counts, own, pool, sums[own])
        for place in range(2 * EXACT_BELOW):
            if listed[own, place]:
                m = place if place < EXACT_BELOW else pool - (place - EXACT_BELOW)
                out[own, place] = expected_rest(m, sizes, counts, own, pool, wanted, sums[own])
        for band in range(len(found[own])):
            place = 2 * EXACT_BELOW + band * PER_BAND
            are_few = found[own, band] <= PER_BAND
            if not are_few:
                found[own, band] = chebyshev_nodes(listed[own], place)
            end = place + found[own, band]
            for i in range(place, end):
                x, base = listed[own, i], listed[own, place]
                nodes[own, i] = math.log1p((x - base) / base)
                m = pool - x if band % 2 else x
                out[own, i] = expected_rest(m, sizes, counts, own, pool, wanted, sums[own])
            if not are_few:
                weigh_nodes(nodes[own], place, end, factors[own])


def weigh_nodes(nodes: Any, first: int, end: int, factors: Any) -> None:
    """Write the barycentric weights of nodes `first` to `end`."""
    for i in range(first, end):
        product = 1.0
        for j in range(first, end):
            if j != i:
                product *= nodes[i] - nodes[j]
        factors[i] = 1 / product


def rest_at(m: int, pool: int, table: Any) -> Any:
    """Return rest(m) from a table."""
    listed, found, nodes, factors, values = table
    x, band, place = place_of_count(m, pool)
    if band < 0:
        return values[place]
    base = listed[place]
    position = math.log1p((x - base) / base)
    above = below = 0.0
    for i in range(place, place + found[band]):
        distance = position - nodes[i]
        if distance == 0.0:
            return values[i]
        share = factors[i] / distance
        above, below = above + share * values[i], below + share
    return above / below


def covariances_of_cells(
    rows: Any,
    cols: Any,
    n: int,
    wanted: int,
    of_rows: Any,
    of_cols: Any,
    tables_of_rows: Any,
    tables_of_cols: Any,
    first: int,
    last: int,
    out: Any,
) -> None:
    """Write E[row(l) col(l)] of cells `first` to `last`, row by row, into `out` (R, C).

    `of_rows` and `of_cols` are the expected sums of whole lines; tables are (listed, found, nodes, factors, values).
    """
    for p in range(first, last):
        i, j = p // len(cols), p % len(cols)
        out[i, j] = covariance_of_cell(
            rows[i],
            cols[j],
            n,
            wanted,
            of_rows[i],
            of_cols[j],
            table_of_cluster(tables_of_cols, j),
            table_of_cluster(tables_of_rows, i),
        )


def table_of_cluster(tables: Any, i: int) -> Any:
    """Return the table of one cluster."""
    listed, found, nodes, factors, values = tables
    return listed[i], found[i], nodes[i], factors[i], values[i]


def covariance_of_cell(
    a: int, b: int, n: int, wanted: int, of_row: float, of_col: float, rests_of_row: Any, rests_of_col: Any
) -> float:
    """Return E[row(l) col(l)] of one cell: a sum over the counts from the mean on, both ways."""
    start, low, high, stride = window_of_cell(a, b, n)
    middle = offset_from_mean(start, a, b, n)
    cost = cost_of_count(start, a, b, n, middle) if stride > 1 else 0.0
    row, col = deviations_of_count(start, a, b, n, middle, wanted, rests_of_row, rests_of_col)
    above, below = (row - of_row) * (col - of_col), 1.0
    for step in (stride, -stride):
        k, weight = start, 1.0
        while low <= k + step <= high and weight >= NOTHING * below:
            t = middle + (k + step - start)
            if stride == 1:
                weight *= ratio_of_weights(k, step, a, b, n)
            else:
                weight = math.exp(cost - cost_of_count(k + step, a, b, n, t))
            k += step
            row, col = deviations_of_count(k, a, b, n, t, wanted, rests_of_row, rests_of_col)
            above, below = above + weight * ((row - of_row) * (col - of_col)), below + weight
    return above / below


def ratio_of_weights(k: int, step: int, a: int, b: int, n: int) -> float:
    """Return P(K = k + step) / P(K = k) for a step of 1 or -1."""
    if step > 0:
        return (float(a - k) * float(b - k)) / (float(k + 1) * float((n - a) - b + k + 1))
    return (float(k) * float((n - a) - b + k)) / (float(a - k + 1) * float(b - k + 1))


def deviations_of_count(
    k: int, a: int, b: int, n: int, t: float, wanted: int, rests_of_row: Any, rests_of_col: Any
) -> tuple[float, float]:
    """Return what is expected of the row and of the column of a cell that holds k samples, t more than its mean."""
    row, col = rest_at(a - k, n - b, rests_of_row), rest_at(b - k, n - a, rests_of_col)
    if wanted == XLOGX:
        own = k * math.log(k) if k > 1 else 0.0
        return own + row, own + col
    own = deviance(float(k), a * (b / n), t)
    row += own + deviance(float(a - k), a * ((n - b) / n), -t)
    col += own + deviance(float(b - k), b * ((n - a) / n), -t)
    return row, col
