"""Against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest

import amiable

peer = pytest.importorskip("skimage.metrics")


@pytest.mark.parametrize("seed", range(20))
def test_adapted_rand_error(seed):
    """Its precision is the recall of its documentation, and its alpha weighs accordingly."""
    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, k, 90) for k in rng.integers(2, 9, 2))
    error, precision, recall = amiable.adapted_rand_error(true, pred)
    assert (error, recall, precision) == pytest.approx(peer.adapted_rand_error(true, pred, ignore_labels=()), abs=1e-12)
    expected = peer.adapted_rand_error(true, pred, ignore_labels=(), alpha=0.3)[0]
    assert amiable.adapted_rand_error(true, pred, alpha=0.7)[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_variation_of_information(seed):
    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, k, 90) for k in rng.integers(2, 9, 2))
    split, merge = peer.variation_of_information(true, pred) * np.log(2)
    assert amiable.variation_of_information_split(true, pred) == pytest.approx(split, abs=1e-12)
    assert amiable.variation_of_information_merge(true, pred) == pytest.approx(merge, abs=1e-12)


@pytest.mark.parametrize("shape", [(4, 5, 6), (30, 20)], ids=str)
def test_images_and_volumes(shape):
    """Which scikit-image takes as they are."""
    rng = np.random.default_rng(0)
    true, pred = rng.integers(0, 5, shape), rng.integers(0, 8, shape)
    pred = np.where(rng.random(shape) < 0.6, true, pred)
    split, merge = peer.variation_of_information(true, pred) * np.log(2)
    assert amiable.variation_of_information_split(true, pred, axis=None) == pytest.approx(split, abs=1e-12)
    assert amiable.variation_of_information_merge(true, pred, axis=None) == pytest.approx(merge, abs=1e-12)
    assert amiable.variation_of_information(true, pred, axis=None) == pytest.approx(split + merge, abs=1e-12)
    error, precision, recall = amiable.adapted_rand_error(true, pred, axis=None)
    assert (error, recall, precision) == pytest.approx(peer.adapted_rand_error(true, pred, ignore_labels=()), abs=1e-12)
