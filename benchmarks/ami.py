"""Adjusted mutual information of one pair of labelings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import amiable
from benchmarks.inputs import labelings
from benchmarks.measure import Case, Options, compare_all
from benchmarks.peers import reference
from benchmarks.places import TORCH, Place
from benchmarks.report import Report, power

SCORE = "adjusted_mutual_info_score"
# n, R, C, what the ratio should reach
SIZES = [
    (10**2, 10, 10, 2),
    (10**3, 10, 10, 2),
    (10**4, 10, 10, 10),
    (10**6, 10, 10, 100),
    (10**7, 10, 10, 150),
    (10**6, 100, 100, None),
]


def run(options: Options) -> Report:
    """Compare with every peer that has AMI."""
    return compare_all("Adjusted mutual information", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the cases: all sizes against one peer, then what the other peers can do."""
    peer, on_numpy = reference(place), place.library == "numpy"
    for n, rows, cols, bar in SIZES:
        draw = partial(labelings, n, rows, cols)
        name = f"AMI, n = {power(n)}, {rows} x {cols}"
        yield Case(name, peer, draw, SCORE, SCORE, bar if on_numpy else None, place=place)
        if not on_numpy:
            promised = partial(amiable.adjusted_mutual_info_score, n_labels=(rows, cols))
            yield Case(f"{name}, n_labels given", peer, draw, promised, SCORE, place=place)
    draw = partial(labelings, 10**6, 1000, 1000, log_normal=True)
    bar = 500 if on_numpy else None
    yield Case("AMI, n = 1e6, 1000 x 1000, log-normal sizes", peer, draw, SCORE, SCORE, bar, place=place)
    draw = partial(labelings, 10**6, 8000, 7000, agree=0)
    bar = 2000 if on_numpy else None
    name = "AMI, n = 1e6, 8000 x 7000, uniform labels"
    yield Case(name, peer, draw, SCORE, SCORE, bar, place=place, tolerance=1e-6)
    if on_numpy:
        yield from approximations()
    if place.library in ("numpy", "torch"):
        yield from of_tensors(place if place.library == "torch" else TORCH)


def approximations() -> Iterator[Case]:
    """Compare with fastami, which draws at random and is content with a standard error of 0.01."""

    def theirs(fastami: Any, true: np.ndarray, pred: np.ndarray) -> float:
        return fastami.adjusted_mutual_info_mc(true, pred, seed=0)[0]

    for n, clusters, bar in ((10**4, 10, None), (10**5, 20_000, 1)):
        name = f"AMI, n = {power(n)}, {clusters} x {clusters}, the peer at its default accuracy"
        yield Case(name, "fastami", partial(labelings, n, clusters, clusters), SCORE, theirs, bar, tolerance=0.05)


def of_tensors(place: Place) -> Iterator[Case]:
    """Compare with torchmetrics, which computes in float32."""
    for n, least in ((10**3, None), (10**4, 3000)):
        name = f"AMI of torch tensors on {place.device}, n = {power(n)}, 10 x 10"
        bar = least if place.device == "cpu" else None
        draw = partial(labelings, n, 10, 10)
        yield Case(name, "torchmetrics", draw, SCORE, SCORE, bar, place=place, tolerance=0.01)
