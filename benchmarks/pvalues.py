"""Exact moments, and p-values that a gamma distribution gives with them, against simulation."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import scipy.stats

import amiable
from benchmarks.measure import Options
from benchmarks.places import Place, to_host
from benchmarks.report import Report, power, table

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
    far = [r["case"] for r in rows if max(abs(r["mean_z"]), abs(r["variance_z"])) > 4]
    return Report("Moments and p-values against random tables", lines, rows, far)


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
    }
    print(found, file=sys.stderr)
    return found
