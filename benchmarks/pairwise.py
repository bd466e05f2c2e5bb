"""Every labeling against every other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import amiable
from benchmarks.inputs import Call
from benchmarks.measure import Case, Options, compare_all, largest_difference
from benchmarks.peers import reference
from benchmarks.places import Place
from benchmarks.report import Report, power

# labelings, n, clusters, on how many pairs the peer's loop is timed, what the ratio should reach
SIZES = [(200, 10**4, 10, 200, 200), (50, 10**5, 30, 20, None)]


def run(options: Options) -> Report:
    """Compare one call with a loop over pairs."""
    return compare_all("All pairs of labelings", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the sizes, for AMI and for ARI, against a loop over pairs, or off NumPy against one call on NumPy."""
    for (count, n, clusters, part, bar), score in itertools.product(SIZES, ("adjusted_mutual_info", "adjusted_rand")):
        name = f"{score}_score, all pairs of {count} labelings, n = {power(n)}, {clusters} clusters"
        draw = Call("pairwise_scores", n, clusters, clusters, batch=count).inputs
        ours = partial(scores_of_pairs, amiable, score=f"{score}_score")
        if place.library != "numpy":
            theirs = partial(scores_of_pairs, score=f"{score}_score")
            yield Case(name, reference(place), draw, ours, theirs, place=place)
            continue
        first, second = some_pairs(count, part)
        yield Case(
            name,
            reference(place),
            draw,
            ours,
            partial(loop, f"{score}_score", first, second),
            bar if score == "adjusted_mutual_info" else None,
            error=partial(worst_of_pairs, first, second),
            part=(part, count * (count - 1) // 2),
        )


def scores_of_pairs(module: Any, labelings: Any, score: str) -> Any:
    """Call amiable on all labelings at once."""
    return module.pairwise_scores(labelings, score=getattr(module, score))


def some_pairs(count: int, part: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `part` pairs of two different labelings out of `count`."""
    first, second = np.triu_indices(count, 1)
    chosen = np.random.default_rng(0).choice(len(first), part, replace=False)
    return first[chosen], second[chosen]


def loop(score: str, first: np.ndarray, second: np.ndarray, module: Any, labelings: np.ndarray) -> np.ndarray:
    """Call the peer pair by pair."""
    pairs = zip(first, second, strict=True)
    return np.asarray([getattr(module, score)(labelings[i], labelings[j]) for i, j in pairs])


def worst_of_pairs(first: np.ndarray, second: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Compare the pairs that the peer was timed on."""
    return largest_difference(ours[first, second], theirs)
