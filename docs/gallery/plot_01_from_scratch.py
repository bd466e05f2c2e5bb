"""
Adjusted mutual information from scratch
========================================

Two labelings of the same samples: how well do they agree? The answer takes four steps, from a table of counts to mutual
information (MI), to what chance would give, to adjusted mutual information (AMI). Nine samples are enough to see all of
them.

Needs the extra ``viz``.
"""

import itertools

import numpy as np

import amiable
from amiable import plot

truth = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])

# %%
# The table
# ---------
#
# Take the truth and rename its clusters: 0 becomes 2, 1 becomes 0, 2 becomes 1. No name is right any more, and yet
# nothing is lost. So names cannot be compared. What can be compared is which samples are together, and the
# **contingency table** has all of that: row i, column j counts the samples in cluster i of one labeling and cluster j
# of the other.

renamed = np.array([2, 0, 1])[truth]

table = np.zeros((3, 3), dtype=int)
for i, j in zip(truth, renamed, strict=True):
    table[i, j] += 1
print(table)

# %%
# Each row has one column and each column one row: the two labelings are the same partition. The figure puts matching
# clusters on the diagonal; each cell has its count and its share of the row.

plot.contingency_heatmap(truth, renamed).show()

# %%
# Now spoil one sample of each class: samples 1, 4 and 7 get the labels 0, 1, 2.

spoilt = renamed.copy()
spoilt[[1, 4, 7]] = 0, 1, 2

plot.contingency_heatmap(truth, spoilt).show()

# %%
# And a labeling that knows nothing of the truth: nine random labels.

random = np.random.default_rng(1).integers(0, 3, 9)

plot.contingency_heatmap(truth, random).show()

# %%
# Mutual information
# ------------------
#
# If a sample's cluster tells its class, the two labelings share information. With :math:`n` samples, :math:`n_{ij}` of
# them in cell i, j, and cluster sizes :math:`a_i` and :math:`b_j`,
#
# .. math:: \mathrm{MI} = \sum_{i,j} \frac{n_{ij}}{n} \log \frac{n_{ij}}{a_i b_j / n},
#
# a sum over the occupied cells, in nats. The logarithm compares what a cell holds with what it would hold if the two
# labelings were independent.


def mutual_information(table):
    """Return the mutual information of a table of counts, in nats."""
    n = table.sum()
    independent = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    occupied = table > 0
    return (table[occupied] / n * np.log(table[occupied] / independent[occupied])).sum()


for name, labels in {"renamed": renamed, "spoilt": spoilt, "random": random}.items():
    by_hand = mutual_information(amiable.contingency_matrix(truth, labels))
    by_amiable = amiable.mutual_info_score(truth, labels)
    print(f"{name:8} MI {by_hand:.4f} nats by hand, {by_amiable:.4f} by amiable")

# %%
# The renamed labeling has log 3 = 1.0986 nats, all there is to know of three equal classes. But the random one has some
# as well. Is that much?
#
# Chance
# ------
#
# Keep the sizes of all clusters and shuffle who is in which. Nine samples in three clusters of three can be labeled in
# only 9! / (3! 3! 3!) = 1,680 ways, so all of them can be tried. Their labels are one array of shape (1680, 9), scored
# in one call. The mean of their MI is what chance gives: **expected mutual information** (EMI). There is a formula for
# it, so nobody needs to try all ways.

ways = np.array(sorted(set(itertools.permutations(spoilt.tolist()))))
by_chance = amiable.mutual_info_score(truth, ways)
sizes = np.bincount(truth), np.bincount(spoilt)
print(f"{ways.shape[0]:,} labelings: mean MI {by_chance.mean():.12f} nats")
print(f"by formula:            EMI {amiable.expected_mutual_information(*sizes):.12f} nats")

# %%
# The score
# ---------
#
# AMI puts 0 where chance is, and 1 where two labelings are the same partition:
#
# .. math:: \mathrm{AMI} = \frac{\mathrm{MI} - \mathrm{EMI}}{\frac{1}{2} (H(U) + H(V)) - \mathrm{EMI}},
#
# where :math:`H` is the entropy of a labeling, the MI that it has with itself.

for name, labels in {"renamed": renamed, "spoilt": spoilt, "random": random}.items():
    mi = amiable.mutual_info_score(truth, labels)
    emi = amiable.expected_mutual_information(np.bincount(truth), np.bincount(labels))
    most = (amiable.entropy(truth) + amiable.entropy(labels)) / 2
    by_hand = (mi - emi) / (most - emi)
    print(f"{name:8} MI {mi:.4f}, EMI {emi:.4f}, at most {most:.4f} nats: AMI {by_hand:.4f}")

# %%
# ``amiable.adjusted_mutual_info_score(truth, labels)`` does all of this.
#
# Why is the random labeling not at 0? AMI is 0 *on average* over random labelings; a single one, of so few samples, may
# be far off. It also puts two of three samples on the diagonal, by luck. And of all 1,680 labelings, this share agrees
# with the truth at least as well as the spoilt one does:

scores = amiable.adjusted_mutual_info_score(truth, ways)
at_least = scores >= amiable.adjusted_mutual_info_score(truth, spoilt) - 1e-12
print(f"mean AMI {abs(scores.mean()):.12f}")
print(f"at least as good: {at_least.sum()} of 1,680, or {at_least.mean():.3f}")


# %%
# With more samples nobody can try all ways. A permutation test draws some: 9,999 unless told otherwise. Its p-value is
# about that share. Nine samples prove little.

test = amiable.permutation_test(truth, spoilt, rng=0)
plot.null_distribution(test, score="AMI (no unit)").show()
