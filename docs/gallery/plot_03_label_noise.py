"""
AMI against label noise
=======================

Start with the true labels and reassign some of them at random. Adjusted mutual information (AMI) falls from 1, where
no label is touched, to 0, where all are random.

Needs the extra ``viz``, and scikit-learn.
"""

import numpy as np
import plotly.graph_objects as go
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

import amiable
from amiable import plot

points, truth = make_blobs(400, centers=4, cluster_std=1.2, random_state=0)

# %%
# 400 points in four blobs. For each of 19 fractions, from 0 to 0.9, there are 80 labelings: that fraction of the
# samples, chosen at random, gets one of the four labels at random, perhaps their own. All of it is an array of shape
# (19, 80, 400), and **one call** scores it.

rng = np.random.default_rng(0)
fractions = np.linspace(0, 0.9, 19)
rank = rng.permuted(np.broadcast_to(np.arange(400), (19, 80, 400)), axis=-1)
reassigned = rank < np.round(fractions * 400)[:, None, None]
noisy = np.where(reassigned, rng.integers(0, 4, (19, 80, 400)), truth)

ami = amiable.adjusted_mutual_info_score(truth, noisy)
print(noisy.shape, "->", ami.shape)

# %%
# The data, with one labeling of noise 0.3:

labels = noisy[6, 0]
print(f"AMI {ami[6, 0]:.4f}")
go.Figure(
    [
        go.Scatter(
            x=points[labels == k, 0],
            y=points[labels == k, 1],
            mode="markers",
            marker={"size": 6},
            name=f"label {k}",
        )
        for k in range(4)
    ],
    layout_title_text="400 points, 30 % of the labels reassigned",
    layout_xaxis_title_text="feature 1 (no unit)",
    layout_yaxis_title_text="feature 2 (no unit)",
).show()

# %%
# The mean over 80 labelings, and the band from the 10th to the 90th percentile. AMI falls fast at first: it is not the
# share of right labels. At noise 0.5, where 62.5 % of the labels are right (those left alone, and a quarter of the
# others), AMI is below a quarter.

plot.score_curves(
    fractions,
    {"AMI": ami},
    xlabel="fraction of labels reassigned at random",
    ylabel="AMI (no unit)",
).show()

# %%
# The curve gives other scores a meaning. k-means never saw the labels. It agrees with them as well as labels do of
# which this fraction is noise:

kmeans = KMeans(4, n_init=10, random_state=0).fit_predict(points)
score = amiable.adjusted_mutual_info_score(truth, kmeans)
equivalent = np.interp(-score, -ami.mean(axis=1), fractions)
print(f"k-means: AMI {score:.3f}, that of labels with noise {equivalent:.2f}")
