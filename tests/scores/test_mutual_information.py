"""AMI, NMI, MI, entropy and VI: exact values, near-degenerate cases, limits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import amiable
from tests import oracles
from tests.registry import VALUES

every_average = pytest.mark.parametrize("average_method", VALUES["average_method"])
labelings = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=25).map(np.array)


def singletons_with_pair(n, i, j):
    """All samples alone but i and j."""
    labels = np.arange(n)
    labels[j] = labels[i]
    return labels


def is_trivial(labels):
    return len(set(labels)) in (1, len(labels))


@every_average
@settings(max_examples=60, deadline=None)
@given(labelings)
def test_ami_is_its_definition(average_method, both):
    true, pred = both.T.tolist()
    if is_trivial(true) or is_trivial(pred):
        return
    expected = oracles.adjusted_mutual_information(oracles.count(true, pred), average_method)
    got = amiable.adjusted_mutual_info_score(true, pred, average_method=average_method)
    assert got == pytest.approx(float(expected), rel=1e-12, abs=1e-13)


def test_ami_averages_to_zero_over_all_tables():
    for rows, cols in (((3, 2, 1), (2, 2, 2)), ((4, 3, 1), (5, 3)), ((2, 2, 1, 1), (3, 3))):
        tables = list(oracles.tables_with_margins(rows, cols))
        scores = [amiable.adjusted_mutual_info_score(contingency=t.astype(int)) for t, _ in tables]
        assert sum(s * float(chance) for s, (_, chance) in zip(scores, tables, strict=True)) == pytest.approx(
            0, abs=1e-15
        )


@pytest.mark.slow_on("jax-as-accelerator")
def test_pair_among_singletons_against_another(backend):
    """Two labelings of 3000 samples, each with one pair, not the same: PEERS disagree by a factor of ten."""
    n = 3000
    one, two = backend.asarray(singletons_with_pair(n, 0, 1)), backend.asarray(singletons_with_pair(n, 2, 3))
    # n (MI - EMI) = -2 log 2 P(K = 2), with P(K = 2) = 2 / (n (n - 1)); the mean entropy less EMI is
    # 2 log 2 (1 - P) / n: so AMI = -P / (1 - P)
    chance = 2 / (n * (n - 1))
    got = float(amiable.adjusted_mutual_info_score(one, two))
    assert got == pytest.approx(-chance / (1 - chance), rel=1e-5 if backend.single else 1e-12)


def test_pair_among_singletons_at_smaller_size():
    one, two = singletons_with_pair(30, 0, 1), singletons_with_pair(30, 2, 3)
    expected = oracles.adjusted_mutual_information(oracles.count(one.tolist(), two.tolist()))
    assert amiable.adjusted_mutual_info_score(one, two) == pytest.approx(float(expected), rel=1e-13)
    assert amiable.adjusted_mutual_info_score(one, one[::-1].copy()) == pytest.approx(float(expected), rel=1e-13)


@every_average
def test_all_singletons_against_one_pair(average_method):
    alone, paired = np.arange(1000), singletons_with_pair(1000, 5, 77)
    for true, pred in ((alone, paired), (paired, alone)):
        assert amiable.adjusted_mutual_info_score(true, pred, average_method=average_method) == 0.0


@every_average
def test_all_singletons_on_one_side(rng, average_method):
    alone = np.arange(40)
    for k in (1, 2, 5, 39):
        other = np.append(rng.integers(0, k, 40 - k), np.arange(k))
        for true, pred in ((alone, other), (other, alone)):
            assert amiable.adjusted_mutual_info_score(true, pred, average_method=average_method) == 0.0
    assert amiable.adjusted_mutual_info_score(alone, alone, average_method=average_method) == 1.0


@pytest.mark.slow_on("jax-as-accelerator")
def test_all_singletons_on_every_library(backend):
    alone, paired = backend.asarray(np.arange(1000)), backend.asarray(singletons_with_pair(1000, 5, 77))
    assert float(amiable.adjusted_mutual_info_score(alone, paired)) == 0.0
    few, other = backend.asarray(np.arange(8)), backend.asarray(np.array([0, 1, 1, 1, 2, 2, 0, 3]))
    for true, pred, expected in ((few, other, 0.0), (other, few, 0.0), (few, few, 1.0)):
        assert float(amiable.adjusted_mutual_info_score(true, pred, average_method="min")) == expected


@every_average
@pytest.mark.parametrize("n", [1000, 50_000])
def test_nearly_all_singletons(rng, n, average_method):
    """MI, EMI and both entropies agree in their first digits; the truth is known where cells hold at most two."""
    true = np.append(np.repeat(np.arange(10), 2), np.arange(10, n - 10))
    pred = true.copy()
    pred[[0, 2]] = pred[[2, 0]]
    with mpmath.workdps(40):
        p = mpmath.mpf(2) / (n * (n - 1))
        # ten pairs on each side; 8 pairs are the same; all sums in units of 2 log 2
        expected = (8 - 100 * p) / (10 - 100 * p)
    got = amiable.adjusted_mutual_info_score(true, pred, average_method=average_method)
    assert got == pytest.approx(float(expected), rel=1e-13)


@every_average
@pytest.mark.parametrize("n", [400, 10**6])
def test_nearly_one_cluster(n, average_method):
    """Entropies of a few over n: what MI and EMI are measured from must be zero, not -log n."""
    table = np.array([[n - 2, 1], [0, 1]])
    expected = oracles.adjusted_mutual_information(table, average_method)
    got = amiable.adjusted_mutual_info_score(contingency=table, average_method=average_method)
    assert got == pytest.approx(float(expected), rel=1e-13)


@every_average
@pytest.mark.parametrize("sizes", [[-2, 2], [0.5, 0.5], [0.3, 0.7]])
@pytest.mark.parametrize("n", [10, 1000, 10**6])
def test_close_to_an_entropy(n, sizes, average_method):
    """All singletons but a pair, which the other labeling keeps or parts: H(pred) - EMI is of order 1 / n."""
    first = n + sizes[0] if sizes[0] < 0 else round(n * sizes[0])
    true, pred = np.arange(n), (np.arange(n) >= first).astype(int)
    with mpmath.workdps(50):
        apart = 1 - sum(mpmath.mpf(b) * (b - 1) for b in (first, n - first)) / (n * (n - 1))
        bit = 2 * mpmath.log(2) / n
        u, v = mpmath.log(n) - bit, oracles.entropy([first, n - first])
        mean = {"arithmetic": (u + v) / 2, "geometric": mpmath.sqrt(u * v), "min": min(u, v), "max": max(u, v)}
        room = mean[average_method] - v + apart * bit
        for partner, excess in ((1, apart * bit), (n - 1, apart * bit - bit)):
            true[1:] = np.arange(1, n)
            true[partner] = 0
            got = amiable.adjusted_mutual_info_score(true, pred, average_method=average_method)
            assert got == pytest.approx(float(excess / room), rel=1e-13, abs=1e-15)
            if average_method == "min" and partner == 1:
                assert got == 1.0


def test_ranges_hold_to_the_last_bit(rng):
    """MI <= min(H), EMI <= min(H), H <= log n, VI <= log n, AMI <= 1; a refinement has all of the coarser's entropy."""
    for n in [*range(1, 60), 200, 300]:
        pred = [np.arange(n), np.arange(n) // 2, rng.zipf(1.5, n) % n, rng.integers(0, 1 + n // 4, n)][n % 4]
        for true in (pred * 3, pred * 3 + rng.integers(0, 3, n), rng.integers(0, 1 + n // 3, n)):
            h = amiable.entropy(true), amiable.entropy(pred)
            assert max(h) <= np.log(n)
            assert amiable.mutual_info_score(true, pred) <= min(h)
            assert amiable.variation_of_information(true, pred) <= np.log(n)
            sizes = (np.unique(labels, return_counts=True)[1] for labels in (true, pred))
            assert amiable.expected_mutual_information(*sizes) <= min(h)
            for mean in ("arithmetic", "geometric", "min", "max"):
                assert amiable.adjusted_mutual_info_score(true, pred, average_method=mean) <= 1
            for model in ("num", "all", "num1", "all1") if n < 60 else ():
                assert amiable.adjusted_mutual_info_score(true, pred, null=model) <= 1
    fine, coarse = [0, 0, 1, 1, 2, 2, 3, 4, 4, 4, 5], [0] * 7 + [1] * 3 + [2]
    assert amiable.adjusted_mutual_info_score(coarse, fine, average_method="min") == 1.0


@every_average
def test_single_cluster_on_one_side(average_method):
    one, two = np.zeros(6, dtype=int), np.array([0, 0, 1, 1, 1, 2])
    for function in (amiable.adjusted_mutual_info_score, amiable.normalized_mutual_info_score):
        assert function(one, two, average_method=average_method) == 0.0
        assert function(two, one, average_method=average_method) == 0.0
        assert function(one, one + 3, average_method=average_method) == 1.0


@pytest.mark.slow_on("jax-as-accelerator")
def test_single_cluster_on_every_library(backend):
    one, two = backend.asarray(np.zeros(6, dtype=np.int32)), backend.asarray(np.array([0, 0, 1, 1, 1, 2]))
    assert float(amiable.adjusted_mutual_info_score(one, two)) == 0.0
    assert float(amiable.adjusted_mutual_info_score(one, one + 3)) == 1.0


@settings(max_examples=60, deadline=None)
@given(labelings)
def test_information_is_its_definition(both):
    true, pred = both.T.tolist()
    table = oracles.count(true, pred)
    with mpmath.workdps(40):
        mi = oracles.mutual_information(table)
        u, v = oracles.entropy(table.sum(1)), oracles.entropy(table.sum(0))
        assert amiable.mutual_info_score(true, pred) == pytest.approx(float(mi), rel=1e-14, abs=1e-16)
        assert amiable.entropy(true) == pytest.approx(float(u), rel=1e-14)
        assert amiable.variation_of_information(true, pred) == pytest.approx(
            float(u + v - 2 * mi), rel=1e-13, abs=1e-16
        )
        joint = u + v - mi
        if joint > 0.01:
            got = amiable.variation_of_information(true, pred, normalized=True)
            assert got == pytest.approx(float(1 - mi / joint), rel=1e-13, abs=1e-15)


def test_small_information_keeps_its_digits():
    """Tables of 1e12 samples whose MI is 1e-13 and less."""
    for excess in (1, 1000, 10**6):
        q = 25 * 10**10
        table = np.array([[q + excess, q - excess], [q - excess, q + excess]])
        with mpmath.workdps(60):
            expected = oracles.mutual_information(table)
        assert amiable.mutual_info_score(contingency=table) == pytest.approx(float(expected), rel=1e-13)


@pytest.mark.parametrize("n", [10**4, 10**9, 10**12])
def test_information_on_every_library(backend, rng, n):
    """Tables as chance makes them: counts within some standard deviations of their means."""
    if backend.narrow and n >= 2**31:
        pytest.skip("more samples than int32 counts")
    table = rng.multinomial(n, np.outer([0.5, 0.3, 0.2], [0.1, 0.2, 0.3, 0.4]).ravel()).reshape(3, 4)
    counts, error = backend.asarray(table), 1e-5 if backend.single else 1e-14
    with mpmath.workdps(60):
        mi = oracles.mutual_information(table)
        u, v = oracles.entropy(table.sum(1)), oracles.entropy(table.sum(0))
        distance = float(u + v - 2 * mi)
    assert float(amiable.mutual_info_score(contingency=counts)) == pytest.approx(float(mi), rel=error)
    assert float(amiable.variation_of_information(contingency=counts)) == pytest.approx(distance, rel=error)
    assert float(amiable.entropy(contingency=backend.asarray(table.sum(1)))) == pytest.approx(float(u), rel=error)


def test_sparse_tables_keep_the_mean_of_empty_cells(rng):
    true, pred = rng.integers(0, 300, 500), rng.integers(0, 200, 500)
    table = amiable.ContingencyTable.from_labels(true, pred)
    assert table.counts.shape[0] <= 500
    dense = oracles.count(true.tolist(), pred.tolist())
    with mpmath.workdps(40):
        assert amiable.mutual_info_score(contingency=table) == pytest.approx(
            float(oracles.mutual_information(dense)), rel=1e-14
        )


@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_entropy_on_every_library(backend, dtype):
    labels = np.array([[0, 1, 1, 2], [3, 3, 3, 3], [0, 1, 2, 3]], dtype=dtype)
    got = amiable.entropy(backend.asarray(labels))
    expected = [1.5 * math.log(2), 0.0, 2 * math.log(2)]
    np.testing.assert_allclose(backend.to_numpy(got), expected, rtol=1e-6 if backend.single else 1e-15)
    assert float(amiable.entropy(backend.asarray(labels[0]))) == pytest.approx(expected[0], rel=1e-6)


def test_entropy_of_sizes(backend):
    sizes = backend.asarray(np.array([[2, 2, 0], [1, 1, 2], [0, 0, 0]]))
    got = backend.to_numpy(amiable.entropy(contingency=sizes))
    np.testing.assert_allclose(got, [math.log(2), 1.5 * math.log(2), 1.0], rtol=1e-6 if backend.single else 1e-15)


def test_entropy_takes_one_or_the_other():
    with pytest.raises(ValueError, match="labels was given together with contingency: expected one or the other"):
        amiable.entropy([0, 1], contingency=[1, 1])
    with pytest.raises(TypeError, match="contingency is a table of two labelings: expected cluster sizes"):
        amiable.entropy(contingency=amiable.ContingencyTable.from_labels([0], [0]))
    with pytest.raises(ValueError, match="contingency holds -1 at position 0"):
        amiable.entropy(contingency=[-1, 2])


def test_entropy_limits():
    assert amiable.entropy([]) == 1.0
    assert amiable.entropy(["a"]) == 0.0
    assert amiable.entropy([0, 0, 42.0]) == pytest.approx(0.6365141682948129, rel=1e-15)
    assert amiable.entropy([0, 2, 2, 0], n_labels=3) == pytest.approx(math.log(2))


def test_entropy_near_zero_keeps_its_digits():
    labels = np.zeros(10**6, dtype=np.int8)
    labels[0] = 1
    with mpmath.workdps(40):
        assert amiable.entropy(labels) == pytest.approx(float(oracles.entropy([10**6 - 1, 1])), rel=1e-14)


@pytest.mark.parametrize("function", [amiable.adjusted_mutual_info_score, amiable.normalized_mutual_info_score])
def test_unknown_average(function):
    with pytest.raises(ValueError, match="average_method is 'mean': expected one of 'arithmetic', 'geometric'"):
        function([0, 1], [0, 1], average_method="mean")


def test_toy_example():
    """Nine samples, three classes: values known to 16 digits."""
    true = [0, 0, 0, 1, 1, 1, 2, 2, 2]
    renamed = np.array([1, 1, 1, 2, 2, 2, 0, 0, 0])
    assert amiable.adjusted_mutual_info_score(true, renamed) == 1.0
    expected = oracles.adjusted_mutual_information(oracles.count(true, [0, 1, 1, 1, 1, 2, 2, 0, 2]))
    assert amiable.adjusted_mutual_info_score(true, [0, 1, 1, 1, 1, 2, 2, 0, 2]) == pytest.approx(
        float(expected), rel=1e-13
    )
