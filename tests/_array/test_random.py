"""Seeds and generators of every library."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest

import amiable
from amiable._array.libraries import namespace_of
from amiable._array.random import sampler_for

SIZES = np.array([30, 50, 20])


def tables(sizes, rng, backend):
    return backend.to_numpy(amiable.random_tables(sizes, sizes, 50, rng=rng))


@pytest.mark.slow_on("jax-as-accelerator")
def test_seeds(backend):
    sizes = backend.asarray(SIZES)
    once, again, other = (tables(sizes, seed, backend) for seed in (3, 3, 4))
    np.testing.assert_array_equal(once, again)
    assert np.any(once != other)
    fresh = tables(sizes, None, backend), tables(sizes, None, backend)
    assert np.any(fresh[0] != fresh[1])
    np.testing.assert_array_equal(tables(sizes, np.int64(3), backend), once)


def generator_of(x):
    """Return a function that makes the library's own generator."""
    if compat.is_torch_array(x):
        import torch

        return lambda seed: torch.Generator(device=x.device).manual_seed(seed)
    if compat.is_jax_array(x):
        import jax

        return jax.random.key
    if compat.is_cupy_array(x):
        import cupy

        return cupy.random.default_rng
    return np.random.default_rng


@pytest.mark.slow_on("jax-as-accelerator")
def test_own_generators(backend):
    sizes = backend.asarray(SIZES)
    make = generator_of(sizes)
    once, again = (tables(sizes, make(5), backend) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    if not compat.is_jax_array(sizes):  # keys have no state
        generator = make(5)
        first, second = (tables(sizes, generator, backend) for _ in range(2))
        np.testing.assert_array_equal(first, once)
        assert np.any(first != second)


def test_old_keys_of_jax():
    jax = pytest.importorskip("jax")
    sizes = jax.numpy.asarray(SIZES)
    once, again = (amiable.random_tables(sizes, sizes, 9, rng=jax.random.PRNGKey(1)) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_generators_of_others(backend):
    sizes = backend.asarray(SIZES)
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    library = namespace_of(sizes).__name__
    for name, rng in (("torch", torch.Generator()), ("jax", jax.random.key(0)), ("numpy", np.random.default_rng())):
        own = name in library or (name == "numpy" and "strict" in library)
        if not own or (name == "torch" and backend.is_cuda):  # on another device
            with pytest.raises(TypeError, match=r"rng is a .*: expected None, an integer seed, or a"):
                amiable.random_tables(sizes, sizes, 1, rng=rng)


@pytest.mark.parametrize("rng", [1.5, "seed", True, [1, 2], np.random.RandomState(0)])
def test_no_generator(rng):
    with pytest.raises(TypeError, match=r"rng is a .*: expected None, an integer seed, or a numpy.random.Generator"):
        amiable.random_tables([2], [2], 1, rng=rng)


def test_negative_seed():
    with pytest.raises(ValueError, match="rng is -1: expected a seed >= 0"):
        amiable.random_tables([2], [2], 1, rng=-1)


def test_uniforms(backend):
    sizes = backend.asarray(SIZES)
    source = sampler_for(namespace_of(sizes), 1, sizes).source
    got = backend.to_numpy(source.uniform((100, 50)))
    assert got.shape == (100, 50)
    assert got.min() >= 0
    assert got.max() < 1
    assert abs(got.mean() - 0.5) < 0.02
