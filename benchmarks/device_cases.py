"""What the subject `device` calls: how much of it on an accelerator and on a processor, against what, and its bars."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
from array_api_compat import array_namespace

import amiable
from amiable._array import loops
from benchmarks.inputs import SPREADS, Call, cluster_sizes, labelings_at
from benchmarks.measure import Case, largest_difference
from benchmarks.nulls import constants, scored_tables
from benchmarks.pairwise import scores_of_pairs
from benchmarks.places import Place, to_host
from benchmarks.report import power

AMI = "adjusted_mutual_info_score"
ON_NUMPY = "amiable on NumPy"
BLOCK = 1 << 24  # samples at once, which bounds the memory of keys

Drawn = Callable[[], tuple[Any, ...]]


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the defaults are what the bars are for."""

    counted: int = 10**9  # samples
    scored: int = 10**8
    short: int = 10**4
    batch: tuple[int, int] = (100_000, 1000)  # labelings, samples
    pairs: tuple[int, int, int] = (1000, 10**5, 200)  # labelings, samples, how many labelings the processor compares
    tables: tuple[int, int] = (10**6, 10**5)  # on the device, on the processor
    expected: int = 10**5  # clusters
    varied: int = 50


ON_ACCELERATOR = Sizes()
ON_CPU = Sizes(10**7, 10**6, 10**4, (2000, 1000), (100, 10**4, 50), (20_000, 10_000), 10**4, 20)


def count(rows: Any, cols: Any, k: int) -> Any:
    """Count as a user would who knows the numbers of labels."""
    return amiable.contingency_matrix(rows, cols, n_labels=(k, k))


def by_bincount(rows: Any, cols: Any, k: int) -> np.ndarray:
    """Count codes below k as their library does, block after block: the reference for all counts."""
    xp, total = array_namespace(rows), np.zeros(k * k, dtype=np.int64)
    for start in range(0, rows.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        total += to_host(xp.bincount(xp.astype(rows[block], xp.int64) * k + cols[block], minlength=k * k))
    return total.reshape(k, k)


def by_array_kernels(call: Callable[[], Any]) -> Any:
    """Call without compiled loops and kernels."""
    with mock.patch.object(loops, "IS_WANTED", False):
        return call()


def ami_of(true: Any, pred: Any) -> Any:
    """Score as a user would who knows the numbers of labels."""
    return amiable.adjusted_mutual_info_score(true, pred, n_labels=(10, 10))


def on_processor(place: Place, sizes: Sizes) -> Iterator[tuple[Case, float]]:
    """List calls that are to be so many times faster than on the processor beside the device."""
    labelings, n = sizes.batch
    draw = Call(AMI, n, batch=labelings, dtype="int32").inputs
    name = f"AMI, {labelings:,} labelings of n = {power(n)}, 10 x 10"
    yield Case(name, ON_NUMPY, draw, AMI, AMI, place=place), 20
    yield Case(f"{name}, n_labels given", ON_NUMPY, draw, ami_of, lambda _, *x: ami_of(*x), place=place), 20
    labelings, n, part = sizes.pairs
    yield (
        Case(
            f"AMI, all pairs of {labelings:,} labelings, n = {power(n)}, 10 clusters",
            ON_NUMPY,
            Call("pairwise_scores", n, batch=labelings, dtype="int32").inputs,
            partial(scores_of_pairs, amiable, score=AMI),
            lambda peer, x: scores_of_pairs(peer, x[:part], score=AMI),
            error=lambda ours, theirs: largest_difference(ours[:part, :part], theirs),
            part=(part * (part + 1) // 2, labelings * (labelings + 1) // 2),
            place=place,
        ),
        50,
    )
    size, part = sizes.tables
    draw = partial(cluster_sizes, 10**6, 10, 10)
    yield (
        Case(
            f"{size:,} random tables 10 x 10, n = 1e6, drawn and scored with AMI",
            ON_NUMPY,
            draw,
            lambda *sums: scored_tables(amiable, *sums, size),
            lambda peer, *sums: scored_tables(peer, *sums, part),
            tolerance=5,
            error=partial(standard_errors, *draw()),
            part=(part, size),
            place=place,
        ),
        20,
    )


def standard_errors(rows: np.ndarray, cols: np.ndarray, *samples: Any) -> float:
    """Return how far mean and deviation of scores are from their exact values, in standard errors; the largest.

    With given sizes AMI is (MI - its mean) / a constant: its mean is 0, and its variance known.
    """
    deviation = math.sqrt(amiable.mutual_information_moments(rows, cols).variance)
    deviation /= constants(rows, cols)[1] / rows.sum()
    scores = map(to_host, samples)
    return max(
        max(abs(x.mean()) / deviation, abs(x.std() / deviation - 1) * math.sqrt(2)) * math.sqrt(x.size) for x in scores
    )


def in_seconds(place: Place, sizes: Sizes) -> Iterator[tuple[Case, float]]:
    """List calls that are to take no longer than so many seconds; results are compared with NumPy's, relatively."""
    common = {"error": relative_difference, "place": place}
    k = sizes.expected
    draw = partial(cluster_sizes, 10**9, k, k)
    name = "expected_mutual_information"
    yield Case(f"EMI, {power(k)} x {power(k)}, n = 1e9", ON_NUMPY, draw, name, name, tolerance=1e-12, **common), 0.05
    k = sizes.varied
    draw = partial(cluster_sizes, 10**5, k, k)
    name = f"mean and variance of MI, {k} x {k}, n = 1e5"
    theirs = partial(moments)
    yield Case(name, ON_NUMPY, draw, partial(moments, amiable), theirs, tolerance=1e-10, **common), 1


def with_kernels(place: Place, sizes: Sizes) -> Iterator[tuple[str, Drawn, Callable[..., Any]]]:
    """List calls that are made with compiled kernels and without: a name, inputs on the device, the call."""
    for k, spread in itertools.product((10, 1000), SPREADS):
        name = f"counting, n = {power(sizes.counted)}, {k} x {k}, {spread}"
        yield name, partial(labelings_at, place, sizes.counted, k, spread=spread), partial(count, k=k)
    for n in (sizes.short, sizes.scored):
        draw = partial(labelings_at, place, n, 10, agree=1 / 3)
        yield f"AMI, n = {power(n)}, 10 x 10", draw, amiable.adjusted_mutual_info_score
        yield f"AMI, n = {power(n)}, 10 x 10, n_labels given", draw, ami_of
        yield f"ARI, n = {power(n)}, 10 x 10", draw, amiable.adjusted_rand_score
    labelings, n = sizes.batch
    draw = Call(AMI, n, batch=labelings, dtype="int32").inputs
    yield f"AMI, {labelings:,} labelings of n = {power(n)}, 10 x 10", on(place, draw), ami_of
    for k in (100, sizes.expected):
        draw = partial(cluster_sizes, 10**9, k, k)
        yield f"EMI, {power(k)} x {power(k)}, n = 1e9", on(place, draw), amiable.expected_mutual_information


def on(place: Place, draw: Drawn) -> Drawn:
    """Draw, and put what was drawn on the device."""
    return lambda: tuple(map(place.put, draw()))


def moments(module: Any, rows: Any, cols: Any) -> Any:
    """Return mean and variance of MI as one array."""
    found = module.mutual_information_moments(rows, cols)
    return np.asarray([float(to_host(x)) for x in found])


def relative_difference(ours: Any, theirs: Any) -> float:
    """Return the largest relative difference of two results."""
    return float(np.max(np.abs(to_host(ours) / to_host(theirs) - 1)))


def calls_for_memory(place: Place, sizes: Sizes) -> Iterator[tuple[str, Drawn, Callable[..., Any]]]:
    """List calls whose peak is measured: a name, inputs on the device, the call."""
    labels = partial(labelings_at, place, sizes.scored, 10)
    name = f"counting, n = {power(sizes.scored)}, 10 x 10"
    yield f"{name}, n_labels given", labels, partial(count, k=10)
    yield name, labels, amiable.contingency_matrix
    labelings, n = sizes.batch
    draw = on(place, Call(AMI, n, batch=labelings, dtype="int32").inputs)
    name = f"AMI, {labelings:,} labelings of n = {power(n)}, 10 x 10"
    yield name, draw, amiable.adjusted_mutual_info_score
    yield f"{name}, n_labels given", draw, ami_of
    labelings, n, _ = sizes.pairs
    draw = on(place, Call("pairwise_scores", n, batch=labelings, dtype="int32").inputs)
    yield f"AMI, all pairs of {labelings:,} labelings, n = {power(n)}, 10 clusters", draw, amiable.pairwise_scores
    size, _ = sizes.tables
    draw = on(place, partial(cluster_sizes, 10**6, 10, 10))
    name = f"{size:,} random tables 10 x 10, n = 1e6, drawn and scored with AMI"
    yield name, draw, lambda *sums: scored_tables(amiable, *sums, size)
    k = sizes.expected
    draw = on(place, partial(cluster_sizes, 10**9, k, k))
    yield f"EMI, {power(k)} x {power(k)}, n = 1e9", draw, amiable.expected_mutual_information
