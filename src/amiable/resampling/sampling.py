"""Draws from hypergeometric and binomial distributions with parameters of their own for every draw, on any library.

Ratio of uniforms (Stadlober 1990, 10.1016/0377-0427(90)90349-5): with u in (0, 1] and v in [-1/2, 1/2) uniform,
k = floor(mean + 1/2 + s v / u) is accepted if u**2 <= P(k) / P(mode). Three of four are, whatever the parameters, so
the cost of a draw does not depend on them. In host memory NumPy's own samplers do the same, compiled, but refuse
populations of 1e9 and more.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from amiable._array.arithmetic import assigned, at_least
from amiable._array.compiling import compiled, recompiles_per_shape
from amiable._array.dtypes import to_count, to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.random import Source
from amiable.chance.deviance import log_factorial_excess, mean_count, offset_from_mean
from amiable.chance.hypergeometric import NO_MEAN, NO_SAMPLE, below_mean, mean_and_variance, reach_above

_NUMPY_POPULATION = 10**9
_TWO_THREADS = 1 << 14  # draws, a millisecond or two of work, from which on a second thread is worth its start
# Stadlober's table mountain: s = 2 sqrt(2 / e) sd + 3 - 2 sqrt(3 / e), with sd**2 = variance + 1/2, is a hat
_HAT_SLOPE, _HAT_OFFSET = 2 * math.sqrt(2 / math.e), 3 - 2 * math.sqrt(3 / math.e)
_TRIES = 8  # for each draw that was not accepted at once: few rounds, as each waits for the device
_TRIES_AT_ONCE = 16  # where shapes are compiled, all draws are tried so often together: one in 1e9 is not accepted
_TAIL = 40.0  # exp(-40) is below the resolution of uniforms in float64


def hypergeometric(xp: Namespace, source: Source, a: Array, b: Array, n: Array) -> Array:
    """Draw how many of `a` samples, chosen from `n`, are among `b` of them; whole numbers of one shape."""
    if source.numpy is not None and (math.prod(n.shape) == 0 or int(xp.max(n)) < _NUMPY_POPULATION):
        return _in_two_threads(source.numpy, a, b, n)
    shape = n.shape
    a, b, n = (xp.reshape(x, (-1,)) for x in (a, b, n))
    mean, variance = mean_and_variance(xp, a, b, n)
    low, high = at_least(xp, a - (n - b), 0), xp.minimum(a, b)
    k = xp.minimum(xp.maximum(below_mean(xp, a, b, n, mean), low), high)
    both, row_only, col_only, neither = (to_float(xp, x) for x in (k, a - k, b - k, (n - a) - (b - k)))
    mode = k + to_count(xp, row_only * col_only > (both + 1) * (neither + 1))
    counts = [mode, a - mode, b - mode, (n - a) - (b - mode)]
    means = [mean, *(mean_count(xp, *x, n) for x in ((a, n - b), (n - a, b), (n - a, n - b)))]
    offset = offset_from_mean(xp, mode, a, b, n)
    return xp.reshape(_draw(xp, source, counts, means, offset, variance, low, high), shape)


def _in_two_threads(generator: np.random.Generator, a: Any, b: Any, n: Any) -> np.ndarray:
    """Let NumPy draw, which needs a generator for each thread; the same numbers, however many cores there are."""
    size = n.size
    if size < _TWO_THREADS:
        return np.asarray(generator.hypergeometric(b, n - b, a))
    second = np.random.default_rng(generator.integers(2**63, size=4))
    flat = [x.reshape(-1) for x in (b, n - b, a)]
    with ThreadPoolExecutor(1) as other:
        later = other.submit(second.hypergeometric, *(x[size // 2 :] for x in flat))
        halves = [generator.hypergeometric(*(x[: size // 2] for x in flat)), later.result()]
    return np.concatenate(halves).reshape(n.shape)


def binomial(xp: Namespace, source: Source, n: Array, part: Array, whole: Array) -> Array:
    """Draw how many of `n` samples fall into a part of chance `part` / `whole`; whole numbers of one shape."""
    whole = at_least(xp, whole, 1)
    if source.numpy is not None:
        given: tuple[Any, Any] = (n, part / whole)
        return np.asarray(source.numpy.binomial(*given))
    shape = n.shape
    n, part, whole = (xp.reshape(x, (-1,)) for x in (n, part, whole))
    means = [mean_count(xp, n, x, whole) for x in (part, whole - part)]
    variance = means[0] * (to_float(xp, whole - part) / to_float(xp, whole))
    k = xp.minimum(below_mean(xp, n, part, whole, means[0]), n)
    more = to_float(xp, n - k) * to_float(xp, part) > to_float(xp, k + 1) * to_float(xp, whole - part)
    mode = k + to_count(xp, more)
    offset, none = offset_from_mean(xp, mode, n, part, whole), xp.zeros_like(n)
    least, most = (xp.where(sure, n, x) for sure, x in ((part == whole, none), (part > 0, none)))
    return xp.reshape(_draw(xp, source, [mode, n - mode], means, offset, variance, least, most), shape)


def _draw(
    xp: Namespace,
    source: Source,
    counts: list[Array],
    means: list[Array],
    offset: Array,
    variance: Array,
    low: Array,
    high: Array,
) -> Array:
    """Draw vectors (m,) of whole numbers in `low`..`high`, given all cells' counts at the mode and their means.

    `offset` is the mode less the mean. The first cell is the drawn number, and the last of four rises with it; the
    others fall.
    """
    signs = (1, -1, -1, 1)[: len(counts)]
    inverses = [1 / at_least(xp, mean, NO_MEAN) for mean in means]
    scale = _HAT_SLOPE * xp.sqrt(variance + 0.5) + _HAT_OFFSET
    # beyond, the chance is below the resolution of the uniforms; so large counts stay far from 0
    reach = xp.ceil(reach_above(xp, variance, _TAIL)) + 2
    least, most = (to_float(xp, x - counts[0]) for x in (low, high))
    limits = [xp.maximum(least, -reach), xp.minimum(most, reach)]
    cells = xp.stack([*(to_float(xp, x) for x in counts), *inverses, offset])
    cost = _cost(xp, cells, signs, xp.zeros_like(offset))
    parameters = xp.concat([cells, xp.stack([scale, *limits, cost])])
    steps = (_steps_in_one_shape if recompiles_per_shape(xp) else _steps)(xp, source, parameters, signs)
    return counts[0] + to_count(xp, steps)


def _cost(xp: Namespace, cells: Array, signs: tuple[int, ...], step: Array) -> Array:
    """Return -log P(mode + step) up to a constant of each draw, for steps (..., m) inside the support.

    The sum over cells of x log(x / mean) + log-factorial excess, as in `hypergeometric.lattice`; here its terms need
    not be deviances, since the first orders cancel in the sum to some eps sd.
    """
    t = cells[2 * len(signs), :] + step
    total = xp.zeros_like(t)
    for i, sign in enumerate(signs):
        x = cells[i, :] + sign * step
        ratio = at_least(xp, sign * t * cells[len(signs) + i, :], NO_SAMPLE)
        total = total + x * xp.log1p(ratio) + log_factorial_excess(xp, to_count(xp, x), x)
    return total


def _try(xp: Namespace, parameters: Array, u: Array, v: Array, *, signs: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the first step (m,) that is accepted of tries (tries, m), and whether there is one."""
    n_cells = 2 * len(signs)
    offset, scale, low, high, at_mode = (parameters[n_cells + i, :] for i in range(5))
    u = 1 - u  # in (0, 1]
    step = xp.floor((0.5 - offset) + scale * ((v - 0.5) / u))
    inside = (step >= low) & (step <= high)
    step = xp.minimum(xp.maximum(step, low), high)
    accepted = (low == high) | (inside & (2 * xp.log(u) <= at_mode - _cost(xp, parameters, signs, step)))
    first, found = step[-1, :], accepted[-1, :]
    for i in range(step.shape[0] - 2, -1, -1):
        first, found = xp.where(accepted[i, :], step[i, :], first), found | accepted[i, :]
    return first, found


def _steps(xp: Namespace, source: Source, parameters: Array, signs: tuple[int, ...]) -> Array:
    """Return accepted steps (m,): those that are not accepted are tried again, and they alone."""
    drawn, found = _try(xp, parameters, *_uniforms(source, 1, parameters), signs=signs)
    size, left = parameters.shape[1], xp.nonzero(~found)[0]
    at = left
    while at.shape[0]:
        parameters = xp.take(parameters, left, axis=1)
        tries = min(_TRIES, size // at.shape[0])
        step, found = _try(xp, parameters, *_uniforms(source, tries, parameters), signs=signs)
        drawn = assigned(xp, drawn, at, step)
        left = xp.nonzero(~found)[0]
        at = xp.take(at, left)
    return drawn


def _steps_in_one_shape(xp: Namespace, source: Source, parameters: Array, signs: tuple[int, ...]) -> Array:
    """Return accepted steps (m,): all are tried again until each was accepted once, by one compiled program."""
    kernel = compiled(_try, xp, signs=signs)
    drawn: Array
    drawn, done = kernel(parameters, *_uniforms(source, _TRIES_AT_ONCE, parameters))
    while not bool(xp.all(done)):
        step, found = kernel(parameters, *_uniforms(source, _TRIES_AT_ONCE, parameters))
        drawn, done = xp.where(done, drawn, step), done | found
    return drawn


def _uniforms(source: Source, tries: int, parameters: Array) -> tuple[Array, Array]:
    shape = (tries, parameters.shape[1])
    return source.uniform(shape), source.uniform(shape)
