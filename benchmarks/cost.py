"""What a call costs as samples, clusters and labelings grow: times, peak memory, what fits them, and a plot."""

from __future__ import annotations

import itertools
import math
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from benchmarks.inputs import Call
from benchmarks.measure import Options, timed
from benchmarks.memory import peak
from benchmarks.report import Report, power, table, with_unit

AMI = "adjusted_mutual_info_score"
EMI = "expected_mutual_information"
COUNT = "ContingencyTable.from_labels"


@dataclass(frozen=True)
class Sweep:
    """One size that grows, the calls that are timed at each value of it, and why they cost what they do."""

    variable: str
    unit: str  # empty where no straight line is to be expected
    values: tuple[int, ...]
    calls: dict[str, Callable[[int], Call]]
    why: str


def decades(first: int, last: int, steps: tuple[int, ...] = (1, 3)) -> tuple[int, ...]:
    """Return 1, 3, 10, 30, ... from 10**first to 10**last."""
    grown = (step * 10**exponent for exponent in range(first, last + 1) for step in steps)
    return tuple(value for value in grown if value <= 10**last)


SWEEPS = [
    Sweep(
        "samples n",
        "sample",
        decades(2, 8),
        {
            "AMI, 10 x 10": lambda n: Call(AMI, n),
            "counting alone": lambda n: Call(COUNT, n),
            "EMI alone, log-normal sizes": lambda n: Call(EMI, n),
        },
        "Labels are read to be counted and never again: the cost a sample is that of counting. What a score then makes "
        "of the table does not grow with n. Nor does EMI: a cell's expectation is a sum over a bounded number of "
        "nodes, however many counts the cell could have; cells of few possible counts need fewer.",
    ),
    Sweep(
        "clusters R = C",
        "",
        decades(1, 5),
        {
            "EMI, n = 1e9, log-normal sizes": lambda k: Call(EMI, 10**9, k, k),
            "the same, C = 10": lambda k: Call(EMI, 10**9, k, 10),
            "AMI, n = 1e6, log-normal sizes": lambda k: Call(AMI, 10**6, k, k, log_normal=True),
        },
        "EMI is computed for pairs of distinct cluster sizes, R C of them while clusters are few. A few hundred sizes "
        "stand in for any number, so that the pairs stop growing; what goes on growing is what each cluster needs: "
        "sorting the sizes and handing their multiplicities to those that stand in. AMI of labels adds counting "
        "into a table, of which only occupied cells are kept, n at most.",
    ),
    Sweep(
        "labelings B in one call",
        "labeling",
        decades(0, 4),
        {
            "AMI, n = 1e3, 10 x 10": lambda b: Call(AMI, 10**3, batch=b),
            "counting alone": lambda b: Call(COUNT, 10**3, batch=b),
        },
        "The fixed cost of a call, dozens of operations on small arrays, is paid once for the batch; a labeling then "
        "costs its own counting and the arithmetic of its own table. The batch is counted in blocks, which bounds the "
        "memory that counting takes; tables and scores of all labelings remain.",
    ),
]


def run(options: Options) -> Report:
    """Measure the sweeps, fit, plot."""
    lines, found = [], []
    for sweep in SWEEPS:
        if options.match in sweep.variable:
            found.append(measure(sweep, options))
            lines += explain(sweep, found[-1])
    name = f"cost{options.place.suffix()}.svg"
    options.output.mkdir(parents=True, exist_ok=True)
    draw(found, options.output / name)
    top = ["Medians. A fit a + b x weighs all sizes alike (least squares of relative errors).", "", f"![]({name})", ""]
    return Report("What a call costs", top + lines, found)


def measure(sweep: Sweep, options: Options) -> dict[str, Any]:
    """Time every call of a sweep, and take the peak memory of its first at full decades."""
    seconds = {name: [] for name in sweep.calls}
    for value, (name, call) in itertools.product(sweep.values, sweep.calls.items()):
        seconds[name].append(time_of(call(value), options))
        print(f"{sweep.variable} = {value:,}: {name}: {with_unit(seconds[name][-1])}", file=sys.stderr)
    whole = [value for value in sweep.values if str(value).strip("0") == "1"]
    peaks = [peak(next(iter(sweep.calls.values()))(value), options.place) for value in whole]
    return {"variable": sweep.variable, "x": sweep.values, "seconds": seconds, "peak_x": whole, "peak_mb": peaks}


def time_of(call: Call, options: Options) -> float:
    """Return the median time of a call, in at most `repeats` runs and a thirtieth of `seconds`."""
    place, function = options.place, call.resolve()
    inputs = tuple(place.put(x) for x in call.inputs())
    times: list[float] = []
    timed(lambda: function(*inputs), place)  # warm up
    while not times or (len(times) < options.repeats and sum(times) < options.seconds / 30):
        times.append(timed(lambda: function(*inputs), place)[0])
    return statistics.median(times)


def fitted(x: list[float], y: list[float], unit: str) -> str:
    """Fit y = a + b x, neither negative, by least squares of the relative errors, and say how well it fits."""
    if not unit:
        return "none"
    design = np.stack([np.ones(len(x)), x], axis=1) / np.asarray(y)[:, None]
    a, b = nnls(design, np.ones(len(x)))[0]
    return f"{with_unit(a)} + {with_unit(b)} a {unit}, off by {abs(design @ [a, b] - 1).max():.0%} at most"


def explain(sweep: Sweep, found: dict[str, Any]) -> list[str]:
    """Write what was found for one sweep: a sentence, a table, and what fits."""
    x, peaks = found["x"], dict(zip(found["peak_x"], found["peak_mb"], strict=True))
    rows, fits = [], []
    for i, value in enumerate(x):
        memory = f"{peaks[value]:.1f} MB" if isinstance(peaks.get(value), float) else peaks.get(value, "")
        rows.append([power(value), *(with_unit(times[i]) for times in found["seconds"].values()), memory])
    for name, times in found["seconds"].items():
        exponents = [f"{math.log10(later / t):.2f}" for t, later in itertools.pairwise(times[::2])]
        fits.append([name, fitted(x, times, sweep.unit), ", ".join(exponents)])
    heads = [sweep.variable, *found["seconds"], f"peak memory of {next(iter(sweep.calls))}"]
    last = ["call", "fit", "growth from decade to decade, as a power of the size"]
    return [f"## {sweep.variable}", "", sweep.why, "", *table(heads, rows), *table(last, fits)]


def draw(found: list[dict[str, Any]], path: Path) -> None:
    """Plot times above, peak memory below, one column a sweep."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "amiable", "svg.fonttype": "none", "font.size": 9})
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(
        2, len(found), figsize=(4 * len(found), 6), sharex="col", sharey="row", squeeze=False, layout="constrained"
    )
    for (above, below), sweep in zip(axes.T, found, strict=True):
        for name, times in sweep["seconds"].items():
            above.loglog(sweep["x"], times, ".-", linewidth=1.2, label=name)
        above.legend(frameon=False, fontsize=8)
        known = [(x, mb) for x, mb in zip(sweep["peak_x"], sweep["peak_mb"], strict=True) if isinstance(mb, float)]
        below.loglog(*zip(*((x, max(mb, 0.1)) for x, mb in known), strict=True), ".-", linewidth=1.2)
        below.set_xlabel(sweep["variable"])
        for panel in (above, below):
            panel.minorticks_off()
            panel.grid(visible=True, alpha=0.3, linewidth=0.5)
            panel.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("seconds a call")
    axes[1, 0].set_ylabel("peak MB above the inputs")
    fig.savefig(path, metadata={"Date": None})
    plt.close(fig)
