"""Scores beside their exact null: moments, adjusted and standardised forms, of amiable's scores and your own."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import amiable
from amiable import CellScore, adjusted_score, expected_score, score_moments, score_pvalue, standardized_score
from amiable.scores.registry import SCORES
from tests import oracles

MARGINS = [
    ([4, 3, 1], [3, 3, 2]),
    ([2, 1, 1, 1], [2, 2, 1]),
    ([5, 1, 1], [4, 3]),
    ([6, 5], [9, 2]),
    ([3], [2, 1]),
    ([3, 3, 3], [3, 3, 3]),
    ([7, 1], [4, 4]),
    ([2, 2, 2, 1], [3, 2, 2]),
    ([1, 1, 1, 1], [2, 2]),
    ([2, 1], [2, 1]),
]
EXACT = [name for name, record in SCORES.items() if record.cells is not None]
TABLE = np.array([[45, 5, 0], [6, 40, 9], [3, 2, 30]])
CUBES = CellScore(lambda xp, x, a, b, n: x * x * x, degree=3)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize(("rows", "cols"), MARGINS)
def test_moments_are_those_of_all_tables(name, rows, cols):
    """Each table is scored by the public function, which knows nothing of moments."""
    tables, chances = zip(*oracles.tables_with_margins(rows, cols), strict=True)
    scores = SCORES[name].function(contingency=np.array(tables, dtype=np.int64))
    chances = np.array([float(p) for p in chances])
    mean = chances @ scores
    moments = score_moments(name, rows, cols)
    assert moments.mean == pytest.approx(mean, abs=1e-13)
    assert moments.variance == pytest.approx(chances @ (scores - mean) ** 2, rel=1e-11, abs=1e-28)
    assert expected_score(SCORES[name].function, rows, cols) == moments.mean


def test_moments_of_random_tables():
    tables = amiable.random_tables(TABLE.sum(1), TABLE.sum(0), 100_000, rng=1)
    for score in ("ari", "fmi", CUBES):
        if score is CUBES:
            values = CUBES.observed(amiable.ContingencyTable.from_counts(tables))
        else:
            values = SCORES[score].function(contingency=tables)
        mean, variance = score_moments(score, TABLE.sum(1), TABLE.sum(0))
        assert abs(values.mean() - mean) < 4 * (variance / len(values)) ** 0.5
        fourth = ((values - mean) ** 4).mean()
        assert abs(values.var() - variance) < 4 * ((fourth - variance**2) / len(values)) ** 0.5


def test_adjusted_scores_that_have_a_name():
    for name, other in (
        ("mi", "ami"),
        ("nmi", "ami"),
        ("v", "ami"),
        ("vi", "ami"),
        ("ami", "ami"),
        ("ri", "ari"),
        ("ari", "ari"),
    ):
        expected = SCORES[other].function(contingency=TABLE)
        assert adjusted_score(score=name, contingency=TABLE) == pytest.approx(expected, abs=1e-13)
    mi, emi = (
        amiable.mutual_info_score(contingency=TABLE),
        amiable.expected_mutual_information(TABLE.sum(1), TABLE.sum(0)),
    )
    room = amiable.entropy(contingency=TABLE.sum(1)) - emi
    assert adjusted_score(score="homogeneity", contingency=TABLE) == pytest.approx((mi - emi) / room, abs=1e-13)


def test_standardized_scores():
    smi = amiable.standardized_mutual_info_score(contingency=TABLE)
    for name in ("mi", "nmi", "homogeneity"):
        assert standardized_score(score=name, contingency=TABLE) == smi
    assert standardized_score(score="vi", contingency=TABLE) == -smi
    mean, variance = score_moments("ari", TABLE.sum(1), TABLE.sum(0))
    expected = (amiable.adjusted_rand_score(contingency=TABLE) - mean) / variance**0.5
    for name in ("ari", "ri", "fmi"):
        assert standardized_score(score=name, contingency=TABLE) == pytest.approx(expected, rel=1e-12)


PAIRS = CellScore(lambda xp, x, a, b, n: x * (x - 1) / 2, degree=2, smooth=True)


@pytest.mark.slow_on("jax-as-accelerator", "jax-x64")
@pytest.mark.parametrize("function", [adjusted_score, standardized_score, score_pvalue])
def test_a_score_of_your_own_on_every_library(function, backend, rng):
    true, pred = rng.integers(0, 4, (3, 60)), rng.integers(0, 3, (3, 60))
    found = backend.to_numpy(function(backend.asarray(true), backend.asarray(pred), score=PAIRS))
    expected = np.array([function(*pair, score="ari") for pair in zip(true, pred, strict=True)])
    assert found == pytest.approx(expected, abs=1e3 * backend.tolerance)
    table = amiable.ContingencyTable.from_labels(true[0], pred[0])
    assert function(contingency=table, score=PAIRS) == pytest.approx(expected[0], abs=1e-12)


def test_tables_that_list_some_cells(rng):
    """Cells that are not listed hold no sample, but a score may count them."""
    cells = CellScore(lambda xp, x, a, b, n: (x - a * b / n) ** 2, degree=2)
    true, pred = rng.integers(0, 300, 1000), rng.integers(0, 300, 1000)
    table = amiable.ContingencyTable.from_labels(true, pred)
    dense = np.asarray(table.to_dense())
    assert not table.is_grid
    expected = ((dense - np.outer(dense.sum(1), dense.sum(0)) / 1000) ** 2).sum()
    assert cells.observed(table) == pytest.approx(expected, rel=1e-13)
    full = amiable.ContingencyTable.from_counts(dense[:40])
    assert cells.observed(full) == pytest.approx(
        ((dense[:40] - np.outer(dense[:40].sum(1), dense[:40].sum(0)) / dense[:40].sum()) ** 2).sum(), rel=1e-13
    )


def test_it_is_a_function_like_any_other(rng):
    true, pred = rng.integers(0, 4, 90), rng.integers(0, 3, (5, 90))
    assert adjusted_score(true, pred, score=PAIRS) == pytest.approx(amiable.adjusted_rand_score(true, pred), abs=1e-13)
    mean, variance = score_moments(PAIRS, np.bincount(true), np.bincount(pred[0]))
    table = amiable.ContingencyTable.from_labels(true, pred[0])
    assert isinstance(PAIRS(true, pred[0]), float)
    assert PAIRS(true, pred).tolist() == [PAIRS(true, one) for one in pred]
    test = amiable.permutation_test(contingency=table, score=PAIRS, rng=0)
    assert abs(test.mean - mean) < 4 * test.standard_error
    assert test.standard_deviation == pytest.approx(variance**0.5, rel=0.05)
    assert test.pvalue == amiable.permutation_test(contingency=table, score="ari", rng=0).pvalue
    assert amiable.pairwise_scores(pred, score=PAIRS).shape == (5, 5)


def test_limit_cases():
    for score in ("ri", "mi", CUBES):
        assert adjusted_score([0, 0, 0], [1, 1, 1], score=score) == 1
        assert adjusted_score([0, 1, 2], [2, 1, 0], score=score) == 1
        assert adjusted_score([0, 0, 1], [0, 0, 0], score=score) == 0
        assert adjusted_score([0, 0, 1, 1], [1, 1, 0, 0], score=score) == 1
        assert adjusted_score([], [], score=score) == 1
        assert standardized_score([0, 0, 1], [0, 0, 0], score=score) == 0
        assert standardized_score([], [], score=score) == 0
        assert score_pvalue([0, 0, 1], [0, 0, 0], score=score) == score_pvalue([], [], score=score) == 1


def test_a_largest_value_of_your_own():
    half = CellScore(PAIRS.cell, degree=2, largest=lambda xp, rows, cols: 2 * PAIRS.most(rows, cols))
    value, mean = (
        PAIRS.observed(amiable.ContingencyTable.from_counts(TABLE)),
        expected_score(PAIRS, TABLE.sum(1), TABLE.sum(0)),
    )
    most = PAIRS.most(TABLE.sum(1), TABLE.sum(0))
    assert adjusted_score(score=half, contingency=TABLE) == pytest.approx((value - mean) / (2 * most - mean))
    wrong = CellScore(PAIRS.cell, degree=2, largest=lambda xp, rows, cols: rows)
    with pytest.raises(ValueError, match=r"largest returned .* expected an array of shape \(\)"):
        adjusted_score(score=wrong, contingency=TABLE)


@pytest.mark.parametrize(
    ("cell", "options", "message"),
    [
        (lambda xp, x, a, b, n: 1.0, {}, "cell returned float: expected an array"),
        (lambda xp, x, a, b, n: x > 0, {}, "cell returned .*: expected an array of floats"),
        (lambda xp, x, a, b, n: xp.stack([x, x]), {}, "cell returned shape .* a value for each cell"),
        (lambda xp, x, a, b, n: xp.ones((7,)), {}, "cell returned shape .* a value for each cell"),
        (lambda xp, x, a, b, n: x / xp.where(x == 0, 0.0, 1.0), {}, "cell is not finite at x = 0"),
        (lambda xp, x, a, b, n: xp.where(x == xp.minimum(a, b), xp.inf, x), {}, r"cell is not finite at x = \d"),
        (lambda xp, x, a, b, n: x**3, {"degree": 2}, "degree is 2, of which cell is no polynomial"),
        (lambda xp, x, a, b, n: xp.sqrt(x), {"degree": 2}, "degree is 2, of which cell is no polynomial"),
    ],
)
@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero)")
def test_bad_cells(cell, options, message):
    with pytest.raises(ValueError, match=message):
        score_moments(CellScore(cell, **options), [4, 3, 1], [3, 3, 2])


def test_bad_scores():
    with pytest.raises(ValueError, match="score is 'smi', which is measured against chance already"):
        expected_score("smi", [2, 2], [2, 2])
    with pytest.raises(ValueError, match="score is 'nonsense': expected"):
        adjusted_score([0, 1], [0, 1], score="nonsense")
    with pytest.raises(ValueError, match="score has options bound"):
        expected_score(partial(amiable.normalized_mutual_info_score, average_method="max"), [2, 2], [2, 2])
    for options, message in (
        ({"cell": 3}, "cell is 3: expected a function"),
        ({"cell": abs, "largest": 1}, "largest is 1: expected a function"),
        ({"cell": abs, "smooth": "sizes"}, "smooth is 'sizes': expected"),
        ({"cell": abs, "degree": -1}, "degree is -1: expected"),
        ({"cell": abs, "degree": 2.0}, "degree is 2.0: expected"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            CellScore(**options)


def test_under_jit():
    jax = pytest.importorskip("jax")
    rows, cols = jax.numpy.asarray([4, 3, 1]), jax.numpy.asarray([3, 3, 2])
    with jax.enable_x64(True):
        mean, variance = jax.jit(lambda r, c: tuple(score_moments(CUBES, r, c)))(rows, cols)
        expected = score_moments(CUBES, [4, 3, 1], [3, 3, 2])
        assert (float(mean), float(variance)) == pytest.approx(tuple(expected), rel=1e-12)
        with pytest.raises(ValueError, match="no polynomial look at values"):
            jax.jit(lambda r, c: score_moments(CellScore(CUBES.cell), r, c).mean)(rows, cols)
        looks = CellScore(lambda xp, x, a, b, n: x * 1.0 if bool(xp.all(x > 0)) else x * 2.0, degree=1)
        with pytest.raises(TypeError, match="cell cannot be traced"):
            jax.jit(lambda r, c: score_moments(looks, r, c).mean)(rows, cols)


@pytest.mark.parametrize("score", ["ari", "ecs", "b3_precision", "chi2", "vi", pytest.param(CUBES, id="cubes")])
def test_pvalues_are_uniform_under_the_null(score):
    """Of 2,000 pairs of random labelings, whose clusters have from 20 to 100 samples."""
    rows, cols = [100, 80, 60, 60], [100, 90, 50, 40, 20]
    pvalues = score_pvalue(contingency=amiable.random_tables(rows, cols, 2000, rng=3), score=score)
    assert scipy.stats.kstest(pvalues, "uniform").pvalue > 0.01
    for level in (0.01, 0.05):
        assert abs(np.mean(pvalues <= level) - level) < 4 * (level * (1 - level) / 2000) ** 0.5


@pytest.mark.parametrize("score", ["f1", "correlation", "b3_recall", pytest.param(CUBES, id="cubes")])
def test_pvalues_against_permutation(score):
    table = np.array([[30, 20, 12], [22, 34, 15], [18, 14, 24]])
    test = amiable.permutation_test(contingency=table, score=score, n_resamples=20_000, rng=0)
    assert score_pvalue(contingency=table, score=score) == pytest.approx(test.pvalue, rel=0.2)


def test_pvalues_of_one_order_are_one():
    known = score_pvalue(contingency=TABLE, score="ari")
    for name in ("ri", "fmi", "f1", "are", "precision", "correlation"):
        assert score_pvalue(contingency=TABLE, score=name) == known
    for name in ("ami", "vi", "homogeneity", "nid"):
        assert score_pvalue(contingency=TABLE, score=name) == amiable.mutual_info_pvalue(contingency=TABLE)


def test_pvalues_of_terms_that_are_not_convex():
    """Concave ones are large where labelings differ; those that are neither get the normal distribution."""
    table = np.array([[6, 5, 4], [5, 6, 3], [4, 4, 7]])
    for cell, options in (
        (lambda xp, x, a, b, n: xp.sqrt(x), {"smooth": "count"}),
        (lambda xp, x, a, b, n: -(x**2), {"degree": 2}),
    ):
        with pytest.raises(ValueError, match=r"score is a sum of concave terms.*its negative, or permutation_test"):
            score_pvalue(contingency=table, score=CellScore(cell, **options))
    both = CellScore(lambda xp, x, a, b, n: xp.where(x > 4, x * 1.0, 0.0))
    mean, variance = score_moments(both, table.sum(1), table.sum(0))
    expected = scipy.stats.norm.sf(float(both(contingency=table)), mean, variance**0.5)
    assert score_pvalue(contingency=table, score=both) == pytest.approx(expected, rel=0.01)


def test_counts_that_a_cell_may_not_have_are_not_asked_for():
    jaccard = CellScore(lambda xp, x, a, b, n: x / (a + b - x))
    assert 0 < score_pvalue(contingency=[[1, 0, 0], [0, 1, 1], [0, 2, 3]], score=jaccard) <= 1


@pytest.mark.parametrize("m", [1, 10**2, 10**5, 10**8])
def test_polynomials_around_the_mean(m):
    """Whose coefficients at 0 are all of the digits: the moments are those of chi-square."""
    centred = CellScore(lambda xp, x, a, b, n: (x - a * b / n) ** 2 / (a * b / n), degree=2, smooth=True)
    rows, cols = [3 * m, 4 * m, 3 * m], [3 * m, 2 * m, 5 * m]
    assert score_moments(centred, rows, cols) == pytest.approx(score_moments("chi2", rows, cols), rel=1e-9)
    table = np.outer(rows, cols) // (10 * m)
    spread = int(m**0.5) if m > 1 else 0
    table += np.array([[spread, -spread, 0], [-spread, spread, 0], [0, 0, 0]])
    for function in (score_pvalue, standardized_score):
        expected = function(contingency=table, score="chi2")
        assert function(contingency=table, score=centred) == pytest.approx(expected, rel=1e-7)


def test_fourth_powers_around_the_mean():
    fourth = CellScore(lambda xp, x, a, b, n: (x - a * b / n) ** 4, degree=4)
    with pytest.raises(ValueError, match=r"coefficients of the polynomial at 0 cancel.*but smooth=True"):
        score_moments(fourth, [300_000, 400_000], [500_000, 200_000])
    summed = CellScore(fourth.cell, smooth=True)
    small = [12, 8], [9, 11]
    np.testing.assert_allclose(score_moments(fourth, *small), score_moments(summed, *small), rtol=1e-8)


def test_chi_square_that_the_sizes_determine(rng):
    """One sample beside all others, and equal sizes: no table differs. With sizes nearly so, exact fractions decide."""
    for n, k in ((4, 2), (30, 5), (99, 33), (10**8, 2)):
        assert score_moments("chi2", [n - 1, 1], [n // k] * k).variance == 0
    for n in (10**5, 10**7, 10**9):
        a, b = [n - 1, 1], [n // 2 - 1, n // 2 + 1]
        # the single sample lies in either column; with it chi-square is n (n - b) / ((n - 1) b)
        values = [Fraction(n * (n - size), (n - 1) * size) for size in b]
        chances = [Fraction(size, n) for size in b]
        mean = sum(p * x for p, x in zip(chances, values, strict=True))
        variance = sum(p * (x - mean) ** 2 for p, x in zip(chances, values, strict=True))
        assert score_moments("chi2", a, b) == pytest.approx((float(mean), float(variance)), rel=1e-12)


@pytest.mark.parametrize("name", ["ami", "ari", "correlation", "adj_homogeneity", "adj_completeness"])
def test_corrected_scores_have_a_mean_of_zero(name):
    for rows, cols in (([10**12, 7], [10**12 - 3, 10]), ([10**15, 1], [10**15, 1]), ([5, 3], [4, 4])):
        assert expected_score(name, rows, cols) == score_moments(name, rows, cols).mean == 0
    assert expected_score(name, [3], [3]) == 1


@pytest.mark.parametrize("n", [10**3, 10**6, 10**9, 10**12])
def test_as_many_samples_as_may_be(n):
    """Of 2 x 2 tables all scores have one p-value, and one distance from chance."""
    quarter, moved = n // 4, int(1.4 * n**0.5 / 2)
    table = [[quarter + moved, quarter - moved], [quarter - moved, quarter + moved]]
    expected = scipy.stats.chi2.sf(16 * moved**2 / n, 1)
    for score in ("ari", "ecs", "b3_precision", "f1", "chi2", "mi"):
        assert score_pvalue(contingency=table, score=score) == pytest.approx(expected, rel=1e-4 + 5 / n)
    for score in ("ari", "ecs"):
        known = standardized_score(contingency=table, score=score)
        assert known == pytest.approx(standardized_score(contingency=table, score="chi2"), rel=1e-11 + 1e-16 * n)


def test_single_precision_under_jit():
    jax = pytest.importorskip("jax")
    table = np.array([[10_140, 9_860], [9_860, 10_140]])
    found = jax.jit(lambda c: score_pvalue(contingency=c, score="ari"))(jax.numpy.asarray(table))
    assert found.dtype == np.float32
    assert float(found) == pytest.approx(score_pvalue(contingency=table, score="ari"), rel=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACT)
def test_every_score_on_the_standard_alone(name):
    xp = pytest.importorskip("array_api_strict")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    for function in (adjusted_score, standardized_score, score_pvalue):
        got = function(*map(xp.asarray, labels), score=name)
        assert float(got) == pytest.approx(function(*labels, score=name), abs=1e-12)
    sizes = [np.bincount(x) for x in labels]
    for function in (expected_score, lambda *args: score_moments(*args).variance):
        got = function(name, *map(xp.asarray, sizes))
        assert float(got) == pytest.approx(function(name, *sizes), abs=1e-12)


@pytest.mark.parametrize(
    "cell",
    [
        lambda xp, x, a, b, n: x / xp.sum(x),
        lambda xp, x, a, b, n: x / xp.max(x),
        lambda xp, x, a, b, n: xp.sum(x),
        lambda xp, x, a, b, n: xp.sort(x, axis=-1) + 0 * a,
        lambda xp, x, a, b, n: x + np.random.default_rng().random(x.shape),
    ],
)
@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero)")
def test_cells_that_depend_on_others(cell):
    with pytest.raises(ValueError, match=r"other values for the same cells|not finite"):
        score_moments(CellScore(cell), [4, 3, 1], [3, 3, 2])
    with pytest.raises(ValueError, match=r"other values for the same cells|not finite"):
        CellScore(cell)(contingency=[[2, 5, 1], [7, 0, 3]])


def test_a_degree_that_some_counts_hide():
    wave = lambda xp, x, a, b, n: x**2 + 100 * xp.sin(np.pi * x / xp.minimum(a, b)) ** 2 * (x > 2)  # noqa: E731
    with pytest.raises(ValueError, match="degree is 2, of which cell is no polynomial"):
        score_moments(CellScore(wave, degree=2), [50, 50], [50, 50])


def test_the_least_sum():
    """Over tables of real counts, found by a general solver; for counts beyond the parabola, about."""
    rows, cols = np.array([9, 7, 4]), np.array([8, 6, 6])
    start = np.outer(rows, cols) / 20

    def least(score):
        a, b = np.broadcast_arrays(rows[:, None] * 1.0, cols[None, :] * 1.0)
        sums = [
            {"type": "eq", "fun": lambda x, k=k, axis=axis, m=m: x.reshape(3, 3).sum(axis)[k] - m[k]}
            for axis, m in ((1, rows), (0, cols))
            for k in range(3)
        ][:-1]
        of = lambda x: score.cell(np, x.reshape(3, 3), a, b, np.full((3, 3), 20.0)).sum()  # noqa: E731
        return scipy.optimize.minimize(of, start.ravel(), constraints=sums, options={"ftol": 1e-14, "maxiter": 500}).fun

    for name in ("ari", "ecs", "b3_precision", "b3_recall"):
        cells = SCORES[name].cells
        for static in (False, True):
            found = cells.mean(rows, cols) - cells.room(rows, cols, static=static)
            assert found == pytest.approx(least(cells), rel=1e-6)
    chi_square = SCORES["chi2"].cells
    assert chi_square.room(rows, cols) == pytest.approx(chi_square.mean(rows, cols), rel=1e-12)
    assert CUBES.mean(rows, cols) - CUBES.room(rows, cols) == pytest.approx(least(CUBES), rel=0.1)
    negative = CellScore(lambda xp, x, a, b, n: -(x**3), degree=3)
    assert negative.room(rows, cols) == pytest.approx(-CUBES.room(rows, cols), rel=1e-12)
