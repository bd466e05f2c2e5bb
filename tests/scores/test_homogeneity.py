"""Homogeneity, completeness, V-measure and their limits."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as peer

import amiable


@pytest.mark.parametrize("beta", [0.0, 3.0])
def test_three_at_once(backend, rng, beta):
    true, pred = rng.integers(0, 4, 80), rng.integers(0, 6, 80)
    got = amiable.homogeneity_completeness_v_measure(backend.asarray(true), backend.asarray(pred), beta=beta)
    expected = peer.homogeneity_completeness_v_measure(true, pred, beta=beta)
    assert [float(v) for v in got] == pytest.approx(list(expected), abs=backend.tolerance)


def test_one_of_three(rng):
    true, pred = rng.integers(0, 4, 80), rng.integers(0, 6, 80)
    three = amiable.homogeneity_completeness_v_measure(true, pred, beta=0.7)
    assert amiable.v_measure_score(true, pred, beta=0.7) == three[2]
    assert (amiable.homogeneity_score(true, pred), amiable.completeness_score(true, pred)) == three[:2]


def test_nested_partitions_are_exactly_one(rng):
    fine = rng.integers(0, 50, 1000)
    coarse = fine // 7
    assert amiable.homogeneity_score(coarse, fine) == 1.0
    assert amiable.completeness_score(fine, coarse) == 1.0
    assert amiable.completeness_score(coarse, fine) < 1.0
    assert amiable.normalized_mutual_info_score(coarse, fine, average_method="min") == 1.0
    assert amiable.mutual_info_score(coarse, fine) == amiable.entropy(coarse)


def test_limits():
    assert amiable.homogeneity_completeness_v_measure([], []) == (1.0, 1.0, 1.0)
    assert amiable.homogeneity_completeness_v_measure([0, 0, 0], [0, 1, 2]) == (1.0, 0.0, 0.0)
    assert amiable.homogeneity_completeness_v_measure([0, 1, 2], [0, 0, 0]) == (0.0, 1.0, 0.0)
    assert amiable.v_measure_score([0, 0, 0], [0, 1, 2], beta=0) == 0.0  # 0/0, where the peer fails
    assert amiable.v_measure_score([0, 1, 2], [0, 0, 0], beta=0) == 0.0


@pytest.mark.parametrize("beta", [-0.1, float("nan"), float("inf"), "1", None])
def test_bad_beta(beta):
    with pytest.raises(ValueError, match=r"beta is .*: expected a number >= 0"):
        amiable.v_measure_score([0, 1], [0, 1], beta=beta)


def test_v_is_nmi(rng):
    true, pred = rng.integers(0, 4, 80), rng.integers(0, 6, 80)
    nmi = amiable.normalized_mutual_info_score(true, pred)
    assert amiable.v_measure_score(true, pred) == pytest.approx(nmi, rel=1e-14)
    np.testing.assert_allclose(amiable.v_measure_score(true[None], pred[None]), [nmi])
