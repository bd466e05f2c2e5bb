"""The exact variance of mutual information by compiled loops: equal to the array kernels, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import amiable
from amiable._array import loops
from amiable._scalars import variance as scalars
from amiable.chance.variance import variance_of_sum

pytest.importorskip("numba")


def spread(rng, n, k):
    """Clusters of all sizes, log-normal."""
    weights = np.exp(rng.uniform(0, 2.5) * rng.normal(size=k))
    return 1 + rng.multinomial(n - k, weights / weights.sum())


def equal(rng, n, k):
    """Clusters of two neighbouring sizes."""
    return np.array([n // k + (i < n % k) for i in range(k)])


def one_large(rng, n, k):
    """Clusters of a few samples, and one of all others: hardly anything varies."""
    small = rng.integers(1, 4, k - 1)
    return np.array([n - small.sum(), *small])


def falling(rng, n, k):
    """Clusters that take most of what is left, one after another."""
    sizes = []
    while n > 0 and len(sizes) < k - 1:
        sizes.append(max(1, int(n * rng.uniform(0.2, 0.9))))
        n -= sizes[-1]
    return np.array([*sizes, n])


SHAPES = (spread, equal, one_large, falling)


def tables(rng, count):
    """Margins of all shapes, of 50 to 1e12 samples; an empty cluster among them."""
    for _ in range(count):
        n = int(10 ** rng.uniform(1.7, 12))
        yield tuple(np.append(SHAPES[rng.integers(4)](rng, n, rng.integers(2, 14)), 0) for _ in range(2))


def singletons(rng, count):
    """Margins of nearly nothing but singletons, where sums of K log K are taken."""
    for _ in range(count):
        n = int(rng.integers(40, 400))
        sides = [rng.integers(2, 6, rng.integers(2, 5)) for _ in range(2)]
        yield tuple(np.array([*some, *[1] * (n - some.sum())]) for some in sides)


def by_arrays(monkeypatch, *margins):
    with monkeypatch.context() as patch:
        patch.setattr(loops, "IS_WANTED", False)
        return variance_of_sum(np, *margins)


@pytest.mark.parametrize("draw", [tables, singletons])
def test_array_kernels(draw, rng, monkeypatch):
    assert loops.is_compiled()
    for rows, cols in draw(rng, 60):
        expected = by_arrays(monkeypatch, rows, cols)
        assert variance_of_sum(np, rows, cols) == pytest.approx(expected, rel=1e-11, abs=0), (rows, cols)
        assert variance_of_sum(np, cols, rows) == pytest.approx(expected, rel=1e-11, abs=0), (rows, cols)


@pytest.mark.parametrize(("n", "k"), [(10**4, 60), (10**5, 40), (10**12, 30)])
def test_many_clusters(n, k, rng, monkeypatch):
    margins = spread(rng, n, k), spread(rng, n, k + 10)
    assert variance_of_sum(np, *margins) == pytest.approx(by_arrays(monkeypatch, *margins), rel=1e-12)


def test_batches(rng, monkeypatch):
    rows = np.stack([spread(rng, n, 4) for n in (60, 600, 60)])
    cols = np.stack([spread(rng, n, 7) for n in (60, 600, 60)])
    margins = np.stack([rows, rows]), np.stack([cols, cols[::-1]])
    found = variance_of_sum(np, *margins)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found, by_arrays(monkeypatch, *margins), rtol=1e-11)


def test_any_number_of_threads(rng, monkeypatch):
    margins = spread(rng, 10**5, 20), spread(rng, 10**5, 30)
    pools = []
    pool = loops.ThreadPoolExecutor
    monkeypatch.setattr(loops, "ThreadPoolExecutor", lambda n: pools.append(n) or pool(n))
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    found = []
    for limit in (1, 2, 7):
        with amiable.threads(limit):
            found.append(variance_of_sum(np, *margins))
    assert found[0] == found[1] == found[2]
    assert pools.count(2) == pools.count(7) == 3  # the tables of rows, those of columns, and the cells


@pytest.mark.parametrize(
    ("rows", "cols"),
    [
        ([700, 200, 40, 3, 1], [500, 400, 30, 14]),
        ([10**6, 3 * 10**6, 90], [2 * 10**6, 2 * 10**6 + 90]),
        ([2, 3, *[1] * 40], [5, 2, *[1] * 38]),
    ],
)
def test_the_source_is_plain_python(rows, cols, monkeypatch):
    """What is compiled also runs as it is written."""
    margins = np.array(rows), np.array(cols)
    expected = variance_of_sum(np, *margins)
    monkeypatch.setattr(loops, "compiled", lambda function: function)
    assert variance_of_sum(np, *margins) == pytest.approx(expected, rel=1e-12)


def test_places():
    """Every m up to the pool has a place of its own in a table, near both ends, or a band."""
    for pool in (1, 40, 127, 128, 5000, 10**6 + 3):
        n_bands, n_places = scalars.n_bands(pool), scalars.n_places(pool)
        own = {}
        for m in {*range(min(pool, 300) + 1), *range(max(pool - 300, 0), pool + 1), pool // 2, pool - pool // 4}:
            x, band, place = scalars.place_of_count(m, pool)
            assert x in (m, pool - m)
            if band < 0:
                assert 0 <= x < scalars.EXACT_BELOW
                assert own.setdefault(place, m) == m
                assert place < 2 * scalars.EXACT_BELOW
            else:
                assert x >= scalars.EXACT_BELOW
                assert band < n_bands
                assert place == 2 * scalars.EXACT_BELOW + band * scalars.PER_BAND <= n_places - scalars.PER_BAND


def test_the_same_counts_from_either_side(rng):
    for _ in range(3000):
        n = int(10 ** rng.uniform(0.5, 15))
        a, b = rng.integers(1, n + 1, 2).tolist()
        start, first, last, stride = scalars.window_of_cell(a, b, n)
        assert scalars.window_of_cell(b, a, n) == (start, first, last, stride)
        assert max(0, a + b - n) <= first <= start <= last <= min(a, b)
        assert (start - first) % stride == 0
        assert (last - first) // stride < 128
