"""Null models: exact moments, random tables drawn and scored, models whose sizes vary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

import amiable
from benchmarks.inputs import cluster_sizes
from benchmarks.measure import Case, Options, compare_all
from benchmarks.places import Place, to_host
from benchmarks.report import Report, power

TABLES, N = 100_000, 10**6
SHUFFLES = 2  # of these, for how many labels are shuffled and scored by scikit-learn


def run(options: Options) -> Report:
    """Compare with what there is: SciPy's tables, shuffled labels, clusim, and smaller problems of its own."""
    return compare_all("Null models: moments, random tables, varying sizes", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List the cases; off NumPy against amiable on NumPy."""
    for k, less in ((10, 10**4), (50, 10**5)):
        yield Case(
            f"mean and variance of MI, {k} x {k}, n = 1e9, against n = {power(less)}",
            "amiable",
            lambda k=k, less=less: (*cluster_sizes(10**9, k, k), *cluster_sizes(less, k, k)),
            lambda rows, cols, *_: amiable.mutual_information_moments(rows, cols),
            lambda peer, *sizes: peer.mutual_information_moments(*sizes[2:]),
            2,
            at_most=True,
            tolerance=0.02,
            error=partial(far_from_chi_square, k, less),
            place=place,
        )
    draw = partial(cluster_sizes, N, 10, 10)
    name = f"{TABLES:,} tables 10 x 10, n = {power(N)}, drawn and scored with AMI"
    ours = partial(scored_tables, amiable)
    if place.library != "numpy":
        theirs = partial(scored_tables)
        yield Case(name, "amiable on NumPy", draw, ours, theirs, tolerance=0.02, error=other_sample, place=place)
        return
    yield Case(
        f"{name}; random_table and n AMI from one sum", "scipy", draw, ours, scipys_tables, 6, **sample_of(TABLES)
    )
    shuffled = sample_of(SHUFFLES)
    part = (SHUFFLES, TABLES)
    yield Case(f"{name}; shuffling labels", "scikit-learn", draw, ours, shuffled_labels, 5000, part=part, **shuffled)
    sizes = np.repeat([15], 20), np.repeat([30], 10)
    for model, n, bar in (("num", 60, None), ("all", 60, None), ("num", 300, 1000)):
        yield Case(
            f"EMI, null={model!r}, n = {n}, 20 and 10 clusters",
            "clusim",
            lambda n=n: tuple(np.asarray(x * n // 300) for x in sizes),
            partial(amiable.expected_mutual_information, null=model),
            partial(of_clusim, model),
            bar,
            tolerance=1e-10,
        )


def far_from_chi_square(k: int, less: int, ours: Any, theirs: Any) -> float:
    """Return how far n MI is from half a chi-square variable, relatively; its limit, nearly reached at n = 1e9."""
    half = (k - 1) ** 2 / 2
    found = ((10**9, ours, 1e-3), (less, theirs, 10.0))
    return max(
        abs(float(to_host(moment)) * n**power / half - 1) / scale
        for n, moments, scale in found
        for power, moment in zip((1, 2), moments, strict=True)
    )


def scored_tables(module: Any, rows: Any, cols: Any, size: int = TABLES) -> Any:
    """Draw tables and score them."""
    table = module.random_tables(rows, cols, 1, rng=1)[0, ...]
    return module.permutation_test(contingency=table, n_resamples=size, rng=0).null_distribution


def scipys_tables(peer: Any, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Draw tables by SciPy; with given sizes AMI needs one sum over cells and constants that are computed once."""
    shift, scale = constants(rows, cols)
    table, scores = peer.random_table(rows, cols), []
    for _ in range(10):
        counts = table.rvs(TABLES // 10, random_state=np.random.default_rng(len(scores))).reshape(
            -1, rows.size * cols.size
        )
        x = counts.astype(float)
        scores.append((np.einsum("ij,ij->i", x, np.log(np.maximum(x, 1))) - shift) / scale)
    return np.concatenate(scores)


def constants(rows: np.ndarray, cols: np.ndarray) -> tuple[float, float]:
    """Return what to subtract from sum x log x, and what to divide by, for AMI."""
    n = rows.sum()
    logs = [float(np.sum(sums * np.log(sums))) for sums in (rows, cols)]
    expected = amiable.expected_mutual_information(rows, cols)
    entropy = math.log(n) - sum(logs) / 2 / n
    return n * expected + sum(logs) - n * math.log(n), n * (entropy - expected)


def shuffled_labels(peer: Any, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Shuffle labels and score them, as one would without tables."""
    true, pred = (np.repeat(np.arange(sums.size), sums) for sums in (rows, cols))
    rng = np.random.default_rng(0)
    return np.asarray([peer.adjusted_mutual_info_score(true, rng.permutation(pred)) for _ in range(SHUFFLES)])


def sample_of(size: int) -> dict[str, Any]:
    """Return how two samples of one distribution are compared, of which the second has `size` scores."""
    return {"error": other_sample, "tolerance": 0.02 if size == TABLES else 10.0}


def other_sample(ours: Any, theirs: Any) -> float:
    """Return how far two means are apart, and two deviations, in deviations; of few scores, the largest."""
    ours, theirs = to_host(ours), to_host(theirs)
    if theirs.size < 100:
        return float(np.max(np.abs(theirs - ours.mean())) / ours.std())
    return max(abs(ours.mean() - theirs.mean()) / ours.std(), abs(theirs.std() / ours.std() - 1))


def of_clusim(model: str, peer: Any, rows: np.ndarray, cols: np.ndarray) -> float:
    """Call clusim in nats."""
    sizes = {"clu_size_seq1": rows.tolist(), "clu_size_seq2": cols.tolist()}
    clusters = {"n_clusters1": rows.size, "n_clusters2": cols.size}
    return float(peer.expected_mi(int(rows.sum()), **clusters, **sizes, random_model=model, logbase=math.e))
