"""
Exercise 3: choose k of k-means by AMI
======================================

**Question.** Of 500 points, 150 have a label. Run k-means on all points for k from 2 to 12, and choose k by adjusted
mutual information (AMI) with the labels there are.

1. Which k does AMI choose? Which do normalized mutual information (NMI), homogeneity and completeness?
2. Why are homogeneity and completeness not fit to choose k?
3. How sure is the choice, with 150 labels?

Needs the extra ``viz``, and scikit-learn.
"""

import numpy as np
import plotly.graph_objects as go
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

import amiable
from amiable import plot

points, truth = make_blobs(500, centers=6, cluster_std=1.0, random_state=9)
known = np.random.default_rng(0).choice(500, 150, replace=False)
x, y = points.T

go.Figure(
    [
        go.Scatter(
            x=x,
            y=y,
            mode="markers",
            marker={"color": "lightgrey", "size": 5},
            name="no label",
        )
    ]
    + [
        go.Scatter(
            x=x[known][truth[known] == k],
            y=y[known][truth[known] == k],
            mode="markers",
            marker={"size": 7},
            name=f"class {k}",
        )
        for k in range(6)
    ],
    layout_title_text="500 points, 150 of them with a class",
    layout_xaxis_title_text="feature 1 (no unit)",
    layout_yaxis_title_text="feature 2 (no unit)",
).show()

# %%
# Solution
# --------
#
# For each k ten runs of k-means, from ten seeds. The labels of known samples make an array of shape (11, 10, 150),
# which every score takes in one call.

ks = np.arange(2, 13)
runs = [[KMeans(k, n_init=1, random_state=seed).fit(points) for seed in range(10)] for k in ks]
labels = np.array([[run.labels_ for run in of_k] for of_k in runs])
labels, truth = labels[..., known], truth[known]

homogeneity, completeness, _ = amiable.homogeneity_completeness_v_measure(truth, labels)
scores = {
    "AMI": amiable.adjusted_mutual_info_score(truth, labels),
    "NMI": amiable.normalized_mutual_info_score(truth, labels),
    "homogeneity": homogeneity,
    "completeness": completeness,
}
for name, values in scores.items():
    print(f"{name:12} is largest at k = {ks[values.mean(axis=1).argmax()]}")

plot.score_curves(ks, scores, xlabel="k, the number of clusters").show()

# %%
# Other 150 points would give other scores. Confidence intervals say how much, here of the first run of each k.

results = [amiable.bootstrap(truth, of_k[0], n_resamples=999, rng=0) for of_k in labels]

plot.score_ranking(
    [f"k = {k}" for k in ks],
    [result.statistic for result in results],
    [result.confidence_interval for result in results],
).show()

# %%
# **1.** AMI chooses six, the number of classes, and so does NMI here. But NMI takes less off for too many clusters,
# since it counts what chance gives as agreement; the fewer samples a cluster has, the more that is.
#
# **2.** Homogeneity asks whether clusters are pure. Splitting a cluster never makes it less pure, so homogeneity is for
# many clusters. Completeness asks whether classes stay together. Merging clusters never tears a class apart, so
# completeness is for few. NMI is the harmonic mean of the two, and so weighs one against the other; AMI does that as
# well, and takes off what chance gives.
#
# **3.** Not very: the intervals of five, six and seven overlap widely. But each is of one labeling alone, and samples
# that are hard for one are hard for the other. `amiable.compare_scores` scores two on the same resamples. It tells
# eight from six here, but not five from six.
