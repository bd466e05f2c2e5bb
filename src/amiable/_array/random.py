"""Random numbers of every array library behind one small interface: uniforms of a shape, and where they are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from amiable._array import libraries
from amiable._array.devices import device_of, library_of
from amiable._array.dtypes import count_dtype, working_dtype
from amiable._array.libraries import NUMPY
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch, host_views

_WORDS = 8  # of 32 bits: a NumPy generator is seeded with 256 bits of another library's


class Source(NamedTuple):
    """Random numbers of one library, on one device, from one stream."""

    uniform: Callable[[tuple[int, ...]], Array]  # independent, in [0, 1), in the working float dtype
    numpy: np.random.Generator | None = None  # whose samplers may be used, where numbers are drawn in host memory


class Sampler(NamedTuple):
    """Random numbers, the arrays that they depend on where they are drawn, and the way back for results."""

    xp: Namespace
    arrays: tuple[Array, ...]
    back: Callable[[Array], Array]
    source: Source


def sampler_for(xp: Namespace, rng: Any, *arrays: Array) -> Sampler:
    """Return a source of random numbers, from a seed or a generator of the library, beside what depends on `arrays`.

    In host memory NumPy draws, whose samplers are compiled; a generator of PyTorch, or a key of JAX, seeds it there.
    A library that has no generators of its own gets what NumPy draws.
    """
    _check(xp, rng, arrays[0])
    near, views, back = host_views(xp, *arrays)
    if libraries.is_numpy_namespace(near):
        generator = np.random.default_rng(_seed(rng))
        return Sampler(NUMPY, views, back, Source(generator.random, generator))
    make = _SOURCES.get(library_of(arrays[0]))
    if make is not None:
        return Sampler(xp, arrays, back, make(xp, arrays[0], rng))
    generator = np.random.default_rng(rng)
    held = tuple(np.asarray(fetch(x), dtype=np.int64) for x in arrays)

    def copied(x: Any) -> Array:
        dtype = working_dtype(xp, arrays[0]) if x.dtype.kind == "f" else count_dtype(xp, arrays[0])
        return xp.asarray(x, dtype=dtype, device=device_of(arrays[0]))

    return Sampler(NUMPY, held, copied, Source(generator.random, generator))


def _check(xp: Namespace, rng: Any, like: Any) -> None:
    """Raise TypeError or ValueError unless `rng` is a seed or a generator for arrays as `like`."""
    if rng is None:
        return
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        if rng < 0:
            raise ValueError(f"rng is {rng}: expected a seed >= 0, or a generator")
        return
    own, expected = False, "a numpy.random.Generator"
    if libraries.is_torch_namespace(xp):
        import torch

        expected = f"a torch.Generator on {like.device}"
        own = isinstance(rng, torch.Generator) and rng.device.type == like.device.type
    elif libraries.is_cupy_namespace(xp):
        import cupy

        expected = "a cupy.random.Generator"
        own = isinstance(rng, cupy.random.Generator)
    elif libraries.is_jax_namespace(xp):
        expected = "a JAX random key"
        own = libraries.is_jax_array(rng) and _is_key(rng)
    else:
        own = isinstance(rng, np.random.Generator)
    if not own:
        device = f" on {rng.device}" if hasattr(rng, "device") else ""
        raise TypeError(
            f"rng is a {type(rng).__module__}.{type(rng).__qualname__}{device}: expected None, an integer seed, or "
            f"{expected}, as the counts are {library_of(like)}'s"
        )


def _is_key(x: Array) -> bool:
    import jax

    return jax.numpy.issubdtype(x.dtype, jax.dtypes.prng_key) or (x.dtype == np.uint32 and x.shape == (2,))


def _seed(rng: Any) -> Any:
    """Return what seeds a NumPy generator, from a seed or a generator of any library."""
    if rng is None or isinstance(rng, (int, np.integer, np.random.Generator)):
        return rng
    if libraries.is_jax_array(rng):
        import jax

        return [int(word) for word in jax.random.bits(rng, (_WORDS,), "uint32")]
    import torch

    return torch.randint(0, 2**32, (_WORDS,), generator=rng, device=rng.device, dtype=torch.int64).tolist()


def _of_torch(xp: Namespace, like: Any, rng: Any) -> Source:
    import torch

    generator, dtype = rng, working_dtype(xp, like)
    if not isinstance(rng, torch.Generator):
        generator = torch.Generator(device=like.device)
        if rng is None:
            generator.seed()
        else:
            generator.manual_seed(int(rng))
    return Source(lambda shape: torch.rand(shape, generator=generator, dtype=dtype, device=like.device))


def _of_cupy(xp: Namespace, like: Any, rng: Any) -> Source:
    import cupy

    generator = rng if isinstance(rng, cupy.random.Generator) else cupy.random.default_rng(rng)
    return Source(lambda shape: generator.random(shape, dtype=working_dtype(xp, like)))


def _of_jax(xp: Namespace, like: Any, rng: Any) -> Source:
    import jax

    dtype = working_dtype(xp, like)
    if rng is None or isinstance(rng, (int, np.integer)):
        rng = jax.random.key(np.random.default_rng(rng).integers(2**31))
    last = [rng]

    def uniform(shape: tuple[int, ...]) -> Array:
        last[0], here = jax.random.split(last[0])
        return jax.random.uniform(here, shape, dtype=dtype)

    return Source(uniform)


_SOURCES = {"torch": _of_torch, "cupy": _of_cupy, "jax": _of_jax}
