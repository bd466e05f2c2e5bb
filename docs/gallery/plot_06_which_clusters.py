"""
Which clusters agree
====================

One number says how much two labelings agree. The contingency table says where, and so do the terms that adjusted mutual
information (AMI) is a sum of.

Needs the extra ``viz``, and scikit-learn.
"""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import amiable
from amiable import plot

images, digit = load_digits(return_X_y=True)
kmeans = KMeans(10, n_init=10, random_state=0).fit_predict(images)

# %%
# 1,797 handwritten digits, and the ten clusters that k-means finds among their pixels. Every row adds up to 100 %.

ami = amiable.adjusted_mutual_info_score(digit, kmeans)
print(f"AMI {ami:.4f}")

plot.contingency_heatmap(digit, kmeans).show()

# %%
# 0, 6, 7 and 4 have a cluster nearly to themselves. 1 is split over three clusters; 8 shares the largest of them, and
# is in another one with 9 and 5.
#
# AMI is a sum over cells, so it is a sum over classes as well. A bar is what a class adds: how much more of it the
# clusters tell than they would by chance. The bars add up to AMI.

plot.cluster_contributions(digit, kmeans, side="true").show()

# %%
# The same for the clusters, which is the view to take where a clustering is to be repaired:

plot.cluster_contributions(digit, kmeans).show()

# %%
# Little, but for certain
# -----------------------
#
# How *much* two labelings agree and how *sure* it is that they agree at all are two questions. Group the digits by how
# much ink they have, in four groups of equal size. That says next to nothing of which digit it is; and yet it is beyond
# doubt that it says something.

ink = images.sum(axis=1)
group = np.searchsorted(np.quantile(ink, [0.25, 0.5, 0.75]), ink)
test = amiable.permutation_test(digit, group, rng=0)
print(f"AMI {test.statistic:.4f}")
smi = amiable.standardized_mutual_info_score(digit, group)
print(f"MI {smi:.1f} standard deviations above chance")
print(f"p-value {test.pvalue} by 9,999 random tables")
print(f"p-value {amiable.mutual_info_pvalue(digit, group):.0e} by the gamma distribution")

plot.null_distribution(test, score="AMI (no unit)").show()
