"""Against clusim."""

from __future__ import annotations

import numpy as np
import pytest

import amiable

peer = pytest.importorskip("clusim.sim")


@pytest.mark.parametrize("seed", range(20))
def test_element_centric_similarity(seed):
    from clusim.clustering import Clustering

    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, k, 60) for k in rng.integers(1, 20, 2))
    expected = peer.element_sim(*(Clustering().from_membership_list(x.tolist()) for x in (true, pred)))
    assert amiable.element_centric_similarity(true, pred) == pytest.approx(expected, abs=1e-12)
