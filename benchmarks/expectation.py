"""Expected mutual information from cluster sizes, at sizes that no peer reaches: against smaller ones of its own."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.special import kl_div

import amiable
from benchmarks.inputs import cluster_sizes
from benchmarks.measure import Case, Options, compare_all
from benchmarks.places import Place, to_host
from benchmarks.report import Report, power

SCORE = "expected_mutual_information"


def run(options: Options) -> Report:
    """Compare large expectations with small ones, and off NumPy with NumPy."""
    return compare_all("Expected mutual information from cluster sizes", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List more samples, more clusters, and both against NumPy."""
    for (n, k), (less_n, less_k), bar in (((10**12, 10), (10**4, 10), 1.5), ((10**9, 10**5), (10**9, 10**3), 5)):
        yield Case(
            f"EMI, n = {power(n)}, {k} x {k}, against n = {power(less_n)}, {less_k} x {less_k}",
            "amiable",
            partial(both_sizes, (n, k), (less_n, less_k)),
            lambda rows, cols, *_: amiable.expected_mutual_information(rows, cols),
            lambda peer, *sizes: peer.expected_mutual_information(*sizes[2:]),
            bar,
            at_most=True,
            tolerance=1e-2,
            error=partial(worst_error, (n, k), (less_n, less_k)),
            place=place,
        )
    if place.library != "numpy":
        for n, k in ((10**4, 10), (10**9, 10**3), (10**9, 10**5)):
            name, draw = f"EMI, n = {power(n)}, {k} x {k}", partial(cluster_sizes, n, k, k)
            yield Case(name, "amiable on NumPy", draw, SCORE, SCORE, place=place, tolerance=1e-10)


def both_sizes(*sizes: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Draw the cluster sizes of both sides."""
    return tuple(itertools.chain.from_iterable(cluster_sizes(n, k, k) for n, k in sizes))


def worst_error(sizes: tuple[int, int], less: tuple[int, int], found: Any, found_less: Any) -> float:
    """Return the larger relative distance of two results from independent estimates."""
    pairs = ((found, estimate(*sizes)), (found_less, estimate(*less)))
    return max(abs(float(to_host(result)) / expected - 1) for result, expected in pairs)


@functools.cache
def estimate(n: int, k: int) -> float:
    """Estimate EMI to a few thousandths: by its limit for large clusters, else by a million cells drawn at random.

    n EMI = sum over cells of E[K log(K / m) - K + m], where K is hypergeometric with expectation m = a b / n.
    """
    if n > 10**10:
        return (k - 1) ** 2 / (2 * n)
    rng = np.random.default_rng(0)
    a, b = (rng.choice(sizes, 10**6) for sizes in cluster_sizes(n, k, k))
    return kl_div(rng.hypergeometric(a, n - a, b), a / n * b).mean() * k**2 / n
