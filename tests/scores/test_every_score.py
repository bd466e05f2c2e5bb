"""Properties that every registered score has, on every array library."""

from __future__ import annotations

from pathlib import Path

import array_api_compat as compat
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import amiable
from amiable import ContingencyTable
from tests.registry import CASES, NOT_SCORES

every_score = pytest.mark.parametrize("score", CASES, ids=str)
labelings = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40).map(np.array)


def sample_labels(rng, n=60, k_true=4, k_pred=5):
    """Two labelings that agree in part, with every label in use."""
    true = rng.integers(0, k_true, n)
    pred = np.where(rng.random(n) < 0.4, true, rng.integers(0, k_pred, n))
    true[:k_true], pred[:k_pred] = np.arange(k_true), np.arange(k_pred)
    return true, pred


@pytest.fixture(autouse=True)
def few_long_compilations(request):
    """Skip programs that take long to compile, and those that differ in an option alone.

    Tests of the static path compile the former, and torch computes the same; the latter, and scores that few ask for,
    come with `--slow`.
    """
    given = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if "backend" not in given or given["backend"].name != "jax-as-accelerator":
        return
    score = given["score"]
    few = score.options or not score.record.is_common
    if score.long_program or (few and not request.config.getoption("--slow")):
        pytest.skip("takes long to compile, and its parts are compiled by other tests")


def test_every_public_name_is_registered():
    scores = {score.public.__name__ for score in CASES}
    assert scores | set(NOT_SCORES) == set(amiable.__all__)
    for where in NOT_SCORES.values():
        assert Path(__file__).parents[2].joinpath(where).is_file()


@every_score
def test_agrees_with_the_peer(score, rng):
    if score.peer is None:
        pytest.skip("scikit-learn has no such score")
    for n, k_true, k_pred in ((10, 2, 3), (60, 4, 5), (500, 20, 3), (300, 40, 60)):
        true, pred = sample_labels(rng, n, k_true, k_pred)
        assert score.function(true, pred) == pytest.approx(score.peer(true, pred), abs=1e-11)


@every_score
def test_library_device_and_value(score, backend, rng):
    true, pred = sample_labels(rng)
    x, y = backend.asarray(true), backend.asarray(pred)
    got = score.function(x, y)
    expected = score.function(true, pred)
    if backend.name.startswith("numpy"):
        assert type(got) is float
    else:
        assert got.shape == ()
        assert compat.array_namespace(got) is compat.array_namespace(x)
        assert compat.device(got) == compat.device(x)
        assert str(got.dtype).endswith("float32" if backend.single else "float64")
    assert float(got) == pytest.approx(expected, abs=score.error_on(backend, expected))


@every_score
@pytest.mark.slow_on("jax-as-accelerator")
def test_swapping_on_every_library(score, backend, rng):
    true, pred = (backend.asarray(v) for v in sample_labels(rng))
    if score.symmetric:
        swapped, expected = float(score.function(pred, true)), float(score.function(true, pred))
        assert swapped == pytest.approx(expected, abs=score.error_on(backend, expected) / 10)


@every_score
@pytest.mark.slow_on("jax-as-accelerator")
def test_batch_is_a_loop(score, backend, rng):
    labels = np.stack([rng.integers(0, k, 60) for k in (2, 4, 5, 1, 4, 3)]).reshape(2, 3, 60)
    true, _ = sample_labels(rng)
    labels[1, 2] = true
    got = score.function(backend.asarray(true), backend.asarray(labels))
    assert tuple(got.shape) == (2, 3)
    looped = [[score.function(true, one) for one in row] for row in labels]
    np.testing.assert_allclose(backend.to_numpy(got), looped, rtol=0, atol=score.error_on(backend, looped))


@every_score
def test_batches_broadcast(score, rng):
    true, pred = rng.integers(0, 3, (4, 1, 30)), rng.integers(0, 3, (5, 30))
    got = score.function(true, pred)
    assert got.shape == (4, 5)
    assert got[2, 3] == pytest.approx(score.function(true[2, 0], pred[3]), rel=1e-14, abs=1e-14)


@every_score
@pytest.mark.slow_on("jax-as-accelerator")
def test_contingency_is_labels(score, backend, rng):
    true, pred = sample_labels(rng)
    expected = score.function(true, pred)
    table = amiable.contingency_matrix(true, pred)
    dense = score.function(contingency=backend.asarray(table))
    listed = score.function(contingency=ContingencyTable.from_labels(backend.asarray(true), backend.asarray(pred)))
    wide = score.function(contingency=backend.asarray(np.pad(table, ((0, 2), (1, 0)))))  # with empty clusters
    for got in (dense, listed, wide):
        assert float(got) == pytest.approx(expected, abs=score.error_on(backend, expected))


@every_score
def test_contingency_formats(score, rng):
    true, pred = sample_labels(rng)
    expected = score.function(true, pred)
    table = amiable.contingency_matrix(true, pred)
    formats = [
        table.tolist(),
        table.astype(float),
        table.astype(np.uint8),
        scipy.sparse.csr_matrix(table),
        scipy.sparse.coo_array(table),
    ]
    assert [score.function(contingency=c) for c in formats] == pytest.approx(
        [expected] * len(formats), rel=1e-14, abs=1e-14
    )
    batch = score.function(contingency=np.stack([table, table[::-1]]))
    np.testing.assert_allclose(batch, [expected, expected], rtol=1e-14, atol=1e-14)


@pytest.mark.slow_on("jax-as-accelerator")
@every_score
def test_n_labels_gives_the_same(score, backend, rng):
    true, pred = sample_labels(rng)
    got = score.function(backend.asarray(true), backend.asarray(pred), n_labels=(4, 7))
    expected = score.function(true, pred)
    assert float(got) == pytest.approx(expected, abs=score.error_on(backend, expected))


@every_score
def test_formats_of_labels(score, rng):
    true, pred = sample_labels(rng)
    expected = score.function(true, pred)
    names = np.array(["ab", "a", "c", "", "é"])
    formats = [
        lambda v: v.tolist(),
        tuple,
        lambda v: v - 3,
        lambda v: v * 10**15,
        lambda v: v * 1000 + 7,
        lambda v: (v * 50 - 128).astype(np.int8),
        lambda v: v.astype(np.uint64) + np.uint64(2**64 - 10),
        lambda v: v.astype(float),
        lambda v: names[v],
        lambda v: names[v].tolist(),
        lambda v: names[v].astype(object),
        lambda v: np.char.encode(names[v], "utf-8"),
        lambda v: v.astype("datetime64[D]"),
        lambda v: np.repeat(v, 2)[::2],
    ]
    for made in formats:
        assert score.function(made(true), made(pred)) == pytest.approx(expected, rel=1e-14, abs=1e-14)


@every_score
def test_pandas(score, rng):
    pd = pytest.importorskip("pandas")
    true, pred = sample_labels(rng)
    frame = pd.DataFrame({"true": pd.Categorical(true.astype(str)), "pred": pred}, index=np.arange(60)[::-1])
    assert score.function(frame["true"], frame["pred"]) == pytest.approx(
        score.function(true, pred), rel=1e-14, abs=1e-14
    )


@every_score
@settings(max_examples=40, deadline=None)
@given(labelings)
def test_bounds_symmetry_and_renaming(score, both):
    true, pred = both.T
    got = score.function(true, pred)
    assert type(got) is float
    assert score.lowest <= got
    assert score.highest is None or got <= score.highest
    if score.symmetric:
        assert score.function(pred, true) == pytest.approx(got, rel=1e-14, abs=1e-14)
    renamed = np.array([7, 2, 9, 0, -4])
    assert score.function(renamed[true], pred) == pytest.approx(got, rel=1e-14, abs=1e-14)
    order = np.argsort(pred, kind="stable")
    assert score.function(true[order], pred[order]) == got


@every_score
@settings(max_examples=30, deadline=None)
@given(labelings)
def test_identical_partitions(score, both):
    true = np.concatenate([both[:, 0], [0, 0, 1]])
    if score.identical is not None:
        assert score.function(true, 10 - true) == score.identical


@every_score
@settings(max_examples=20, deadline=None)
@given(labelings, st.integers(0, 40))
def test_tables_of_parts_add_up(score, both, cut):
    true, pred = both.T
    parts = [(true[:cut], pred[:cut]), (true[cut:], pred[cut:])]
    for order in (parts, parts[::-1]):
        merged = sum(ContingencyTable.from_labels(u, v) for u, v in order)
        assert score.function(contingency=merged) == pytest.approx(score.function(true, pred), rel=1e-14, abs=1e-14)


@every_score
def test_where_floating_point_errors_are_raised(score, rng):
    """Weights that underflow are meant to."""
    tables = [[[10**5 - 100, 80], [3, 20]], [[10**12, 10**6], [5, 10**11]], rng.integers(0, 9, (50, 4, 5))]
    expected = [score.function(contingency=table) for table in tables]
    with np.errstate(all="raise"):
        for table, value in zip(tables, expected, strict=True):
            np.testing.assert_array_equal(score.function(contingency=table), value)
        assert score.function(*sample_labels(rng, 10_000, 30, 40)) < np.inf


@every_score
def test_empty_and_single(score):
    apart = score.public is amiable.fowlkes_mallows_score  # no pair agrees, as in scikit-learn
    same = 0.0 if score.is_distance or score.name == "mi" or apart else 1.0
    same = same if score.degenerate is None else score.degenerate
    assert score.function([], []) == same
    assert score.function([3], ["x"]) == same


@pytest.mark.parametrize("score", [score for score in CASES if not score.options], ids=str)
def test_what_random_labelings_score(score):
    """As they have more clusters: what the documentation says of a score."""
    rng = np.random.default_rng(0)
    true = np.arange(400) % 10
    means = np.array(
        [
            np.mean(score.function(true, rng.permuted(np.tile(np.arange(400) % k, (40, 1)), axis=1)))
            for k in (2, 5, 10, 40, 120, 200)
        ]
    )
    claim, noise = score.record.by_chance, 1 if score.record.measures == "evidence" else 0.02
    if claim in ("zero", "constant"):
        assert np.ptp(means) < noise
        assert claim == "constant" or np.abs(means).max() < noise
    elif claim == "peaks":
        assert means.argmax() in (1, 2, 3)
    else:
        steps = np.diff(means) * (1 if claim == "rises" else -1)
        assert steps.min() > -0.02 * np.ptp(means)
        assert means[-1] == (means.max() if claim == "rises" else means.min())
