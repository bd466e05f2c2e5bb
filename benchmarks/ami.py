"""Adjusted and expected mutual information against scikit-learn, in one run: `python benchmarks/ami.py`."""

from __future__ import annotations

import functools
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import adjusted_mutual_info_score as peer_ami

import amiable

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Case:
    """One pair of labelings, and how often each side is timed."""

    name: str
    n: int
    clusters: int
    repeats: int
    log_normal: bool = False

    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Draw two labelings that share a third of their samples."""
        rng = np.random.default_rng(0)
        chances = rng.lognormal(size=self.clusters) if self.log_normal else np.ones(self.clusters)
        true, pred = rng.choice(self.clusters, (2, self.n), p=chances / chances.sum())
        return true, np.where(rng.random(self.n) < 1 / 3, true, pred)


CASES = [
    Case("n = 1e2, 10 x 10", 10**2, 10, 51),
    Case("n = 1e3, 10 x 10", 10**3, 10, 51),
    Case("n = 1e4, 10 x 10", 10**4, 10, 21),
    Case("n = 1e6, 10 x 10", 10**6, 10, 5),
    Case("n = 1e6, 100 x 100", 10**6, 100, 3),
    Case("n = 1e6, 1000 x 1000, log-normal sizes", 10**6, 1000, 1, log_normal=True),
]


def timed(function: Callable[[], float]) -> tuple[float, float]:
    """Return seconds and result of one call."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def compare(case: Case) -> dict:
    """Time both sides alternately on the same labels; fail if they disagree beyond the peer's accuracy."""
    true, pred = case.labels()
    amiable.adjusted_mutual_info_score(true, pred)  # warm up
    ours, theirs = [], []
    for _ in range(case.repeats):
        seconds, value = timed(lambda: amiable.adjusted_mutual_info_score(true, pred))
        ours.append(seconds)
        seconds, expected = timed(lambda: peer_ami(true, pred))
        theirs.append(seconds)
        if abs(value - expected) > 1e-8:
            raise AssertionError(f"{case.name}: {value} against {expected}")
    row = {"case": case.name, "amiable_s": statistics.median(ours), "peer_s": statistics.median(theirs)}
    return {**row, "ratio": row["peer_s"] / row["amiable_s"], "repeats": case.repeats}


def expectation_alone() -> list[dict]:
    """Time EMI at sizes no peer reaches, against amiable itself at n = 1e4, 10 x 10."""

    def margins(n: int, k: int) -> np.ndarray:
        rng = np.random.default_rng(k)
        weights = rng.lognormal(size=k)
        return 1 + rng.multinomial(n - k, weights / weights.sum())

    rows = []
    for n, k in ((10**4, 10), (10**12, 10), (10**9, 10**3), (10**9, 10**5)):
        row_sums, col_sums = margins(n, k), margins(n, k)[::-1]
        call = functools.partial(amiable.expected_mutual_information, row_sums, col_sums)
        found = [timed(call)[0] for _ in range(7)]
        rows.append({"case": f"n = {n:.0e}, {k} x {k}", "amiable_s": statistics.median(found)})
    return rows


def main() -> None:
    """Measure, print, write."""
    scores, expectations = [compare(case) for case in CASES], expectation_alone()
    versions = {
        "amiable": amiable.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    lines = [
        "# Adjusted mutual information against scikit-learn",
        "",
        ", ".join(f"{name} {value}" for name, value in versions.items()) + "; medians; both sides in one run.",
        "",
        "| AMI | amiable | scikit-learn | ratio |",
        "|---|---|---|---|",
        *(f"| {r['case']} | {r['amiable_s']:.3g} s | {r['peer_s']:.3g} s | {r['ratio']:.3g} |" for r in scores),
        "",
        "| EMI from cluster sizes | amiable |",
        "|---|---|",
        *(f"| {r['case']} | {r['amiable_s']:.3g} s |" for r in expectations),
        "",
    ]
    print("\n".join(lines))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ami.md").write_text("\n".join(lines))
    found = {"versions": versions, "ami": scores, "emi": expectations}
    (RESULTS / "ami.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
