"""Many labelings against one, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.inputs import labelings
from benchmarks.measure import Case, Options, compare_all, largest_difference
from benchmarks.peers import reference
from benchmarks.places import TORCH, Place
from benchmarks.report import Report, power

AMI, NMI, ARI = "adjusted_mutual_info_score", "normalized_mutual_info_score", "adjusted_rand_score"
# score, labelings, n, on how many of them the peer's loop is timed, what the ratio should reach
SIZES = [
    (AMI, 10_000, 10**3, 500, 100),
    (NMI, 10_000, 10**3, 500, None),
    (ARI, 10_000, 10**3, 500, None),
    (AMI, 100, 10**5, 20, None),
]


def run(options: Options) -> Report:
    """Compare one call with a loop."""
    return compare_all("Batches: many labelings against one, in one call", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the batches against a loop over the peer's function, or off NumPy against one call on NumPy."""
    on_numpy = place.library == "numpy"
    for score, batch, n, part, bar in SIZES:
        name, draw = f"{score}, {batch:,} labelings of n = {power(n)}, 10 x 10", draw_batch(batch, n)
        if on_numpy:
            yield against_loop(name, reference(place), draw, score, part, batch, bar, place)
        else:
            yield Case(name, reference(place), draw, score, score, place=place)
    if place.library in ("numpy", "torch"):
        place = place if place.library == "torch" else TORCH
        name = f"{AMI} of torch tensors on {place.device}, 10,000 labelings of n = 1e3, 10 x 10"
        yield against_loop(name, "torchmetrics", draw_batch(10_000, 10**3), AMI, 2, 10_000, None, place, 0.01)


def draw_batch(batch: int, n: int) -> Callable[[], tuple[np.ndarray, ...]]:
    """Return what draws one labeling and a batch."""
    return partial(labelings, n, 10, 10, batch=(batch,))


def against_loop(
    name: str,
    peer: str,
    draw: Callable[[], tuple[np.ndarray, ...]],
    score: str,
    part: int,
    batch: int,
    bar: float | None,
    place: Place,
    tolerance: float = 1e-8,
) -> Case:
    """Compare a call on the whole batch with a loop over a part of it."""

    def loop(module: Any, true: Any, preds: Any) -> np.ndarray:
        return np.asarray([float(getattr(module, score)(true, pred)) for pred in preds[:part]])

    def error(ours: Any, theirs: np.ndarray) -> float:
        return largest_difference(ours[:part], theirs)

    whole = (part, batch)
    return Case(name, peer, draw, score, loop, bar, tolerance=tolerance, error=error, part=whole, place=place)
