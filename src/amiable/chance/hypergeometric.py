"""One cell's null distribution: K ~ Hypergeometric(n, a, b), and what is expected under it.

K is a sum of independent Bernoulli variables (Vatutin and Mikhailov 1982), which bounds both its tails and the
error of summing every h-th k in place of every k. There are three ways to an expectation: a sum over a lattice of at
most 115 nodes whatever n is, whose weights are computed one by one (`expectations`); a sum over every k, walking away
from the mean, each weight from its neighbour's, which is far cheaper as long as the distribution is narrow
(`walked_expectations`); and where the mean is large, a short series without a sum over k (`expectations_by_series`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from amiable._array.arithmetic import at_least, constant, running_product, to_divisor
from amiable._array.devices import device_of
from amiable._array.dtypes import count_dtype, to_float
from amiable._array.protocols import Array, Namespace
from amiable._scalars.series import COEFFICIENTS, LEAST_MEAN
from amiable.chance.deviance import deviance, log_factorial_excess, mean_count, offset_from_mean

# What is expected of a count k of clusters of a and b samples: its deviance from its mean, with all digits of the sum
# over a table or of each; k log k; k log(a / k); k log(b / k)
Form = Literal["deviance", "each_deviance", "xlogx", "given_row", "given_col"]
Forms = tuple[Form, ...]

MAX_NODES = 128  # the widest window over all margins has 115 nodes; the next power of two

_TAIL = -math.log(1e-17)  # log of the null mass left outside the window
# Stride h errs by 2 exp(-2 sigma**2 sin(pi/h)**2); sigma sin(pi/h) >= 4.7 makes that 1e-19.
_STRIDE_SIGMA = 4.7
# k log k is not smooth at k = 0; above this mean P(K = 0) < exp(-40), and a stride does no harm.
_STRIDE_MEAN = 40.0
# In place of a mean of 0, which must not be divided by; other means are at least 1 / n.
NO_MEAN = 1e-30
# x / mean - 1 is larger than this for every x >= 1 that is walked to: up to a mean of about 170.
NO_SAMPLE = -0.9999


def window(
    xp: Namespace, a: Array, b: Array, n: Array, *, line: bool = False, strided: bool = True
) -> tuple[Array, Array, Array]:
    """Return first node, last node and stride of the lattice that carries Hypergeometric(n, a, b).

    With `line`, what is summed depends on the rest of the row and of the column, too, as in the variance: the stride
    must do no harm to functions of a - K and b - K either. With `strided=False` every k is
    a node, for functions that are not smooth.
    """
    first, last, mean, sd = _bounds(xp, a, b, n)
    # A stride is allowed where the summand is smooth over a stride. k log k is smooth where K is far from 0; a term in
    # the other cells of the row or the column is smooth where a - K and b - K are far from 0, too.
    least = mean
    if line:  # by symmetry the window is no wider where a - k or b - k is near 0
        least = xp.minimum(mean, xp.minimum(mean_count(xp, a, n - b, n), mean_count(xp, n - a, b, n)))
    smooth = (sd > _STRIDE_SIGMA) & (least > _STRIDE_MEAN) & strided
    # The largest h with sigma sin(pi / h) >= 4.7. By Poisson's summation formula, the sum over every h-th k differs
    # from 1 / h of the whole sum by the characteristic function at multiples of 2 pi / h, which is at most
    # exp(-2 sigma**2 sin(pi / h)**2) for a sum of independent Bernoulli variables.
    sine = _STRIDE_SIGMA / xp.where(smooth, sd, _STRIDE_SIGMA)
    stride = xp.where(smooth, xp.floor(math.pi / xp.asin(sine)), 1.0)
    return first, last, xp.astype(stride, first.dtype)


def reach(xp: Namespace, a: Array, b: Array, n: Array) -> tuple[Array, Array]:
    """Return how many k above and below the start of a walk carry Hypergeometric(n, a, b), elementwise."""
    first, last, mean, _ = _bounds(xp, a, b, n)
    start, _ = _start(xp, a, b, n, mean)
    return last - start, start - first


def _bounds(xp: Namespace, a: Array, b: Array, n: Array) -> tuple[Array, Array, Array, Array]:
    """Return the first and the last k that carry Hypergeometric(n, a, b), its mean and standard deviation."""
    # K is a sum of Bernoulli variables, so both tails are bounded by Bernstein's inequality.
    mean, variance = mean_and_variance(xp, a, b, n)
    above = reach_above(xp, variance, _TAIL)
    below = xp.minimum(above, xp.sqrt(2 * _TAIL * mean))  # a lower tail is sub-Gaussian
    start, beyond = _start(xp, a, b, n, mean, exact=mean.dtype != xp.float64)
    # The support is max(0, a + b - n) <= K <= min(a, b); the window ends there at the latest.
    least = at_least(xp, a - (n - b), 0)
    most = xp.minimum(a, b)
    first = xp.minimum(xp.maximum(start + xp.astype(xp.floor(-beyond - below), start.dtype), least), most)
    last = xp.minimum(xp.maximum(start + xp.astype(xp.ceil(above - beyond), start.dtype), first), most)
    return first, last, mean, xp.sqrt(variance)


def mean_and_variance(xp: Namespace, a: Array, b: Array, n: Array) -> tuple[Array, Array]:
    """Return mean and variance of Hypergeometric(n, a, b), elementwise."""
    # a b / n, and that times (n - a) / n times (n - b) / (n - 1)
    size, mean = to_divisor(xp, n), mean_count(xp, a, b, n)
    rest = (to_float(xp, n - a) / size) * (to_float(xp, n - b) / at_least(xp, size - 1, 1.0))
    return mean, mean * rest


def reach_above(xp: Namespace, variance: Array, tail: float) -> Array:
    """Return how far above its mean a sum of Bernoulli variables is with a chance of exp(-tail) at most (Bernstein)."""
    return tail / 3 + xp.sqrt(tail * tail / 9 + 2 * tail * variance)


def below_mean(xp: Namespace, a: Array, b: Array, n: Array, mean: Array) -> Array:
    """Return the whole number at or below the mean a b / n, which is given as a float."""
    start = xp.astype(mean, count_dtype(xp, a))
    if mean.dtype == xp.float64:
        return start
    # a large mean in float32 is off by more than the distribution may be wide
    return start - xp.astype(xp.ceil(offset_from_mean(xp, start, a, b, n)), start.dtype)


def _start(xp: Namespace, a: Array, b: Array, n: Array, mean: Array, *, exact: bool = False) -> tuple[Array, Array]:
    """Return the whole number below the mean, inside the support, and how far it is beyond the mean."""
    # Rounding may put a start outside of the support max(0, a + b - n) .. min(a, b), which has few counts near its
    # ends.
    start = xp.minimum(xp.maximum(below_mean(xp, a, b, n, mean), a - (n - b)), xp.minimum(a, b))
    return start, offset_from_mean(xp, start, a, b, n) if exact else to_float(xp, start) - mean


def n_nodes(xp: Namespace, a: Array, b: Array, n: Array, *, line: bool = False, strided: bool = True) -> Array:
    """Return how many nodes the window of each (a, b) has, elementwise."""
    first, last, stride = window(xp, a, b, n, line=line, strided=strided)
    return (last - first) // stride + 1


class Lattice(NamedTuple):
    """The nodes that carry a null distribution, along a new last axis."""

    k: Array  # whole numbers; beyond the last node, that node again
    t: Array  # k less its mean
    weights: Array  # up to a factor, 0 beyond the last node
    deviance: Array  # of k from its mean


def lattice(
    xp: Namespace,
    a: Array,
    b: Array,
    n: Array,
    *,
    width: int = MAX_NODES,
    line: bool = False,
    strided: bool = True,
) -> Lattice:
    """Return `width` nodes for K ~ Hypergeometric(n, a, b), at least `n_nodes` of each pair.

    The weights are saddle-point probabilities, exact up to a factor that normalising removes:
    log P(K = k) = const - sum over the four cells of deviance + log-factorial excess.
    """
    # The nodes k = first, first + h, first + 2 h, ... up to the last one, which is repeated to fill the width. The
    # offset t = k - a b / n is formed exactly at the first node only, as the steps from there are whole numbers.
    first, last, stride = (v[..., None] for v in window(xp, a, b, n, line=line, strided=strided))
    a, b, n = a[..., None], b[..., None], n[..., None]
    steps = stride * xp.arange(width, dtype=first.dtype, device=device_of(first))
    inside = steps <= last - first
    steps = xp.where(inside, steps, last - first)
    k = first + steps
    t = offset_from_mean(xp, first, a, b, n) + to_float(xp, steps)

    def cost_of(x: Array, row: Array, col: Array, t: Array) -> tuple[Array, Array]:
        whole = to_float(xp, x)
        own = deviance(xp, whole, mean_count(xp, row, col, n), t)
        return own, own + log_factorial_excess(xp, x, whole)

    # -log P(K = k) up to a constant. Up to a factor of the margins and n, 1 / P(K = k) is the product of the factorials
    # of the four cells k, a - k, b - k, n - a - b + k. With log x! = x log x - x + excess(x), its logarithm is the sum
    # over the four cells of deviance + excess. All of these are at least 0, so no digits cancel, whatever n is.
    own, cost = cost_of(k, a, b, t)
    for x, row, col, offset in ((a - k, a, n - b, -t), (b - k, n - a, b, -t), ((n - a) - (b - k), n - a, n - b, t)):
        cost = cost + cost_of(x, row, col, offset)[1]
    weights = xp.where(inside, xp.exp(xp.min(cost, axis=-1, keepdims=True) - cost), 0.0)
    return Lattice(k, t, weights, own)


def expectations(
    xp: Namespace, a: Array, b: Array, n: Array, *, width: int = MAX_NODES, forms: Forms = ("deviance", "xlogx")
) -> Array:
    """Return what is expected of K ~ Hypergeometric(n, a, b): shape (forms, ...).

    `a`, `b`, `n` are whole numbers that broadcast; `width` is at least `n_nodes` of each pair.
    """
    nodes = lattice(xp, a, b, n, width=width)
    x = to_float(xp, nodes.k)

    def left(form: Form) -> Array:
        return to_float(xp, (a if form == "given_row" else b)[..., None] - nodes.k)

    sums = [xp.sum(nodes.weights * _term(xp, form, x, nodes.deviance, left), axis=-1) for form in forms]
    return xp.stack(sums) / xp.sum(nodes.weights, axis=-1)


def _term(xp: Namespace, form: Form, x: Array, own: Array, left: Callable[[Form], Array]) -> Array:
    """Return what a count x adds to one form, given its deviance and what it leaves of row or column; 0 log 0 is 0."""
    if form == "xlogx":
        return x * xp.log(at_least(xp, x, 1.0))
    if form in ("given_row", "given_col"):
        return x * xp.log1p(at_least(xp, left(form), 0.0) / at_least(xp, x, 1.0))
    return own


def walked_expectations(
    xp: Namespace,
    a: Array,
    b: Array,
    n: Array,
    *,
    up: int,
    down: int,
    forms: Forms = ("deviance", "xlogx"),
) -> Array:
    """Return what `expectations` does, for vectors (P,), by walking `up` and `down` steps, at least the `reach` of all.

    From one k to the next the weight changes by (a-k)(b-k) / ((k+1)(n-a-b+k+1)), which is 0 at the end of the support.
    The four counts of a 2 x 2 table are walked: two of them rise by 1 a step, two fall.
    """
    # The walk begins at the whole number below the mean, where the weight is set to 1; all weights are divided by their
    # sum at the end, so that no factorial is needed. The counts are those of the 2 x 2 table at the start.
    each = "each_deviance" in forms
    mean = mean_count(xp, a, b, n)
    start, middle = _start(xp, a, b, n, mean, exact=each or mean.dtype != xp.float64)
    counts = [to_float(xp, x) for x in (start, a - start, b - start, (n - a) - (b - start))]
    both, row_only, col_only, neither = counts
    mean = at_least(xp, mean, NO_MEAN)

    def terms(step: Array | float) -> list[Array]:
        """Return what is expected at x = start + step; finite for x < 0, too, which has no weight."""
        x, t = both + step, middle + step
        if each:
            own = deviance(xp, x, mean, t)
        else:  # loses digits where t is small beside the mean, but by no more than eps * sd of the sum over cells
            own = x * xp.log1p(at_least(xp, t / mean, NO_SAMPLE)) - t
        return [
            _term(xp, form, x, own, lambda f: (row_only if f == "given_row" else col_only) - step) for form in forms
        ]

    # The start, then all k above it, then all k below it. Each weight is the one before times a ratio of four counts.
    # The ratio is exact up to a few eps, and 0 where k leaves the support, so that all weights beyond are 0 as well.
    sums = [*terms(0.0), xp.ones_like(mean)]
    for steps, sign, rising, falling in (
        (up, 1.0, (both, neither), (row_only, col_only)),
        (down, -1.0, (row_only, col_only), (both, neither)),
    ):
        step = to_float(xp, xp.arange(1, steps + 1, dtype=a.dtype, device=device_of(a)))[:, None]
        ahead = ((falling[0] + 1) - step) * ((falling[1] + 1) - step)
        weights = running_product(xp, ahead / ((rising[0] + step) * (rising[1] + step)))
        parts = [*(weights * term for term in terms(sign * step)), weights]
        sums = [total + xp.sum(part, axis=0) for total, part in zip(sums, parts, strict=True)]
    return xp.stack(sums[:-1]) / sums[-1]


def least_mean_of_series(xp: Namespace, mean: Array) -> float:
    """Return the mean from which on `expectations_by_series` holds; single precision has no room for its products."""
    return LEAST_MEAN if mean.dtype == xp.float64 else math.inf


def series_of_clusters(xp: Namespace, sizes: Array, n: Array, n_terms: int) -> Array:
    """Return u_j of cluster sizes (see `amiable._scalars.series`): shape (n_terms, ...); 0 for an empty cluster."""
    # u_1 = (n - a) / n; each further j adds the product before it times (n - a) / (a + j - 1).
    rest, numbers = xp.where(sizes > 0, to_float(xp, n - sizes), 0.0), _numbers(xp, sizes, n_terms)
    added = rest / (to_float(xp, sizes) + numbers)
    products = xp.cumulative_prod(1.0 + added, axis=0) / (1.0 + added)  # of those before
    return xp.cumulative_sum(xp.concat([(rest / to_divisor(xp, n))[None, ...], products * added]), axis=0)


def series_coefficients(xp: Namespace, n: Array, n_terms: int) -> Array:
    """Return what the products of u_j of two clusters of `n` samples are multiplied by: shape (n_terms, ...)."""
    total = to_float(xp, n)[None, ...]
    products = xp.cumulative_prod(1.0 / (total + _numbers(xp, n, n_terms)), axis=0)
    known = constant(xp, COEFFICIENTS[:n_terms], total)
    return xp.reshape(known, (-1, *(1,) * n.ndim)) * xp.concat([xp.ones_like(total), products])


def _numbers(xp: Namespace, like: Array, n_terms: int) -> Array:
    """Return 1, ..., n_terms - 1 as floats along a new first axis."""
    numbers = xp.arange(1, n_terms, dtype=like.dtype, device=device_of(like))
    return xp.reshape(to_float(xp, numbers), (-1, *(1,) * like.ndim))


def expectations_by_series(
    xp: Namespace, a: Array, b: Array, n: Array, *, n_terms: int, forms: Forms = ("deviance", "xlogx")
) -> Array:
    """Return what `expectations` does where the mean is large, from so many terms of a series."""
    of_clusters = series_of_clusters(xp, a, n, n_terms) * series_of_clusters(xp, b, n, n_terms)
    own = xp.sum(of_clusters * series_coefficients(xp, n, n_terms), axis=0)
    mean = mean_count(xp, a, b, n)

    def from_deviance(form: Form) -> Array:
        if form == "xlogx":
            return own + mean * xp.log(mean)
        if form in ("given_row", "given_col"):
            other = b if form == "given_row" else a
            return mean * xp.log1p(to_float(xp, n - other) / to_float(xp, other)) - own
        return own

    return xp.stack([from_deviance(form) for form in forms])
