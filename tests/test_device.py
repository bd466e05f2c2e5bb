"""What is asked of devices alone: nothing leaves them, nothing waits, graphs replay, and every run gives the same bits.

Each test runs on CUDA devices, and on few scores in host memory too, on stand-ins that prove that it can run.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import array_api_compat as compat
import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from amiable._array import arithmetic, cuda, loops
from amiable.chance import expectation
from benchmarks.places import Place
from tests.backends import BACKENDS, Backend, named, needs_cuda, never_waiting
from tests.registry import CASES

FEW = ("ami", "ari")
LENGTHS = (4, 5)  # labels of true and of pred


def places(*libraries: str, stand_ins: tuple[str, ...] = ("torch-as-accelerator",)) -> pytest.MarkDecorator:
    """Run a test on all CUDA devices of these libraries, and on stand-ins."""
    chosen = [b for b in BACKENDS if b.is_cuda and b.name.startswith(libraries)]
    params = [pytest.param(b, id=b.name, marks=b.marks) for b in (*chosen, *map(named, stand_ins))]
    return pytest.mark.parametrize("place", params, indirect=True)


def places_and_scores(
    *libraries: str, stand_ins: tuple[str, ...] = ("torch-as-accelerator",), long: bool = True, looks: bool = True
) -> pytest.MarkDecorator:
    """Run a test for every score on all CUDA devices of these libraries, and for few on stand-ins.

    Without `long`, for those that compile fast; without `looks`, for those that need no look at a value.
    """
    params = []
    for b in (*(b for b in BACKENDS if b.is_cuda and b.name.startswith(libraries)), *map(named, stand_ins)):
        scores = [s for s in CASES if (s.name in FEW if not b.is_cuda else long or not s.long_program)]
        scores = [s for s in scores if looks or s.record.is_traceable]
        params += [pytest.param(b, s, id=f"{b.name}-{s}", marks=b.marks) for s in scores]
    return pytest.mark.parametrize(("place", "score"), params, indirect=["place"])


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """The place that the test runs on."""
    with request.param.context():
        yield request.param


@pytest.fixture
def labels(rng):
    return tuple(rng.integers(0, k, (6, 50)) for k in LENGTHS)


def program(place: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what computes without a look at any value: on JAX, a compiled program."""
    return pytest.importorskip("jax").jit(function) if place.name.startswith("jax") else function


def guarded(place: Backend) -> contextlib.AbstractContextManager:
    """Raise an error where the device is waited for, or anything copied to or from it, as far as a library can tell."""
    if place.name.startswith("jax"):
        return pytest.importorskip("jax").transfer_guard("disallow")
    return never_waiting() if place.name.startswith("torch-cuda") else contextlib.nullcontext()


@places_and_scores("torch", "jax", stand_ins=("torch-as-accelerator", "jax-as-accelerator"), looks=False)
def test_promised_codes_are_scored_without_waiting(place, score, labels):
    labels = [v[:2] for v in labels] if score.long_program else labels
    true, pred = map(place.asarray, labels)
    compute = program(place, lambda u, v: score.function(u, v, n_labels=LENGTHS))
    compute(true, pred)  # constants are copied, and programs compiled, once
    with guarded(place):
        got = compute(true, pred)
    expected = score.function(*labels)
    np.testing.assert_allclose(place.to_numpy(got), expected, rtol=0, atol=score.error_on(place, expected))


@pytest.mark.parametrize(
    "function",
    [
        amiable.contingency_matrix,
        amiable.pair_confusion_matrix,
        amiable.homogeneity_completeness_v_measure,
        lambda u, _, n_labels: amiable.entropy(u, n_labels=n_labels[0]),
        lambda u, v, n_labels: amiable.pairwise_scores(u, v, n_labels=n_labels),
        lambda u, _, n_labels: amiable.pairwise_scores(u, n_labels=(n_labels[0],) * 2),
    ],
    ids=["matrix", "pairs", "measures", "entropy", "pairwise", "every pair"],
)
@places("torch", "jax", stand_ins=("torch-as-accelerator", "jax-as-accelerator"))
def test_promised_codes_are_counted_without_waiting(place, function, labels):
    true, pred = map(place.asarray, labels)
    compute = program(place, lambda u, v: function(u, v, n_labels=LENGTHS))
    compute(true, pred)
    with guarded(place):
        got = compute(true, pred)
    same(place, got, function(*labels, n_labels=LENGTHS))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"])
@places("torch", "cupy", "jax")
def test_codes_of_every_integer(place, dtype, rng):
    true, pred = rng.integers(0, 2, (2, 3, 70)).astype(dtype)
    x, y = place.asarray(true), place.asarray(pred)
    for score in (amiable.adjusted_rand_score, amiable.contingency_matrix):
        compute = program(place, lambda u, v, score=score: score(u, v, n_labels=LENGTHS))
        compute(x, y)
        with guarded(place):
            got = compute(x, y)
        same(place, got, score(true, pred, n_labels=LENGTHS))


def captured(place: Backend, compute: Callable[[], Any]) -> Callable[[], Any]:
    """Return what computes anew by a CUDA graph, in which nothing can wait; on a stand-in, by a call."""
    if not place.is_cuda:
        return compute
    return Place("torch" if place.name.startswith("torch") else "cupy", "cuda").capture(compute)


@places_and_scores("torch", "cupy", looks=False)
def test_a_graph_is_captured_once_and_replayed(place, score, labels):
    """On other labels in the same memory."""
    labels = [v[:2] for v in labels] if score.long_program else labels
    true, pred = map(place.asarray, labels)
    replay = captured(place, lambda: score.function(true, pred, n_labels=LENGTHS))
    for order in (slice(None), slice(None, None, -1), slice(None)):
        true[...] = place.asarray(labels[0][order].copy())
        expected = score.function(labels[0][order], labels[1])
        np.testing.assert_allclose(place.to_numpy(replay()), expected, rtol=0, atol=score.error_on(place, expected))


def tables_of(true: Any, pred: Any) -> ContingencyTable:
    return ContingencyTable.from_labels(true, pred)


def sums_of(true: Any, pred: Any) -> list[Any]:
    table = tables_of(true, pred)
    return [table.row_sums, table.col_sums]


# By name, functions of two labelings (n,); those in the second part draw at random
COMPUTED = {
    "matrix": amiable.contingency_matrix,
    "pairs": amiable.pair_confusion_matrix,
    "measures": amiable.homogeneity_completeness_v_measure,
    "entropy": lambda u, v: (amiable.entropy(u), amiable.entropy(v)),
    "table": tables_of,
    "table of counts": lambda u, v: ContingencyTable.from_counts(amiable.contingency_matrix(u, v)),
    "table of cells": lambda u, v: ContingencyTable.from_cells(u, v, u * 0 + 2),
    "table of codes": lambda u, v: ContingencyTable.from_labels(u, v, n_labels=(40, 50)),
    "sum of tables": lambda u, v: tables_of(u[:90], v[:90]) + tables_of(u[90:], v[90:]),
    "expectation": lambda u, v: amiable.expected_mutual_information(*sums_of(u, v)),
    "expectation of a random model": lambda u, v: amiable.expected_mutual_information(*sums_of(u, v), null="num"),
    "moments": lambda u, v: amiable.mutual_information_moments(*sums_of(u % 3, v % 3)),
    "pairwise": lambda u, v: amiable.pairwise_scores(compat.array_namespace(u).stack([u, v, u % 3, v % 2])),
    "pairwise codes": lambda u, v: amiable.pairwise_scores(u[None, :], v[None, :], n_labels=(40, 50)),
}
DRAWN = {
    "tables": lambda u, v: amiable.random_tables(*sums_of(u % 5, v % 7), 300, rng=3),
    "uniform tables": lambda u, v: amiable.random_tables(*sums_of(u % 5, v % 7), 300, rng=3, null="uniform"),
    "permutation test": lambda u, v: amiable.permutation_test(u % 5, v % 7, n_resamples=99, rng=3),
    "permutation test of shuffles": lambda u, v: amiable.permutation_test(
        u + 40 * (v % 5), v + 50 * (u % 5), score="adjusted_rand_score", n_resamples=5, rng=3
    ),
    "bootstrap": lambda u, v: amiable.bootstrap(u % 3, v % 3, "adjusted_rand_score", n_resamples=99, rng=3),
}


def arrays_in(found: Any) -> list[Any]:
    """Return all arrays of a result, in order."""
    if dataclasses.is_dataclass(found):
        found = [getattr(found, f.name) for f in dataclasses.fields(found)]
    if isinstance(found, (tuple, list)):
        return [x for part in found for x in arrays_in(part)]
    return [] if found is None or isinstance(found, (bool, int)) else [found]


def same(place: Backend, got: Any, expected: Any) -> None:
    """Compare arrays of a device with those of NumPy: counts exactly, scores within the error allowed."""
    for x, known in zip(arrays_in(got), arrays_in(expected), strict=True):
        error = place.tolerance if np.asarray(known).dtype.kind == "f" else 0
        np.testing.assert_allclose(place.to_numpy(x), known, rtol=error, atol=error)


@pytest.mark.parametrize("name", [*COMPUTED, *DRAWN])
@places("torch", "cupy", "jax", stand_ins=("torch-as-accelerator", "strict-other-device"))
def test_results_stay_where_labels_are_and_are_the_same_at_every_run(place, name, rng):
    function = {**COMPUTED, **DRAWN}[name]
    labels = [rng.permutation(np.append(np.arange(k), rng.integers(0, k, 400 - k))) for k in (40, 50)]
    true, pred = map(place.asarray, labels)
    once, again = function(true, pred), function(true, pred)
    assert arrays_in(once)
    for x, y in zip(arrays_in(once), arrays_in(again), strict=True):
        assert compat.array_namespace(x) is compat.array_namespace(true)
        assert compat.device(x) == compat.device(true)
        np.testing.assert_array_equal(place.to_numpy(x), place.to_numpy(y))
    if name in COMPUTED:
        same(place, once, function(*labels))


@places_and_scores("torch", "cupy", "jax")
def test_scores_are_the_same_at_every_run(place, score, rng):
    """To the last bit, though samples are counted in any order."""
    k = 8 if score.long_program else 36
    labels = [place.asarray(x) for x in rng.integers(0, k, (2, 3, 20_000))]
    for options in ({},) if score.long_program else ({}, {"n_labels": (k, k)}):
        once, again = (place.to_numpy(score.function(*labels, **options)) for _ in range(2))
        np.testing.assert_array_equal(once, again)


@pytest.fixture(scope="module")
def million():
    rng = np.random.default_rng(5)
    true = rng.integers(0, 100, 10**6)
    return true, np.where(rng.random(10**6) < 0.3, true, rng.integers(0, 100, 10**6))


@places_and_scores("torch", "cupy", "jax", long=False)
def test_a_million_samples(place, score, million):
    true, pred = map(place.asarray, million)
    expected = score.function(*million)
    for options in ({}, {"n_labels": (100, 100)}):
        assert float(score.function(true, pred, **options)) == pytest.approx(
            expected, abs=score.error_on(place, expected)
        )


@places_and_scores("torch")
def test_torch_may_be_told_to_be_deterministic(place, score, labels):
    torch = pytest.importorskip("torch")
    true, pred = map(place.asarray, labels)
    torch.use_deterministic_algorithms(True)
    try:
        each = [score.function(true, pred, **options) for options in ({}, {"n_labels": LENGTHS})]
        many = amiable.pairwise_scores(true, score=amiable.adjusted_rand_score)
    finally:
        torch.use_deterministic_algorithms(False)
    expected = score.function(*labels)
    for got in each:
        np.testing.assert_allclose(place.to_numpy(got), expected, rtol=0, atol=score.error_on(place, expected))
    same(place, many, amiable.pairwise_scores(labels[0], score=amiable.adjusted_rand_score))


@places("torch", "cupy", "jax", stand_ins=("torch-as-accelerator", "jax-as-accelerator"))
def test_nothing_is_copied_from_one_labeling_to_the_other(place, labels):
    true, elsewhere = place.asarray(labels[0]), [labels[1]]
    if place.name.startswith("torch-cuda"):
        elsewhere.append(named("torch").asarray(labels[1]))
    if place.name.startswith("jax-cuda"):
        jax = pytest.importorskip("jax")
        elsewhere.append(jax.device_put(labels[1], jax.devices("cpu")[0]))
    for pred in elsewhere:
        for given in ((true, pred), (pred, true)):
            for function in (amiable.adjusted_mutual_info_score, amiable.pairwise_scores):
                with pytest.raises(TypeError, match="expected one array library and one device"):
                    function(*given)


@pytest.mark.gpu
def test_cupy_does_not_capture_a_first_call(monkeypatch):
    """Constants would be copied by every replay, from memory that is no longer theirs; kernels have none."""
    cupy = needs_cuda("cupy")
    monkeypatch.setattr(loops, "IS_WANTED", False)
    arithmetic._CONSTANTS.clear()
    labels = cupy.arange(12) % 4
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        stream.begin_capture()
        try:
            with pytest.raises(RuntimeError, match="make the same call once before"):
                amiable.adjusted_mutual_info_score(labels, labels, n_labels=(4, 4))
        finally:
            stream.end_capture()
    assert not arithmetic._CONSTANTS


def both_ways(place: Backend, monkeypatch: pytest.MonkeyPatch, compute: Callable[[], Any]) -> tuple[Any, Any]:
    """What kernels and what array kernels compute; skip where there are no kernels."""
    pytest.importorskip("numba_cuda")
    if not cuda.has_kernels(place.asarray(np.arange(3))):
        pytest.skip("no kernels for this precision, or AMIABLE_COMPILED=0")
    found = compute()
    with monkeypatch.context() as patch:
        patch.setattr(loops, "IS_WANTED", False)
        return found, compute()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"])
@pytest.mark.parametrize("lengths", [(7, 9), (300, 200)], ids=["shared memory", "device memory"])
@places("torch", "cupy", stand_ins=())
def test_kernels_count_the_same(place, dtype, lengths, monkeypatch, rng):
    most = np.iinfo(dtype).max if dtype != "bool" else 1
    true, pred = (rng.integers(0, min(k + 2, most), (3, 40_000)).astype(dtype) for k in lengths)
    x, y = place.asarray(true), place.asarray(pred)
    found, known = both_ways(place, monkeypatch, lambda: amiable.contingency_matrix(x, y[0], n_labels=lengths))
    np.testing.assert_array_equal(place.to_numpy(found), place.to_numpy(known))
    found, known = both_ways(place, monkeypatch, lambda: amiable.contingency_matrix(x[..., ::2], y[..., ::2]))
    np.testing.assert_array_equal(place.to_numpy(found), place.to_numpy(known))


@places("torch", "cupy", stand_ins=())
def test_kernels_expect_the_same(place, monkeypatch, rng):
    for shape in ((10,), (40, 10), (700,)):
        sizes = [np.floor(np.exp(rng.uniform(0, 12, shape))).astype(np.int64) + 1 for _ in range(2)]
        sizes[0][..., 0] += np.maximum(sizes[1].sum(-1) - sizes[0].sum(-1), 0)
        sizes[1][..., 0] += sizes[0].sum(-1) - sizes[1].sum(-1)
        given = [place.asarray(x) for x in sizes]
        found, known = both_ways(place, monkeypatch, lambda given=given: amiable.expected_mutual_information(*given))
        np.testing.assert_allclose(place.to_numpy(found), place.to_numpy(known), rtol=1e-13)
        np.testing.assert_allclose(place.to_numpy(found), amiable.expected_mutual_information(*sizes), rtol=1e-13)


@pytest.mark.parametrize("library", ["torch", "cupy"])
@pytest.mark.gpu
def test_kernels_use_the_current_stream(library, rng):
    """What runs after a long wait there is waited for, too, and only there."""
    module = needs_cuda(library)
    pytest.importorskip("numba_cuda")
    labels = [rng.integers(0, k, 5000) for k in LENGTHS]
    late = [module.asarray(x) for x in labels] if library == "cupy" else [module.asarray(x).cuda() for x in labels]
    early = [x * 0 for x in late]
    amiable.adjusted_mutual_info_score(*early, n_labels=LENGTHS)  # compiled
    Place(library, "cuda").wait(None)
    stream = module.cuda.Stream(non_blocking=True) if library == "cupy" else module.cuda.Stream()
    with stream if library == "cupy" else module.cuda.stream(stream):
        if library == "torch":
            module.cuda._sleep(10**9)
        else:
            big = module.ones((6000, 6000))
            for _ in range(20):
                big = big @ big / 6000
        for x, y in zip(early, late, strict=True):
            x[...] = y
        found = amiable.adjusted_mutual_info_score(*early, n_labels=LENGTHS)
    stream.synchronize()
    assert float(found) == pytest.approx(amiable.adjusted_mutual_info_score(*labels), abs=1e-13)


@pytest.mark.gpu
def test_kernels_use_the_device_of_the_labels(rng):
    torch = needs_cuda("torch")
    if torch.cuda.device_count() < 2:
        pytest.skip("one CUDA device")
    labels = [rng.integers(0, k, 5000) for k in LENGTHS]
    for device in ("cuda:1", "cuda:0"):
        found = amiable.adjusted_mutual_info_score(*[torch.asarray(x, device=device) for x in labels])
        assert found.device == torch.device(device)
        assert float(found) == pytest.approx(amiable.adjusted_mutual_info_score(*labels), abs=1e-13)
    assert torch.cuda.current_device() == 0


@places("torch", "cupy")
def test_many_cells_are_captured(place, rng):
    """Sizes are looked at where there are many cells, but not while a graph is captured."""
    k = 520 if place.is_cuda else 150
    assert k * k > (expectation._LAUNCHED_CELLS if place.is_cuda else expectation._STATIC_CELLS)
    true, pred = map(place.asarray, rng.integers(0, k, (2, 3000)))
    replay = captured(place, lambda: amiable.adjusted_mutual_info_score(true, pred, n_labels=(k, k)))
    expected = amiable.adjusted_mutual_info_score(place.to_numpy(true), place.to_numpy(pred))
    assert float(replay()) == pytest.approx(expected, abs=place.tolerance)


@pytest.mark.filterwarnings("ignore:The CUDA Graph is empty")
@pytest.mark.parametrize("function", [amiable.adjusted_mutual_info_score, amiable.contingency_matrix])
@places("torch", "cupy")
def test_captured_labels_need_n_labels(place, function, labels, monkeypatch):
    true, pred = map(place.asarray, labels)
    if not place.is_cuda:
        for module in (amiable.inputs.labels, amiable.contingency.counting):
            monkeypatch.setattr(module, "is_captured", lambda x: True)
    calls = iter([lambda: None] * place.is_cuda)  # the one before the capture

    def call():
        return next(calls, lambda: function(true, pred))()

    with pytest.raises(ValueError, match="labels_true is captured in a CUDA graph, its values are not known"):
        captured(place, call)()
