"""Scores that are sums over cells: what their null distribution is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable.chance.cell_sums import (
    CellSum,
    excess_of_cell,
    mean_of_sum,
    moments_of_sum,
    room_of_sum,
    sum_of_empty_cells,
)
from amiable.contingency import Cells
from amiable.scores.evaluate import evaluate

__all__ = ["CellScore"]

Largest = Callable[[Namespace, Array, Array], Any]
Rescaled = tuple[Array, Array]  # a score is the first, plus the second times a sum over cells


@dataclass(frozen=True)
class CellScore(CellSum):
    """A score of your own that is a sum over the cells of a table: its mean and variance by chance are known exactly.

    The score is the sum of ``cell(xp, x, a, b, n)`` over all pairs of a class and a cluster, of a and b samples, x of
    which are in both, among n samples. Clusters without samples are left out. It is called as the functions of amiable
    are, with labels or ``contingency=``, and taken as ``score=`` wherever they are.

    Attributes
    ----------
    cell : callable
        What a cell adds: a function of an array namespace and of four arrays of floats that broadcast. It returns an
        array of their shape, finite for every x from 0 to min(a, b), by operators and functions of `xp`.
    largest : callable, optional
        ``largest(xp, row_sums, col_sums)``, the largest value that the score is adjusted to, of shape (...) for cluster
        sizes of shapes (..., R) and (..., C). By default the mean of the scores of each labeling with itself, as in the
        adjusted Rand index and adjusted mutual information.
    degree : int, optional
        That of `cell` as a polynomial in x: 2 for pairs of samples. Its moments then cost milliseconds, and are traced.
        `cell` is then asked for all x from 0 to the degree, too.
    smooth : bool or "count", default=False
        Whether `cell` is smooth (without kinks) in all its arguments, or in x alone ("count"): then sums over some
        counts, and over some cluster sizes, stand in for those over all, in milliseconds instead of minutes. To say so
        of a function with kinks gives wrong moments.

    Raises
    ------
    ValueError, TypeError
        Where a score is used: a `cell` that returns something else than one finite float for each cell; one that is
        no polynomial, or looks at values, under tracing; one whose value in a cell depends on other cells. A `degree`
        that is not that of `cell`, as far as some counts tell. The last two are looked for in host memory alone.

    References
    ----------
    The derivation is in `amiable.chance.cell_sums`. For polynomials of second degree: Romano, Vinh, Bailey and
    Verspoor (2016), Adjusting for chance clustering comparison measures, JMLR 17(134):1-32, 10.48550/arXiv.1512.01286.

    Examples
    --------
    >>> from amiable import CellScore, score_moments
    >>> cubes = CellScore(lambda xp, x, a, b, n: x**3, degree=3)
    >>> mean, variance = score_moments(cubes, [4, 3, 1], [3, 3, 2])
    >>> round(mean, 6), round(variance, 6)
    (22.571429, 79.787755)
    >>> cubes(contingency=[[4, 0, 0], [0, 3, 0], [0, 0, 1]])
    92.0
    """

    largest: Largest | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not callable(self.cell):
            raise TypeError(f"cell is {self.cell!r}: expected a function of (xp, x, a, b, n)")
        if self.largest is not None and not callable(self.largest):
            raise TypeError(f"largest is {self.largest!r}: expected a function of (xp, row_sums, col_sums)")
        if not (isinstance(self.smooth, bool) or (isinstance(self.smooth, str) and self.smooth == "count")):
            raise ValueError(f"smooth is {self.smooth!r}: expected True, False or 'count'")
        is_whole = hasattr(self.degree, "__index__") and not isinstance(self.degree, bool)
        if self.degree is not None and not (is_whole and self.degree >= 0):
            raise ValueError(f"degree is {self.degree!r}: expected a whole number of at least 0, or None")

    def __call__(
        self,
        labels_true: Any = None,
        labels_pred: Any = None,
        *,
        contingency: Any = None,
        n_labels: tuple[int, int] | None = None,
        axis: int | None = -1,
    ) -> Any:
        """Return the score of labels or of a table, as the functions of amiable do."""
        return evaluate(self.observed, labels_true, labels_pred, contingency, n_labels, axis, compiles=False)

    def observed(self, table: Cells) -> Array:
        """Return the score (...) of a table."""
        xp = table.xp

        def term(xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
            there = self.values(xp, x, a, b, n)
            if not table.is_grid:
                there = there - self.values(xp, xp.zeros_like(x), a, b, n)
            return xp.where((a > 0) & (b > 0), there, 0.0)

        total = table.sum_cells(term)
        if table.is_grid or table.is_weighted:  # no score of weights gives empty cells a value
            return total
        return total + sum_of_empty_cells(xp, table.row_sums, table.col_sums, self)

    def mean(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> Array:
        """Return the mean (...) over random labelings with these cluster sizes."""
        return mean_of_sum(namespace_of(row_sums), row_sums, col_sums, self, static=static)

    def moments(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> tuple[Array, Array]:
        """Return mean and variance (...) over random labelings with these cluster sizes."""
        return moments_of_sum(namespace_of(row_sums), row_sums, col_sums, self, static=static)

    def excess(self, table: Cells) -> Array:
        """Return by how much (...) the score of a table exceeds its mean."""
        if table.is_grid and self.is_parabola:
            return table.sum_cells(partial(excess_of_cell, of=self))
        return self.observed(table) - self.mean(table.row_sums, table.col_sums, static=table.static)

    def room(self, row_sums: Array, col_sums: Array, *, static: bool = False) -> Array:
        """Return about how far (...) the least value is below the mean; negative, how far the largest is above."""
        return room_of_sum(namespace_of(row_sums), row_sums, col_sums, self, static=static)

    def most(self, row_sums: Array, col_sums: Array) -> Array:
        """Return the value (...) that the score is adjusted to."""
        xp = namespace_of(row_sums)
        if self.largest is None:
            return (self._with_itself(xp, row_sums) + self._with_itself(xp, col_sums)) / 2
        found = self.largest(xp, row_sums, col_sums)
        if not hasattr(found, "shape") or tuple(found.shape) != tuple(row_sums.shape[:-1]):
            raise ValueError(
                f"largest returned {found!r}: expected an array of shape {tuple(row_sums.shape[:-1])}, a value a table"
            )
        return to_float(xp, found)

    def _with_itself(self, xp: Namespace, sums: Array) -> Array:
        """Return the score (...) of a labeling with itself."""
        n = xp.sum(sums, axis=-1)[..., None]
        diagonal = self.values(xp, sums, sums, sums, n) - self.values(xp, xp.zeros_like(sums), sums, sums, n)
        total = xp.sum(xp.where(sums > 0, diagonal, 0.0), axis=-1)
        return total + sum_of_empty_cells(xp, sums, sums, self)


def inverse(xp: Namespace, x: Array) -> Array:
    """Return 1 / x of floats, and 0 where x is 0."""
    return xp.where(x == 0, 0.0, 1 / xp.where(x == 0, 1.0, x))
