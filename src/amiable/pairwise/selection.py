"""Which pairs of labelings are kept where there are more than a matrix can hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from amiable.scores.registry import is_distance

Part = tuple[np.ndarray, ...]


class BestPairs(NamedTuple):
    """The best partners of each labeling, the best first.

    Attributes
    ----------
    indices : array of integers, shape (M, K)
        Which labelings they are; of equal scores the lower index is first.
    scores : array of shape (M, K)
        Their scores; what is not a number comes last.
    """

    indices: Any
    scores: Any


class ScoredPairs(NamedTuple):
    """Some pairs of labelings, ordered by row, then by column.

    Attributes
    ----------
    rows, cols : array of integers, shape (P,)
        Which labelings each pair is made of.
    scores : array of shape (P,)
        Their scores.
    """

    rows: Any
    cols: Any
    scores: Any


_NOBODY = np.iinfo(np.int64).max  # the index of a pair that is not wanted


@dataclass(frozen=True)
class Top:
    """Keeps the `k` best of each row: the largest scores, or the `smallest`."""

    k: int
    smallest: bool

    def among(self, n_partners: int) -> Top:
        """Return what keeps no more than there are."""
        return Top(min(self.k, n_partners), self.smallest)

    def of_block(self, _rows: np.ndarray, cols: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> Part:
        """Return indices and scores (R, at most k) of a block of scores (R, C), of the `wanted` pairs."""
        index = np.where(wanted, cols[None, :], _NOBODY)
        return self.merged([(index, scores)])

    def merged(self, parts: Iterable[Part]) -> Part:
        """Return the best of several parts of the same rows."""
        index, scores = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
        key = scores if self.smallest else -scores
        order = np.lexsort((index, key, index == _NOBODY), axis=-1)[:, : self.k]
        return np.take_along_axis(index, order, axis=1), np.take_along_axis(scores, order, axis=1)


@dataclass(frozen=True)
class Beyond:
    """Keeps the pairs whose scores lie above the threshold, or below it."""

    threshold: float
    above: bool

    def of_block(self, rows: np.ndarray, cols: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> Part:
        """Return rows, columns and scores (P,) of a block of scores (R, C), of the `wanted` pairs."""
        i, j = np.nonzero(wanted & (scores > self.threshold if self.above else scores < self.threshold))
        return rows[i], cols[j], scores[i, j]

    def merged(self, parts: Iterable[Part]) -> Part:
        """Return the pairs of all parts, in order."""
        rows, cols, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        order = np.lexsort((cols, rows))
        return rows[order], cols[order], scores[order]


Selection = Top | Beyond


def check_selection(top: Any, above: Any, below: Any, score: Callable[..., Any]) -> Selection | None:
    """Return which pairs are wanted; None for all of them, as a matrix."""
    given = {name: x for name, x in (("top", top), ("above", above), ("below", below)) if x is not None}
    if not given:
        return None
    if len(given) > 1:
        raise ValueError(f"{' and '.join(f'{name}={x!r}' for name, x in given.items())}: expected at most one of them")
    if top is not None:
        if not isinstance(top, (int, np.integer)) or isinstance(top, bool) or top < 1:
            raise ValueError(f"top is {top!r}: expected a whole number of at least 1")
        return Top(int(top), is_distance(score))
    ((name, x),) = given.items()
    if not isinstance(x, (int, float, np.integer, np.floating)) or isinstance(x, bool) or math.isnan(x):
        raise ValueError(f"{name} is {x!r}: expected a number")
    return Beyond(float(x), above is not None)


def keeper(selection: Selection, n_rows: int, n_cols: int, *, mirrored: bool) -> _Best | _Listed:
    """Return what gathers blocks of so many rows, each with so many partners; mirrored, each pair comes once."""
    if isinstance(selection, Top):
        return _Best(selection.among(n_cols), n_rows, mirrored=mirrored)
    return _Listed(selection, mirrored=mirrored)


class _Best:
    """The best partners of each row so far."""

    def __init__(self, top: Top, n_rows: int, *, mirrored: bool) -> None:
        self._top, self._mirrored = top, mirrored
        self._index = np.full((n_rows, top.k), _NOBODY)
        self._scores = np.full((n_rows, top.k), np.nan)

    def add(self, rows: np.ndarray, cols: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> None:
        """Take a block of scores (R, C), of pairs that no other block holds."""
        self._add(rows, cols, scores, wanted)
        if self._mirrored:
            self._add(cols, rows, scores.T, wanted.T)

    def _add(self, rows: np.ndarray, cols: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> None:
        block = self._top.of_block(rows, cols, scores, wanted)
        self._index[rows], self._scores[rows] = self._top.merged([(self._index[rows], self._scores[rows]), block])

    def result(self) -> BestPairs:
        """Return what was found."""
        return BestPairs(self._index, self._scores)


class _Listed:
    """The pairs beyond a threshold so far."""

    def __init__(self, beyond: Beyond, *, mirrored: bool) -> None:
        self._beyond, self._mirrored = beyond, mirrored
        self._parts: list[Part] = []

    def add(self, rows: np.ndarray, cols: np.ndarray, scores: np.ndarray, wanted: np.ndarray) -> None:
        """Take a block of scores (R, C), of pairs that no other block holds."""
        first, second, found = self._beyond.of_block(rows, cols, scores, wanted)
        if self._mirrored:
            first, second = np.minimum(first, second), np.maximum(first, second)
        self._parts.append((first, second, found))

    def result(self) -> ScoredPairs:
        """Return what was found."""
        return ScoredPairs(*self._beyond.merged(self._parts))
