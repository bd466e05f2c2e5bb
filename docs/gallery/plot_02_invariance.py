"""
What AMI does not see
=====================

Adjusted mutual information (AMI) depends on who is with whom, and on nothing else. It stays the same when clusters are
renamed, when samples are reordered, and when the two labelings are swapped. Accuracy does not.

Needs the extra ``viz``.
"""

import itertools

import numpy as np

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = np.repeat([0, 1, 2, 3], [120, 80, 60, 40])
# a quarter of the labels are random
found = np.where(rng.random(300) < 0.25, rng.integers(0, 4, 300), truth)

# %%
# Other names
# -----------
#
# Four names can be given to four clusters in 24 ways. All 24 labelings are scored in one call. In the figure they are
# sorted by accuracy.

names = np.array(list(itertools.permutations(range(4))))  # (24, 4)
renamed = names[:, found]  # (24, 300)
ami = amiable.adjusted_mutual_info_score(truth, renamed)
accuracy = (renamed == truth).mean(axis=1)
print(f"AMI from {ami.min():.12f} to {ami.max():.12f}")
print(f"accuracy from {accuracy.min():.3f} to {accuracy.max():.3f}")

plot.score_curves(
    np.arange(1, 25),
    {"AMI": ami, "accuracy": np.sort(accuracy)},
    xlabel="24 ways to name the clusters",
).show()

# %%
# Only one way makes accuracy large: names that match the truth. A clustering has no such names.
#
# Renaming permutes the columns of the contingency table, and AMI sums over its cells, in whatever order. Names need not
# even be numbers.

animals = np.array(["yak", "ant", "owl", "cat"])[found]
print(f"AMI {amiable.adjusted_mutual_info_score(truth, animals):.12f}")

plot.contingency_heatmap(truth, animals, match=False).show()

# %%
# The same table with its columns in the order that puts as many samples as possible on the diagonal, which is what the
# figure does unless told otherwise:

plot.contingency_heatmap(truth, animals).show()

# %%
# Another order of samples
# ------------------------
#
# Shuffle the samples, both labelings alike: the counts are the same, and so is AMI, to the last bit.

order = rng.permutation(300)
shuffled = amiable.adjusted_mutual_info_score(truth[order], found[order])
print(shuffled == amiable.adjusted_mutual_info_score(truth, found))

# %%
# The other way round
# -------------------
#
# AMI, like the adjusted Rand index, takes the two labelings as equals. Homogeneity and completeness do not: they swap.

for score in (
    amiable.adjusted_mutual_info_score,
    amiable.adjusted_rand_score,
    amiable.homogeneity_score,
    amiable.completeness_score,
):
    print(f"{score.__name__:28} {score(truth, found):.6f}, swapped {score(found, truth):.6f}")
