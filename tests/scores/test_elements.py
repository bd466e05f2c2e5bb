"""Element-centric similarity against its definition by random walks, one sample after another."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import amiable


def by_walks(true, pred, alpha):
    """Gates et al. (2019), equation 3: 1 - (1 / (2 alpha)) sum over j of |p_ij - q_ij|, the mean over samples i.

    From sample i a walk that returns with chance 1 - alpha is at j with p_ij, which is alpha / size for each sample
    of the cluster, and 1 - alpha more for i itself.
    """
    n, total = len(true), Fraction(0)
    for i in range(n):
        difference = Fraction(0)
        for j in range(n):
            chances = [
                (alpha / list(labels).count(labels[i]) if labels[i] == labels[j] else Fraction(0))
                for labels in (true, pred)
            ]
            difference += abs(chances[0] - chances[1])
        total += 1 - difference / (2 * alpha)
    return total / n


@pytest.mark.parametrize("alpha", [Fraction(9, 10), Fraction(1, 2)])
@pytest.mark.parametrize("seed", range(10))
def test_walks(seed, alpha):
    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, rng.integers(1, 7), 18).tolist() for _ in range(2))
    assert amiable.element_centric_similarity(true, pred) == pytest.approx(
        float(by_walks(true, pred, alpha)), rel=1e-13
    )


def test_limit_cases():
    score = amiable.element_centric_similarity
    assert score([0, 1, 2], [2, 0, 1]) == score([0, 0, 0], [1, 1, 1]) == score([], []) == 1
    assert score([0, 1, 2], [0, 0, 0]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("beta", [1.0, 2.0, 0.0])
@pytest.mark.parametrize("seed", range(10))
def test_bcubed(seed, beta):
    """Against the mean over samples, in exact fractions."""
    rng = np.random.default_rng(seed)
    true, pred = (rng.integers(0, rng.integers(1, 7), 18).tolist() for _ in range(2))
    precision, recall = Fraction(0), Fraction(0)
    for i in range(18):
        common = sum(t == true[i] and p == pred[i] for t, p in zip(true, pred, strict=True))
        precision += Fraction(common, 18 * pred.count(pred[i]))
        recall += Fraction(common, 18 * true.count(true[i]))
    weight = Fraction(beta) ** 2
    expected = precision, recall, (1 + weight) * precision * recall / (weight * precision + recall)
    found = amiable.bcubed_precision_recall_fscore(true, pred, beta=beta)
    assert found == pytest.approx([float(x) for x in expected], rel=1e-13)
    assert found[:2] == (amiable.bcubed_precision_score(true, pred), amiable.bcubed_recall_score(true, pred))
    assert found[2] == amiable.bcubed_fscore(true, pred, beta=beta)


def test_bcubed_limit_cases():
    score = amiable.bcubed_precision_recall_fscore
    assert score([0, 1, 2], [2, 0, 1]) == score([0, 0, 0], [1, 1, 1]) == score([], []) == (1, 1, 1)
    assert score([0, 1, 2], [0, 0, 0]) == pytest.approx((1 / 3, 1, 0.5))
    assert score([0, 0, 0], [0, 1, 2]) == pytest.approx((1, 1 / 3, 0.5))
    with pytest.raises(ValueError, match="beta is -1: expected"):
        score([0], [0], beta=-1)


def test_any_beta():
    precision, recall, f = amiable.bcubed_precision_recall_fscore([0, 0, 1, 1], [0, 0, 0, 1], beta=1e200)
    assert f == pytest.approx(recall, rel=1e-15)
    assert amiable.bcubed_fscore([0, 0, 1, 1], [0, 0, 0, 1], beta=1e-200) == pytest.approx(precision, rel=1e-15)
