"""Draw the pictures of docs/nulls.md: `python docs/figures.py` (needs matplotlib)."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
import scipy.stats

import amiable

HERE = Path(__file__).parent
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#666666"  # told apart by everybody (Okabe and Ito)


def main() -> None:
    """Draw both pictures, always the same."""
    mpl.use("svg")
    mpl.rcParams.update(
        {"svg.hashsalt": "amiable", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    draw_null()
    draw_models()


def draw_null() -> None:
    """Draw the distribution of MI over random tables, its exact moments, and what is made of them."""
    import matplotlib.pyplot as plt

    rows, cols = [120, 60, 20], [100, 50, 30, 20]
    table = np.array([[70, 28, 14, 8], [25, 17, 11, 7], [5, 5, 5, 5]])
    tables = amiable.random_tables(rows, cols, 200_000, rng=0)
    scores = amiable.mutual_info_score(contingency=tables) * 1000
    mean, variance = amiable.mutual_information_moments(rows, cols)
    gamma = scipy.stats.gamma(mean**2 / variance, scale=variance / mean * 1000)
    observed = amiable.mutual_info_score(contingency=table) * 1000
    pvalue = amiable.mutual_info_pvalue(contingency=table)
    figure, axes = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
    axes.hist(scores, bins=120, density=True, color=BLUE, alpha=0.35, label="200,000 random tables")
    x = np.linspace(0.01, scores.max(), 500)
    axes.plot(x, gamma.pdf(x), color=BLUE, label="gamma distribution with the exact moments")
    sd = math.sqrt(variance) * 1000
    axes.axvline(mean * 1000, color=GREY, label="expected MI")
    axes.axvspan(mean * 1000 - sd, mean * 1000 + sd, color=GREY, alpha=0.12, label="one standard deviation around it")
    axes.axvline(observed, color=ORANGE, linewidth=2, label=f"the labelings at hand, p = {pvalue:.3f}")
    axes.set(xlabel="mutual information (thousandths of a nat)", ylabel="density", xlim=(0, 60))
    axes.legend(loc="upper right", framealpha=1, edgecolor="white")
    figure.savefig(HERE / "nulls-distribution.svg", metadata={"Date": None})


def draw_models() -> None:
    """Draw expected MI under each model against the number of clusters of the second labeling."""
    import matplotlib.pyplot as plt

    n, true = 1000, [700, 150, 100, 50]
    clusters = np.unique(np.geomspace(2, 500, 30).astype(int))
    models = {
        "perm": ("sizes fixed, balanced (perm)", BLUE, "-"),
        "num": ("both vary, numbers of clusters fixed (num)", ORANGE, "-"),
        "num1": ("the second varies, its number of clusters fixed (num1)", ORANGE, "--"),
        "all": ("both vary freely (all)", GREEN, "-"),
        "all1": ("the second varies freely (all1)", GREEN, "--"),
    }
    figure, axes = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
    for model, (label, color, style) in models.items():
        sizes = [np.bincount(np.arange(n) % k) for k in clusters]
        expected = [amiable.expected_mutual_information(true, s, random_model=model) for s in sizes]
        axes.plot(clusters, expected, style, color=color, label=label)
    axes.set(
        xlabel="clusters of the second labeling, of 1,000 samples",
        ylabel="expected MI (nats)",
        xscale="log",
        yscale="log",
    )
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(HERE / "nulls-models.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
