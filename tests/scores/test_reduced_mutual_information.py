"""Reduced mutual information against its definition in 50 digits, the concentration found by a fine search."""

from __future__ import annotations

from collections import Counter

import mpmath
import numpy as np
import pytest

import amiable
from amiable.scores import reduced_mutual_information as module
from amiable.scores.reduced_mutual_information import reduced_mutual_info_score as score
from tests.backends import named
from tests.oracles import DIGITS

TABLES = {
    "agree in part": [[5, 1, 0], [1, 7, 2]],
    "wide": [[9, 1, 0, 2, 30], [0, 8, 1, 1, 4], [3, 0, 20, 0, 0]],
    "tall": [[9, 0], [1, 8], [0, 1], [30, 2], [1, 1]],
    "unlike": [[3, 4, 2], [5, 3, 4], [2, 4, 3]],
    "classes mixed evenly": [[10, 10], [10, 10], [10, 10]],
    "clusters split classes": [[4, 3, 0, 0], [0, 0, 9, 2]],
    "clusters join classes": [[4, 0], [3, 0], [0, 9], [0, 2]],
    "identical": [[4, 0, 0], [0, 9, 0], [0, 0, 1]],
    "clusters of one sample": [[1, 1, 0, 0, 0], [0, 0, 1, 1, 1]],
    "nearly a single class": [[60, 1, 70], [1, 0, 0]],
    "one cluster": [[5], [3], [1]],
    # The cost has a minimum, and falls again to a limit that is lower, or higher.
    "two valleys, the limit lower": [[130, 8], [130, 0]],
    "two valleys, the limit higher": [[130, 8, 9], [130, 0, 0]],
    # many small clusters are pure, and a large one is not: two minima, the first lower or higher
    "two minima": [[51 * 10**6, *[5] * 9, *[0] * 9], [49 * 10**6, *[0] * 9, *[5] * 9]],
    "two minima, the second lower": [[51 * 10**6, 5, 5, 0], [49 * 10**6, 0, 0, 5]],
    "large": [[10**12, 10**6, 7], [5, 10**11, 10**9], [0, 3, 10**7]],
}
every_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def rising(x, alpha):
    """log(Gamma(x + alpha) / Gamma(alpha))."""
    return mpmath.loggamma(x + alpha) - mpmath.loggamma(alpha)


def cost(table, t):
    """Nats for rows given columns at alpha = exp(t), as in arXiv:2405.05393; factorials cancel."""
    alpha, q = mpmath.exp(t), table.shape[0]
    wholes, parts = Counter(table.sum(0)), Counter(x for x in table.flat if x)
    return sum(k * rising(b, q * alpha) for b, k in wholes.items()) - sum(
        k * rising(x, alpha) for x, k in parts.items()
    )


def least_cost(table):
    """The least over all alpha: the limits at 0 and infinity, and each minimum between."""
    n, q = table.sum(), table.shape[0]
    limits = [n * mpmath.log(q)]
    if all(np.count_nonzero(column) == 1 for column in table.T):
        limits.append(table.shape[1] * mpmath.log(q))
    grid = [mpmath.mpf(k) / 4 for k in range(-60, 4 * int(mpmath.log(n) + 20))]
    at = [cost(table, t) for t in grid]
    for i in range(1, len(grid) - 1):
        if at[i] < at[i - 1] and at[i] < at[i + 1]:
            limits.append(cost(table, by_thirds(lambda t: cost(table, t), grid[i - 1], grid[i + 1])))
    return min(limits)


def by_thirds(f, low, high):
    """Where a function with one minimum has it, to ten digits; its value there then has twenty."""
    while high - low > 1e-10:
        third = (high - low) / 3
        if f(low + third) < f(high - third):
            high -= third
        else:
            low += third
    return (low + high) / 2


def saved_dirichlet(table):
    return least_cost(table.sum(1)[:, None]) - least_cost(table)


def saved_flat(table):
    """The log of n! prod x! / (prod a! prod b!) less that of the number of tables, as arXiv:2209.14869 has it."""
    classes, clusters, n = table.sum(1), table.sum(0), table.sum()
    log_factorial = lambda x: mpmath.loggamma(x + 1)  # noqa: E731
    chosen = lambda x, k: rising(x, k) - log_factorial(x)  # noqa: E731  # log of the ways to make x of k terms
    microcanonical = (
        log_factorial(n)
        + sum(map(log_factorial, table.flat))
        - sum(map(log_factorial, classes))
        - sum(map(log_factorial, clusters))
    )
    if len(classes) == n:
        return microcanonical - log_factorial(n) + sum(map(log_factorial, clusters))
    m, squares = len(clusters), sum(int(a) ** 2 for a in classes)
    alpha = (n * n - n + mpmath.mpf(n * n - squares) / m) / (squares - n)
    n_tables = -chosen(n, m * alpha) + sum(chosen(b, alpha) for b in clusters) + sum(chosen(a, m) for a in classes)
    return microcanonical - n_tables


def exact(table, *, reduction="dirichlet", normalized=True, symmetric=False):
    """The score of a table without empty clusters; the limit 0/0 is for the caller to decide."""
    saved = saved_dirichlet if reduction == "dirichlet" else saved_flat
    with mpmath.workdps(DIGITS):
        table = np.array([[int(x) for x in row] for row in table], dtype=object)
        sides = [table, table.T] if symmetric else [table]
        total = sum(map(saved, sides))
        if not normalized:
            return total / table.sum() / len(sides)
        most = sum(saved(np.diag(side.sum(1))) for side in sides)
        return total / most


@every_table
@pytest.mark.parametrize("reduction", ["dirichlet", "flat"])
@pytest.mark.parametrize("normalized", [True, False])
def test_definition(table, reduction, normalized):
    options = {"reduction": reduction, "normalized": normalized}
    assert score(contingency=table, **options) == pytest.approx(float(exact(table, **options)), rel=1e-13, abs=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["dirichlet", "flat"])
@pytest.mark.parametrize("normalized", [True, False])
def test_both_directions(reduction, normalized):
    options = {"reduction": reduction, "normalized": normalized, "symmetric": True}
    for name in ("agree in part", "wide", "clusters join classes"):
        table = np.array(TABLES[name])
        expected = pytest.approx(float(exact(table, **options)), abs=1e-13)
        assert score(contingency=table, **options) == expected
        assert score(contingency=table.T, **options) == expected


@pytest.mark.slow
def test_random_tables(rng):
    for _ in range(25):
        table = rng.poisson(rng.lognormal(0, 1.5, rng.integers(2, 6, 2)))
        table = table[table.sum(1) > 0][:, table.sum(0) > 0]
        if min(table.shape) > 1:
            expected = float(exact(table, normalized=False))
            assert score(contingency=table, normalized=False) == pytest.approx(expected, abs=1e-13)


def test_no_digit_is_lost_where_both_parts_nearly_cancel():
    table = np.array([[10**12, 10**12 + 10**5], [10**12 - 10**5, 10**12]])
    expected = float(exact(table, normalized=False))
    assert abs(expected) < 1e-10
    assert score(contingency=table, normalized=False) == pytest.approx(expected, abs=2e-15)


@pytest.mark.slow_on("jax-as-accelerator", "strict", "strict-other-device")
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("reduction", ["dirichlet", "flat"])
def test_batch_is_a_loop(reduction, normalized, backend, rng):
    options = {"reduction": reduction, "normalized": normalized}
    true = rng.integers(0, 4, 60)
    batch = np.stack([true, *(np.where(rng.random(60) < 0.6, true, rng.integers(0, k, 60)) for k in (1, 2, 5, 9, 60))])
    looped = [score(true, one, **options) for one in batch]
    error = 1e-5 if backend.single else 1e-13
    got = score(backend.asarray(true), backend.asarray(batch), **options)
    np.testing.assert_allclose(backend.to_numpy(got), looped, rtol=0, atol=error)
    promised = score(backend.asarray(true), backend.asarray(batch), n_labels=(4, 60), **options)
    np.testing.assert_allclose(backend.to_numpy(promised), looped, rtol=0, atol=error)


def test_each_size_has_a_batch_of_its_own(rng):
    true, pred = rng.integers(0, 3, (4, 1, 30)), rng.integers(0, 5, (6, 30))
    for reduction in ("dirichlet", "flat"):
        got = score(true, pred, reduction=reduction, symmetric=True)
        assert got.shape == (4, 6)
        expected = score(true[2, 0], pred[5], reduction=reduction, symmetric=True)
        assert got[2, 5] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("reduction", ["dirichlet", "flat"])
@pytest.mark.parametrize("x64", [False, True], ids=["float32", "float64"])
def test_jit(reduction, x64, rng):
    jax = pytest.importorskip("jax")
    labels = rng.integers(0, 4, (3, 60)), rng.integers(0, 5, (3, 60))
    with jax.enable_x64(x64):
        compiled = jax.jit(lambda u, v: score(u, v, n_labels=(4, 6), reduction=reduction, symmetric=True))
        got = compiled(*map(jax.numpy.asarray, labels))
    expected = score(*labels, reduction=reduction, symmetric=True)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13 if x64 else 1e-5)


def test_no_value_is_looked_at():
    torch = pytest.importorskip("torch")
    labels = torch.zeros((6, 50), dtype=torch.int64, device="meta")
    for reduction in ("dirichlet", "flat"):
        assert score(labels, labels[0], n_labels=(4, 5), reduction=reduction).shape == (6,)


def test_only_distinct_counts_are_computed(rng, monkeypatch):
    """A table of 40,000 cells that hold 0 to 9 samples each."""
    sizes = []
    of_tallies = module._excesses
    monkeypatch.setattr(module, "_excesses", lambda xp, x, a: sizes.append(x.values.shape[-1]) or of_tallies(xp, x, a))
    assert score(contingency=rng.integers(0, 10, (200, 200))) < 0.1
    assert max(sizes) < 300


@pytest.mark.parametrize("reduction", ["dirichlet", "flat"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_limit_cases(reduction, symmetric):
    def both(true, pred):
        options = {"reduction": reduction, "symmetric": symmetric}
        return score(true, pred, **options), score(true, pred, normalized=False, **options)

    for same in ([], [3], [0, 0, 0], [0, 1, 2]):
        assert both(same, same) == (1, 0)
    assert both([0, 0, 1, 2], [5, 5, 7, 1])[0] == 1
    assert both([0, 0, 0], [0, 1, 2]) == both([0, 1, 2], [0, 0, 0]) == (0, 0)
    assert both([0, 0, 1, 1], [0, 0, 0, 0]) == (0, 0)
    if not symmetric:
        assert both([0, 0, 0, 0], [0, 0, 1, 1]) == both([0, 1, 2, 3], [0, 0, 1, 1]) == (0, 0)


def test_flat_may_exceed_one():
    table = [[0, 0, 20], [0, 1000, 0], *[[1, 0, 0]] * 5]
    assert (
        1
        < score(contingency=table, reduction="flat")
        == pytest.approx(float(exact(table, reduction="flat")), abs=1e-13)
    )
    assert score(contingency=table) < 1


def test_more_clusters_do_not_raise_the_score(rng):
    """Where mutual information rises to the entropy."""
    true = rng.integers(0, 4, 200)
    assert score(true, np.arange(200)) <= 0
    assert score(true, rng.integers(0, 40, 200)) <= 1e-12
    assert amiable.normalized_mutual_info_score(true, np.arange(200)) > 0.4


@pytest.mark.parametrize("name", ["strict", "torch-float32"])
def test_large_counts(name):
    backend = named(name)
    table = np.array([[10**12, 10**6], [5, 10**11]])
    with backend.context():
        for reduction in ("dirichlet", "flat"):
            found = float(score(contingency=backend.asarray(table), reduction=reduction))
            assert found == pytest.approx(score(contingency=table, reduction=reduction), abs=1e-5)


def test_where_floating_point_errors_are_raised(rng):
    tables = [[[10**5 - 100, 80], [3, 20]], [[10**12, 10**6], [5, 10**11]], rng.integers(0, 9, (50, 4, 5))]
    with np.errstate(all="raise"):
        for table in tables:
            for reduction in ("dirichlet", "flat"):
                assert np.all(np.isfinite(score(contingency=table, reduction=reduction, symmetric=True)))


def test_bad_input():
    labels = [0, 0, 1], [0, 1, 1]
    with pytest.raises(ValueError, match="reduction is 'none': expected one of 'dirichlet', 'flat'"):
        score(*labels, reduction="none")
    with pytest.raises(TypeError, match="normalized is 'yes': expected True or False"):
        score(*labels, normalized="yes")
    with pytest.raises(TypeError, match="symmetric is 1: expected True or False"):
        score(*labels, symmetric=1)
    with pytest.raises(ValueError, match="contingency"):
        score(*labels, contingency=[[1]])
