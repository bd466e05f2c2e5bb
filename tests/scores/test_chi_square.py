"""Chi-square and what is made of it, against SciPy and in fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import amiable

tables = st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=2, max_size=4).map(np.array)


def chi_square(table):
    """Of Python integers, in fractions."""
    table = [[Fraction(int(x)) for x in row] for row in table]
    n, a, b = sum(map(sum, table)), [sum(row) for row in table], [sum(col) for col in zip(*table, strict=True)]
    means = [[x * y / n if n else Fraction(0) for y in b] for x in a]
    return sum(
        (x - m) ** 2 / m for row, of in zip(table, means, strict=True) for x, m in zip(row, of, strict=True) if m
    )


@given(tables)
def test_fractions(table):
    assert amiable.chi_square(contingency=table) == pytest.approx(float(chi_square(table)), rel=1e-14, abs=1e-30)


@pytest.mark.parametrize("n", [100, 10**12])
def test_nearly_independent(n):
    """What is left of counts that are nearly their means keeps its digits."""
    table = np.array([[n, n + 1], [n + 2, n - 3]])
    assert amiable.chi_square(contingency=table) == pytest.approx(float(chi_square(table)), rel=1e-13)


@pytest.mark.parametrize("seed", range(10))
def test_scipy(seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 30, rng.integers(2, 7, 2))
    assert amiable.chi_square(contingency=table) == pytest.approx(
        scipy.stats.chi2_contingency(table, correction=False).statistic, rel=1e-12
    )
    for score, method in ((amiable.cramers_v, "cramer"), (amiable.tschuprows_t, "tschuprow")):
        expected = scipy.stats.contingency.association(table, method=method)
        assert score(contingency=table) == pytest.approx(expected, rel=1e-12)


def test_a_list_of_cells(rng):
    true, pred = rng.integers(0, 100, 500), rng.integers(0, 80, 500)
    table = amiable.ContingencyTable.from_labels(true, pred)
    assert not table.is_grid
    assert amiable.chi_square(true, pred) == pytest.approx(float(chi_square(table.to_dense())), rel=1e-13)


def test_limit_cases():
    coarse, fine = [0, 0, 0, 1, 1, 1], [0, 0, 1, 2, 2, 3]
    assert amiable.chi_square(coarse, fine) == 6
    assert amiable.cramers_v(coarse, fine) == amiable.cramers_v(fine, coarse) == 1
    assert amiable.tschuprows_t(coarse, fine) == pytest.approx(math.sqrt(1 / math.sqrt(3)), rel=1e-15)
    for score in (amiable.cramers_v, amiable.tschuprows_t):
        assert score([0, 0, 0], [0, 0, 1]) == score([0, 1, 2], [0, 0, 0]) == 0
        assert score([0, 0, 0], [1, 1, 1]) == score([], []) == 1
    assert amiable.chi_square([0, 0, 0], [0, 0, 1]) == 0


def test_moments_of_random_tables():
    rows, cols = [50, 30, 20], [70, 20, 10]
    values = amiable.chi_square(contingency=amiable.random_tables(rows, cols, 100_000, rng=0))
    mean, variance = amiable.score_moments("chi2", rows, cols)
    assert abs(values.mean() - mean) < 4 * (variance / values.size) ** 0.5
    assert values.var() == pytest.approx(variance, rel=0.05)
