"""
How much random labelings agree
===============================

Adjusted mutual information (AMI) is 0 on average where there is no agreement. A single score is off, by luck. How far,
the null distribution shows: of a few hundred shuffled labelings, then of 100,000 random tables, with the exact mean and
standard deviation on top.

Needs the extra ``viz``.
"""

import numpy as np
import plotly.graph_objects as go

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = np.repeat([0, 1, 2], [120, 60, 20])
# an eighth of the labels follow the truth, the others are random
found = np.where(rng.random(200) < 0.12, truth, rng.integers(0, 4, 200))
observed = amiable.adjusted_mutual_info_score(truth, found)
print(f"AMI {observed:.4f}")

# %%
# 250 random labelings
# --------------------
#
# Shuffle the labels 250 times, which keeps the sizes of the clusters, and score all of them in one call.

shuffled = np.random.default_rng(1).permuted(np.broadcast_to(found, (250, 200)), axis=1)
scores = amiable.adjusted_mutual_info_score(truth, shuffled)

# %%
# The mean and the variance need no shuffling. ``mutual_information_moments`` has both for mutual information (MI),
# exactly, from the cluster sizes. AMI is MI, less its mean, divided by a constant. So its mean is 0, and its variance
# is that of MI divided by the square of the constant.

moments = amiable.mutual_information_moments(np.bincount(truth), np.bincount(found))
constant = (amiable.entropy(truth) + amiable.entropy(found)) / 2 - moments.mean
deviation = moments.variance**0.5 / constant
print(f"250 labelings: mean {scores.mean():+.6f}, standard deviation {scores.std(ddof=1):.6f}")
print(f"exact:         mean {0:+.6f}, standard deviation {deviation:.6f}")

histogram = go.Figure(
    [go.Histogram(x=scores, nbinsx=30, marker={"color": "#56B4E9"})],
    layout_title_text=f"250 labelings; exactly 0 ± {deviation:.4f}",
    layout_xaxis_title_text="AMI (no unit)",
    layout_yaxis_title_text="labelings (count)",
)
histogram.add_vrect(x0=-deviation, x1=deviation, fillcolor="grey", opacity=0.15, line_width=0)
histogram.add_vline(x=0, line={"color": "grey", "width": 2, "dash": "dash"}).show()

# %%
# 100,000 random tables
# ---------------------
#
# A score depends on the contingency table alone, and the tables of shuffled labels have a known distribution. So
# ``permutation_test`` draws tables, not labels: it takes as long for 200 samples as for 200 million. The grey line and
# the band around it, of one standard deviation to either side, are exact again; the bars are the random tables.

test = amiable.permutation_test(truth, found, n_resamples=100_000, rng=0)
print(f"mean {test.mean:+.6f}, standard deviation {test.standard_deviation:.6f}")

of_ami = moments._replace(mean=0.0, variance=deviation**2)
plot.null_distribution(test, score="AMI (no unit)", moments=of_ami).show()

# %%
# Mutual information itself
# -------------------------
#
# The same test of MI, in nats. The curve is the gamma distribution with the exact mean and variance; the area right of
# the orange line is the p-value that ``mutual_info_pvalue`` gives without any simulation.

test = amiable.permutation_test(
    truth,
    found,
    score="mutual_info_score",
    n_resamples=100_000,
    rng=0,
)
print(f"p-value by 100,000 tables {test.pvalue:.4f}, by the gamma distribution", end=" ")
print(f"{amiable.mutual_info_pvalue(truth, found):.4f}")

plot.null_distribution(test, score="mutual information (nats)", moments=moments).show()
