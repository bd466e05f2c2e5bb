"""
Mutual information by chance
============================

The null distribution of mutual information under the permutation model: from random tables, and from exact moments
without any.

Needs the extra ``viz``.
"""

import amiable
from amiable import plot

table = amiable.ContingencyTable.from_counts([[70, 28, 14, 8], [25, 17, 11, 7], [5, 5, 5, 5]])
test = amiable.permutation_test(contingency=table, score="mutual_info_score", n_resamples=200_000, rng=0)
moments = amiable.mutual_information_moments(table.row_sums, table.col_sums)
print(f"p-value by random tables {test.pvalue:.4f}, by the gamma distribution", end=" ")
print(f"{amiable.mutual_info_pvalue(contingency=table):.4f}")

plot.null_distribution(test, score="mutual information (nats)", moments=moments, bins=120).show()
