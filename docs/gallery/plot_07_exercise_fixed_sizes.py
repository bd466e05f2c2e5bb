"""
Exercise 1: keep the cluster sizes, permute membership
======================================================

**Question.** Two labelings of 400 samples have clusters of very different sizes. Keep the sizes of both, and permute
membership of one at random, 5,000 times.

1. Which of these change from permutation to permutation: mutual information (MI), expected mutual information (EMI),
   the entropies, adjusted mutual information (AMI)?
2. What are the means of MI and AMI, and with which exact numbers do they agree?
3. How surprising is the agreement of the two labelings: what is the p-value?

Here they are. Try before you read on.

Needs the extra ``viz``.
"""

import numpy as np

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = np.repeat([0, 1, 2], [280, 80, 40])
found = np.where(rng.random(400) < 0.06, truth, rng.choice(3, 400, p=[0.8, 0.15, 0.05]))

plot.contingency_heatmap(truth, found).show()

# %%
# Solution
# --------
#
# One array holds all 5,000 labelings.

permuted = rng.permuted(np.broadcast_to(found, (5000, 400)), axis=1)

mi = amiable.mutual_info_score(truth, permuted)
ami = amiable.adjusted_mutual_info_score(truth, permuted)
entropies = amiable.entropy(permuted)

# %%
# **1.** The sizes of the clusters are the same in all permutations, and entropies and EMI depend on sizes alone. So
# only MI changes, and with it AMI.

sizes = np.bincount(truth), np.bincount(found)
emi, variance = amiable.mutual_information_moments(*sizes)
print(f"entropy: one value? {np.ptp(entropies) < 1e-12}")
print(f"MI:  {np.unique(mi.round(12)).size} values, {mi.min():.5f} to {mi.max():.5f} nats")
print(f"AMI: {np.unique(ami.round(12)).size} values, {ami.min():.5f} to {ami.max():.5f}")

# %%
# **2.** The mean of MI is EMI, and that of AMI is 0, but for an error of simulation of about one standard error.

error = mi.std(ddof=1) / np.sqrt(5000)
print(f"mean MI  {mi.mean():.6f} nats, EMI {emi:.6f}, standard error {error:.6f}")
print(f"mean AMI {ami.mean():+.6f}")
print(f"standard deviation of MI {mi.std(ddof=1):.6f} nats, exactly {variance**0.5:.6f}")

# %%
# **3.** The p-value is the share of labelings that agree at least as well, counting the one at hand: it is one of the
# equally likely ones. ``permutation_test`` draws tables in place of labelings, and finds the same but for an error of
# simulation. The gamma distribution with the exact mean and variance of MI needs no simulation.

observed = amiable.adjusted_mutual_info_score(truth, found)
as_good = (ami >= observed - 1e-12).sum()
test = amiable.permutation_test(truth, found, n_resamples=5000, rng=0)
print(f"by hand                 {(1 + as_good) / (1 + 5000):.4f}")
print(f"permutation_test        {test.pvalue:.4f}")
print(f"gamma, no simulation    {amiable.mutual_info_pvalue(truth, found):.4f}")

plot.null_distribution(test, score="AMI (no unit)").show()
