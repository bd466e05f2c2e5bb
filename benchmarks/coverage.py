"""How often bootstrap intervals hold the mean score of other samples, by method."""

from __future__ import annotations

import math
import sys
import warnings
import zlib
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple, get_args

import numpy as np

import amiable
from amiable.resampling.bootstrap import DEFAULT_METHOD, Method, bootstraps
from amiable.scores.registry import SCORES
from benchmarks.measure import Options
from benchmarks.places import Place, to_host
from benchmarks.report import Report, table

METHODS = get_args(Method)
MEASURED = ("ami", "ari", "v", "vi", "f1")
LEVEL = 0.95
SAMPLES = 300
LARGE = 1000
RESAMPLES = 399
LEAST = 0.85  # what the default covers, at least, wherever it is judged

Labels = tuple[np.ndarray, np.ndarray]
Draw = Callable[[np.random.Generator, int], Labels]  # of a sample so many times as large


class Case(NamedTuple):
    """What a sample is drawn from, and what it is called."""

    name: str
    draw: Draw
    is_judged: bool = True


def classes(shares: np.ndarray, n: int, kept: float) -> Draw:
    """Draw `n` samples of classes; each keeps its class with a chance of `kept`, else it gets a random one."""
    shares = shares / shares.sum()

    def draw(rng: np.random.Generator, times: int) -> Labels:
        true, other = rng.choice(shares.size, (2, n * times), p=shares)
        return true, np.where(rng.random(true.size) < kept, true, other)

    return draw


def entities(m: int, change: Callable[..., np.ndarray]) -> Draw:
    """Draw `m` entities, other ones in each sample, with 2 to 5 records each, of which `change` makes errors."""

    def draw(rng: np.random.Generator, times: int) -> Labels:
        true = np.repeat(np.arange(m * times), rng.integers(2, 6, m * times))
        return true, change(rng, true, m * times)

    return draw


def moved(share: float) -> Callable[..., np.ndarray]:
    """Move records to other entities."""
    return lambda rng, true, m: np.where(rng.random(true.size) < share, rng.integers(0, m, true.size), true)


def lost(share: float) -> Callable[..., np.ndarray]:
    """Make records clusters of their own."""
    return lambda rng, true, m: np.where(rng.random(true.size) < share, m + np.arange(true.size), true)


def merged(share: float) -> Callable[..., np.ndarray]:
    """Merge entities with the next one: all records of an entity are wrong together."""
    return lambda rng, true, m: ((np.arange(m) + (rng.random(m) < share)) % m)[true]


def equal(k: int) -> np.ndarray:
    """Return shares that are equal."""
    return np.ones(k)


def halving(k: int) -> np.ndarray:
    """Return shares that halve from one cluster to the next."""
    return 0.5 ** np.arange(k)


def falling(k: int) -> np.ndarray:
    """Return shares that fall as 1 / rank."""
    return 1 / np.arange(1, k + 1)


CASES = [
    Case("2 clusters, n = 20, half kept", classes(equal(2), 20, 0.5)),
    Case("2 clusters, n = 50, 97% kept", classes(equal(2), 50, 0.97), is_judged=False),
    Case("2 clusters, nine in ten, n = 100, 70% kept", classes(np.array([9, 1]), 100, 0.7)),
    Case("2 clusters, n = 300, chance", classes(equal(2), 300, 0)),
    Case("2 clusters, n = 300, 5% kept", classes(equal(2), 300, 0.05)),
    Case("3 clusters, n = 30, 70% kept", classes(equal(3), 30, 0.7)),
    Case("3 clusters, n = 500, 70% kept", classes(equal(3), 500, 0.7)),
    Case("3 clusters, n = 300, chance", classes(equal(3), 300, 0)),
    Case("5 clusters, n = 1000, 98% kept", classes(equal(5), 1000, 0.98)),
    Case("10 clusters, n = 50, 70% kept", classes(equal(10), 50, 0.7)),
    Case("10 clusters, n = 1e4, half kept", classes(equal(10), 10**4, 0.5)),
    Case("10 clusters, n = 1000, chance", classes(equal(10), 1000, 0)),
    Case("10 clusters, sizes halve, n = 500, 70% kept", classes(halving(10), 500, 0.7)),
    Case("30 clusters, n = 300, half kept", classes(equal(30), 300, 0.5)),
    Case("30 clusters, n = 100, half kept", classes(equal(30), 100, 0.5)),
    Case("40 clusters, n = 100, chance", classes(equal(40), 100, 0)),
    Case("100 clusters, n = 300, 70% kept", classes(equal(100), 300, 0.7)),
    Case("100 clusters, n = 300, 97% kept", classes(equal(100), 300, 0.97)),
    Case("100 clusters, sizes fall, n = 300, 80% kept", classes(falling(100), 300, 0.8)),
    Case("80 entities, 10% of records moved", entities(80, moved(0.1))),
    Case("80 entities, 40% of records moved", entities(80, moved(0.4))),
    Case("80 entities, 10% of records lost", entities(80, lost(0.1))),
    Case("80 entities, 10% merged", entities(80, merged(0.1)), is_judged=False),
]


def run(options: Options) -> Report:
    """Simulate every case."""
    return tell([row for case in CASES if options.match in case.name for row in simulate(case, options.place)])


def tell(rows: list[dict[str, Any]]) -> Report:
    """Write tables of what was found."""
    judged = [row for row in rows if row["is_judged"]]
    named = [f"{method} (default)" if method == DEFAULT_METHOD else method for method in METHODS]
    worst = [[_name(c), *(_share(min(r["coverage"][m] for r in c)) for m in METHODS)] for c in _by_case(rows)]
    found = [[_name([r]), r["score"], *_mean(r), *(_share(r["coverage"][m]) for m in METHODS)] for r in rows]
    other = [
        [_name([r]), r["score"], *(f"{r['length'][m]:.2f}" for m in METHODS), _share(r["nan"]["BCa"])] for r in rows
    ]
    lines = [
        f"The share of {SAMPLES} samples of a population whose interval holds the mean score of samples of that size. "
        f"{LEVEL:g} is",
        f"right; the second digit is uncertain. Each interval comes from {RESAMPLES} resamples. NaN holds nothing.",
        "",
        f"Of the scores {', '.join(MEASURED)}, the one that is covered worst. In brackets are cases where many samples "
        "have a",
        "perfect score, whose interval is a point, or where samples depend on each other. The last line leaves these "
        "out.",
        "",
        *table(["case", *named], [*worst, ["worst of all", *(_share(_worst(judged, m)) for m in METHODS)]]),
        f"Every score: of one sample that is {LARGE} times as large, in place of the population; its mean and "
        "deviation over",
        "samples; coverage. Intervals are for the mean. Where clusters have a few samples each, it differs from the "
        "score of the",
        "population.",
        "",
        *table(["case", "score", "population", "mean", "deviation", *named], found),
        "Mean length of the intervals, divided by that of an interval that holds 95% of a normal distribution with the "
        "same",
        "deviation; and the share of BCa's that are NaN.",
        "",
        *table(["case", "score", *named, "NaN"], other),
    ]
    return Report("Coverage of bootstrap intervals", lines, rows, _uncovered(judged))


def _by_case(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [[row for row in rows if row["case"] == name] for name in dict.fromkeys(row["case"] for row in rows)]


def _worst(rows: list[dict[str, Any]], method: str) -> float:
    return min((row["coverage"][method] for row in rows), default=math.nan)


def _uncovered(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{row['case']}, {row['score']}" for row in rows if row["coverage"][DEFAULT_METHOD] < LEAST]


def _name(rows: list[dict[str, Any]]) -> str:
    return rows[0]["case"] if rows[0]["is_judged"] else f"({rows[0]['case']})"


def _mean(row: dict[str, Any]) -> list[str]:
    return [f"{row[key]:.3f}" for key in ("population", "mean", "deviation")]


def _share(x: float) -> str:
    return f"{x:.2f}"


def simulate(case: Case, place: Place) -> list[dict[str, Any]]:
    """Draw samples, make intervals by every method, and count; a row a score."""
    rng = np.random.default_rng(zlib.crc32(case.name.encode()))
    functions = [SCORES[name].function for name in MEASURED]
    whole = _count(case.draw(rng, LARGE), place)
    population = [float(to_host(function(contingency=whole))) for function in functions]
    drawn = [_intervals(_count(case.draw(rng, 1), place), functions, seed) for seed in range(SAMPLES)]
    statistics, low, high = (np.asarray([one[i] for one in drawn]) for i in range(3))  # (samples, methods, scores)
    statistics = statistics[:, 0, :]
    mean, deviation = statistics.mean(0), statistics.std(0, ddof=1)
    coverage = ((low <= mean) & (mean <= high)).mean(0)
    length = (high - low) / (2 * NormalDist().inv_cdf((1 + LEVEL) / 2) * deviation)
    no_interval = np.isnan(length)
    with_interval = np.where(no_interval, 0, length).sum(0) / np.maximum((~no_interval).sum(0), 1)
    rows = []
    for j, score in enumerate(MEASURED):
        rows.append(
            {
                "case": case.name,
                "is_judged": case.is_judged,
                "score": score,
                "population": population[j],
                "mean": float(mean[j]),
                "deviation": float(deviation[j]),
                "coverage": dict(zip(METHODS, coverage[:, j].tolist(), strict=True)),
                "length": dict(zip(METHODS, with_interval[:, j].tolist(), strict=True)),
                "nan": dict(zip(METHODS, no_interval.mean(0)[:, j].tolist(), strict=True)),
            }
        )
        print(rows[-1], file=sys.stderr)
    return rows


def _count(labels: Labels, place: Place) -> amiable.ContingencyTable:
    return amiable.ContingencyTable.from_labels(*map(place.put, labels))


def _intervals(contingency: amiable.ContingencyTable, functions: list[Callable[..., Any]], seed: int) -> np.ndarray:
    """Return statistics and ends (3, methods, scores)."""
    options: dict[str, Any] = {"n_resamples": RESAMPLES, "confidence_level": LEVEL, "rng": seed}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "all resamples are")  # which is counted
        found = [bootstraps(contingency, functions, **options, method=method) for method in METHODS]
    ends = [[(r.statistic, *r.confidence_interval) for r in results] for results in found]
    return np.moveaxis(np.asarray([[[float(to_host(x)) for x in row] for row in rows] for rows in ends]), -1, 0)
