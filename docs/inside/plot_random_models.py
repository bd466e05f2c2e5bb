"""
Expected mutual information under five models
=============================================

What is expected by chance depends on what is random: who is in a cluster, or the sizes of the clusters as well.

Needs the extra ``viz``.
"""

import numpy as np

import amiable
from amiable import plot

n, true = 1000, [700, 150, 100, 50]
clusters = np.unique(np.geomspace(2, 500, 30).astype(int))


def expected(model: str) -> list[float]:
    """Return expected mutual information, in nats, for 2 to 500 balanced clusters in the second labeling."""
    sizes = (np.bincount(np.arange(n) % k) for k in clusters)
    return [amiable.expected_mutual_information(true, s, null=model) for s in sizes]


shown = plot.score_curves(
    clusters,
    {model: expected(model) for model in ("permutation", "num", "num1", "all", "all1")},
    xlabel="clusters of the second labeling",
    ylabel="expected mutual information (nats)",
)
shown.update_xaxes(type="log", dtick=1).update_yaxes(type="log", dtick=1).show()
