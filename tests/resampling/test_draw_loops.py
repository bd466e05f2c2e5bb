"""Random tables drawn by compiled loops: the exact distribution, whatever the margins, threads and blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chisquare, hypergeom, random_table

from amiable import iter_random_tables, permutation_test, random_tables
from amiable._array import loops
from amiable._scalars import draws as scalars
from amiable._scalars import vector_draws
from amiable._scalars.cells import cost_of_count, offset_from_mean
from amiable.resampling import draws

pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def never_by_scipy(monkeypatch):
    monkeypatch.setattr(draws, "_SAMPLES_PER_CELL_OF_LOOPS", 0)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((2**32 - 1,) * 4, (2**32 - 1,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_philox(counter, key, expected):
    """Those of its authors, in Python and compiled."""
    assert scalars.random_words(*counter, *key) == expected
    assert loops.compiled(scalars.random_words)(*counter, *key) == expected


@pytest.mark.parametrize(
    ("a", "b", "n"),
    [
        (3, 4, 10),
        (10, 10, 20),
        (100, 100, 1000),
        (999, 999, 1000),
        (1000, 40, 10**5),
        (5, 5, 10**6),
        (700, 4000, 10**4),
        (9300, 4000, 10**4),
        (700, 6000, 10**4),
        (9300, 6000, 10**4),
        (10**5, 10**5, 10**6),
    ],
)
def test_one_draw_is_hypergeometric(a, b, n):
    k = np.arange(max(0, a + b - n), min(a, b) + 1)
    check_draws(a, b, n, k, hypergeom(n, b, a).pmf(k))


@pytest.mark.parametrize("mean", [0.3, 3, 30, 3000, 10**6])
def test_one_draw_of_many_samples(mean):
    """Where SciPy's probabilities are off by a percent; these are products of ratios of neighbours."""
    a, n = 10**9, 10**12
    b = int(mean * 1000)
    reach = int(9 * mean**0.5 + 9)
    k = np.arange(max(0, int(mean) - reach), int(mean) + reach)
    ratios = (a - k[:-1]) / k[1:] * ((b - k[:-1]) / (n - a - b + k[1:]))
    logs = np.append(0.0, np.cumsum(np.log(ratios)))
    weights = np.exp(logs - logs.max())
    check_draws(a, b, n, k, weights / weights.sum())


def check_draws(a, b, n, k, chances, size=20_000):
    """Compare the counts of one cell with the chances of all counts k that are seen."""
    drawn = random_tables([a, n - a], [b, n - b], size, rng=3)[:, 0, 0]
    expected, counts = chances * size, np.bincount(drawn - k[0], minlength=k.size)
    common = expected > 10
    found, known = np.append(counts[common], counts[~common].sum()), np.append(expected[common], 0)
    known[-1] = size - known.sum()
    if known[-1] < 1:
        found, known = found[:-1], known[:-1] * found[:-1].sum() / known[:-1].sum()
    assert found.size == 1 or chisquare(found, known).pvalue > 1e-4


def test_tables_have_their_distribution():
    """All tables of few samples, as often as SciPy's probability says."""
    rows, cols, size = [3, 2, 2], [2, 4, 1], 30_000
    tables, counts = np.unique(random_tables(rows, cols, size, rng=1), axis=0, return_counts=True)
    chances = random_table(rows, cols).pmf(tables)
    assert chances.sum() == pytest.approx(1)  # every table occurs
    assert chisquare(counts, chances * size).pvalue > 1e-4


@pytest.mark.parametrize("n", [10**3, 10**6, 10**12, 8 * 10**15])
def test_margins_and_moments(n, rng):
    share = [0.5, 0.3, 0.15, 0.05]
    rows, cols = ((n * np.array(share)).astype(np.int64), (n * np.array([0.6, 0.3, 0.1])).astype(np.int64))
    rows[0] += n - rows.sum()
    cols[0] += n - cols.sum()
    tables = random_tables(rows, cols, 4000, rng=2)
    assert (tables >= 0).all()
    np.testing.assert_array_equal(tables.sum(axis=2), np.broadcast_to(rows, (4000, 4)))
    np.testing.assert_array_equal(tables.sum(axis=1), np.broadcast_to(cols, (4000, 3)))
    mean = rows[:, None] * (cols / n)
    variance = mean * ((n - rows) / n)[:, None] * ((n - cols) / (n - 1))
    centred = tables - mean
    assert np.abs(centred.mean(axis=0) / np.sqrt(variance / 4000)).max() < 4.5
    np.testing.assert_allclose((centred**2).mean(axis=0), variance, rtol=0.12)


@pytest.mark.parametrize(
    ("rows", "cols"),
    [([5], [2, 3]), ([2, 3], [5]), ([0, 5], [5, 0]), ([1] * 6, [1] * 6), ([7, 1], [1, 7]), ([10**12, 1], [1, 10**12])],
)
def test_extreme_margins(rows, cols):
    tables = random_tables(rows, cols, 50, rng=0)
    assert (tables >= 0).all()
    assert (tables.sum(axis=2) == rows).all()
    assert (tables.sum(axis=1) == cols).all()


@pytest.mark.parametrize("n_threads", ["1", "2", "7"])
def test_any_number_of_threads_and_any_blocks(n_threads, monkeypatch):
    margins = [700, 200, 100], [500, 300, 200]
    expected = random_tables(*margins, 3000, rng=5)
    monkeypatch.setenv("NUMBA_NUM_THREADS", n_threads)
    monkeypatch.setattr(draws, "_BLOCK", 9 * 700)
    blocks = list(iter_random_tables(*margins, 3000, rng=5))
    assert len(blocks) == 5
    np.testing.assert_array_equal(np.concatenate(blocks), expected)
    assert (random_tables(*margins, 3000, rng=6) != expected).any()


def test_a_generator_goes_on():
    rng = np.random.default_rng(0)
    first, second = (random_tables([500, 500], [400, 600], 20, rng=rng) for _ in range(2))
    assert (first != second).any()


@pytest.mark.parametrize(
    "margins",
    [
        ([30, 20, 50], [45, 40, 15]),
        ([5, 0, 1, 30], [36, 0]),
        ([10**12, 3 * 10**5, 9 * 10**12], [2 * 10**12, 8 * 10**12, 3 * 10**5]),
    ],
)
def test_one_by_one_and_many_at_a_time_in_python_and_compiled(margins, monkeypatch):
    monkeypatch.setattr(vector_draws, "WIDTH", 5)
    rows, cols = map(np.array, margins)
    found = []
    for draw in (scalars.draw_tables, vector_draws.draw_blocks):
        for function in (draw, loops.compiled(draw)):
            counts = np.zeros((9, rows.size * cols.size), dtype=np.int64)
            function(rows, cols, 2**33, 123, 2**32 - 1, 1, 9, counts)
            found.append(counts)
            np.testing.assert_array_equal(counts, found[0])
    np.testing.assert_array_equal(
        found[0].reshape(9, rows.size, -1).sum(axis=1)[1:], np.broadcast_to(cols, (8, cols.size))
    )
    assert (found[0][0] == 0).all()  # those before the first


def test_the_polynomial_is_as_close_as_it_says():
    """Near the mean, the cost of a count is the polynomial, up to the bound of its error."""
    rng, checked = np.random.default_rng(0), 0
    for _ in range(300):
        n = int(10 ** rng.uniform(2, 9))
        a, b = (int(rng.integers(1, n)) for _ in range(2))
        x, y = a / n, b / n
        c1, c2, c3, c4, p4 = scalars.cost_near_mean(x, y, 1 / (n * x * (1 - x) * y * (1 - y)))
        radius = scalars.NEAR * n * min(x, 1 - x) * min(y, 1 - y)
        start = int(a * (b / n))
        for k in {start, start + int(rng.uniform(-1, 1) * radius), start + int(radius)}:
            ts = [offset_from_mean(x, a, b, n) for x in (start, k)]
            if max(0, a + b - n) <= min(start, k) and max(start, k) <= min(a, b) and max(map(abs, ts)) <= radius:
                exact = cost_of_count(k, a, b, n, ts[1]) - cost_of_count(start, a, b, n, ts[0])
                values = [t * (c1 + t * (c2 + t * (c3 + t * c4))) for t in ts]
                bounds = [p4 * abs(t) * (t**4 / 10 + t**2 / 9 + 0.02) for t in ts]
                assert abs(values[1] - values[0] - exact) <= sum(bounds) + 1e-12 + 1e-13 * abs(exact)
                checked += 1
    assert checked > 300


def test_what_is_sure_is_right():
    """Counts are taken or not as their exact probabilities say, however close the uniform; few are left to these."""
    rng, told = np.random.default_rng(0), {-1: 0, 0: 0, 1: 0}
    for _ in range(10_000):
        n = int(10 ** rng.uniform(1, 12))
        a, b = (int(n ** rng.uniform(0.5, 1) / 2) for _ in range(2))
        sizes, mode = (float(a), float(b), float(n)), (a + 1) * (b + 1) // (n + 2)
        u, v = 1 - rng.random(), rng.random()
        count, taken = scalars.try_count(*sizes, u, v)
        if not 0 <= count <= min(a, b):
            assert taken == -1
            continue
        at_count, at_mode = (cost_of_count(k, a, b, n, offset_from_mean(k, a, b, n)) for k in (int(count), mode))
        level = math.exp((at_mode - at_count) / 2)
        if level < 2.0**-53:  # no uniform is as small
            assert taken < 1
            continue
        off = 10 ** rng.uniform(-10, -1)
        for close in (level * (1 - off), level * (1 + off)):
            again, taken = scalars.try_count(*sizes, close, 0.5 + (v - 0.5) * close / u)
            told[taken] += 1
            if again == count:
                assert taken in (0, 1 if close < level else -1)
                assert scalars.is_taken(count, *sizes, close) == (close < level)
    assert told[1] > 2000
    assert told[-1] > 2000
    assert told[0] > 1000


@pytest.mark.parametrize("away", [1, 3, 20, 64])
def test_ratios_and_costs_agree(away, monkeypatch):
    a, b, n = 4000.0, 3000.0, 20_000.0
    for count in (scalars.mode_of(a, b, n) + away, scalars.mode_of(a, b, n) - away):
        costs = [cost_of_count(int(k), 4000, 3000, 20_000, k - 600.0) for k in (count, scalars.mode_of(a, b, n))]
        level = math.exp((costs[1] - costs[0]) / 2)
        for few in (scalars.FEW_STEPS, 0):
            monkeypatch.setattr(scalars, "FEW_STEPS", few)
            assert scalars.is_taken(count, a, b, n, level * (1 - 1e-11))
            assert not scalars.is_taken(count, a, b, n, level * (1 + 1e-11))
            monkeypatch.undo()


def test_pvalues_under_the_null():
    """Tables drawn under the null have p-values that are uniform."""
    rng = np.random.default_rng(0)
    pvalues = [
        permutation_test(contingency=table, score="mi", n_resamples=99, rng=rng).pvalue
        for table in random_tables([60, 40], [50, 30, 20], 200, rng=9)
    ]
    assert abs(np.mean(pvalues) - 0.5) < 4 * (1 / 12 / 200) ** 0.5
    assert 2 <= sum(p <= 0.05 for p in pvalues) <= 22
