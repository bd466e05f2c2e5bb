"""
Mutual information grows with the number of clusters, AMI does not
==================================================================

Labels drawn at random know nothing of the truth, however many clusters they make. Mutual information (MI) says
otherwise; adjusted mutual information (AMI) does not.

Needs the extra ``viz``.
"""

import numpy as np

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = np.arange(200) % 4  # 200 samples, four classes of 50
clusters = np.arange(2, 31)
labelings = np.stack([rng.integers(0, k, (100, 200)) for k in clusters])  # (29, 100, 200)

# %%
# For 2 to 30 clusters, 100 random labelings each; one call per score for all 2,900 of them. Expected mutual information
# (EMI) is a function of the cluster sizes alone, and takes batches of sizes.

mi = amiable.mutual_info_score(truth, labelings)
ami = amiable.adjusted_mutual_info_score(truth, labelings)
sizes = (labelings[..., None] == np.arange(30)).sum(axis=2)  # (29, 100, 30)
emi = amiable.expected_mutual_information(np.bincount(truth), sizes)
print(labelings.shape, "->", mi.shape, ami.shape, emi.shape)

plot.score_curves(
    clusters,
    {"MI": mi, "AMI": ami},
    chance=emi.mean(axis=1),
    xlabel="number of clusters of random labels",
    ylabel="MI (nats), AMI (no unit)",
).show()

# %%
# MI climbs with every cluster. The grey line is EMI, computed from the cluster sizes without looking at a single
# labeling, and it goes through the mean of MI: all of that climb is chance. AMI takes it away, and stays at zero.
#
# A rough rule: with R classes, C clusters and n samples, chance gives about (R - 1) (C - 1) / (2 n) nats. The rule
# needs clusters of many samples. EMI is exact for any.

rule = 3 * (clusters - 1) / (2 * 200)
for k in (2, 10, 30):
    at = k - 2
    print(f"{k:2} clusters: mean MI {mi[at].mean():.4f} nats", end=", ")
    print(f"EMI {emi[at].mean():.4f}, by the rule {rule[at]:.4f}")
