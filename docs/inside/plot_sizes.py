"""
A few hundred sizes stand for all
=================================

Expected mutual information (EMI) is a sum over pairs of clusters, and depends on their sizes alone. What a pair adds
is a smooth function of the logarithms of its sizes, so a few sizes know it for all others.

Needs the extra ``viz``.
"""

# %%
# What a cluster of 5,000 samples of a million and one of another size add to n EMI. In each octave from 32 on, 16
# sizes are nodes: Chebyshev points in the logarithm of the size, rounded to whole numbers.

import numpy as np
import plotly.graph_objects as go

from amiable.chance.expectation import expected_sums
from amiable.chance.hypergeometric import expectations
from amiable.chance.interpolation import nodes_for

n = np.asarray(1_000_000)
every = np.arange(1, 8193)
nodes = nodes_for(np, every, n).sizes


def added(sizes: np.ndarray) -> np.ndarray:
    """Return the expected deviance of a cell of clusters of `sizes` and 5,000 samples."""
    return expectations(np, sizes, np.asarray(5000), n, forms=("deviance",))[0]


some = np.unique(np.geomspace(1, 8192, 400).astype(int))
print(f"{every.size:,} sizes, {nodes.size} nodes, {(nodes >= 32).sum()} of them from 32 on")
shown = go.Figure(
    [
        go.Scatter(x=some, y=added(some), mode="lines", name="every size", line={"color": "grey", "width": 3}),
        go.Scatter(x=nodes, y=added(nodes), mode="markers", name="nodes", marker={"color": "#D55E00", "size": 4}),
    ],
    layout_title_text="What a pair of clusters adds",
    layout_xaxis_title_text="size of the other cluster (samples)",
    layout_yaxis_title_text="expected deviance (nats)",
)
shown.update_xaxes(type="log", dtick=1)
shown.show()

# %%
# Each size between nodes hands its clusters to them, by barycentric interpolation: mostly to the two nodes beside it,
# and with small weights of either sign to the others of the octave. The sum over nodes with these weights is the sum
# over all sizes, but for the error of interpolation, which falls with the number of nodes an octave until only
# rounding is left. Here for two labelings of a million samples in 1,000 clusters of log-normal sizes each.

rng = np.random.default_rng(0)


def sizes_of(clusters: int) -> np.ndarray:
    """Return log-normal cluster sizes that add up to n."""
    shares = rng.lognormal(0, 1, clusters)
    sizes = np.maximum((shares / shares.sum() * n).astype(int), 1)
    sizes[sizes.argmax()] += n - sizes.sum()
    return sizes


rows, cols = sizes_of(1000), sizes_of(1000)
full = expected_sums(np, rows, cols, forms=("deviance",), per_octave=None)[0]
degrees = np.arange(2, 19)
errors = [abs(expected_sums(np, rows, cols, forms=("deviance",), per_octave=int(d))[0] / full - 1) for d in degrees]
shown = go.Figure(
    [go.Scatter(x=degrees, y=np.maximum(errors, 1e-16), mode="lines+markers", line={"color": "#0072B2"})],
    layout_title_text="The error of interpolation",
    layout_xaxis_title_text="nodes an octave",
    layout_yaxis_title_text="relative error of EMI",
)
shown.update_yaxes(type="log", exponentformat="power", dtick=2)
shown.add_vline(x=16, line={"color": "#D55E00", "dash": "dash"}, annotation={"text": "taken"})
shown.show()

# %%
# However many clusters there are, their distinct sizes are at most a few hundred after this.

for clusters in (100, 1_000, 10_000, 100_000):
    distinct = np.unique(sizes_of(clusters))
    print(
        f"{clusters:>7,} clusters: {distinct.size:>5,} distinct sizes, {nodes_for(np, distinct, n).sizes.size:>4} nodes"
    )
