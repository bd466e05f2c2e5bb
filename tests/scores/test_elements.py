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
