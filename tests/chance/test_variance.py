"""The exact variance of mutual information against enumeration of all tables, simulation and its own other ways."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest

import amiable
from amiable._array import loops
from amiable.chance import hypergeometric, variance
from amiable.chance.variance import is_constant, variance_of_sum
from tests import oracles

SMALL = [
    ([4, 3, 1], [3, 3, 2]),
    ([2, 1, 1, 1], [2, 2, 1]),
    ([5, 1, 1], [4, 3]),
    ([3, 3, 3], [2, 2, 2, 2, 1]),
    ([2, 1, 1, 1, 1], [2, 1, 1, 1, 1]),
    ([8, 1, 1], [7, 2, 1]),
    ([6, 5], [9, 2]),
    ([4, 4], [2, 2, 2, 2]),
]


def partitions_of_number(n, most=None):
    if n == 0:
        yield ()
        return
    for first in range(min(n, most or n), 0, -1):
        for rest in partitions_of_number(n - first, first):
            yield (first, *rest)


@pytest.fixture
def without_loops(monkeypatch):
    """Array kernels, as where numba is not installed."""
    monkeypatch.setattr(loops, "IS_WANTED", False)


@pytest.mark.parametrize(("rows", "cols"), SMALL)
@pytest.mark.parametrize("way", ["loops", "arrays", "static"])
def test_enumeration(rows, cols, way, monkeypatch):
    monkeypatch.setattr(loops, "IS_WANTED", way == "loops")
    _, expected = oracles.moments(rows, cols)
    got = variance_of_sum(np, np.array(rows), np.array(cols), static=way == "static") / sum(rows) ** 2
    assert float(got) == pytest.approx(float(expected), rel=1e-12)
    assert float(expected) > 1e-6


def test_is_constant_on_every_small_case():
    """Mutual information is settled by the sizes exactly where all tables have one product of x**x."""
    for n in range(1, 8):
        for rows, cols in itertools.product(partitions_of_number(n), repeat=2):
            values = {
                math.prod(int(x) ** int(x) for x in table.ravel())
                for table, _ in oracles.tables_with_margins(rows, cols)
            }
            padded = np.array([*rows, 0]), np.array([0, *cols])
            assert bool(is_constant(np, *padded)) == (len(values) == 1), (rows, cols)
            if len(values) == 1:
                assert variance_of_sum(np, *padded) == 0


def test_one_cluster_beside_singletons_on_every_small_case():
    for rows in ([size] + [1] * singles for size in range(2, 6) for singles in range(1, 8 - size)):
        for cols in partitions_of_number(sum(rows)):
            _, expected = oracles.moments(rows, cols)
            for sizes in ((rows, cols), (cols, rows)):
                got = amiable.mutual_information_moments(*sizes).variance
                assert got == pytest.approx(float(expected), rel=1e-11, abs=1e-40), (rows, cols)


@pytest.mark.parametrize("k", [10, 3000, 10**7, 10**12, 2 * 10**15])
@pytest.mark.parametrize("cols", [(0, 0, 1), (0, 1, 5), (0, 0, 0, 3, 3)])
@pytest.mark.parametrize("singles", [1, 2, 4])
def test_singletons_beside_nearly_equal_clusters(singles, cols, k):
    """Where all terms but a part in k**2 cancel, against every way in which the clusters can hold the singletons."""
    if len(cols) * k > 8 * 10**15:
        pytest.skip("more samples than are accepted")
    cols = [k + more for more in cols]
    expected, score = variance_by_placing(singles, cols)
    got = amiable.mutual_information_moments(cols, [sum(cols) - singles] + [1] * singles).variance
    assert got == pytest.approx(float(expected), rel=1e-13)
    apart = np.zeros((singles + 1, len(cols)), dtype=np.int64)  # all singletons in the first cluster
    apart[0], apart[1:, 0] = cols, 1
    apart[0, 0] -= singles
    for table in (apart, apart.T):
        smi = amiable.standardized_mutual_info_score(contingency=table)
        assert smi == pytest.approx(float(score), rel=1e-12)
    both = amiable.standardized_mutual_info_score(contingency=np.stack([apart, apart[::-1]]))
    assert both == pytest.approx([float(score)] * 2, rel=1e-12)


def variance_by_placing(singles, cols):
    """Var(MI) over where `singles` samples lie: MI varies as the sum of (b - l) log(b - l), which the others are.

    With it the standardized score of those that have all in the first cluster.
    """
    with mpmath.workdps(80):
        values, chances = [], []
        for held in itertools.product(range(singles + 1), repeat=len(cols)):
            if sum(held) == singles:
                chances.append(mpmath.fprod(math.comb(b, x) for b, x in zip(cols, held, strict=True)))
                values.append(mpmath.fsum((b - x) * mpmath.log(b - x) for b, x in zip(cols, held, strict=True)))
        total = math.comb(sum(cols), singles)
        mean = mpmath.fdot(chances, values) / total
        variance = mpmath.fsum(p * (x - mean) ** 2 for p, x in zip(chances, values, strict=True)) / total
        first = mpmath.fsum(b * mpmath.log(b) for b in (cols[0] - singles, *cols[1:]))
        return variance / sum(cols) ** 2, (first - mean) / mpmath.sqrt(variance)


@pytest.mark.parametrize("n", [10, 100, 1000, pytest.param(3 * 10**5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("is_wanted", [True, False])
def test_nearly_all_singletons(n, is_wanted, monkeypatch):
    """One pair each: MI has two values, 2 log 2 / n apart, the larger with the chance of one pair of n (n - 1) / 2."""
    monkeypatch.setattr(loops, "IS_WANTED", is_wanted)
    sizes = np.array([2] + [1] * (n - 2))
    chance = 2 / (n * (n - 1))
    got = variance_of_sum(np, sizes, sizes)
    assert got == pytest.approx(chance * (1 - chance) * (2 * math.log(2)) ** 2, rel=1e-10)


@pytest.mark.parametrize("n", [400, 20_000, 10**9, 10**12])
def test_two_by_two_is_a_plain_sum(n):
    """With two clusters each, one cell tells the table; up to some thousand values of it carry the distribution."""
    a, b = n // 3, n // 7
    k, weights = plain_weights(a, b, n)
    mi = sum(
        np.where(x > 0, x * np.log(np.maximum(x, 1) / mean), 0) - (x - mean)
        for x, mean in (
            (k, a * (b / n)),
            (a - k, a * ((n - b) / n)),
            (b - k, (n - a) * (b / n)),
            ((n - a) - (b - k), (n - a) * ((n - b) / n)),
        )
    )
    expected = weights @ (mi - weights @ mi) ** 2
    got = variance_of_sum(np, np.array([a, n - a]), np.array([b, n - b]))
    assert got == pytest.approx(
        expected, rel=1e-9 if n < 10**6 else 1e-3
    )  # the sum above loses digits, not the formula
    limit = 0.5  # half a chi-square variable with one degree of freedom
    assert got == pytest.approx(limit, rel=300 / n)


def test_sizes_with_equal_logarithms():
    """Neighbours of 10**15 differ by less than their logarithms in float64 tell; the table is a plain sum."""
    n = 10**15
    got = amiable.mutual_information_moments([n - 60, 60], [n - 300, 300])
    assert got == pytest.approx((4.455125621818063e-25, 1.015372171241011e-38), rel=1e-13)
    tables = np.array([[[n - 100 - k, 80], [k, 20]] for k in range(80)])
    scores = amiable.adjusted_mutual_info_score(contingency=tables)
    alone = [amiable.adjusted_mutual_info_score(contingency=table) for table in tables]
    np.testing.assert_allclose(scores, alone, rtol=1e-13)


def plain_weights(a, b, n):
    """Chances of K ~ Hypergeometric(n, a, b) by ratios of neighbours, 9 standard deviations around the mean."""
    mean = a * (b / n)
    reach = 9 * math.sqrt(mean * (1 - a / n) * (1 - b / n)) + 20
    step = max(1, int(reach) // 20_000)
    k = np.arange(max(0, int(mean - reach)), min(a, b, int(mean + reach)) + 1, step, dtype=float)
    t = k - mean
    weights = np.exp(-(t**2) / (2 * mean * (1 - a / n) * (1 - b / n)))
    if step == 1:
        logs = np.log((a - k[:-1]) * (b - k[:-1]) / ((k[1:]) * (n - a - b + k[1:])))
        weights = np.exp(np.concatenate([[0], np.cumsum(logs)]))
        weights = weights / weights.max()
    return k, weights / weights.sum()


@pytest.mark.parametrize(("n", "k", "skew"), [(3000, 12, 1), (20_000, 40, 1.5), (3000, 300, 0.5), (10**5, 16, 2)])
def test_nodes_stand_in_for_every_size(n, k, skew, rng, monkeypatch):
    sides = []
    for size in (k, k // 2):
        weights = np.exp(skew * rng.normal(size=size))
        sides.append(1 + rng.multinomial(n - size, weights / weights.sum()))
    every = variance_of_sum(np, *sides, per_octave=None)
    for is_wanted in (True, False):
        monkeypatch.setattr(loops, "IS_WANTED", is_wanted)
        assert variance_of_sum(np, *sides) == pytest.approx(every, rel=1e-13)
        assert variance_of_sum(np, *sides[::-1]) == pytest.approx(every, rel=1e-13)


@pytest.mark.usefixtures("without_loops")
def test_blocks_of_columns(rng, monkeypatch):
    rows, cols = 1 + rng.multinomial(5000, np.ones(9) / 9), 1 + rng.multinomial(5002, np.ones(7) / 7)
    whole = variance_of_sum(np, rows, cols)
    monkeypatch.setattr(variance, "_ROOM", 0)
    assert variance_of_sum(np, rows, cols) == pytest.approx(whole, rel=1e-13)


def test_too_large_for_a_traced_program():
    jax = pytest.importorskip("jax")
    sizes = jax.numpy.full(30, 10)
    with pytest.raises(ValueError, match=r"row_sums \(30,\) and col_sums \(30,\) is too large for a traced program"):
        jax.jit(lambda a: amiable.mutual_information_moments(a, a))(sizes)


def test_equal_margins_of_a_batch_are_computed_once(monkeypatch):
    seen = []
    original = variance._over_sizes
    monkeypatch.setattr(variance, "_over_sizes", lambda *given: seen.append(1) or original(*given))
    tables = amiable.random_tables([40, 30, 30], [50, 50], 500, rng=0)
    scores = amiable.standardized_mutual_info_score(contingency=tables)
    assert len(seen) == 1
    assert abs(scores.std() - 1) < 0.2


CASES = {
    "2x2": ([300, 700], [500, 500]),
    "3x4": ([50, 30, 20], [40, 30, 20, 10]),
    "skewed": ([900, 50, 30, 20], [600, 390, 10]),
    "10x10": ([100] * 10, [100] * 10),
    "10x3": ([20] * 10, [150, 30, 20]),
    "small clusters": ([3] * 20, [4] * 15),
    "singletons": ([1] * 30 + [30], [20, 20, 20]),
    "large": ([10**6, 10**5, 10**4], [10**6, 10**5, 10**4]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_simulation(name):
    """Against 40,000 random tables; `benchmarks/nulls.py` has a million each of larger ones."""
    rows, cols = CASES[name]
    scores = amiable.mutual_info_score(contingency=amiable.random_tables(rows, cols, 40_000, rng=7))
    mean, var = amiable.mutual_information_moments(rows, cols)
    z = (scores - mean) / math.sqrt(var)
    assert abs(z.mean()) < 4 / math.sqrt(z.size)
    assert abs((z**2).mean() - 1) < 4 * (z**2).std() / math.sqrt(z.size)


def test_window_for_lines_has_room_and_does_no_harm():
    """The stride for what depends on a whole line is 1 where a mean is small, and the window stays short."""
    rng = np.random.default_rng(3)
    n = np.floor(10 ** rng.uniform(0, 12, 40_000)).astype(np.int64)
    a, b = (1 + np.floor((n - 1) * 10 ** -rng.uniform(0, 6, n.size)).astype(np.int64) for _ in range(2))
    a = np.where(rng.random(n.size) < 0.3, n - a + 1, a)
    assert int(hypergeometric.n_nodes(np, a, b, n, line=True).max()) <= 115
