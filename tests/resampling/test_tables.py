"""Random tables: exact margins, exact distribution, on every library, by every sampler."""

from __future__ import annotations

import array_api_compat as compat
import numpy as np
import pytest
import scipy.stats

import amiable
from amiable import iter_random_tables, random_tables
from amiable.resampling import draws
from tests import oracles

MARGINS = [([4, 3, 1], [3, 3, 2]), ([6], [2, 3, 1]), ([1, 5], [6]), ([5, 0, 4], [0, 7, 2]), ([1] * 5, [2, 3])]
own_draws = pytest.mark.parametrize("few", [0, 128], ids=["ours", "scipy"])


@pytest.fixture
def few_samples(few, monkeypatch):
    monkeypatch.setattr(draws, "_SAMPLES_PER_CELL", few)


def assert_distributed(tables, rows, cols, null="permutation"):
    """Compare the frequency of every table with its exact probability."""
    if null == "permutation":
        known = {table.astype(int).tobytes(): float(p) for table, p in oracles.tables_with_margins(rows, cols)}
    else:
        known = {}
        for table in every_table_of_rows(rows, len(cols)):
            chance = [scipy.stats.multinomial.pmf(row, sum(row), np.full(len(cols), 1 / len(cols))) for row in table]
            known[np.array(table).tobytes()] = float(np.prod(chance))
    assert sum(known.values()) == pytest.approx(1)
    found = dict.fromkeys(known, 0)
    for table in np.asarray(tables, dtype=np.int64):
        found[table.tobytes()] += 1
    observed, expected = np.array(list(found.values())), np.array(list(known.values())) * len(tables)
    rare = expected < 5
    if rare.any():
        observed, expected = (np.append(x[~rare], x[rare].sum()) for x in (observed, expected))
    if observed.size > 1:
        assert scipy.stats.chisquare(observed, expected).pvalue > 1e-4


def every_table_of_rows(rows, n_cols):
    if not rows:
        yield []
        return
    for row in np.ndindex(*[rows[0] + 1] * n_cols):
        if sum(row) == rows[0]:
            for rest in every_table_of_rows(rows[1:], n_cols):
                yield [list(row), *rest]


@pytest.mark.parametrize(("rows", "cols"), MARGINS)
@own_draws
def test_every_table_by_its_probability(rows, cols, few_samples):
    tables = random_tables(rows, cols, 20_000, rng=2)
    assert tables.shape == (20_000, len(rows), len(cols))
    assert tables.dtype == np.int64
    assert_distributed(tables, rows, cols)


@pytest.mark.parametrize(("rows", "cols"), [([3, 2], [2, 1, 2]), ([4], [1, 1, 1]), ([2, 0, 1], [0, 3])])
def test_uniform_labels(rows, cols):
    tables = random_tables(rows, cols, 20_000, rng=2, null="uniform")
    np.testing.assert_array_equal(tables.sum(-1), np.broadcast_to(rows, (20_000, len(rows))))
    assert_distributed(tables, rows, cols, "uniform")
    np.testing.assert_array_equal(random_tables(rows, len(cols), 20_000, rng=2, null="uniform"), tables)


@pytest.mark.slow_on("jax-as-accelerator")
@pytest.mark.parametrize("null", ["permutation", "uniform"])
def test_every_library(backend, null):
    rows, cols = [4, 3, 1], [3, 3, 2]
    margins = [backend.asarray(np.array(v)) for v in (rows, cols)]
    tables = random_tables(*margins, 4000, rng=2, null=null)
    assert compat.array_namespace(tables) is compat.array_namespace(margins[0])
    assert compat.device(tables) == compat.device(margins[0])
    assert str(tables.dtype).endswith("int32" if backend.narrow else "int64")
    assert_distributed(backend.to_numpy(tables), rows, cols, null)


@pytest.mark.parametrize("rows", [[2, 3, 5, 7, 11], [10**5] * 9 + [1], [1] * 30], ids=str)
@own_draws
def test_margins_of_many_tables(rows, few_samples):
    cols = np.array([sum(rows) // 2, 0, sum(rows) - sum(rows) // 2 - 1, 1])
    for tables in iter_random_tables(rows, cols, 40_000, rng=3):
        assert tables.min() >= 0
        assert np.all(tables.sum(2) == rows)
        assert np.all(tables.sum(1) == cols)


def test_margins_of_a_million_tables():
    rows, cols = np.array([400, 350, 250]), np.array([300, 300, 200, 200])
    n_tables, total = 0, np.zeros((3, 4))
    for tables in iter_random_tables(rows, cols, 10**6, rng=4):
        assert tables.min() >= 0
        assert np.all(tables.sum(2) == rows)
        assert np.all(tables.sum(1) == cols)
        n_tables, total = n_tables + len(tables), total + tables.sum(0)
    assert n_tables == 10**6
    mean = np.outer(rows, cols) / 1000
    error = np.sqrt(mean * np.outer(1000 - rows, 1000 - cols) / 1000 / 999 / 10**6)
    assert np.abs((total / 10**6 - mean) / error).max() < 5


@pytest.mark.parametrize("n", [300, 10**5, 10**9, 10**12])
@pytest.mark.parametrize("cell", [(0, 0), (1, 3), (2, 1)])
def test_every_cell_is_hypergeometric(n, cell):
    rows, cols = np.array([n // 2, n // 3, n - n // 2 - n // 3]), np.array([n // 5, n // 5, n // 5, n - 3 * (n // 5)])
    draws_of_cell = random_tables(rows, cols, 20_000, rng=5)[:, cell[0], cell[1]]
    a, b = rows[cell[0]], cols[cell[1]]
    if n <= 10**5:
        known = scipy.stats.hypergeom(n, b, a)
    else:  # normal to less than the test can see
        known = scipy.stats.norm(a * (b / n), np.sqrt(a * (b / n) * (1 - a / n) * (1 - b / n)))
    values = np.unique(draws_of_cell)
    distance = np.abs(np.searchsorted(np.sort(draws_of_cell), values, side="right") / 20_000 - known.cdf(values)).max()
    assert scipy.stats.kstwo.sf(distance, 20_000) > 1e-3


def test_cells_depend_on_each_other_as_they_should():
    """Covariance of two cells of different rows and columns: a a' b b' / (n**2 (n - 1)), positive."""
    rows, cols = np.array([300, 300, 200, 200]), np.array([500, 250, 250])
    tables = random_tables(rows, cols, 200_000, rng=6)
    for (i, j), (k, m) in (((0, 0), (1, 1)), ((3, 2), (0, 1)), ((1, 0), (1, 2)), ((2, 1), (3, 1))):
        found = np.cov(tables[:, i, j], tables[:, k, m])[0, 1]
        a, b = rows[i] * (1000 * (i == k) - rows[k]), cols[j] * (1000 * (j == m) - cols[m])
        expected = a * b / 1000**2 / 999
        assert found == pytest.approx(expected, abs=5 * np.sqrt(tables[:, i, j].var() * tables[:, k, m].var() / 2e5))


@pytest.mark.slow_on("jax-as-accelerator")
def test_populations_beyond_a_thousand_million(backend):
    if backend.narrow:
        sizes = np.array([10**9, 7 * 10**8, 3 * 10**8])
    else:
        sizes = np.array([6 * 10**11, 3 * 10**11, 10**11])
    rows = cols = backend.asarray(sizes)
    tables = backend.to_numpy(random_tables(rows, cols, 2000, rng=7)).astype(float)
    np.testing.assert_array_equal(tables.sum(1), np.broadcast_to(sizes, (2000, 3)))
    np.testing.assert_array_equal(tables.sum(2), np.broadcast_to(sizes, (2000, 3)))
    n, mean = sizes.sum(), np.outer(sizes, sizes / sizes.sum())
    spread = np.sqrt(mean * np.outer(1 - sizes / n, 1 - sizes / n))
    z = (tables - mean) / spread
    assert np.abs(z.mean(0)).max() < 5 / np.sqrt(2000)
    assert np.abs(z.std(0) - 1).max() < 5 / np.sqrt(4000)


@pytest.mark.slow_on("jax-as-accelerator")
def test_blocks_are_the_same_tables(backend, monkeypatch):
    monkeypatch.setattr(draws, "_BLOCK", 400)
    monkeypatch.setattr(draws, "_BLOCK_ON_DEVICE", 400)
    sizes, seen = backend.asarray(np.array([50, 60, 70])), []
    blocks = list(iter_random_tables(sizes, sizes, 100, rng=8, progress=lambda *counts: seen.append(counts)))
    assert len(blocks) > 2
    together = np.concatenate([backend.to_numpy(block) for block in blocks])
    np.testing.assert_array_equal(together, backend.to_numpy(random_tables(sizes, sizes, 100, rng=8)))
    assert seen[-1] == (100, 100)
    assert [done for done, _ in seen] == np.cumsum([block.shape[0] for block in blocks]).tolist()


def test_no_tables_and_no_samples():
    assert random_tables([3, 4], [5, 2], 0).shape == (0, 2, 2)
    assert random_tables([], [], 3).shape == (3, 0, 0)
    np.testing.assert_array_equal(random_tables([0, 0], [0], 2), np.zeros((2, 2, 1)))
    assert random_tables([2, 1], 3, 0, null="uniform").shape == (0, 2, 3)


def test_large_tables():
    """A hundred thousand cells each: a few hundred calls in all, and no loop over cells."""
    rows, cols = np.full(400, 10**6), np.full(250, 16 * 10**5)
    table = random_tables(rows, cols, 1, rng=9)[0]
    np.testing.assert_array_equal(table.sum(1), rows)
    np.testing.assert_array_equal(table.sum(0), cols)
    z = (table - 4000) / np.sqrt(4000 * (1 - 1 / 400) * (1 - 1 / 250))
    assert scipy.stats.kstest(z.ravel(), "norm").pvalue > 1e-3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([2, 3], [4], 1), "row_sums add up to 5 and col_sums to 4: expected the same n_samples"),
        (([2, -3], [4], 1), "row_sums holds -3 at position 1"),
        (([2.5], [2.5], 1), "row_sums holds 2.5 at position 0"),
        (([[2, 3]], [[5]], 1), r"row_sums has shape \(1, 2\): expected one dimension"),
        (([2], [2], -1), "size is -1: expected a whole number >= 0"),
        (([2], [2], 2.0), "size is 2.0: expected a whole number >= 0"),
        (([2], 2, 1), "col_sums is 2: expected cluster sizes, or null='uniform'"),
    ],
)
def test_bad_margins(given, message):
    for f in (random_tables, iter_random_tables):
        with pytest.raises(ValueError, match=message):
            f(*given)


def test_bad_null():
    with pytest.raises(ValueError, match="null is 'other': expected 'permutation' or 'uniform'"):
        random_tables([2], [2], 1, null="other")
    with pytest.raises(ValueError, match="col_sums is 0: expected at least one cluster"):
        random_tables([2], 0, 1, null="uniform")
    with pytest.raises(ValueError, match="col_sums is empty: expected at least one cluster"):
        random_tables([2], [], 1, null="uniform")
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="expected one array library"):
        random_tables(np.array([2]), torch.tensor([2]), 1)


def test_traced_margins():
    jax = pytest.importorskip("jax")
    with pytest.raises(ValueError, match="row_sums is traced: random tables are drawn until all are accepted"):
        jax.jit(lambda a: random_tables(a, a, 3, rng=0))(jax.numpy.asarray([2, 3]))


def test_broken_draws_are_noticed(monkeypatch):
    """The chi-square test of tables can fail: here every split ignores what is to the left."""
    monkeypatch.setattr(draws, "_SAMPLES_PER_CELL", 0)
    monkeypatch.setattr(draws.loops, "IS_WANTED", False)

    def lazy(xp, source, a, b, n):
        return np.clip(a * b // np.maximum(n, 1), np.maximum(0, a + b - n), np.minimum(a, b))

    monkeypatch.setattr(draws, "hypergeometric", lazy)
    tables = random_tables([4, 3, 1], [3, 3, 2], 1000, rng=2)
    assert np.all(tables.sum(1) == [3, 3, 2])
    with pytest.raises(AssertionError):
        assert_distributed(tables, [4, 3, 1], [3, 3, 2])


def test_scores_of_tables_are_adjusted():
    tables = random_tables([40, 60, 30], [50, 30, 50], 20_000, rng=1)
    for score in (amiable.adjusted_mutual_info_score, amiable.adjusted_rand_score):
        scores = score(contingency=tables)
        assert abs(scores.mean()) < 4 * scores.std() / np.sqrt(scores.size)
