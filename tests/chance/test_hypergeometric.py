"""Windows, lattices and weights of one cell's null distribution."""

from __future__ import annotations

import array_api_compat as compat
import mpmath
import numpy as np
import pytest

from amiable._scalars.cells import DEVIANCE, expectations_of_cell
from amiable._scalars.series import LEAST_MEAN, MOST_TERMS, n_terms
from amiable.chance.hypergeometric import (
    MAX_NODES,
    expectations,
    expectations_by_series,
    least_mean_of_series,
    n_nodes,
    window,
)

xp = compat.array_namespace(np.zeros(1))


def margins(rng, n, count):
    """Cluster sizes of all orders of magnitude up to n."""
    return np.clip(np.exp(rng.uniform(0, np.log(n), count)).astype(np.int64), 1, n)


@pytest.mark.parametrize("n", [50, 1000, 10**5, 10**8, 10**10, 10**12])
def test_never_more_than_115_nodes(rng, n):
    a, b = margins(rng, n, 100_000), margins(rng, n, 100_000)
    b[::2] = np.clip(rng.uniform(1, 3000, 50_000) * n / a[::2], 1, n).astype(np.int64)  # means where windows are widest
    assert n_nodes(xp, a, b, np.asarray(n)).max() <= 115 < MAX_NODES


@pytest.mark.parametrize("n", [2, 17, 300, 10**6])
def test_window_stays_on_the_support(rng, n):
    a, b = margins(rng, n, 5000), margins(rng, n, 5000)
    first, last, stride = window(xp, a, b, np.asarray(n))
    assert (first >= np.maximum(0, a + b - n)).all()
    assert (last <= np.minimum(a, b)).all()
    assert (first <= last).all()
    assert (stride >= 1).all()


@pytest.mark.parametrize(
    ("n", "a", "b"),
    [
        (10, 4, 5),
        (100, 99, 98),
        (1000, 41, 980),
        (5000, 2500, 2500),
        (20_000, 900, 950),
        (10**5, 300, 13_400),
        (10**5, 3, 7),
    ],
)
def test_expectations_by_summation(n, a, b):
    with mpmath.workdps(40):
        mean = mpmath.mpf(a * b) / n
        chance = mpmath.mpf(1) / mpmath.binomial(n, b)
        deviance = xlogx = mpmath.mpf(0)
        p, ratio = None, None
        for k in range(max(0, a + b - n), min(a, b) + 1):
            p = mpmath.binomial(a, k) * mpmath.binomial(n - a, b - k) * chance if p is None else p * ratio
            ratio = mpmath.mpf((a - k) * (b - k)) / ((k + 1) * (n - a - b + k + 1))
            own = k * mpmath.log(k) if k else 0
            deviance += p * ((own - k * mpmath.log(mean)) - k + mean)
            xlogx += p * own
    got = expectations(xp, np.asarray(a), np.asarray(b), np.asarray(n))
    assert got[0] == pytest.approx(float(deviance), rel=1e-14)
    assert got[1] == pytest.approx(float(xlogx), rel=1e-14)


def test_smallest_width_is_enough(rng):
    a, b, n = margins(rng, 10**6, 300), margins(rng, 10**6, 300), np.asarray(10**6)
    for i, nodes in enumerate(n_nodes(xp, a, b, n)):
        one = expectations(xp, a[i : i + 1], b[i : i + 1], n, width=int(nodes))
        np.testing.assert_allclose(one, expectations(xp, a[i : i + 1], b[i : i + 1], n), rtol=1e-15)


def test_empty_clusters_expect_nothing():
    zero, n = np.asarray([0, 0, 3]), np.asarray(5)
    for found in expectations(xp, zero, np.asarray([0, 4, 0]), n):
        assert (found == 0).all()


def exact_deviance(a, b, n):
    """E[D(K, E K)] of K ~ Hypergeometric(n, a, b), as a sum over counts in 40 digits."""
    with mpmath.workdps(40):
        mean = mpmath.mpf(a) * b / n
        least, most = max(0, a + b - n), min(a, b)
        start = min(max(int(mean), least), most)
        total, found = mpmath.mpf(0), mpmath.mpf(0)
        for step in (1, -1):
            k, weight = start, mpmath.mpf(1)
            while least <= k <= most and weight > mpmath.mpf(10) ** -35:
                if k != start or step > 0:
                    total += weight
                    found += weight * ((k * mpmath.log(k / mean) if k else 0) - k + mean)
                if step > 0:
                    weight *= mpmath.mpf((a - k) * (b - k)) / ((k + 1) * (n - a - b + k + 1))
                elif k:
                    weight *= mpmath.mpf(k * (n - a - b + k)) / ((a - k + 1) * (b - k + 1))
                k += step
        return float(found / total)


@pytest.mark.parametrize(
    ("n", "a", "b"),
    [
        (1000, 200, 200),
        (40, 40, 40),
        (10**4, 9999, 41),
        (10**4, 9990, 9980),
        (41**2, 41, 1640),
        (10**6, 6400, 6450),
        (10**7, 10**5, 4100),
        (10**10, 10**6, 650_000),
    ],
)
def test_series_of_large_means(n, a, b):
    sizes = np.asarray([a]), np.asarray([b]), np.asarray([n])
    least = a * b / n
    assert least >= LEAST_MEAN
    known = exact_deviance(a, b, n)
    for count in (n_terms(least), MOST_TERMS):
        got = expectations_by_series(xp, *sizes, n_terms=count, forms=("deviance",))[0, 0]
        assert got == pytest.approx(known, rel=2e-15, abs=0)
    assert expectations_of_cell(a, b, n, DEVIANCE)[0] == pytest.approx(known, rel=2e-15, abs=0)


def test_walks_of_small_means(rng):
    """Among them are cells that hardly vary."""
    for _ in range(100):
        n = int(10 ** rng.uniform(1, 5))
        a = int(rng.integers(1, n + 1))
        b = min(n, max(1, int(rng.uniform(0, 40) * n / a)))
        known = exact_deviance(a, b, n)
        assert expectations_of_cell(a, b, n, DEVIANCE)[0] == pytest.approx(known, rel=1e-14, abs=0)


def test_series_has_all_forms(rng):
    a, b = margins(rng, 10**6, 4000), margins(rng, 10**6, 4000)
    n = np.full(4000, 10**6)
    far = a * (b / n) >= LEAST_MEAN
    forms = ("deviance", "xlogx", "given_row", "given_col")
    found = expectations_by_series(xp, a[far], b[far], n[far], n_terms=MOST_TERMS, forms=forms)
    known = expectations(xp, a[far], b[far], n[far], forms=forms)
    assert far.sum() > 500
    np.testing.assert_allclose(found, known, rtol=2e-9, atol=1e-12)  # the lattice loses digits of cells near n
    at = [expectations_of_cell(int(x), int(y), 10**6, 15) for x, y in zip(a[far], b[far], strict=True)]
    np.testing.assert_allclose(found.T, at, rtol=1e-13)


def test_single_precision_has_no_series():
    assert least_mean_of_series(xp, np.zeros(1, np.float32)) == np.inf
    assert least_mean_of_series(xp, np.zeros(1)) == LEAST_MEAN
