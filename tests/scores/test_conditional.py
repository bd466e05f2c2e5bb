"""Agreement within strata, against a loop over them."""

from __future__ import annotations

import numpy as np
import pytest

import amiable
from amiable.contingency import counting, strata

score = amiable.conditional_adjusted_mutual_info_score


def looped(true, pred, groups, mean=lambda u, v: (u + v) / 2):
    """From the definition, stratum by stratum."""
    excess = room = 0.0
    for group in set(groups.tolist()):
        u, v = true[groups == group], pred[groups == group]
        sizes = [np.unique(x, return_counts=True)[1] for x in (u, v)]
        expected = amiable.expected_mutual_information(*sizes)
        excess += u.size * (amiable.mutual_info_score(u, v) - expected)
        room += u.size * (mean(*(amiable.entropy(contingency=x) for x in sizes)) - expected)
    return excess / room


def example(rng, n=400, n_groups=7):
    groups = rng.integers(0, n_groups, n)
    true = (rng.integers(0, 4, n) + groups) % 9
    pred = np.where(rng.random(n) < 0.4, true, rng.integers(0, 6, n))
    return true, pred, groups


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_every_library(backend, rng):
    true, pred, groups = example(rng)
    got = score(*map(backend.asarray, (true, pred, groups)))
    assert float(got) == pytest.approx(looped(true, pred, groups), abs=1e-5 if backend.single else 1e-12)
    assert isinstance(got, float) == backend.name.startswith("numpy")


@pytest.mark.parametrize("method", ["min", "max", "geometric"])
def test_average_methods(method, rng):
    mean = {"min": min, "max": max, "geometric": lambda u, v: (u * v) ** 0.5}[method]
    labels = example(rng)
    assert score(*labels, average_method=method) == pytest.approx(looped(*labels, mean), abs=1e-12)


def test_many_strata_in_blocks(rng, monkeypatch):
    labels = example(rng, 3000, 300)
    expected = score(*labels)
    assert expected == pytest.approx(looped(*labels), abs=1e-12)
    monkeypatch.setattr(strata, "BATCH", 200)
    assert score(*labels) == pytest.approx(expected, abs=1e-14)
    assert counting.BATCH > 200


def test_names(rng):
    true, pred, groups = example(rng)
    names = np.array(["ada", "bob", "eve", "joe", "kim", "leo", "mia"])[groups]
    assert score(true.astype(str), pred, names) == score(true, pred, groups)


def test_one_stratum_is_all(rng):
    true, pred, _ = example(rng)
    assert score(true, pred, np.zeros(400)) == pytest.approx(amiable.adjusted_mutual_info_score(true, pred), abs=1e-14)


def test_shuffled_within_strata_it_is_zero_on_average(rng):
    """Where pooled labelings agree, as both follow the strata."""
    groups = np.repeat([0, 1, 2], 30)
    true = (rng.random(90) < np.array([0.1, 0.5, 0.9])[groups]).astype(int)
    found, pooled = [], []
    for _ in range(300):
        pred = true.copy()
        for group in range(3):
            pred[groups == group] = rng.permutation(true[groups == group])
        found.append(score(true, pred, groups))
        pooled.append(amiable.adjusted_mutual_info_score(true, pred))
    assert abs(np.mean(found)) < 4 * np.std(found) / 300**0.5
    assert np.mean(pooled) > 0.05


def test_limit_cases():
    assert score([0, 0, 1, 1], [1, 1, 0, 2], [0, 0, 1, 1]) == 0  # the first is one partition, the second is not
    assert score([0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 1, 1]) == 1
    assert score([0, 1, 1], [0, 0, 0], [0, 1, 2]) == 1  # strata of one sample
    assert score([], [], []) == 1
    assert score([0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]) == 0


def test_bad_input():
    with pytest.raises(ValueError, match="strata has 2 samples and labels_true 3: expected one for each"):
        score([0, 1, 1], [0, 0, 1], [0, 1])
    with pytest.raises(ValueError, match=r"labels_pred has shape \(2, 3\), a batch of labelings: expected one"):
        score([0, 1, 1], [[0, 0, 1], [0, 1, 1]], [0, 1, 1])
    with pytest.raises(ValueError, match="strata contains None"):
        score([0, 1, 1], [0, 0, 1], ["a", None, "b"])
    with pytest.raises(ValueError, match="average_method is 'mean'"):
        score([0, 1], [0, 0], [0, 1], average_method="mean")
