"""Compiled loops: small calls, scattered labels, many tables; with numba, and the same calls without."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import amiable
from amiable._array import loops
from benchmarks import nulls
from benchmarks.inputs import cluster_sizes, labelings
from benchmarks.measure import Case, Options, compare_all
from benchmarks.places import NUMPY
from benchmarks.report import Report, power, table, with_unit

_FIRST_CALLS = """
import json, time
import numpy as np

times = [time.perf_counter()]
import amiable

times.append(time.perf_counter())
true, pred = np.arange(1000) % 10, np.arange(1000) * 7 % 9
for score in (amiable.adjusted_mutual_info_score, amiable.adjusted_rand_score, amiable.adjusted_mutual_info_score):
    score(true, pred)
    times.append(time.perf_counter())
print(json.dumps(np.diff(times).tolist()))
"""
CALLS = 100  # of a few microseconds each, timed together
AMI, NMI, ARI = "adjusted_mutual_info_score", "normalized_mutual_info_score", "adjusted_rand_score"


def run(options: Options) -> Report:
    """Compare with scikit-learn, genieclust, clustering-mi and pandas, and with what is not compiled."""
    report = compare_all("Compiled loops", cases(), options)
    rows = list(first_calls()) if options.match in "first calls" else []
    shown = [[name, *map(with_unit, seconds)] for name, *seconds in rows]
    lines = [*report.lines, *table(["first calls", "import amiable", "AMI", "ARI", "AMI again"], shown)]
    numbers = {"cases": report.numbers, "first calls": rows}
    return Report(report.title, lines, numbers, report.failures)


def cases() -> Iterator[Case]:
    """List small calls with and without numba, then large ones against those without."""
    yield from small_calls()
    yield from large_calls()
    yield from scattered_labels()
    yield from without_numba()


def first_calls() -> Iterator[list[Any]]:
    """Time first calls in processes of their own: where nothing is compiled yet, and where it is kept on disk."""
    with tempfile.TemporaryDirectory() as kept:
        for name, wanted in (("ever, with numba", "1"), ("in a process, with numba", "1"), ("without numba", "0")):
            environment = {**os.environ, "NUMBA_CACHE_DIR": kept, "AMIABLE_COMPILED": wanted}
            command = [sys.executable, "-W", "ignore", "-c", _FIRST_CALLS]
            found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            yield [name, *json.loads(found.stdout)]


def small_calls() -> Iterator[Case]:
    """Compare calls that take microseconds, a hundred at a time."""
    for n, bars in ((10**2, (20, 1, 4)), (10**3, (20, 5, 5)), (10**4, (40, 20, 18))):
        draw, what = partial(labelings, n, 10, 10), f"n = {power(n)}, 10 x 10"
        for name, peer, theirs, bar in (
            ("AMI", "scikit-learn", AMI, bars[0]),
            ("AMI", "genieclust", "adjusted_mi_score", bars[1]),
            ("AMI without numba", "scikit-learn", AMI, bars[2]),
        ):
            ours = not_compiled(AMI) if "without" in name else getattr(amiable, AMI)
            yield Case(f"{name}, {what}", peer, draw, repeated(ours), repeated_of(theirs), bar, tolerance=1e-7)
    draw = partial(labelings, 10**3, 10, 10)
    for name, ours, bar in (("NMI", getattr(amiable, NMI), 2), ("NMI without numba", not_compiled(NMI), 1)):
        theirs = repeated_of("normalized_mutual_information", variation="stirling", normalization="mean")
        yield Case(f"{name}, n = 1e3, 10 x 10", "clustering-mi", draw, repeated(ours), theirs, bar)
    for n, k, bar in ((10**3, 10, 0.15), (10**5, 10, 1), (10**6, 1000, 1.5)):
        calls = CALLS if n < 10**6 else 1
        ours, theirs = repeated(getattr(amiable, ARI), calls), repeated_of("adjusted_rand_score", calls)
        name = f"ARI, n = {power(n)}, {k} x {k}"
        yield Case(name, "genieclust", partial(labelings, n, k, k), ours, theirs, bar)


def large_calls() -> Iterator[Case]:
    """Compare all pairs of labelings, counted by loops, with a loop over genieclust."""
    draw = partial(many_labelings, 900, 1000, 9)
    part = (2000, 900 * 899 // 2)
    name = "all pairs of 900 labelings, 9 clusters, n = 1000, ARI"
    pairwise = partial(amiable.pairwise_scores, score="ari")
    yield Case(name, "genieclust", draw, pairwise, first_pairs, None, part=part, error=difference_of_first_pairs)
    yield from (case for case in nulls.cases(NUMPY) if case.theirs is nulls.scipys_tables)


def scattered_labels() -> Iterator[Case]:
    """Compare with pandas.factorize of both labelings, and counting of its codes."""
    for k in (10, 10**6):
        name = f"a table of scattered 64-bit labels, n = 1e7, {power(k)} distinct"
        draw = partial(identifiers, 10**7, k)
        yield Case(name, "pandas", draw, amiable.ContingencyTable.from_labels, by_factorizing, 1, error=other_table)


def without_numba() -> Iterator[Case]:
    """Compare with the same calls on array kernels."""

    def case(name: str, draw: Callable[[], Any], ours: Callable[..., Any], bar: float, tolerance: float) -> Case:
        theirs = lambda _, *inputs: not_compiled(ours)(*inputs)  # noqa: E731 - the module is not needed
        return Case(f"{name}; without numba", "amiable", draw, ours, theirs, bar, tolerance=tolerance)

    batch = partial(labelings, 10**3, 10, 10, batch=(10_000,))
    yield case("AMI of 10,000 labelings, n = 1e3", batch, amiable.adjusted_mutual_info_score, 2, 1e-13)
    pairs = partial(many_labelings, 200, 10**4, 10)
    yield case("AMI of all pairs of 200 labelings, n = 1e4", pairs, amiable.pairwise_scores, 2, 1e-13)
    sizes = partial(cluster_sizes, 10**5, 50, 50)
    yield case("mean and variance of MI, 50 x 50, n = 1e5", sizes, amiable.mutual_information_moments, 5, 1e-12)
    sizes = partial(cluster_sizes, 10**12, 10, 10)
    yield case("EMI, 10 x 10, n = 1e12", sizes, amiable.expected_mutual_information, 2, 1e-20)


def not_compiled(function: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of amiable that runs as it does without numba."""
    plain = getattr(amiable, function) if isinstance(function, str) else function

    def call(*inputs: Any) -> Any:
        with without_loops():
            return plain(*inputs)

    return call


@contextlib.contextmanager
def without_loops() -> Iterator[None]:
    """Compute on array kernels, as where numba is not installed."""
    before, loops.IS_WANTED = loops.IS_WANTED, False
    try:
        yield
    finally:
        loops.IS_WANTED = before


def repeated(function: Callable[..., Any], calls: int = CALLS) -> Callable[..., Any]:
    """Return what calls a function several times."""

    def call(*inputs: Any) -> Any:
        for _ in range(calls - 1):
            function(*inputs)
        return function(*inputs)

    return call


def repeated_of(name: str, calls: int = CALLS, **options: Any) -> Callable[..., Any]:
    """Return what calls a function of a peer several times."""
    return lambda peer, *inputs: repeated(partial(getattr(peer, name), **options), calls)(*inputs)


def many_labelings(count: int, n: int, k: int) -> tuple[np.ndarray]:
    """Draw labelings (count, n) of k clusters."""
    return (np.random.default_rng(0).integers(0, k, (count, n)),)


def first_pairs(genieclust: Any, labels: np.ndarray) -> np.ndarray:
    """Score the first pairs, one by one."""
    rows, cols = (x[:2000] for x in np.triu_indices(len(labels), 1))
    return np.array([genieclust.adjusted_rand_score(labels[i], labels[j]) for i, j in zip(rows, cols, strict=True)])


def difference_of_first_pairs(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Compare the pairs that the peer scored."""
    return float(np.abs(ours[np.triu_indices(len(ours), 1)][: theirs.size] - theirs).max())


def identifiers(n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw two labelings (n,) of k random 64-bit integers each."""
    rng = np.random.default_rng(0)
    known = rng.integers(-(2**63), 2**63 - 1, k)
    return known[rng.integers(0, k, n)], known[rng.integers(0, k, n)]


def by_factorizing(pandas: Any, true: np.ndarray, pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the occupied cells, by codes in the order of first sight, and their counts."""
    (rows, known_rows), (cols, known_cols) = pandas.factorize(true), pandas.factorize(pred)
    keys, n_cells = rows * known_cols.size + cols, known_rows.size * known_cols.size
    if n_cells <= 4 * true.size:
        counts = np.bincount(keys, minlength=n_cells)
        return np.flatnonzero(counts), counts[counts > 0]
    return np.unique(keys, return_counts=True)


def other_table(ours: amiable.ContingencyTable, theirs: tuple[np.ndarray, np.ndarray]) -> float:
    """Compare how many cells are occupied, by how many samples each."""
    found, known = np.sort(ours.counts[ours.counts > 0]), np.sort(theirs[1])
    return 0.0 if np.array_equal(found, known) else 1.0
