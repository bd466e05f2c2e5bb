"""Exact moments, and p-values that a gamma distribution gives with them, against simulation."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import scipy.stats

import amiable
from amiable.scores.registry import SCORES
from benchmarks.measure import Options
from benchmarks.places import Place, to_host
from benchmarks.report import Report, power, table

CUBES = amiable.CellScore(lambda xp, x, a, b, n: (x / n) ** 3, degree=3)
OTHERS: dict[str, str | amiable.CellScore] = {
    "ARI": "ari",
    "element-centric": "ecs",
    "B-cubed precision": "b3_precision",
    "chi-square": "chi2",
    "cubes": CUBES,
}
LEVELS = (0.05, 0.01, 0.001, 0.0001)
TABLES = 10**6


class Sizes(NamedTuple):
    """Cluster sizes and what they are called."""

    name: str
    rows: list[int]
    cols: list[int]


def skewed(n: int, k: int) -> list[int]:
    """Return sizes that halve from one cluster to the next, as long as there are samples enough."""
    sizes = np.maximum(1, np.floor(n * 0.5 ** np.arange(1, k + 1))).astype(int)
    sizes[0] += n - sizes.sum()
    return sizes.tolist()


def balanced(n: int, k: int) -> list[int]:
    """Return sizes that are as equal as can be."""
    return np.bincount(np.arange(n) % k).tolist()


CASES = [
    *(Sizes(f"2 x 2, n = {n}", balanced(n, 2), balanced(n, 2)) for n in (20, 100, 1000, 10**5)),
    Sizes("2 x 2, one in ten, n = 100", [90, 10], [90, 10]),
    Sizes("2 x 2, one in ten, n = 1000", [900, 100], [900, 100]),
    *(Sizes(f"3 x 3, n = {n}", balanced(n, 3), balanced(n, 3)) for n in (30, 100, 1000)),
    Sizes("3 x 5, sizes halve, n = 1000", skewed(1000, 3), skewed(1000, 5)),
    *(Sizes(f"10 x 10, n = {n}", balanced(n, 10), balanced(n, 10)) for n in (50, 100, 1000, 10**4)),
    Sizes("10 x 10, sizes halve, n = 1e4", skewed(10**4, 10), skewed(10**4, 10)),
    Sizes("10 x 30, n = 300", balanced(300, 10), balanced(300, 30)),
    Sizes("30 x 30, n = 300", balanced(300, 30), balanced(300, 30)),
    Sizes("30 x 30, n = 1e4", balanced(10**4, 30), balanced(10**4, 30)),
    Sizes("50 x 50 pairs, n = 100", balanced(100, 50), balanced(100, 50)),
]


def run(options: Options) -> Report:
    """Simulate every case."""
    rows = [simulate(case, options.place) for case in CASES if options.match in case.name]
    heads = ["case", "tables", "mean, in standard errors", "variance, in standard errors"]
    first = [[r["case"], power(r["tables"]), f"{r['mean_z']:+.1f}", f"{r['variance_z']:+.1f}"] for r in rows]
    levels = [f"p = {level:g}" for level in LEVELS]
    second = [[r["case"], *map(_ratio, r["gamma"]), *map(_ratio, r["chi_square"])] for r in rows]
    lines = [
        "Mean and variance of `mutual_information_moments` against those of random tables; within 4 standard errors.",
        "",
        *table(heads, first),
        "How often random tables have a p-value of at most p, divided by p: 1 is right; above 1, too many are found",
        "significant. First by `mutual_info_pvalue`, then by the chi-square distribution with "
        "(R - 1) (C - 1) degrees of",
        "freedom for 2 n MI. The last digit is uncertain where few tables are that extreme.",
        "",
        *table(["case", *(f"{law}, {x}" for law in ("gamma", "chi-square") for x in levels)], second),
    ]
    lines += [
        "The same for `score_moments` and `score_pvalue` of other scores, a sum of cubes among them; then p-values by",
        "the beta distribution that has the same mean and variance and the same least value, and ends at the largest.",
        "",
        *table(
            [
                "case",
                "score",
                "mean, in standard errors",
                "variance, in standard errors",
                *(f"{law}, {x}" for law in ("gamma", "beta") for x in levels[:3]),
            ],
            [[r["case"], *row] for r in rows for row in _rows_of_others(r["others"])],
        ),
    ]
    every = [(r["case"], of) for r in rows for of in (r, *r["others"].values())]
    far = [name for name, of in every if max(abs(of["mean_z"]), abs(of["variance_z"])) > 4]
    return Report("Moments and p-values against random tables", lines, rows, far)


def _rows_of_others(found: dict[str, dict[str, Any]]) -> list[list[str]]:
    return [
        [name, f"{of['mean_z']:+.1f}", f"{of['variance_z']:+.1f}", *map(_ratio, of["gamma"]), *map(_ratio, of["beta"])]
        for name, of in found.items()
    ]


def _ratio(x: float) -> str:
    return f"{x:.2f}"


def simulate(case: Sizes, place: Place) -> dict[str, Any]:
    """Draw tables and compare."""
    rows, cols = (place.put(np.asarray(sizes)) for sizes in (case.rows, case.cols))
    n, freedom = sum(case.rows), (len(case.rows) - 1) * (len(case.cols) - 1)
    blocks = amiable.iter_random_tables(rows, cols, TABLES, rng=1)
    mi = np.concatenate([to_host(amiable.mutual_info_score(contingency=tables)) for tables in blocks])
    mean, variance = (float(to_host(x)) for x in amiable.mutual_information_moments(rows, cols))
    z = (mi - mean) / math.sqrt(variance)
    gamma = scipy.stats.gamma.sf(mi, mean**2 / variance, scale=variance / mean)
    chi_square = scipy.stats.chi2.sf(2 * n * mi, freedom)
    found = {
        "case": case.name,
        "tables": TABLES,
        "mean_z": float(z.mean() * math.sqrt(TABLES)),
        "variance_z": float(((z**2).mean() - 1) / (z**2).std() * math.sqrt(TABLES)),
        "gamma": [float(np.mean(gamma <= level) / level) for level in LEVELS],
        "chi_square": [float(np.mean(chi_square <= level) / level) for level in LEVELS],
        "others": simulate_others(rows, cols),
    }
    print(found, file=sys.stderr)
    return found


def simulate_others(rows: Any, cols: Any) -> dict[str, dict[str, Any]]:
    """Return, for other scores, how far moments are from the exact ones, and how often p-values are at most a level."""
    cells = {name: SCORES[score].cells if isinstance(score, str) else score for name, score in OTHERS.items()}
    values: dict[str, list[Any]] = {name: [] for name in OTHERS}
    pvalues: dict[str, list[Any]] = {name: [] for name in OTHERS}
    for tables in amiable.iter_random_tables(rows, cols, TABLES, rng=2):
        for name, score in OTHERS.items():
            values[name].append(to_host(cells[name](contingency=tables)))
            pvalues[name].append(to_host(amiable.score_pvalue(contingency=tables, score=score)))
    return {
        name: _of_other(cells[name], rows, cols, np.concatenate(values[name]), np.concatenate(pvalues[name]))
        for name in OTHERS
    }


def _of_other(cells: Any, rows: Any, cols: Any, values: np.ndarray, gamma: np.ndarray) -> dict[str, Any]:
    mean, variance = (float(to_host(x)) for x in amiable.score_moments(cells, rows, cols))
    least, most = mean - float(to_host(cells.room(rows, cols))), float(to_host(cells.most(rows, cols)))
    z = (values - mean) / math.sqrt(variance)
    share = (mean - least) / (most - least)
    both = share * (1 - share) * (most - least) ** 2 / variance - 1
    beta = scipy.stats.beta.sf((values - least) / (most - least), share * both, (1 - share) * both)
    return {
        "mean_z": float(z.mean() * math.sqrt(TABLES)),
        "variance_z": float(((z**2).mean() - 1) / (z**2).std() * math.sqrt(TABLES)),
        "gamma": [float(np.mean(gamma <= level) / level) for level in LEVELS[:3]],
        "beta": [float(np.mean(beta <= level) / level) for level in LEVELS[:3]],
    }
