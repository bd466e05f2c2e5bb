"""Random tables drawn by compiled loops: the exact distribution, whatever the margins, threads and blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, hypergeom, random_table

from amiable import iter_random_tables, permutation_test, random_tables
from amiable._array import loops
from amiable._scalars import draws as scalars
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
        (10**5, 10**5, 10**6),
    ],
)
def test_one_draw_is_hypergeometric(a, b, n):
    size = 20_000
    tables = random_tables([a, n - a], [b, n - b], size, rng=3)
    drawn = tables[:, 0, 0]
    k = np.arange(max(0, a + b - n), min(a, b) + 1)
    expected = hypergeom(n, b, a).pmf(k) * size
    counts = np.bincount(drawn - k[0], minlength=k.size)
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


def test_the_source_is_plain_python():
    rows, cols = [30, 20, 50], [45, 40, 15]
    counts = np.zeros((8, 9), dtype=np.int64)
    compiled = np.zeros_like(counts)
    key = 123, 2**32 - 1
    scalars.draw_tables(rows, cols, 2**33, *key, 0, 8, counts)
    loops.compiled(scalars.draw_tables)(np.array(rows), np.array(cols), 2**33, *key, 0, 8, compiled)
    np.testing.assert_array_equal(counts, compiled)


def test_the_polynomial_is_as_close_as_it_says():
    """Near the mean, the cost of a count is the polynomial, up to the bound of its error."""
    from amiable._scalars.cells import cost_of_count, offset_from_mean

    rng, checked = np.random.default_rng(0), 0
    for _ in range(300):
        n = int(10 ** rng.uniform(2, 9))
        a, b = (int(rng.integers(1, n)) for _ in range(2))
        c1, c2, c3, c4, p4, radius = scalars.cost_near_mean(a, b, n)
        start = int(a * (b / n))
        for k in {start, start + int(rng.uniform(-1, 1) * radius), start + int(radius)}:
            ts = [offset_from_mean(x, a, b, n) for x in (start, k)]
            if max(0, a + b - n) <= min(start, k) and max(start, k) <= min(a, b) and max(map(abs, ts)) <= radius:
                exact = cost_of_count(k, a, b, n, ts[1]) - cost_of_count(start, a, b, n, ts[0])
                values = [t * (c1 + t * (c2 + t * (c3 + t * c4))) for t in ts]
                bounds = [p4 * abs(t) * (t**4 / 10 + t**2 / 9 + 0.02) for t in ts]
                assert abs(values[1] - values[0] - exact) <= sum(bounds) + scalars.ROUNDING + 1e-13 * abs(exact)
                checked += 1
    assert checked > 300


def test_pvalues_under_the_null():
    """Tables drawn under the null have p-values that are uniform."""
    rng = np.random.default_rng(0)
    pvalues = [
        permutation_test(contingency=table, score="mi", n_resamples=99, rng=rng).pvalue
        for table in random_tables([60, 40], [50, 30, 20], 200, rng=9)
    ]
    assert abs(np.mean(pvalues) - 0.5) < 4 * (1 / 12 / 200) ** 0.5
    assert 2 <= sum(p <= 0.05 for p in pvalues) <= 22
