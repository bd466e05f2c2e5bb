"""Nodes that stand in for many cluster sizes."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest

from amiable.chance.interpolation import EXACT_BELOW, PER_OCTAVE, nodes_for

xp = compat.array_namespace(np.zeros(1))


@pytest.mark.parametrize("largest", [100, 1000, 10**6, 10**9])
def test_smooth_sums_are_kept(rng, largest):
    sizes = np.unique(np.exp(rng.uniform(0, np.log(largest), 5000)).astype(np.int64))
    counts = rng.integers(1, 5, sizes.size).astype(float)
    nodes = nodes_for(xp, sizes, 10 * sizes[-1])
    weights = nodes.spread(xp, counts)
    for f in (np.ones_like, np.log, np.sqrt, lambda s: s / (s + 300.0)):
        assert (weights * f(nodes.sizes * 1.0)).sum() == pytest.approx((counts * f(sizes * 1.0)).sum(), rel=1e-13)


def test_few_nodes(rng):
    sizes = np.unique(rng.integers(1, 10**9, 100_000))
    nodes = nodes_for(xp, sizes, sizes[-1]).sizes
    assert nodes.size <= 2 * EXACT_BELOW + PER_OCTAVE * 50
    assert nodes.min() >= sizes.min()
    assert nodes.max() <= sizes.max()


def test_small_and_few_sizes_are_their_own_nodes():
    for sizes in (np.arange(1, EXACT_BELOW), np.array([1, 5, 10**6, 10**9])):
        nodes = nodes_for(xp, sizes, sizes[-1])
        np.testing.assert_array_equal(nodes.sizes, sizes)
        np.testing.assert_array_equal(nodes.spread(xp, sizes * 1.0), sizes)


@pytest.mark.slow_on("jax", "jax-as-accelerator")
def test_on_every_library(backend, rng):
    sizes = np.unique(rng.integers(100, 10**5, 3000))
    counts = rng.integers(1, 5, (2, sizes.size))
    space = compat.array_namespace(backend.asarray(sizes))
    given = backend.asarray(sizes)
    nodes = nodes_for(space, given, given[-1] + 1)
    floats = counts.astype(np.float32 if backend.single else np.float64)
    weights = backend.to_numpy(nodes.spread(space, backend.asarray(floats)))
    got = (weights * np.log(backend.to_numpy(nodes.sizes))).sum(-1)
    np.testing.assert_allclose(got, (counts * np.log(sizes)).sum(-1), rtol=1e-6 if backend.single else 1e-13)


@pytest.mark.parametrize("n", [10**5, 10**9, 8 * 10**15])
def test_near_n_what_is_left_counts(rng, n):
    """Functions that fall to 0 at n keep their relative digits there, from whole-number differences."""
    left = np.unique(np.exp(rng.uniform(0, np.log(n / 4.1), 2000)).astype(np.int64))
    sizes = n - left[::-1]
    nodes = nodes_for(xp, sizes, np.asarray(n))
    assert nodes.sizes.size < 0.6 * sizes.size
    for f in (np.sqrt, lambda x: x * np.log1p(n / x)):
        got = nodes.at_sizes(xp, f((n - nodes.sizes) * 1.0)[:, None])[:, 0]
        np.testing.assert_allclose(got, f((n - sizes) * 1.0), rtol=1e-13)
