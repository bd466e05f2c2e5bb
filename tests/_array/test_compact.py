"""Compact integers are counted in one pass: whatever their dtype, range, order and layout."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from array_api_compat import array_namespace
from hypothesis import given, settings
from hypothesis import strategies as st

from amiable import ContingencyTable, contingency_matrix
from amiable._array import compact
from amiable._array.compact import count_compact, count_ranges
from tests.backends import named


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Many blocks for few samples, so that tables grow."""
    monkeypatch.setattr(compact, "_BLOCK", 16)
    monkeypatch.setattr(compact, "budget", lambda x: 64)


def counted(sides, **options):
    found = count_compact(sides, 10**6, **options)
    counts, labels = found.without_gaps()
    return counts.reshape(-1, *(x.size for x in labels)), labels


def expected_counts(*sides):
    values = [np.unique(x) for x in sides]
    at = tuple(np.searchsorted(v, x) for v, x in zip(values, sides, strict=True))
    out = np.zeros([v.size for v in values], dtype=np.int64)
    np.add.at(out, at, 1)
    return out, values


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(-3, 9)), min_size=1, max_size=100).map(np.array),
    st.sampled_from([np.int8, np.int16, np.int32, np.int64]),
    st.integers(1, 40),
)
def test_any_order_grows_to_the_same_table(both, dtype, block):
    true, pred = both.T.astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compact, "_BLOCK", block)
        counts, labels = counted((true, pred))
    expected, values = expected_counts(true, pred)
    np.testing.assert_array_equal(counts[0], expected)
    for got, value in zip(labels, values, strict=True):
        np.testing.assert_array_equal(got, value)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("end", ["min", "max"])
def test_ends_of_every_dtype(rng, dtype, end):
    """Keys of labels at the ends of their dtype wrap around, and counts do not show it."""
    limit = getattr(np.iinfo(dtype), end)
    offsets = rng.integers(0, 5, (2, 100)) * (1 if end == "min" else -1)
    true, pred = (np.array([limit + int(x) for x in row], dtype=dtype) for row in offsets)
    table = ContingencyTable.from_labels(true, pred)
    expected, values = expected_counts(true, pred)
    np.testing.assert_array_equal(table.to_dense(), expected)
    np.testing.assert_array_equal(table.row_labels, values[0])
    assert table.col_labels.dtype == dtype


def test_whole_range_of_bytes(rng):
    true, pred = rng.integers(-128, 128, (2, 3000)).astype(np.int8)
    np.testing.assert_array_equal(contingency_matrix(true, pred), expected_counts(true, pred)[0])


@pytest.mark.parametrize("shapes", [((5, 40), (40,)), ((3, 1, 40), (2, 40)), ((40,), (4, 40)), ((2, 7), (2, 7))])
def test_batches_broadcast_without_copies_of_all(rng, shapes):
    true, pred = (rng.integers(0, 4, shape) for shape in shapes)
    true[..., :4] = pred[..., :4] = np.arange(4)
    lead = np.broadcast_shapes(true.shape[:-1], pred.shape[:-1])
    both = [np.broadcast_to(x, (*lead, x.shape[-1])).reshape(-1, x.shape[-1]) for x in (true, pred)]
    counts, _ = counted((true, pred))
    np.testing.assert_array_equal(counts, [expected_counts(u, v)[0] for u, v in zip(*both, strict=True)])


def test_layouts(rng):
    labels = rng.integers(0, 5, (200, 2))
    strided = labels.T[:, ::-3]
    np.testing.assert_array_equal(
        contingency_matrix(strided[0], strided[1]), contingency_matrix(strided[0].copy(), strided[1].copy())
    )
    fortran = np.asfortranarray(labels.T)
    np.testing.assert_array_equal(contingency_matrix(*fortran), contingency_matrix(*labels.T))


@pytest.mark.parametrize("n", [1 << 14, (1 << 15) + 7, 100_003])
@pytest.mark.parametrize("k", [1, 10, 60, 200])
def test_copies_of_a_table_add_up(rng, n, k):
    """Of which a device fills one after the other."""
    torch = pytest.importorskip("torch")
    labels = rng.integers(-2, k, (2, n))
    expected = np.zeros((k + 2, k + 2), dtype=np.int64)
    np.add.at(expected, tuple(labels + 2), 1)
    with named("torch-as-accelerator").context():
        sides = [torch.from_numpy(x) for x in labels]
        xp = array_namespace(*sides)
        every = compact.count_ranges(xp, sides, [(-2, k - 1)] * 2, strays=False)
        inner = compact.count_ranges(xp, sides, [(0, k - 1)] * 2)
    np.testing.assert_array_equal(every.numpy().reshape(k + 2, k + 2), expected)
    np.testing.assert_array_equal(inner.numpy().reshape(k, k), expected[2:, 2:])


def test_too_many_cells():
    labels = np.arange(100)
    assert count_compact((labels, labels), 9_999) is None
    assert count_compact((labels, labels), 10_000) is not None


def test_promised_ranges_are_counted_whole_and_grow():
    found = count_compact((np.array([0, 1]), np.array([2, 2])), 100, ((0, 3), (0, 4)))
    assert found.counts.reshape(4, 5).tolist() == [[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0] * 5, [0] * 5]
    assert count_compact((np.array([9]),), 100, ((0, 3),)).ranges == ((0, 9),)


@pytest.mark.parametrize("dtype", [np.int64, np.int8])
def test_nothing_as_long_as_the_labels_is_allocated(rng, dtype, monkeypatch):
    monkeypatch.undo()
    true, pred = rng.integers(0, 10, (2, 3_000_000)).astype(dtype)
    contingency_matrix(true[:10], pred[:10])  # what is compiled or read from disk is no concern here
    tracemalloc.start()
    contingency_matrix(true, pred)
    contingency_matrix(true[::2], pred[::2])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000  # bytes; one array of 3,000,000 bytes is more


RANGES = [
    ((0, 2), (0, 3)),
    ((-5, 5), (7, 9)),
    ((2**31 - 2, 2**31 - 1), (0, 1)),
    ((-(2**31), -(2**31) + 1), (100, 102)),
    ((-100, 127), (0, 3)),
    ((2**62, 2**62 + 2), (2**62 + 5, 2**62 + 6)),
    ((-(2**62), -(2**62) + 1), (2**62, 2**62 + 2)),
]


@pytest.mark.slow_on("jax-as-accelerator")
@pytest.mark.parametrize("ranges", RANGES, ids=str)
@pytest.mark.parametrize("strays", [False, True])
def test_count_ranges(counting_backend, rng, ranges, strays):
    """On every library, whatever the labels are like; what lies outside is left out, not put elsewhere."""
    labels = []
    for low, high in ranges:
        dtype = np.int8 if low > -129 and high < 128 else np.int64
        labels.append(rng.integers(low, high + 1, (3, 40)).astype(dtype))
    if strays:
        labels[0][:, :4] = np.iinfo(labels[0].dtype).min
        labels[1][:, 2:6] = np.iinfo(labels[1].dtype).max
    inside = np.all([(x >= low) & (x <= high) for x, (low, high) in zip(labels, ranges, strict=True)], axis=0)
    expected = np.zeros((3, *(high - low + 1 for low, high in ranges)), dtype=np.int64)
    for table, (rows, cols) in enumerate(zip(*labels, strict=True)):
        codes = (x[inside[table]].astype(np.int64) - low for x, (low, _) in zip((rows, cols), ranges, strict=True))
        np.add.at(expected[table], tuple(codes), 1)
    sides = [counting_backend.asarray(x) for x in labels]
    got = count_ranges(array_namespace(sides[0]), sides, ranges, strays=strays)
    np.testing.assert_array_equal(counting_backend.to_numpy(got), expected.reshape(3, -1))


@pytest.mark.parametrize("base", [2**31 - 5, 2**29, -(2**31)])
def test_labels_at_the_limits_of_int32(base, rng):
    """JAX counts in int32 by default."""
    backend = named("jax-as-accelerator")
    with backend.context():
        labels = base + rng.integers(0, 5, (2, 100))
        got = contingency_matrix(*(backend.asarray(x.astype(np.int32)) for x in labels))
        np.testing.assert_array_equal(backend.to_numpy(got), contingency_matrix(*labels))


def test_cells_of_a_batch_that_int32_does_not_number():
    backend = named("jax-as-accelerator")
    with backend.context():
        sides = [backend.asarray(np.zeros((3, 4), dtype=np.int32))] * 2
        with pytest.raises(ValueError, match="a table of 30000 x 30000 cells has more cells than int32 can number"):
            count_ranges(array_namespace(sides[0]), sides, [(0, 29_999)] * 2)
