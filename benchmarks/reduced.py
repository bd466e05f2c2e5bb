"""Reduced mutual information of one pair of labelings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from amiable import reduced_mutual_info_score
from benchmarks.inputs import labelings
from benchmarks.measure import Case, Options, compare_all
from benchmarks.places import Place
from benchmarks.report import Report, power

# n, clusters of each labeling, what the ratio should reach
SIZES = [
    (10**2, 5, None),
    (10**3, 10, None),
    (10**4, 100, None),
    (10**6, 10, None),
    (10**6, 1000, 10),
    (10**5, 5000, 10),
]
# The peer seeks the concentration between 1e-4 and 1e4. The best for a labeling with itself is 0, below which it stays
# by 1e-4 times the number of clusters or so.
TOLERANCE = 0.02


def run(options: Options) -> Report:
    """Compare with the peer of its authors."""
    return compare_all("Reduced mutual information", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the sizes, by each reduction."""
    for n, clusters, bar in SIZES:
        draw = partial(labelings, n, clusters, clusters)
        bar_here = bar if place.library == "numpy" else None
        for reduction, variation, tolerance in (("dirichlet", "reduced", TOLERANCE), ("flat", "reduced_flat", 1e-8)):
            ours = partial(_ours, reduction)
            theirs = partial(_theirs, variation)
            name = f"RMI, {reduction}, n = {power(n)}, {clusters} x {clusters}"
            # the bar is for the search: the peer has none for the flat reduction
            least = bar_here if reduction == "dirichlet" else None
            yield Case(name, "clustering-mi", draw, ours, theirs, least, place=place, tolerance=tolerance)


def _ours(reduction: str, true: Any, pred: Any) -> Any:
    return reduced_mutual_info_score(true, pred, reduction=reduction)


def _theirs(variation: str, clustering_mi: Any, true: np.ndarray, pred: np.ndarray) -> float:
    return clustering_mi.normalized_mutual_information(pred, true, variation=variation)
