"""
How stable is a clustering?
===========================

k-means ends in a different local optimum for each start. Without any true labels, adjusted mutual information (AMI)
between runs says how much of the result is the data, and how much the start.

Needs the extra ``viz``, and scikit-learn.
"""

import numpy as np
import plotly.graph_objects as go
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import amiable
from amiable import plot

images, digit = load_digits(return_X_y=True)

# %%
# 1,797 images of digits, and 100 runs of k-means with 10 clusters, each from one random start.

runs = [KMeans(10, init="random", n_init=1, random_state=seed).fit(images) for seed in range(100)]
labels = np.stack([run.labels_ for run in runs])  # (100, 1797)

# %%
# All 4,950 pairs in one call. The figure puts similar runs side by side: bright blocks are runs that ended in much the
# same optimum.

pairs = amiable.pairwise_scores(labels)

plot.pairwise_heatmap(pairs).show()

# %%
# How much two runs agree, over all pairs:

of_pairs = pairs[np.triu_indices(100, 1)]
print(f"mean {of_pairs.mean():.3f}, from {of_pairs.min():.3f} to {of_pairs.max():.3f}")

go.Figure(
    [go.Histogram(x=of_pairs, nbinsx=60, marker={"color": "#56B4E9"})],
    layout_title_text="AMI of 4,950 pairs of runs",
    layout_xaxis_title_text="AMI (no unit)",
    layout_yaxis_title_text="pairs of runs (count)",
).show()

# %%
# Does a run that agrees with many others agree with the digits as well, which no run has seen? The colour is inertia,
# the sum of squared distances to the nearest centres, which k-means makes small.

typical = (pairs.sum(axis=1) - 1) / 99
truth = amiable.adjusted_mutual_info_score(digit, labels)

go.Figure(
    [
        go.Scatter(
            x=typical,
            y=truth,
            mode="markers",
            marker={
                "color": [run.inertia_ / 1e6 for run in runs],
                "colorscale": "Cividis",
                "size": 9,
                "colorbar": {"title": {"text": "inertia (millions)", "side": "right"}},
            },
            text=[f"run {seed}" for seed in range(100)],
        )
    ],
    layout_title_text="100 runs of k-means",
    layout_xaxis_title_text="mean AMI with other runs (no unit)",
    layout_yaxis_title_text="AMI with the digits (no unit)",
).show()

# %%
# To the right, in dark blue: runs that agree with many others are those of low inertia. Runs on their own, to the left,
# mostly have a large one, and agree less with the digits. But the best agreement with the digits, at the top, is that
# of a few runs whose inertia is not the lowest. Stability shows that an optimum was found, not that it is the one
# wanted.
