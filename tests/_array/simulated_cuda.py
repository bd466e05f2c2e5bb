"""Kernels of numba-cuda, on small inputs in its simulator: `test_cuda_kernels` runs this where it is chosen."""

from __future__ import annotations

import contextlib
import functools
import math

import numpy as np
import pytest
import torch
from array_api_compat import torch as xp
from numba import cuda as numba_cuda
from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray

import amiable
from amiable._array import compact, cuda, cuda_kernels, libraries, loops
from amiable.chance import expectation
from amiable.resampling import draws
from amiable.scores import evaluate
from amiable.scores import loops as score_loops
from tests._array.test_cuda_kernels import DTYPES
from tests.backends import named
from tests.registry import CASES

FORMS = ("deviance", "xlogx", "given_row", "given_col")


@pytest.fixture
def kernels(monkeypatch):
    """Let tensors in host memory pass for a device's, and launch few threads, each of which is one of Python."""
    launched = []
    launch = cuda._launch

    def note(kernel, *args, **kwargs):
        launched.append(kernel.__name__)
        launch(kernel, *args, **kwargs)

    monkeypatch.setattr(cuda, "_launch", note)
    monkeypatch.setattr(cuda, "has_kernels", libraries.is_torch_array)
    monkeypatch.setattr(cuda, "_current_device", lambda x: contextlib.nullcontext())
    monkeypatch.setattr(cuda, "_current_stream", lambda x: 0)
    # the simulator knows no streams of others, and no strided arrays but its own
    monkeypatch.setattr(numba_cuda, "external_stream", lambda address: address)
    monkeypatch.setattr(numba_cuda, "as_cuda_array", lambda x, sync: FakeCUDAArray(x.numpy()), raising=False)
    monkeypatch.setattr(cuda_kernels, "LANES", 4)
    for name, value in {
        "_THREADS": 3,
        "_BLOCKS": 4,
        "_LEAST_BLOCKS": 2,
        "_MOST_BLOCKS": 5,
        "_THREADS_OF_STEPS": 2,
    }.items():
        monkeypatch.setattr(cuda, name, value)
    with named("torch-as-accelerator").context():
        yield launched


def counted(sides, ranges):
    """Counts of NumPy, sample by sample."""
    lead = np.broadcast_shapes(*(x.shape[:-1] for x in sides))
    sides = [np.broadcast_to(x, (*lead, x.shape[-1])) for x in sides]
    counts = np.zeros((*lead, *(high - low + 1 for low, high in ranges)), dtype=np.int64)
    for at in np.ndindex(sides[0].shape):
        labels = [int(x[at]) for x in sides]
        if all(low <= label <= high for label, (low, high) in zip(labels, ranges, strict=True)):
            counts[(*at[:-1], *(label - low for label, (low, _) in zip(labels, ranges, strict=True)))] += 1
    return counts.reshape(*lead, math.prod(counts.shape[len(lead) :]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("is_small", [True, False])
def test_counts_of_every_integer(kernels, monkeypatch, rng, dtype, is_small):
    monkeypatch.setattr(cuda, "_SHARED_CELLS", 100 * is_small)
    low = 0 if dtype[0] in "bu" else -2
    sides = [rng.integers(low, 2 if dtype == "bool" else 6, 300).astype(dtype) for _ in range(2)]
    if dtype[0] != "b":
        sides[0][:3] = [np.iinfo(dtype).max, np.iinfo(dtype).min, np.iinfo(dtype).max // 2 + 1]  # outside
    ranges = [(low, 3), (max(low, -1), 4)]
    for k in (1, 2):
        found = compact.count_ranges(xp, as_torch(sides[:k]), ranges[:k])
        np.testing.assert_array_equal(found, counted(sides[:k], ranges[:k]))
    assert kernels == ["count_in_shared_memory" if is_small else "count_in_device_memory"] * 2


def as_torch(sides):
    return [torch.from_numpy(np.ascontiguousarray(x)) for x in sides]


@pytest.mark.parametrize(
    "shapes",
    [
        ((7,), (7,)),
        ((3, 7), (7,)),
        ((7,), (2, 3, 7)),
        ((2, 1, 7), (3, 7)),
        ((3, 0), (0,)),
        ((0, 7), (7,)),
        ((1,), (1,)),
    ],
)
def test_batches(kernels, rng, shapes):
    sides, ranges = [rng.integers(0, 4, shape) for shape in shapes], ((0, 2), (1, 3))
    np.testing.assert_array_equal(compact.count_ranges(xp, as_torch(sides), ranges), counted(sides, ranges))


def test_strided_labels(kernels, rng):
    x = rng.integers(0, 3, (60, 2))
    found = compact.count_ranges(xp, list(torch.from_numpy(x).T), ((0, 2), (0, 2)))
    np.testing.assert_array_equal(found, counted(list(x.T), ((0, 2), (0, 2))))


def test_counts_on_top_of_others(kernels, rng):
    sides, before = rng.integers(-1, 4, (2, 80)), np.arange(9)
    rows, cols, onto = as_torch([*sides, before])
    found = compact.count_pairs(xp, rows, cols, (3, 3), onto=onto)
    np.testing.assert_array_equal(found, before + counted(sides, ((0, 2), (0, 2))))
    np.testing.assert_array_equal(onto, before)
    assert kernels == ["count_in_shared_memory"]


def test_wide_numbers(kernels):
    """Labels and totals beyond 32 bits."""
    x = np.array([2**40, 2**40 + 1, -(2**62), 2**63 - 1, 2**40 + 2**32])
    ranges = [(2**40, 2**40 + 1)]
    np.testing.assert_array_equal(compact.count_ranges(xp, as_torch([x]), ranges), [1, 1])
    sizes = as_torch([[10**12 - 3, 3], [10**11, 9 * 10**11]])
    found = amiable.expected_mutual_information(*sizes)
    assert float(found) == pytest.approx(amiable.expected_mutual_information(*map(np.asarray, sizes)), rel=1e-13)


def test_expectations(kernels, rng, monkeypatch):
    n = np.floor(10 ** rng.uniform(0.5, 4, 40)).astype(np.int64)
    a, b = (rng.integers(1, n + 1) for _ in range(2))
    pairs = as_torch([a, b, n])
    found = expectation.expectations_of_pairs(xp, *pairs, FORMS)
    monkeypatch.setattr(loops, "IS_WANTED", False)
    np.testing.assert_allclose(found, expectation.expectations_of_pairs(np, a, b, n, FORMS), rtol=1e-11, atol=1e-14)
    assert kernels == ["expectations_of_pairs"]


@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_sums_of_expectations(kernels, rng, monkeypatch, shape):
    rows, cols = rng.integers(0, 9, (*shape, 3)), rng.integers(1, 9, (*shape, 5))
    rows[..., 0] += np.maximum(cols.sum(-1) - rows.sum(-1), 0)
    cols[..., 0] += rows.sum(-1) - cols.sum(-1)
    sizes = as_torch([rows, cols])
    found = expectation.expected_sums(xp, *sizes, forms=FORMS)
    monkeypatch.setattr(loops, "IS_WANTED", False)
    for x, known in zip(found, expectation.expected_sums(np, rows, cols, forms=FORMS), strict=True):
        np.testing.assert_allclose(x, known, rtol=1e-13)
    assert kernels == ["sum_expectations"]


@pytest.mark.parametrize("score", [s for s in CASES if s.name in ("ami", "ari", "nmi", "v", "fmi", "vi")], ids=str)
@pytest.mark.parametrize("options", [{}, {"n_labels": (3, 4)}], ids=["", "n_labels"])
def test_scores(kernels, rng, score, options):
    labels = [rng.integers(0, k, (2, 20)) for k in (3, 4)]
    for pair in (labels, [x[0] for x in labels]):
        expected = score.function(*pair)
        found = score.function(*as_torch(pair), **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
    assert kernels


@pytest.mark.parametrize("average", ["arithmetic", "geometric", "min", "max", "true", "pred"])
@pytest.mark.parametrize("n", [6, 12, 60])
def test_adjusted_information_in_one_loop(kernels, rng, n, average):
    """Close to an entropy and above a floor, too: all that is expected comes from one launch."""
    names = {"true": amiable.adjusted_homogeneity_score, "pred": amiable.adjusted_completeness_score}
    score = names.get(average, functools.partial(amiable.adjusted_mutual_info_score, average_method=average))
    labels = rng.integers(0, 6, (2, n))
    found = score(*as_torch(labels), n_labels=(6, 6))
    assert float(found) == pytest.approx(score(*labels), abs=1e-14)
    assert kernels == ["count_in_device_memory", "sum_expectations", "adjusted_information_of_tables"]


@pytest.mark.parametrize("shared", ["rows", "cols", "both"])
def test_tables_that_share_cluster_sizes(kernels, monkeypatch, rng, shared):
    """As random tables do."""
    rows, cols = np.array([[5, 3, 4]]), np.array([[6, 6]])
    counts = amiable.random_tables(rows[0], cols[0], 5, rng=rng).reshape(5, 6)
    sums = [np.repeat(x, 5, axis=0) if name != shared != "both" else x for name, x in (("rows", rows), ("cols", cols))]
    whole = score_loops.ADJUSTED_INFORMATION
    found = score_loops.score_by_loop(whole, *as_torch([counts, *sums]))
    expected = amiable.adjusted_mutual_info_score(contingency=counts.reshape(5, 3, 2))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    assert kernels == ["sum_expectations", "adjusted_information_of_tables"]


def test_permutations(kernels, monkeypatch, rng):
    """They share cluster sizes, and are scored in one loop on the device, as without it."""
    labels = as_torch(rng.integers(0, 3, (2, 40)))
    monkeypatch.setenv("AMIABLE_FINISH_ON_HOST", "0")
    found = amiable.permutation_test(*labels, n_resamples=19, rng=0)
    assert "adjusted_information_of_tables" in kernels
    monkeypatch.setattr(evaluate, "is_scored_whole", lambda *_: False)
    expected = amiable.permutation_test(*labels, n_resamples=19, rng=0)
    np.testing.assert_allclose(found.null_distribution, expected.null_distribution, rtol=0, atol=1e-13)


def test_random_tables(kernels, monkeypatch):
    """Those that NumPy draws from the same key."""
    monkeypatch.setattr(draws, "_key", lambda xp, source: [12345, 2**32 - 1])
    margins = [np.array([3000, 20, 1, 400]), np.array([1000, 2421])]
    found = amiable.random_tables(*as_torch(margins), 7, rng=0)
    np.testing.assert_array_equal(found, amiable.random_tables(*margins, 7, rng=0))
    assert kernels == ["draw_tables"]


def test_the_seed_tells_random_tables(kernels):
    margins = as_torch([[300, 20], [100, 220]])
    first, again, other = (amiable.random_tables(*margins, 5, rng=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_a_device_is_tried_before_it_is_trusted(kernels, monkeypatch):
    tensor = torch.zeros(3)
    assert cuda.what_is_wrong(tensor) is None
    assert set(kernels) == {
        "count_in_shared_memory",
        "count_in_device_memory",
        "sum_expectations",
        "information_of_tables",
        "adjusted_information_of_tables",
    }
    assert cuda._is_trusted(tensor)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("sum_expectations", "expectations differ from those of Python"),
        ("count_in_device_memory", "counts of few labels differ"),
        ("adjusted_information_of_tables", "scores differ from those of Python"),
        ("information_of_tables", "RuntimeError: no such instruction"),
    ],
)
def test_a_device_that_is_wrong_is_not_trusted(kernels, monkeypatch, broken, said):
    launch = cuda._launch

    def fails(kernel, *args, **kwargs):
        if kernel.__name__ == broken == "information_of_tables":
            raise RuntimeError("no such\ninstruction")
        if kernel.__name__ != broken:  # what is not launched leaves memory as it was
            launch(kernel, *args, **kwargs)

    monkeypatch.setattr(cuda, "_launch", fails)
    monkeypatch.setattr(cuda, "_TRUSTED", {})
    tensor = torch.zeros(3)
    monkeypatch.setattr(cuda, "is_captured", lambda x: True)
    assert not cuda._is_trusted(tensor)  # and not asked, nor warned
    monkeypatch.setattr(cuda, "is_captured", lambda x: False)
    with pytest.warns(UserWarning, match=f"kernels of numba-cuda are not used on cpu: {said}"):
        assert not cuda._is_trusted(tensor)
    assert not cuda._is_trusted(tensor)  # without a second warning
