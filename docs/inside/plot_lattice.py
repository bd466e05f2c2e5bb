"""
One cell's null distribution on its lattice
===========================================

How many samples two clusters share by chance has a hypergeometric distribution. Expected mutual information needs a
sum over all its counts, but few of them carry weight, and fewer are needed for the sum.

Needs the extra ``viz``.
"""

# %%
# Clusters of 20,000 and 30,000 samples of 100,000 may share any number from 0 to 20,000. The window that carries all
# but 1e-17 of the weight is about 9 standard deviations wide to each side; inside it, every h-th count is a node.

import numpy as np
import plotly.graph_objects as go
import scipy.stats

from amiable.chance.hypergeometric import lattice, n_nodes, window

a, b, n = (np.asarray(size) for size in (20_000, 30_000, 100_000))
first, last, stride = (int(x) for x in window(np, a, b, n))
print(f"{min(a, b) + 1:,} possible counts, {last - first + 1:,} of them in the window")
print(f"stride {stride}: {n_nodes(np, a, b, n)} nodes")

# %%
# Weights fall by 17 orders of magnitude from the middle of the window to its ends. They are normalised over the nodes
# alone, so a node has about as much weight as the counts up to the next one together.

k = np.arange(first, last + 1)
exact = scipy.stats.hypergeom(n, a, b).pmf(k)
nodes = lattice(np, a, b, n, width=int(n_nodes(np, a, b, n)))
weights = nodes.weights / nodes.weights.sum()
every = go.Scatter(x=k, y=exact, mode="lines", name="every count", line={"color": "grey", "width": 3})
some = go.Scatter(x=nodes.k, y=weights, mode="markers", name="nodes", marker={"color": "#D55E00", "size": 8})
shown = go.Figure(
    [every, some],
    layout_title_text="Weights of counts, and of nodes",
    layout_xaxis_title_text="samples that the clusters share",
    layout_yaxis_title_text="weight",
)
shown.update_yaxes(type="log", exponentformat="power", dtick=3)
shown.show()

# %%
# What is summed is weight times deviance, which is zero at the mean, and nowhere negative: no digits cancel.

product = weights * nodes.deviance
data = [go.Bar(x=nodes.k, y=product, marker={"color": "#0072B2"}, name="term")]
go.Figure(
    data,
    layout_title_text="The terms of the sum",
    layout_xaxis_title_text="samples that the clusters share",
    layout_yaxis_title_text="weight times deviance (nats)",
).show()

# %%
# The sum over nodes agrees with the sum over all counts of the window, to rounding. A wider stride does not: the
# error of a stride h is about 2 exp(-2 s^2 sin(pi/h)^2), where s is the standard deviation.

from amiable.chance.deviance import deviance, mean_count, offset_from_mean


def term(k: np.ndarray) -> np.ndarray:
    """Return the deviance of counts from their mean."""
    return deviance(np, k.astype(float), mean_count(np, a, b, n), offset_from_mean(np, k, a, b, n))


full = np.sum(exact * term(k)) / np.sum(exact)
print(f"all counts {full:.15f}, nodes {product.sum():.15f}")

# %%

strides = np.arange(1, 15 * stride // 4)
sums = [np.sum(exact[::h] * term(k[::h])) / np.sum(exact[::h]) for h in strides]
errors = np.maximum(np.abs(np.array(sums) / full - 1), 1e-17)
shown = go.Figure(
    [go.Scatter(x=strides, y=errors, mode="lines", line={"color": "#0072B2"}, name="measured")],
    layout_title_text="The error of a stride",
    layout_xaxis_title_text="stride",
    layout_yaxis_title_text="relative error of the cell's expectation",
)
shown.update_yaxes(type="log", exponentformat="power", dtick=3)
shown.add_vline(x=stride, line={"color": "#D55E00", "dash": "dash"}, annotation={"text": "taken"})
shown.show()
