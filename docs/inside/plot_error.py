"""
The error of expected mutual information
========================================

Expected mutual information (EMI) is usually summed with logarithms of factorials, which are large and nearly cancel.
The more samples, the fewer digits are left. Sums of deviances keep theirs.

Needs the extra ``viz``, and scikit-learn and mpmath.
"""

# %%
# For two labelings with two clusters of n/2 samples each, the four cells have the same distribution, and 30-digit
# arithmetic can add up all counts that carry weight: from the middle outwards, each weight from its neighbour.

import mpmath
import numpy as np
import plotly.graph_objects as go
import scipy.sparse
from sklearn.metrics.cluster import expected_mutual_information

import amiable

mpmath.mp.dps = 30


def exact(n: int) -> mpmath.mpf:
    """Return EMI of two times two clusters of n/2 samples, for n a multiple of 4."""
    half, mean = n // 2, n // 4
    weight = total = mpmath.mpf(1)
    deviances = mpmath.mpf(0)
    for t in range(1, mean + 1):  # the distribution is symmetric around n/4
        weight = weight * (half - mean - t + 1) ** 2 / (mean + t) ** 2
        if weight < 1e-26:
            break
        x, y = mean + t, mean - t
        deviances += weight * sum(k * mpmath.log(mpmath.mpf(k) / mean) for k in (x, y) if k)
        total += 2 * weight
    return 4 * deviances / total / n


# %%
# scikit-learn's time grows with n: at a hundred million samples it takes as long as the rest of this page several
# times over, so it stops at ten million here.

sizes = [4 * round(10**e / 4) for e in np.arange(2, 9.5, 0.5)]
errors = {"amiable": [], "scikit-learn": []}
for n in sizes:
    true = exact(n)
    errors["amiable"].append(float(abs(amiable.expected_mutual_information([n // 2] * 2, [n // 2] * 2) / true - 1)))
    if n <= 10**7:
        table = scipy.sparse.csr_array(np.full((2, 2), n // 4))
        errors["scikit-learn"].append(float(abs(expected_mutual_information(table, n) / true - 1)))
for n, ours in zip(sizes, errors["amiable"], strict=True):
    print(f"n = {n:>13,}: relative error {ours:.1e}")

# %%
# Differences of rounding, which are luck, move both lines up and down by a factor of a few. A double has a resolution
# of 2e-16; values below are drawn there.

shown = go.Figure(
    [
        go.Scatter(x=sizes[: len(values)], y=np.maximum(values, 1e-16), mode="lines+markers", name=name)
        for name, values in errors.items()
    ],
    layout_title_text="EMI of 2 x 2 equal clusters",
    layout_xaxis_title_text="samples",
    layout_yaxis_title_text="relative error",
)
shown.update_xaxes(type="log", exponentformat="power", dtick=1)
shown.update_yaxes(type="log", exponentformat="power", dtick=2)
shown.show()
