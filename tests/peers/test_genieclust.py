"""Against genieclust."""

from __future__ import annotations

import numpy as np
import pytest

import amiable

peer = pytest.importorskip("genieclust.compare_partitions")


@pytest.mark.parametrize("seed", range(30))
def test_pair_sets_index(seed):
    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, k, 80) for k in rng.integers(2, 9, 2))
    assert amiable.pair_sets_index(true, pred) == pytest.approx(peer.pair_sets_index(true, pred), abs=1e-12)


@pytest.mark.parametrize("seed", range(30))
def test_normalized_clustering_accuracy(seed):
    """It is defined for as many clusters as classes there, and rounds to another of several best matchings."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 9))
    true = np.concatenate([np.arange(k), rng.integers(0, k, 80)])
    pred = np.concatenate([np.arange(k), np.where(rng.random(80) < 0.5, true[k:], rng.integers(0, k, 80))])
    expected = peer.normalized_clustering_accuracy(true, pred)
    assert amiable.normalized_clustering_accuracy(true, pred) == pytest.approx(expected, abs=1e-12)
