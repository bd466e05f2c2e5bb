"""What is scored: labelings and cluster sizes, and calls of amiable told by their sizes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

import amiable
from benchmarks.places import Place

BLOCK = 1 << 24  # samples drawn at once on a device


def labelings(
    n: int, rows: int, cols: int, *, batch: tuple[int, ...] = (), log_normal: bool = False, agree: float = 1 / 3
) -> tuple[np.ndarray, np.ndarray]:
    """Draw codes (n,) and (*batch, n) of which a part agrees; log-normal chances, or equal ones."""
    rng = np.random.default_rng(0)

    def draw(k: int, shape: tuple[int, ...]) -> np.ndarray:
        if not log_normal:
            return rng.integers(0, k, shape)
        return rng.choice(k, shape, p=log_normal_chances(k))

    true, pred = draw(rows, (n,)), draw(cols, (*batch, n))
    return true, np.where(rng.random(pred.shape) < agree, true % cols, pred) if agree else pred


def log_normal_chances(k: int) -> np.ndarray:
    """Draw the chances of k clusters, the largest some tens of times the median for many."""
    chances = np.random.default_rng(k).lognormal(size=k)
    return chances / chances.sum()


# how labels spread over k clusters: their chances
SPREADS: dict[str, Callable[[int], np.ndarray]] = {
    "equal sizes": lambda k: np.full(k, 1 / k),
    "log-normal sizes": log_normal_chances,
    "one cluster": lambda k: np.eye(k)[k // 2],
}


def labelings_at(place: Place, n: int, k: int, *, spread: str = "equal sizes", agree: float = 0) -> tuple[Any, Any]:
    """Draw int32 codes (n,) and (n,) of k clusters on a device itself, of which a part agrees."""
    uniforms = place.uniforms(seed=k)
    edges = place.put(np.cumsum(SPREADS[spread](k))[:-1].astype(np.float32))
    xp = array_namespace(edges)

    def draw() -> Any:
        return xp.astype(xp.searchsorted(edges, uniforms(size), side="right"), xp.int32)

    blocks: tuple[list[Any], list[Any]] = ([], [])
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        true, pred = draw(), draw()
        blocks[0].append(true)
        blocks[1].append(xp.where(uniforms(size) < agree, true, pred) if agree else pred)
    true, pred = map(xp.concat, blocks)
    return true, pred


def cluster_sizes(n: int, rows: int, cols: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw log-normal cluster sizes of two labelings of n samples."""

    def draw(k: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng((k, seed))
        weights = rng.lognormal(size=k)
        return 1 + rng.multinomial(n - k, weights / weights.sum())

    return draw(rows, 0), draw(cols, 1)


@dataclass(frozen=True)
class Call:
    """One call of a function of amiable, told by its sizes, so that another process can repeat it."""

    function: str
    n: int
    rows: int = 10
    cols: int = 10
    batch: int = 0
    dtype: str = "int64"
    log_normal: bool = False
    top: int = 0  # partners that pairwise_scores keeps of each labeling; 0 for the whole matrix

    def inputs(self) -> tuple[np.ndarray, ...]:
        """Draw what the function is called with."""
        if self.function == "expected_mutual_information":
            return cluster_sizes(self.n, self.rows, self.cols)
        batch, agree = (self.batch,) if self.batch else (), 1 / 3 if self.n < 10**8 else 0
        drawn = labelings(self.n, self.rows, self.cols, batch=batch, log_normal=self.log_normal, agree=agree)
        true, pred = (x.astype(self.dtype, copy=False) for x in drawn)
        return (pred,) if self.function == "pairwise_scores" else (true, pred)

    def resolve(self) -> Callable[..., Any]:
        """Look the function up; AttributeError where this amiable does not have it."""
        function = operator.attrgetter(self.function)(amiable)
        return partial(function, top=self.top) if self.top else function
