"""Random tables in runs, each from a stream of its own, so that a run is the same wherever it is drawn."""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from amiable._array.blocks import blocks
from amiable._array.libraries import NUMPY
from amiable._array.protocols import Array
from amiable._array.random import Sampler, Source

_WORDS = 8  # of 32 bits, that all streams of a call are seeded with
# Elements of the tables of one run in host memory: some milliseconds of work, four megabytes.
_RUN = 1 << 19
# Runs that a client works on at once, at least: workers may be added.
_IN_FLIGHT = 32


class Run(NamedTuple):
    """Some of the random tables of a call."""

    seed: tuple[int, ...]
    number: int
    size: int

    def sampler(self, arrays: tuple[Array, ...]) -> Sampler:
        """Return random numbers of this run alone, beside NumPy arrays."""
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.number,)))
        return Sampler(NUMPY, arrays, lambda result: result, Source(generator.random, generator))


def in_runs(
    draw: Callable[[Sampler, int], Iterable[Any]], sampler: Sampler, size: int, n_elements: int
) -> Iterator[Any]:
    """Draw `size` tables of so many elements here, in blocks, one run after another; on a device from one stream."""
    if sampler.source.numpy is None:
        return iter(draw(sampler, size))
    runs = _runs(sampler.source.numpy, size, n_elements)
    return itertools.chain.from_iterable(draw(run.sampler(sampler.arrays), run.size) for run in runs)


def on_client(
    client: Any, task: Callable[..., Any], sampler: Sampler, size: int, n_elements: int, *args: Any
) -> Iterator[Any]:
    """Return `task(run, arrays, *args)` of each run, in order, from the workers of a client."""
    if not hasattr(client, "submit") or getattr(client, "asynchronous", False):
        kind = f"an asynchronous {type(client).__name__}" if hasattr(client, "submit") else type(client).__name__
        raise TypeError(f"client is {kind}: expected a distributed.Client, or an executor of concurrent.futures")
    if sampler.source.numpy is None:
        raise TypeError("client is given beside arrays on a device: expected arrays in host memory, or no client")
    runs = _runs(sampler.source.numpy, size, n_elements)
    return _results(client, (functools.partial(client.submit, task, run, sampler.arrays, *args) for run in runs))


def _runs(generator: np.random.Generator, size: int, n_elements: int) -> Iterator[Run]:
    seed = tuple(generator.integers(2**32, size=_WORDS).tolist())
    cut = blocks(size, _RUN // max(1, n_elements))
    return (Run(seed, number, run.stop - run.start) for number, run in enumerate(cut))


def _results(client: Any, submits: Iterator[Callable[[], Any]]) -> Iterator[Any]:
    """Submit tasks and return their results in order, with few tasks and results at a time."""
    threads = sum(client.nthreads().values()) if hasattr(client, "nthreads") else 0
    ahead = deque(submit() for submit in itertools.islice(submits, max(_IN_FLIGHT, 2 * threads)))
    try:
        while ahead:
            found = ahead.popleft().result()
            ahead.extend(submit() for submit in itertools.islice(submits, 1))
            yield found
    finally:
        for future in ahead:
            future.cancel()
