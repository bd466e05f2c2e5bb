"""
Exercise 2: NMI against AMI as clusters grow in number
======================================================

**Question.** Normalized mutual information (NMI) divides MI by the mean of the two entropies, so it lies in [0, 1].
Adjusted mutual information (AMI) subtracts chance first. Score random labelings of 200 samples in k clusters, for k
from 2 to 200, against a truth of 4 classes.

1. Where does NMI go as k grows? Where does AMI go?
2. What are both if each sample is a cluster of its own?
3. Does another mean of the entropies (``average_method``) mend NMI?

Needs the extra ``viz``.
"""

# %%
# Solution
# --------
#
# Fifty labelings for each of 22 values of k; one call for each score.

import numpy as np

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = np.arange(200) % 4
clusters = np.unique(np.geomspace(2, 200, 24).round().astype(int))
labelings = np.stack([rng.integers(0, k, (50, 200)) for k in clusters])

nmi = amiable.normalized_mutual_info_score(truth, labelings)
ami = amiable.adjusted_mutual_info_score(truth, labelings)
print(labelings.shape, "->", nmi.shape, ami.shape)

plot.score_curves(
    clusters,
    {"NMI": nmi, "AMI": ami},
    xlabel="number of clusters of random labels",
).show()

# %%
# **1.** NMI climbs to a third: many clusters of few samples each share much with anything. AMI stays at 0.
#
# **2.** If every sample is a cluster of its own, MI is the entropy of the truth, log 4, whatever the truth is. Chance
# gives just as much, so AMI is 0. NMI is log 4 divided by the mean of log 4 and log 200.

alone = np.arange(200)
print(f"NMI {amiable.normalized_mutual_info_score(truth, alone):.4f}, ", end="")
print(f"AMI {amiable.adjusted_mutual_info_score(truth, alone):.4f}")

# %%
# **3.** No. With the smaller of the entropies NMI climbs faster, to 1 if each sample is alone; with the larger one it
# climbs more slowly. No divisor takes chance away; it has to be subtracted.

least = amiable.normalized_mutual_info_score(truth, alone, average_method="min")
print(f"NMI with the smaller entropy, each sample alone: {least:.4f}")

methods = ("min", "geometric", "arithmetic", "max")
nmi_by_method = {
    method: amiable.normalized_mutual_info_score(truth, labelings, average_method=method)
    for method in methods  # how the two entropies are averaged
}

plot.score_curves(
    clusters,
    nmi_by_method,
    xlabel="number of clusters of random labels",
    ylabel="NMI (no unit)",
).show()
