"""Exact moments of sums over cells, against the enumeration of all tables in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from amiable.chance.cell_sums import CellSum, mean_of_sum, moments_of_sum, sum_of_empty_cells
from amiable.chance.pairs import moments_of_pairs
from tests import oracles

MARGINS = [
    ([1], [1]),
    ([2], [1, 1]),
    ([2, 1], [2, 1]),
    ([4, 3, 1], [3, 3, 2]),
    ([2, 1, 1, 1], [2, 2, 1]),
    ([5, 1, 1], [4, 3]),
    ([3, 3, 3], [2, 2, 2, 2, 1]),
    ([8, 1, 1], [7, 2, 1]),
    ([6, 5], [9, 2]),
    ([2, 2], [2, 2]),
    ([4, 4], [2, 2, 2, 2]),
]


class Fractions:
    """The functions of a namespace that cells here call, for exact fractions."""

    maximum = staticmethod(max)


# f, its degree, whether it is smooth in the sizes
CELLS = {
    "pairs": (lambda xp, x, a, b, n: x * (x - 1) / 2, 2, True),
    "cubes": (lambda xp, x, a, b, n: x * x * x, 3, True),
    "element-centric": (lambda xp, x, a, b, n: x * x / (n * xp.maximum(a, b)), 2, "count"),
    "b-cubed": (lambda xp, x, a, b, n: x * x / (n * b), 2, True),
    "chi-square": (lambda xp, x, a, b, n: n * x * x / (a * b), 2, True),
    "linear": (lambda xp, x, a, b, n: n * n * x / (a * b), 1, True),
    "of empty cells too": (lambda xp, x, a, b, n: (x - a * b / n) ** 2, 2, True),
}


def enumerated(rows, cols, cell):
    """Mean and variance of the sum, as fractions."""
    n, mean, square = Fraction(sum(rows)), Fraction(0), Fraction(0)
    for table, p in oracles.tables_with_margins(rows, cols):
        cells = (
            cell(Fractions, Fraction(int(x)), Fraction(a), Fraction(b), n)
            for a, row in zip(rows, table, strict=True)
            for b, x in zip(cols, row, strict=True)
        )
        value = sum(cells, Fraction(0))
        mean, square = mean + p * value, square + p * value * value
    return mean, square - mean * mean


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("rows", "cols"), MARGINS)
def test_enumeration(rows, cols, name):
    cell, degree, smooth = CELLS[name]
    mean, variance = map(float, enumerated(rows, cols, cell))
    margins = np.array([*rows, 0]), np.array([0, *cols])  # empty clusters add nothing
    for cells, static in (
        (CellSum(cell, degree=degree), False),
        (CellSum(cell, degree=degree), True),
        (CellSum(cell, degree=degree, smooth=smooth), False),
        (CellSum(cell), False),
        (CellSum(cell, smooth=smooth), False),
    ):
        found = moments_of_sum(np, *margins, cells, static=static)
        assert float(found[0]) == pytest.approx(mean, rel=1e-13)
        assert float(found[1]) == pytest.approx(variance, rel=1e-12, abs=1e-28)
        assert mean_of_sum(np, *margins, cells, static=static) == found[0]


@pytest.mark.parametrize(("rows", "cols"), MARGINS)
def test_pairs_in_closed_form(rows, cols):
    mean, variance = map(float, enumerated(rows, cols, CELLS["pairs"][0]))
    found = moments_of_pairs(np, np.array([*rows, 0]), np.array(cols))
    assert float(found[0]) == pytest.approx(mean, rel=1e-14)
    assert float(found[1]) == pytest.approx(variance, rel=1e-14)


@pytest.mark.parametrize("n", [10**3, 10**6, 10**9])
@pytest.mark.parametrize("equal", [True, False])
def test_pairs_by_factorial_moments(n, equal, rng):
    """Two derivations, one of which forms no square of the mean."""
    sizes = [np.full(20, n // 20) if equal else rng.multinomial(n, rng.dirichlet(np.ones(20))) for _ in range(2)]
    found, other = moments_of_pairs(np, *sizes), moments_of_sum(np, *sizes, CellSum(CELLS["pairs"][0], degree=2))
    assert found[0] == pytest.approx(other[0], rel=1e-13)
    assert found[1] == pytest.approx(other[1], rel=max(1e-12, 1e-18 * n))


def test_sizes_that_stand_in_for_many(rng):
    sizes = [rng.multinomial(10**6, rng.dirichlet(np.ones(60))) for _ in range(2)]
    for name in ("cubes", "chi-square"):
        cell, degree, smooth = CELLS[name]
        few, every = (moments_of_sum(np, *sizes, CellSum(cell, degree=degree, smooth=s)) for s in (smooth, "count"))
        assert [float(x) for x in few] == pytest.approx([float(x) for x in every], rel=1e-9)


def test_kinks_are_not_strided(rng):
    """|x - 562| over every count, against the mean of random tables."""

    def cell(xp, x, a, b, n):
        return xp.abs(x - 562)

    rows, cols = [1000, 600], [900, 700]
    mean, variance = moments_of_sum(np, np.array(rows), np.array(cols), CellSum(cell))
    drawn = rng.hypergeometric(900, 700, 1000, size=100_000)
    cells = (drawn, 1000 - drawn, 900 - drawn, drawn - 300)
    sums = sum(abs(x - 562) for x in cells)
    assert abs(sums.mean() - mean) < 4 * sums.std() / len(drawn) ** 0.5
    assert sums.var() == pytest.approx(variance, rel=0.03)


def test_batches():
    rows, cols = np.array([[4, 3, 1], [6, 1, 1], [0, 0, 0]]), np.array([[3, 3, 2], [4, 4, 0], [0, 0, 0]])
    for cells in (CellSum(CELLS["cubes"][0], degree=3), CellSum(CELLS["cubes"][0])):
        mean, variance = moments_of_sum(np, rows, cols, cells)
        for i in range(2):
            one = moments_of_sum(np, rows[i], cols[i], cells)
            assert (mean[i], variance[i]) == (one[0], one[1])
        assert (mean[2], variance[2]) == (0, 0)


def test_sum_of_empty_cells():
    cells = CellSum(lambda xp, x, a, b, n: a * b + 0 * x)
    assert sum_of_empty_cells(np, np.array([2, 3, 0]), np.array([4, 1]), cells) == 25
    assert sum_of_empty_cells(np, np.array([0]), np.array([0]), cells) == 0
