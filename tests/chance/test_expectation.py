"""Expected mutual information against 25-digit references, enumeration and exact summation."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import amiable
from amiable.chance.expectation import expected_sums
from tests import oracles

REFERENCES = json.loads((Path(__file__).parent / "data" / "emi.json").read_text())
every_reference = pytest.mark.parametrize(
    "case", REFERENCES, ids=lambda c: f"n={c['n']}-{len(c['row_sums'])}x{len(c['col_sums'])}"
)


def relative_error(got, expected):
    expected = float(expected)
    return abs(float(got) - expected) / expected if expected else abs(float(got))


def log_normal_sizes(rng, n, k):
    weights = rng.lognormal(0, 1.5, k)
    return 1 + rng.multinomial(n - k, weights / weights.sum())


def test_references_reach_far():
    assert len(REFERENCES) >= 20
    assert {2, 10**9} <= {case["n"] for case in REFERENCES}


@every_reference
@pytest.mark.slow_on("jax-as-accelerator")
def test_references(case, backend):
    if backend.narrow and case["n"] >= 2**31:
        pytest.skip("more samples than int32 counts")
    got = amiable.expected_mutual_information(
        backend.asarray(np.array(case["row_sums"])), backend.asarray(np.array(case["col_sums"]))
    )
    assert relative_error(got, case["emi"]) <= (1e-5 if backend.single else 1e-14)


@every_reference
def test_references_on_every_size_and_in_static_shapes(case):
    rows, cols = np.array(case["row_sums"]), np.array(case["col_sums"])
    xp = amiable.ContingencyTable.from_counts([[1]]).xp
    ways = [expected_sums(xp, rows, cols, per_octave=None)]
    if rows.size * cols.size < 5000:
        ways.append(expected_sums(xp, rows, cols, static=True))
    for deviances, _ in ways:
        assert relative_error(deviances / case["n"], case["emi"]) <= 1e-14


@pytest.mark.parametrize("n", [10**10, 10**12, 8 * 10**15])
def test_huge_samples(n):
    """At this size nothing can be summed term by term; there the asymptotic series of the variance decides.

    E[D(K)] = sum over cells of (1/2) Var/m + ...: for large equal clusters n EMI tends to (R-1)(C-1)/2, and the
    next order, from Vinh et al. (2010), is known exactly by the moments of K up to the fourth.
    """
    rows, cols = np.array([n // 2, n // 4, n // 4]), np.array([3 * (n // 4), n // 4])
    with mpmath.workdps(60):
        expected = mpmath.mpf(0)
        for a in map(int, rows):
            for b in map(int, cols):
                expected += _expected_deviance_by_moments(a, b, n)
    got = amiable.expected_mutual_information(rows, cols) * n
    assert relative_error(got, expected) <= 1e-14


def _expected_deviance_by_moments(a, b, n):
    """E[D(K, m)] from factorial moments: D(m + t, m) = t^2/2m - t^3/6m^2 + t^4/12m^3 - t^5/20m^4 + ..."""
    m = mpmath.mpf(a) * b / n
    order = 8
    falling = [mpmath.mpf(1)]  # E[K (K-1) ... (K-r+1)]
    for r in range(order):
        falling.append(falling[-1] * (a - r) * (b - r) / (n - r))
    raw = [sum(mpmath.stirling2(r, s) * falling[s] for s in range(r + 1)) for r in range(order + 1)]
    central = [sum(mpmath.binomial(r, s) * raw[s] * (-m) ** (r - s) for s in range(r + 1)) for r in range(order + 1)]
    return sum((-1) ** r * central[r] / (r * (r - 1) * m ** (r - 1)) for r in range(2, order + 1))


def test_memory_does_not_grow_with_samples():
    peaks = []
    for n in (10**4, 10**12):
        sizes = np.full(10, n // 10)
        tracemalloc.start()
        amiable.expected_mutual_information(sizes, sizes)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] + 2**20


@pytest.mark.parametrize(
    ("rows", "cols"),
    [((2, 1), (2, 1)), ((3, 2, 1), (2, 2, 2)), ((4, 3, 1), (5, 3)), ((1, 1, 1, 2), (3, 2)), ((5,), (2, 3))],
)
def test_enumeration_of_all_tables(rows, cols):
    tables = list(oracles.tables_with_margins(rows, cols))
    assert sum(chance for _, chance in tables) == 1
    expected = sum(oracles.mutual_information(t) * chance.numerator / chance.denominator for t, chance in tables)
    assert relative_error(amiable.expected_mutual_information(rows, cols), expected) <= 1e-14


@pytest.mark.parametrize("n", [10**3, 10**5])
@pytest.mark.parametrize("size", range(1, 20))
def test_small_clusters_in_large_samples(size, n):
    """Where log x! is not yet its Stirling series, its table must be good to the last digit."""
    for other in (1, size, 14):
        with mpmath.workdps(40):
            expected = oracles.expected_mutual_information([size, n - size], [other, n - other])
        got = amiable.expected_mutual_information([size, n - size], [other, n - other])
        assert relative_error(got, expected) <= 1e-14


@pytest.mark.parametrize(("count", "shape"), [(300, (4, 4)), (40, (20, 30)), (3, (60, 50))])
def test_many_totals(rng, count, shape):
    """Tables that share no total, few and many, small and large."""
    tables = rng.integers(0, 9, (count, *shape))
    got = amiable.expected_mutual_information(tables.sum(-1), tables.sum(-2))
    looped = [amiable.expected_mutual_information(t.sum(1), t.sum(0)) for t in tables]
    np.testing.assert_allclose(got, looped, rtol=1e-14)


sizes = st.lists(st.integers(1, 30), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes)
def test_exact_summation(rows, cols):
    short, long = sorted((rows, cols), key=sum)
    short = [*short, sum(long) - sum(short)]
    with mpmath.workdps(40):
        expected = oracles.expected_mutual_information(short, long)
    assert amiable.expected_mutual_information(short, long) == pytest.approx(float(expected), rel=1e-14, abs=1e-16)


@pytest.mark.parametrize("n", [10**5, 10**9, 10**12])
def test_interpolation_over_sizes(rng, n):
    rows, cols = log_normal_sizes(rng, n, 400), log_normal_sizes(rng, n, 300)
    xp = amiable.ContingencyTable.from_counts([[1]]).xp
    through_nodes, over_sizes = (expected_sums(xp, rows, cols, per_octave=per_octave) for per_octave in (16, None))
    np.testing.assert_allclose(through_nodes, over_sizes, rtol=5e-15)


@pytest.mark.parametrize("n", [3000, 10**6, 10**9, 8 * 10**15])
def test_batches_with_many_sizes_near_the_total(rng, n):
    """One cluster of nearly all samples in each of hundreds of tables, on both sides: sizes that share no octave."""
    left = np.unique(np.exp(rng.uniform(0, np.log(n / 2), 300)).astype(np.int64))
    rows = np.stack([n - left, left], axis=1)
    cols = rng.permutation(rows)
    xp = amiable.ContingencyTable.from_counts([[1]]).xp
    through_nodes, over_sizes = (expected_sums(xp, rows, cols, per_octave=d) for d in (16, None))
    np.testing.assert_allclose(through_nodes, over_sizes, rtol=1e-14)


def test_many_clusters(rng):
    rows, cols = log_normal_sizes(rng, 10**9, 10**5), log_normal_sizes(rng, 10**9, 10**5)
    emi = amiable.expected_mutual_information(rows, cols)
    assert emi == pytest.approx(amiable.expected_mutual_information(cols, rows), rel=1e-14)
    # splitting off one sample of the largest cluster changes next to nothing
    rows[rows.argmax()] -= 1
    assert amiable.expected_mutual_information(np.append(rows, 1), cols) == pytest.approx(emi, rel=1e-6)


@pytest.mark.slow_on("jax-as-accelerator")
def test_batches_of_unequal_totals(backend, rng):
    tables = rng.integers(0, 9, (2, 3, 4, 5))
    rows, cols = tables.sum(-1), tables.sum(-2)
    got = amiable.expected_mutual_information(backend.asarray(rows), backend.asarray(cols))
    looped = [[amiable.expected_mutual_information(rows[i, j], cols[i, j]) for j in range(3)] for i in range(2)]
    np.testing.assert_allclose(backend.to_numpy(got), looped, rtol=1e-5 if backend.single else 1e-14)


def test_second_form_is_the_first(rng):
    """E[K log K] and E[deviance] are sums of other terms, but of one expectation."""
    rows, cols = log_normal_sizes(rng, 5000, 20), log_normal_sizes(rng, 5000, 30)
    xp = amiable.ContingencyTable.from_counts([[1]]).xp
    deviances, xlogs = expected_sums(xp, rows, cols)
    margins = sum((s * np.log(s)).sum() for s in (rows, cols)) - 5000 * np.log(5000)
    assert xlogs - margins == pytest.approx(deviances, rel=1e-11)


def test_limits():
    assert amiable.expected_mutual_information([], []) == 0.0
    assert amiable.expected_mutual_information([0, 0], [0]) == 0.0
    assert amiable.expected_mutual_information([7], [3, 4]) == 0.0
    assert amiable.expected_mutual_information([1] * 5, [1] * 5) == pytest.approx(np.log(5), rel=1e-15)
    assert amiable.expected_mutual_information([3, 0, 2], [4, 1, 0]) == amiable.expected_mutual_information(
        [3, 2], [4, 1]
    )


@pytest.mark.parametrize(
    ("rows", "cols", "message"),
    [
        ([3, 2], [4, 2], r"row_sums add up to 5 and col_sums to 6"),
        ([3, -2], [1], r"row_sums holds -2 at position 1"),
        ([3, 2], [2.5, 2.5], r"col_sums holds 2.5 at position 0"),
        ([3, np.inf], [3], r"row_sums holds inf at position 1"),
        ([[3, 2]] * 2, [[3, 2]] * 3, r"row_sums has shape \(2, 2\) and col_sums \(3, 2\): the leading"),
        (np.zeros((0, 2)), [0], r"row_sums has shape \(0, 2\): the batch is empty"),
        (5, [5], r"row_sums has shape \(\)"),
        ([2**52, 2**52], [2**53], r"row_sums adds up to about 9.01e\+15: expected less than"),
    ],
)
def test_bad_margins(rows, cols, message):
    with pytest.raises(ValueError, match=message):
        amiable.expected_mutual_information(rows, cols)


def test_margins_that_are_not_numbers():
    with pytest.raises(TypeError, match="row_sums has dtype <U1: expected whole numbers"):
        amiable.expected_mutual_information(["a"], [1])


@pytest.mark.parametrize("rest", [1, 2, 5, 300])
@pytest.mark.parametrize("n", [10**3, 10**6, 252_096_153, 10**11])
def test_narrow_cells_of_huge_means(backend, n, rest):
    """Where a cluster is nearly all samples, the mean in float32 is off by more than the distribution is wide."""
    if backend.narrow and n >= 2**31:
        pytest.skip("more samples than int32 counts")
    rows, cols = np.array([n - rest, rest]), np.array([n - 2, 2])
    got = amiable.expected_mutual_information(backend.asarray(rows), backend.asarray(cols))
    with mpmath.workdps(40):
        expected = oracles.expected_mutual_information([rest, n - rest], [2, n - 2]) if n <= 10**3 else None
        if expected is None:  # the cell of the two small clusters settles the others
            a, b = mpmath.mpf(rest), mpmath.mpf(2)
            chances = [(n - a) * (n - a - 1), 2 * a * (n - a), a * (a - 1)]
            expected = mpmath.mpf(0)
            for k, chance in ((k, chance) for k, chance in enumerate(chances) if chance):
                for x, row, col in ((k, a, b), (a - k, a, n - b), (b - k, n - a, b), (n - a - b + k, n - a, n - b)):
                    expected += chance / (n * (n - 1)) * (x / n * mpmath.log(n * x / (row * col)) if x else 0)
    assert relative_error(got, expected) <= (1e-5 if backend.single else 1e-14)


@pytest.mark.parametrize(("total", "other"), [(233, (100, 133)), (468, (3, 465)), (1000, (400, 600))])
def test_batches_of_every_size_below_the_total(total, other):
    """A batch has more sizes in an octave just below the total than a table can have."""
    sizes = np.arange(1, total)
    rows = np.stack([sizes, total - sizes], axis=-1)
    looped = [amiable.expected_mutual_information(row, other) for row in rows]
    np.testing.assert_allclose(amiable.expected_mutual_information(rows, other), looped, rtol=1e-13)
