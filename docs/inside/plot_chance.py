"""
What random labelings score
===========================

Two random labelings of 500 samples, one with 10 clusters, the other with 2 to 100: no score should see any agreement.
Those that are not corrected for chance do.

Needs the extra ``viz``.
"""

import numpy as np

import amiable
from amiable import plot

rng = np.random.default_rng(0)
truth = rng.integers(0, 10, 500)
clusters = np.unique(np.geomspace(2, 100, 20).astype(int))
labelings = np.stack([rng.integers(0, k, (50, 500)) for k in clusters])  # (settings, repeats, samples)

scores = {
    "AMI": amiable.adjusted_mutual_info_score,
    "ARI": amiable.adjusted_rand_score,
    "NMI": amiable.normalized_mutual_info_score,
    "Rand": amiable.rand_score,
    "FMI": amiable.fowlkes_mallows_score,
}
figure = plot.score_curves(
    clusters,
    {name: score(truth, labelings) for name, score in scores.items()},
    xlabel="clusters of the random labeling",
    title="Random labelings: only AMI and ARI stay at 0",
)
figure.show()
