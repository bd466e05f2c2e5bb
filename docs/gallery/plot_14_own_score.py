"""
A score of your own, with its exact null
========================================

A score that is a sum over the cells of the contingency table is defined in one line. Its mean and variance over random
labelings then follow exactly, without simulation, and so does how far a value is from chance.

Needs the extra ``viz``.
"""

import numpy as np
import plotly.graph_objects as go

import amiable

rng = np.random.default_rng(0)
truth = np.repeat([0, 1, 2], [60, 40, 20])
# a fifth of the labels follow the truth, the others are random
found = np.where(rng.random(120) < 0.2, truth, rng.integers(0, 4, 120))
sizes = np.bincount(truth), np.bincount(found)

# %%
# The score
# ---------
#
# Take three samples at random, with replacement. How likely are they together in both labelings? The cell i, j has
# :math:`n_{ij}` of the :math:`n` samples, so the answer is :math:`\sum_{ij} (n_{ij} / n)^3`.
#
# A ``CellScore`` takes what one cell adds: a function of ``xp`` (the array library), of the cell's count ``x``, of the
# sizes ``a`` and ``b`` of its class and cluster, and of ``n``. This one is a polynomial of degree 3 in the count. To
# say so saves time.

triples = amiable.CellScore(lambda xp, x, a, b, n: (x / n) ** 3, degree=3)
observed = triples(truth, found)
print(f"score {observed:.5f}")

# %%
# Chance
# ------
#
# Keep the sizes of all clusters and shuffle who is in which. ``score_moments`` has the exact mean and variance of the
# score. 100,000 random tables agree with them, up to the error that a sample has.

mean, variance = amiable.score_moments(triples, *sizes)
deviation = variance**0.5
tables = amiable.random_tables(*sizes, 100_000, rng=0)
scores = triples(contingency=tables)
print(f"100,000 tables: mean {scores.mean():.6f}, standard deviation {scores.std(ddof=1):.6f}")
print(f"exact:          mean {mean:.6f}, standard deviation {deviation:.6f}")

histogram = go.Figure(
    [go.Histogram(x=scores, nbinsx=60, marker={"color": "#56B4E9"})],
    layout_title_text=f"100,000 random tables; exactly {mean:.4f} ± {deviation:.4f}",
    layout_xaxis_title_text="share of triples together in both (no unit)",
    layout_yaxis_title_text="tables (count)",
)
histogram.add_vrect(x0=mean - deviation, x1=mean + deviation, fillcolor="grey", opacity=0.15, line_width=0)
histogram.add_vline(x=mean, line={"color": "grey", "width": 2, "dash": "dash"})
histogram.add_vline(x=observed, line={"color": "#D55E00", "width": 2}).show()

# %%
# The bars are random tables, the grey line and the band around it are exact, and the orange line is the score.
#
# How much, and how sure
# ----------------------
#
# ``adjusted_score`` puts 0 where chance is and 1 where both labelings are the same, as in the adjusted Rand index.
# ``standardized_score`` counts the standard deviations from chance. Both use the exact moments.

adjusted = amiable.adjusted_score(truth, found, score=triples)
standardized = amiable.standardized_score(truth, found, score=triples)
print(f"adjusted {adjusted:.3f}, {standardized:.2f} standard deviations above chance")

# %%
# A normal distribution would lie that far above its mean once in a million draws. But the histogram is skewed, so
# standard deviations do not say how likely a score is. ``score_pvalue`` does, by a gamma distribution that has both
# moments, and so does a permutation test, which assumes nothing. Both take a score of your own.

pvalue = amiable.score_pvalue(truth, found, score=triples)
test = amiable.permutation_test(truth, found, score=triples, rng=0)
print(f"p-value {pvalue:.4f}, of a permutation test {test.pvalue:.4f}")

# %%
# So do ``bootstrap`` and ``pairwise_scores``. What a cell adds may depend on ``a`` and ``b``, and may use any function
# of ``xp``. Leave ``degree`` out where it is no polynomial in ``x``. Then say ``smooth=True`` where it has no kinks, so
# that some counts stand in for all: with thousands of samples that is milliseconds in place of minutes.
