"""Loops of scalars, compiled by numba: equal to the array kernels, on any number of threads, in forked processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import mpmath
import numpy as np
import pytest

import amiable
from amiable._array import loops
from amiable.chance import expectation
from tests import oracles

pytest.importorskip("numba")
FORMS = ("deviance", "xlogx", "given_row", "given_col")


def random_pairs(n_pairs, most=12):
    """Sizes of clusters of all kinds: tiny, half of all, nearly all."""
    rng = np.random.default_rng(0)
    n = np.floor(10 ** rng.uniform(0.5, most, n_pairs)).astype(np.int64)
    a, b = (np.maximum(np.floor(n ** rng.uniform(0, 1, n_pairs)).astype(np.int64), 1) for _ in range(2))
    return a, np.where(rng.random(n_pairs) < 0.3, np.maximum(n - b, 1), b), n


def both_ways(monkeypatch, compute):
    """What compiled loops and what the array kernels compute."""
    assert loops.is_compiled()
    compiled = compute()
    monkeypatch.setattr(loops, "IS_WANTED", False)
    assert not loops.is_compiled()
    return compiled, compute()


def test_the_same_expectations(monkeypatch):
    pairs = random_pairs(5000)
    found, known = both_ways(monkeypatch, lambda: expectation.expectations_of_pairs(np, *pairs, FORMS))
    # the kernels' own error is a share of the deviation, not of the expectation
    deviation = np.sqrt(pairs[0] * (pairs[1] / pairs[2])) + 1e-12
    for i in range(4):
        assert np.abs(found[i] - known[i]).max() < 1e-9 * np.abs(known[i]).max()
        np.testing.assert_array_less(np.abs(found[i] - known[i]), 1e-9 * np.abs(known[i]) + 1e-13 * deviation)


@pytest.mark.parametrize(
    ("rows", "cols"),
    [
        ([3, 3, 3], [3, 3, 3]),
        ([1] * 7 + [5], [4, 4, 4]),
        ([900, 99, 1], [500, 500]),
        ([600, 400], [500, 500]),
        ([60, 40], [99, 1]),
    ],
)
def test_exact_arithmetic(rows, cols):
    with mpmath.workdps(40):
        expected = float(oracles.expected_mutual_information(rows, cols))
    assert amiable.expected_mutual_information(rows, cols) == pytest.approx(expected, rel=1e-14)


def test_batches_and_many_sizes(monkeypatch, rng):
    """Tables of many totals, and of more sizes than are computed one by one."""
    rows, cols = rng.integers(0, 50, (30, 6)), rng.integers(1, 60, (30, 4))
    cols[:, 0] += np.maximum(rows.sum(1) - cols.sum(1), 0)
    rows[:, 0] += cols.sum(1) - rows.sum(1)
    wide = np.arange(1, 400)
    for margins in ((rows, cols), (wide, wide[::-1].copy())):
        with monkeypatch.context() as patch:
            found, known = both_ways(patch, lambda m=margins: amiable.expected_mutual_information(*m))
        np.testing.assert_allclose(found, known, rtol=1e-13)


@pytest.mark.parametrize("n_threads", ["1", "2", "7"])
def test_any_number_of_threads(n_threads, monkeypatch):
    pairs = random_pairs(9000)
    expected = expectation.expectations_of_pairs(np, *pairs, FORMS)
    monkeypatch.setenv("NUMBA_NUM_THREADS", n_threads)
    assert loops.n_threads() == int(n_threads)
    np.testing.assert_array_equal(expectation.expectations_of_pairs(np, *pairs, FORMS), expected)


def test_a_limit_of_threads(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "4")
    pools = []
    pool = loops.ThreadPoolExecutor
    monkeypatch.setattr(loops, "ThreadPoolExecutor", lambda n: pools.append(n) or pool(n))
    pairs = random_pairs(9000)
    with amiable.threads(3):
        with amiable.threads(1):
            alone = expectation.expectations_of_pairs(np, *pairs, FORMS)
        assert not pools
        shared = expectation.expectations_of_pairs(np, *pairs, FORMS)
    assert pools == [3]
    assert loops.n_threads() == 4
    with amiable.threads(9):
        assert loops.n_threads() == 4
    np.testing.assert_array_equal(alone, shared)
    for limit in (0, -1, 1.5, True, "2", None):
        with pytest.raises(ValueError, match="limit is"), amiable.threads(limit):
            pass


def test_threads_of_the_caller(rng):
    labels = rng.integers(0, 9, (8, 2, 3000))
    expected = [amiable.adjusted_mutual_info_score(*pair) for pair in labels]
    found = [None] * 8

    def work(i):
        for _ in range(20):
            found[i] = amiable.adjusted_mutual_info_score(*labels[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_fork_after_use(rng):
    pairs = random_pairs(5000)
    expected = expectation.expectations_of_pairs(np, *pairs, FORMS)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(expectation.expectations_of_pairs(np, *pairs, FORMS)))
    child.start()
    np.testing.assert_array_equal(queue.get(), expected)
    child.join()
    assert child.exitcode == 0


def test_read_only_and_strided_sizes():
    sizes = np.arange(1, 41)[::2]
    expected = amiable.expected_mutual_information(sizes.copy(), sizes.copy())
    sizes.flags.writeable = False
    assert amiable.expected_mutual_information(sizes, sizes) == expected


def test_numba_is_imported_when_it_is_needed():
    code = (
        "import sys, amiable; assert 'numba' not in sys.modules; amiable.adjusted_rand_score([0, 1], [0, 1]);"
        "print('numba' in sys.modules)"
    )
    for value, expected in (("1", "True"), ("0", "False")):
        env = {**os.environ, "AMIABLE_COMPILED": value}
        found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        assert found.stdout.strip() == expected


def test_the_source_is_plain_python():
    """What is compiled also runs as it is written."""
    from amiable._scalars.loops import expectations_of_pairs

    pairs = [x[:300] for x in random_pairs(5000)]
    out = np.empty((4, 300))
    expectations_of_pairs(*(x.tolist() for x in pairs), 15, 0, 300, out)
    np.testing.assert_allclose(out, expectation.expectations_of_pairs(np, *pairs, FORMS), rtol=1e-12, atol=1e-300)


def test_sums_of_tables_are_plain_python(rng):
    """The loops over cells, grids and lists, of few and of very many samples, as they are written."""
    from amiable._scalars import tables
    from amiable._scalars.loops import expected_sums_of_table

    counts = rng.integers(0, 9, (3, 12))
    for n_times in (1, 10**9):
        full = counts * n_times
        rows, cols = full.reshape(3, 3, 4).sum(2), full.reshape(3, 3, 4).sum(1)
        grid = np.empty(0, dtype=np.int64)
        places = np.divmod(np.arange(12), 4)
        for wanted in (1, 15):
            found = []
            for at in ((grid, grid), places):
                for call in (tables.information_of_tables, loops.compiled(tables.information_of_tables)):
                    found.append(np.empty((12, 3)))
                    call(*at, full, rows, cols, wanted, 0, 3, found[-1])
            for other in found[1:]:
                np.testing.assert_allclose(other, found[0], rtol=1e-13, atol=1e-300)
        pairs = []
        for at in ((grid, grid), places):
            for call in (tables.pairs_of_tables, loops.compiled(tables.pairs_of_tables)):
                pairs.append(np.empty((4, 3)))
                call(*at, full, rows, cols, 0, 3, pairs[-1])
        n = full.sum(1)
        np.testing.assert_allclose(pairs[0].sum(0), n.astype(float) * (n - 1), rtol=1e-14)
        for other in pairs[1:]:
            np.testing.assert_allclose(other, pairs[0], rtol=1e-14)
        sizes = np.empty((2, 3))
        tables.entropies_of_sizes(rows, 0, 3, sizes)
        np.testing.assert_allclose(sizes[0], [amiable.entropy(contingency=x) for x in rows], rtol=1e-14)
    margins = rows[0] // 10**9, cols[0] // 10**9
    expected = loops.compiled(expected_sums_of_table)(*margins, 15)
    assert expected_sums_of_table(*[x.tolist() for x in margins], 15) == pytest.approx(expected, rel=1e-13)


def test_what_is_kept_on_disk_is_named_by_all_loops():
    """Numba would not see that a function has changed that another one calls."""
    from amiable._scalars import tables

    entry = loops.compiled(tables.pairs_of_tables).py_func
    assert entry.__qualname__ == loops.kept_name("called.pairs_of_tables")
    assert entry.__globals__["pairs_of_table"].py_func.__qualname__ == loops.kept_name("pairs_of_table")
    assert loops.kept_name("").removeprefix("_") == loops._digest()
