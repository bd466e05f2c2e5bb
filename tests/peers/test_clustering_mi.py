"""Against clustering-mi, by the authors of reduced mutual information: in bits for all samples, classes second."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import gammaln

from amiable.scores.reduced_mutual_information import reduced_mutual_info_score

peer = pytest.importorskip("clustering_mi")

REDUCTIONS = {"dirichlet": "reduced", "flat": "reduced_flat"}
# bits: its search stops within 1e-5 of the best log alpha, and the cost bends there by a few tens of nats at most
ERROR = 5e-9


def labelings(seed):
    """Labelings that agree in part. Clusters far from equal have their best concentration where the peer seeks it."""
    rng = np.random.default_rng(seed)
    n, *clusters = rng.integers((30, 2, 2), (600, 9, 9))
    true, pred = (rng.choice(k, n, p=rng.dirichlet(np.full(k, 0.7))) for k in clusters)
    true[:2] = 0, 1  # two classes at least
    return true, np.where(rng.random(n) < 0.5, true, pred)


def bits(true, pred, **options):
    return reduced_mutual_info_score(true, pred, normalized=False, **options) * len(true) / math.log(2)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_in_bits(reduction, seed):
    true, pred = labelings(seed)
    expected = peer.mutual_information(pred, true, variation=REDUCTIONS[reduction])
    assert bits(true, pred, reduction=reduction) == pytest.approx(expected, abs=ERROR)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("symmetric", [False, True])
def test_normalized_flat(symmetric, seed):
    true, pred = labelings(seed)
    normalization = "mean" if symmetric else "second"
    expected = peer.normalized_mutual_information(pred, true, variation="reduced_flat", normalization=normalization)
    found = reduced_mutual_info_score(true, pred, reduction="flat", symmetric=symmetric)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("symmetric", [False, True])
def test_normalized_dirichlet(symmetric, seed):
    """The peer ends its search at 1e-4, where identical labelings cost more than at 0: this much is added here."""
    true, pred = labelings(seed)
    sides = [(true, pred), (pred, true)] if symmetric else [(true, pred)]
    expected = peer.normalized_mutual_information(pred, true, normalization="mean" if symmetric else "second")
    saved = sum(bits(*side) for side in sides)
    most = saved / reduced_mutual_info_score(true, pred, symmetric=symmetric) - sum(
        cost_above_limit(u) for u, _ in sides
    )
    assert saved / most == pytest.approx(expected, abs=1e-9)


def cost_above_limit(labels):
    """How many bits a labeling costs who knows it, at alpha = 1e-4 more than at alpha = 0."""
    sizes = np.unique_counts(labels).counts
    q, alpha = len(sizes), 1e-4
    at_alpha = gammaln(sizes + q * alpha) - gammaln(q * alpha) - gammaln(sizes + alpha) + gammaln(alpha)
    return (np.sum(at_alpha) - q * math.log(q)) / math.log(2)
