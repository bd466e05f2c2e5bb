"""Windows, lattices and weights of one cell's null distribution."""

from __future__ import annotations

import array_api_compat as compat
import mpmath
import numpy as np
import pytest

from amiable.chance.hypergeometric import MAX_NODES, expectations, n_nodes, reach, stride_of_reach, window

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


def test_stride_of_a_reach_is_no_longer_than_that_of_any_pair(rng):
    n = 10 ** rng.uniform(2, 12, 20_000)
    a = np.clip(10 ** rng.uniform(0, np.log10(n)), 1, n).astype(np.int64)
    n = n.astype(np.int64)
    b = np.clip(rng.uniform(1, 300, n.size) * n / a, 1, n).astype(np.int64)
    strides, (up, _) = window(np, a, b, n)[2], reach(np, a, b, n)
    found = np.array([stride_of_reach(int(x)) for x in up])
    assert (found <= strides).all()
    assert found.max() >= 5
    assert (found >= strides - 1)[(strides > 5) & (up < 128)].mean() > 0.5
