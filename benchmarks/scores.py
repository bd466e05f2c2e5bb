"""The other scores of one pair of labelings."""

from __future__ import annotations

import math
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

# name, what the ratio should reach
SCORES = [
    ("normalized_mutual_info_score", 30),
    ("v_measure_score", 30),
    ("adjusted_rand_score", 30),
    ("mutual_info_score", None),
    ("homogeneity_score", None),
    ("rand_score", None),
    ("fowlkes_mallows_score", None),
]


def run(options: Options) -> Report:
    """Compare with every peer that has the score."""
    return compare_all("Other scores", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the scores against each peer."""
    on_numpy = place.library == "numpy"
    draw = partial(labelings, 10**6, 100, 100)
    for score, bar in SCORES:
        name = f"{score}, n = 1e6, 100 x 100"
        yield Case(name, reference(place), draw, score, score, bar if on_numpy else None, place=place)
    if on_numpy:
        yield from in_bits()
        yield from of_fields()
    if place.library in ("numpy", "torch"):
        yield from of_tensors(place if place.library == "torch" else TORCH)


def in_bits() -> Iterator[Case]:
    """Compare with clustering-mi: NMI, and MI less its expectation, which it gives in bits for all samples."""

    def nmi(clustering_mi: Any, true: np.ndarray, pred: np.ndarray) -> float:
        return clustering_mi.normalized_mutual_information(true, pred, variation="stirling", normalization="mean")

    def above_chance(true: np.ndarray, pred: np.ndarray) -> float:
        table = amiable.ContingencyTable.from_labels(true, pred)
        expected = amiable.expected_mutual_information(table.row_sums, table.col_sums)
        return amiable.mutual_info_score(contingency=table) - expected

    def theirs(clustering_mi: Any, true: np.ndarray, pred: np.ndarray) -> float:
        return clustering_mi.mutual_information(true, pred, variation="adjusted") * math.log(2) / len(true)

    for n, clusters in ((10**3, 10), (10**6, 10), (10**6, 100)):
        draw, name = partial(labelings, n, clusters, clusters), f"n = {power(n)}, {clusters} x {clusters}"
        yield Case(f"NMI, {name}", "clustering-mi", draw, "normalized_mutual_info_score", nmi)
        yield Case(f"MI - EMI, {name}", "clustering-mi", draw, above_chance, theirs)


def of_fields() -> Iterator[Case]:
    """Compare with the packages of fields: element-centric similarity, matched clusters, segmentations."""

    def similarity(clusim: Any, true: np.ndarray, pred: np.ndarray) -> float:
        from clusim.clustering import Clustering

        return clusim.element_sim(*(Clustering().from_membership_list(x.tolist()) for x in (true, pred)))

    def error(skimage: Any, true: np.ndarray, pred: np.ndarray) -> float:
        return skimage.adapted_rand_error(true, pred, ignore_labels=())[0]

    def same(name: str) -> Any:
        return lambda genieclust, true, pred: getattr(genieclust, name)(true, pred)

    for n in (10**3, 10**4, 2 * 10**4):  # for 1e5 samples the peer asks for 75 GB
        draw, name = partial(labelings, n, 100, 100), f"element-centric similarity, n = {power(n)}, 100 x 100"
        yield Case(name, "clusim", draw, "element_centric_similarity", similarity, 1000 if n > 10**4 else None)
    for n, clusters, score in (
        (10**3, 10, "adjusted_rand_score"),
        (10**6, 100, "adjusted_rand_score"),
        (10**4, 100, "pair_sets_index"),
        (10**6, 1000, "pair_sets_index"),
    ):
        draw, name = partial(labelings, n, clusters, clusters), f"{score}, n = {power(n)}, {clusters} x {clusters}"
        yield Case(name, "genieclust", draw, score, same(score), tolerance=1e-9)
    draw, name = partial(labelings, 10**6, 100, 100), "adapted_rand_error, n = 1e6, 100 x 100"
    yield Case(name, "scikit-image", draw, lambda true, pred: amiable.adapted_rand_error(true, pred)[0], error)


def of_tensors(place: Place) -> Iterator[Case]:
    """Compare with torchmetrics, which computes in float32."""
    peer_names = {"fowlkes_mallows_score": "fowlkes_mallows_index"}
    for n in (10**4, 10**6):
        draw = partial(labelings, n, 10, 10)
        for score, _ in SCORES:
            # the peer takes the predicted labels first; its count of pairs overflows at n = 1e6
            if score == "homogeneity_score" or (score == "adjusted_rand_score" and n > 10**4):
                continue
            name = f"{score} of torch tensors on {place.device}, n = {power(n)}, 10 x 10"
            theirs = peer_names.get(score, score)
            yield Case(name, "torchmetrics", draw, score, theirs, place=place, tolerance=1e-3)
