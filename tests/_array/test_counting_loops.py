"""Counting and codes by compiled loops: equal to NumPy's, for every dtype and range, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from amiable._array import compact, hashing, loops
from amiable._array.bins import encode_integers, unique_counts
from amiable._array.compact import count_compact

pytest.importorskip("numba")
DTYPES = (np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64, np.bool_, ">i4", ">i8")


@pytest.fixture
def without_loops(monkeypatch):
    """Compute the same without compiled loops."""

    def call(compute):
        with monkeypatch.context() as patch:
            patch.setattr(loops, "IS_WANTED", False)
            return compute()

    return call


def assert_equal_counts(found, known):
    """The same counts, though one may have room to spare."""
    assert (found is None) == (known is None)
    if found is not None:
        counts, labels = found.without_gaps()
        known_counts, known_labels = known.without_gaps()
        np.testing.assert_array_equal(counts, known_counts)
        for x, y in zip(labels, known_labels, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_every_dtype(dtype, lead, rng, without_loops):
    sides = [rng.integers(0, most, (*lead, 50)).astype(dtype) for most in (2, 100)]
    for given in (sides, sides[:1], [x[..., ::2] for x in sides], [sides[0], sides[1].reshape(-1, 50)[0]]):
        assert_equal_counts(count_compact(given, 10_000), without_loops(lambda g=given: count_compact(g, 10_000)))


@pytest.mark.parametrize("n_threads", ["1", "2", "7"])
def test_ranges_that_grow(n_threads, rng, without_loops, monkeypatch):
    """Labels that leave the range of the first block, far and near, on both ends; by several threads."""
    monkeypatch.setenv("NUMBA_NUM_THREADS", n_threads)
    monkeypatch.setattr(compact, "_LOOPED", 64)
    monkeypatch.setattr(compact, "_SAMPLES_OF_A_THREAD", 500)
    true = np.concatenate([np.full(700, 5), rng.integers(-30, 40, 2300)])
    pred = np.concatenate([rng.integers(0, 3, 2900), np.full(100, -7)])
    for given in ((true, pred), (true,), (true.astype(np.int32), pred)):
        for most in (10, 500, 10**6):
            assert_equal_counts(count_compact(given, most), without_loops(lambda g=given, m=most: count_compact(g, m)))


def test_huge_labels(without_loops):
    ends = np.array([-(2**63), 2**63 - 1])
    above = np.array([2**63, 2**63 + 1, 2**64 - 1], dtype=np.uint64)
    for given in ((ends, ends), (ends[:1].repeat(3), ends[1:].repeat(3)), (above[:2],), (above,), (above - 2**63,)):
        assert_equal_counts(count_compact(given, 1000), without_loops(lambda g=given: count_compact(g, 1000)))


@pytest.mark.parametrize("low", [-7, 1, 2**40])
def test_a_batch_of_one_side(low, rng, without_loops):
    """Labels that do not begin at 0, of several tables, counted alone."""
    labels = rng.integers(low, low + 9, (5, 40))
    for given in (labels, labels.reshape(5, 1, 40), labels[:, ::2]):
        found = count_compact((given,), 1000)
        assert found.counts.sum() == given.size
        assert_equal_counts(found, without_loops(lambda g=given: count_compact((g,), 1000)))


@pytest.mark.parametrize("inwards", [1, -1])
def test_ranges_that_grow_to_the_ends_of_64_bits(inwards, without_loops, monkeypatch):
    """There is no room to spare beyond the lowest and the highest integer."""
    monkeypatch.setattr(compact, "_LOOPED", 64)
    end = -(2**63) if inwards == 1 else 2**63 - 1
    labels = end + inwards * np.concatenate([60 + np.arange(100) % 40, np.arange(100) % 4])
    given = (labels, np.arange(200) % 3)
    assert_equal_counts(count_compact(given, 10_000), without_loops(lambda: count_compact(given, 10_000)))


def test_unsigned_labels_of_either_byte_order():
    labels = np.array([2**64 - 1, 2**64 - 3, 2**64 - 3], dtype=np.uint64)
    for dtype in ("<u8", ">u8"):
        assert count_compact((labels.astype(dtype),), 100).ranges == ((2**64 - 3, 2**64 - 1),)


def test_read_only_labels_are_not_compiled_anew(rng):
    labels = rng.integers(0, 5, 100)
    expected = count_compact((labels, labels), 100).counts.tolist()
    labels.flags.writeable = False
    assert count_compact((labels, labels), 100).counts.tolist() == expected


def adversaries(rng):
    """Labels that hash badly, and others."""
    n = 5000
    yield "one", np.full(n, 2**62)
    yield "all distinct", rng.permutation(np.arange(n) * 10**12)
    yield "multiples of 2**32", (np.arange(n) % 1700) << 32
    yield "multiples of 2**50", (np.arange(n) % 8000) << 50
    yield "high bits alone", np.arange(n) % 4 << 62
    yield "ends", np.array([-(2**63), 2**63 - 1, 0] * 700)
    yield "many", rng.integers(-(2**63), 2**63 - 1, 4000)[rng.integers(0, 4000, n)]
    yield "table", rng.integers(-(2**62), 2**62, (4, 600))


@pytest.mark.parametrize("n_threads", ["1", "2", "7"])
def test_codes_of_scattered_labels(n_threads, rng, monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", n_threads)
    monkeypatch.setattr(hashing, "_OF_A_THREAD", 300)
    for name, labels in adversaries(rng):
        codes, distinct = encode_integers(np, labels)
        expected, inverse = np.unique(labels, return_inverse=True)
        np.testing.assert_array_equal(distinct, expected, err_msg=name)
        np.testing.assert_array_equal(codes, inverse.reshape(labels.shape), err_msg=name)
        values, counts = unique_counts(np, labels.ravel())
        np.testing.assert_array_equal(values, expected, err_msg=name)
        np.testing.assert_array_equal(counts, np.bincount(inverse.ravel()), err_msg=name)


def test_codes_of_scattered_labels_by_pandas(rng, monkeypatch):
    """Without compiled loops, where somebody imported pandas."""
    pytest.importorskip("pandas")
    used = []
    by_pandas = hashing.encode_by_pandas
    monkeypatch.setattr(loops, "IS_WANTED", False)
    monkeypatch.setattr(hashing, "FEWEST_OF_PANDAS", 1000)
    monkeypatch.setattr(hashing, "encode_by_pandas", lambda x: used.append(x.size) or by_pandas(x))
    for name, labels in adversaries(rng):
        codes, distinct = encode_integers(np, labels)
        expected, inverse = np.unique(labels, return_inverse=True)
        np.testing.assert_array_equal(distinct, expected, err_msg=name)
        np.testing.assert_array_equal(codes, inverse.reshape(labels.shape), err_msg=name)
    assert len(used) == 7  # one label is a compact range


def test_unsigned_labels_beyond_64_signed_bits(rng):
    labels = rng.integers(0, 2**64 - 1, 2000, dtype=np.uint64, endpoint=True)
    codes, distinct = encode_integers(np, labels)
    np.testing.assert_array_equal(distinct[codes], labels)
    assert distinct.dtype == np.uint64
    assert (distinct[1:] > distinct[:-1]).all()


def test_few_probes():
    """No pattern of labels fills a run of slots that is long to search."""
    from amiable._scalars.hashing import first_slot

    for labels in (range(1000), range(0, 1000 << 32, 1 << 32), range(0, 1000 << 40, 1 << 40), range(-500, 500)):
        taken = {first_slot(label, 12) for label in labels}
        assert len(taken) > 800  # of 4096: 887 by chance


def test_the_source_is_plain_python(rng):
    """What is compiled also runs as it is written."""
    from amiable._scalars.counting import count_few, count_while_inside, sum_grid
    from amiable._scalars.hashing import encode_run, first_slot, replace_codes
    from amiable._scalars.merging import count_merged

    x, y = rng.integers(-3, 4, (1, 60)), rng.integers(0, 5, (1, 60))
    counts = np.zeros((1, 100), dtype=np.int64)
    compiled = np.zeros_like(counts)
    assert count_few(x, y, 60, counts) == loops.compiled(count_few)(x, y, 60, compiled)
    np.testing.assert_array_equal(counts, compiled)
    assert count_while_inside(x, y, 0, 60, 16, -3, 3, 0, 4, counts)[0] == 60
    np.testing.assert_array_equal(counts, 2 * compiled)
    sums = np.zeros(7, dtype=np.int64), np.zeros(5, dtype=np.int64)
    sum_grid(counts[0, :35], *sums)
    np.testing.assert_array_equal(sums[0], counts[0, :35].reshape(7, 5).sum(1))
    np.testing.assert_array_equal(sums[1], counts[0, :35].reshape(7, 5).sum(0))
    for label in (0, 1, -1, 2**63 - 1, -(2**63), 123456789):
        assert first_slot(label, 10) == loops.compiled(first_slot)(label, 10)
    labels = rng.integers(0, 20, 50).tolist()
    slots, distinct, codes = np.zeros((64, 2), dtype=np.int64), np.empty(32, dtype=np.int64), np.empty(50, np.int64)
    assert encode_run(labels, 0, 50, slots, 6, distinct, 0, codes)[0] == 50
    np.testing.assert_array_equal(distinct[codes], labels)
    replace_codes(codes, distinct, 0, 50)
    np.testing.assert_array_equal(codes, labels)
    labels = np.asarray(labels)
    values, amounts = np.empty(50, dtype=np.int64), np.empty(50, dtype=np.int64)
    k = count_merged(np.sort(labels[:20]), np.sort(labels[20:]), values, amounts)
    expected = np.unique(labels, return_counts=True)
    np.testing.assert_array_equal(values[:k], expected[0])
    np.testing.assert_array_equal(amounts[:k], expected[1])
