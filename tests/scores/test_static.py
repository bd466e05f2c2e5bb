"""The static path: with `n_labels`, shapes do not depend on values and no value is looked at."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from amiable._array import arithmetic, blocks, compiling
from amiable.chance import expectation
from tests.backends import _as_accelerator, named
from tests.registry import CASES

traceable = pytest.mark.parametrize("score", [score for score in CASES if score.record.is_traceable], ids=str)
x64 = pytest.mark.parametrize("x64", [False, True], ids=["float32", "float64"])


@pytest.fixture
def labels(rng):
    return rng.integers(0, 4, (6, 50)), rng.integers(0, 5, (6, 50))


@pytest.mark.slow_but_for("ami", "ari", "nmi", "mi")
@traceable
@x64
def test_jit_and_vmap(score, x64, labels, request):
    jax = pytest.importorskip("jax")
    if (not x64 and score.name not in ("ami", "mi", "ari")) or score.name == "pvalue":
        pytest.skip("its parts are compiled by others")
    few = score.options or score.long_program or not (score.record.is_common or score.name in ("ecs", "cramers_v"))
    if few and not request.config.getoption("--slow"):
        pytest.skip("slow: differs in an option alone, takes long to compile, or has parts that others have")
    labels = tuple(v[:2] for v in labels) if score.long_program else labels
    with jax.enable_x64(x64):
        true, pred = (jax.numpy.asarray(v) for v in labels)
        compiled = jax.jit(lambda u, v: score.function(u, v, n_labels=(4, 5)))
        expected = score.function(*labels)
        error = {"rtol": 0, "atol": 1e-13 if x64 else 1e-5}
        np.testing.assert_allclose(compiled(true, pred), expected, **error)
        np.testing.assert_allclose(jax.vmap(compiled)(true, pred), expected, **error)  # traces labels of one dimension
        of_table = jax.jit(lambda c: score.function(contingency=c))
        table = jax.numpy.asarray(amiable.contingency_matrix(labels[0][0], labels[1][0]))
        np.testing.assert_allclose(of_table(table), expected[0], **error)


@pytest.mark.parametrize("case", [([3, 3, 3], [3, 3, 3]), ([900, 99, 1], [500, 500, 0])])
def test_jit_of_the_expectation(case):
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        rows, cols = map(jax.numpy.asarray, case)
        got = jax.jit(amiable.expected_mutual_information)(rows, cols)
    assert float(got) == pytest.approx(amiable.expected_mutual_information(*case), rel=1e-14)


def test_jit_of_the_rest(labels):
    jax = pytest.importorskip("jax")
    true, pred = (jax.numpy.asarray(v) for v in labels)
    pairs = jax.jit(lambda u, v: amiable.pair_confusion_matrix(u, v, n_labels=(4, 5)))(true, pred)
    np.testing.assert_array_equal(pairs, amiable.pair_confusion_matrix(*labels))
    matrix = jax.jit(lambda u, v: amiable.contingency_matrix(u, v, n_labels=(4, 5)))(true, pred)
    np.testing.assert_array_equal(matrix, amiable.contingency_matrix(*labels))
    entropies = jax.jit(lambda u: amiable.entropy(u, n_labels=4))(true)
    np.testing.assert_allclose(entropies, amiable.entropy(labels[0]), rtol=1e-6)


def test_pairs_that_int32_does_not_hold():
    jax = pytest.importorskip("jax")
    labels = jax.numpy.zeros(50_000, dtype=jax.numpy.int32)
    with pytest.raises(ValueError, match="50000 samples have 2499950000 ordered pairs, more than int32 holds"):
        jax.jit(lambda u: amiable.pair_confusion_matrix(u, u, n_labels=(2, 2)))(labels)


def test_traced_labels_need_n_labels():
    jax = pytest.importorskip("jax")
    labels = jax.numpy.asarray([0, 1])
    with pytest.raises(
        ValueError, match="labels_true is traced, its values are not known: expected the number of labels"
    ):
        jax.jit(amiable.adjusted_mutual_info_score)(labels, labels)
    with pytest.raises(ValueError, match="labels is traced"):
        jax.jit(amiable.entropy)(labels)


def test_codes_outside_are_not_taken_for_others():
    """Where nobody can look at the codes, a sample outside is left out, not put into another cell."""
    jax = pytest.importorskip("jax")
    true, pred = jax.numpy.asarray([0, 0, 1, -1, 9]), jax.numpy.asarray([0, 2, 1, 1, 0])
    matrix = jax.jit(lambda u, v: amiable.contingency_matrix(u, v, n_labels=(2, 2)))(true, pred)
    np.testing.assert_array_equal(matrix, [[1, 0], [0, 1]])


@pytest.mark.slow_but_for("ami", "ari", "nmi", "mi", "smi", "pvalue", "rmi")
@traceable
def test_no_value_is_looked_at(score):
    """A tensor on torch's meta device has a shape and no values: asking for one raises."""
    torch = pytest.importorskip("torch")
    labels = torch.zeros((6, 50), dtype=torch.int64, device="meta")
    got = score.function(labels, labels[0], n_labels=(4, 5))
    assert (got.shape, got.device, got.dtype) == ((6,), labels.device, torch.float64)


@pytest.mark.slow_but_for("ami", "ari", "nmi", "mi", "smi", "pvalue", "rmi")
@traceable
def test_what_an_accelerator_computes(score, labels, monkeypatch):
    """The path of torch tensors that nobody may look at, on tensors that this test can."""
    torch = pytest.importorskip("torch")
    labels = tuple(v[:1] for v in labels) if score.long_program else labels
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    got = score.function(*map(torch.asarray, labels), n_labels=(4, 6))
    monkeypatch.undo()
    np.testing.assert_allclose(got, score.function(*labels), rtol=0, atol=1e-13)


def test_equal_sizes_are_looked_for_among_many_cells(labels, monkeypatch):
    """They save most of the work there; tensors that play an accelerator tell which way was gone."""
    torch = pytest.importorskip("torch")
    with _as_accelerator():
        true, pred = map(torch.asarray, labels)
        calls, expected = [], amiable.adjusted_mutual_info_score(*labels)
        shared = expectation._sums_of_batch
        monkeypatch.setattr(expectation, "_sums_of_batch", lambda *args: calls.append(1) or shared(*args))
        for most in (120, 119):
            monkeypatch.setattr(expectation, "_STATIC_CELLS", most)  # six tables of 4 x 5
            got = amiable.adjusted_mutual_info_score(true, pred, n_labels=(4, 5))
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13)
            assert bool(calls) == (most == 119)
        calls.clear()
        monkeypatch.setattr(expectation, "is_captured", lambda x: True)
        for budget in (
            1 << 22,
            expectation.MAX_NODES * 4 * 2,
            1,
        ):  # all; two tables, by columns; each cell
            monkeypatch.setattr(blocks, "budget", lambda x, budget=budget: budget)
            got = amiable.adjusted_mutual_info_score(true, pred, n_labels=(4, 5))
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-13)
        assert not calls


@pytest.mark.slow_but_for("ami")
@pytest.mark.parametrize("score", [s for s in CASES if s.name in ("ami", "nmi-max", "ari", "nvi")], ids=str)
def test_torch_compile(score, labels):
    """One graph without breaks; what a backend makes of it is the backend's."""
    torch = pytest.importorskip("torch")
    torch._dynamo.reset()
    compiled = torch.compile(lambda u, v: score.function(u, v, n_labels=(4, 5)), fullgraph=True, backend="eager")
    got = compiled(*map(torch.asarray, labels))
    np.testing.assert_allclose(got, score.function(*labels), rtol=0, atol=1e-13)


@x64
def test_jit_with_one_labeling_known(x64, labels):
    """What is known is still checked, without being traced."""
    jax = pytest.importorskip("jax")
    with jax.enable_x64(x64):
        true, pred = (jax.numpy.asarray(v[0]) for v in labels)
        got = jax.jit(lambda u: amiable.rand_score(u, pred, n_labels=(4, 5)))(true)
        assert float(got) == pytest.approx(amiable.rand_score(labels[0][0], labels[1][0]), abs=1e-6)
        with pytest.raises(ValueError, match="labels_pred has the code 4, outside n_labels"):
            jax.jit(lambda u: amiable.rand_score(u, pred, n_labels=(4, 4)))(true)


def test_torch_export_leaves_nothing_behind(labels):
    """Constants made while a program is traced are not those of later calls."""
    torch = pytest.importorskip("torch")

    class Score(torch.nn.Module):
        def forward(self, true, pred):
            return amiable.adjusted_mutual_info_score(true, pred, n_labels=(4, 5))

    arithmetic._CONSTANTS.clear()
    tensors = tuple(map(torch.asarray, labels))
    exported = torch.export.export(Score(), tensors).module()
    np.testing.assert_allclose(exported(*tensors), amiable.adjusted_mutual_info_score(*labels), rtol=0, atol=1e-13)
    assert not arithmetic._CONSTANTS


def test_eager_n_labels_on_the_host_may_use_sizes(labels):
    table = ContingencyTable.from_labels(*labels, n_labels=(4, 5))
    assert not table.static


@pytest.mark.slow
def test_few_programs_for_many_shapes():
    """Each is kept by JAX, so tables and batches are padded to a few."""
    jnp = pytest.importorskip("jax.numpy")
    seen = set()
    with pytest.MonkeyPatch.context() as patch, named("jax-as-accelerator").context():
        jitted = compiling._jitted

        def noted(kernel, xp, /, **static):
            def call(*arrays):
                seen.add((kernel, *(x.shape for x in arrays)))
                return jitted(kernel, xp, **static)(*arrays)

            return call

        patch.setattr(compiling, "_jitted", noted)
        for rows, cols in itertools.product((3, 4, 6, 7), (5, 8)):
            table = np.arange(rows * cols).reshape(rows, cols) % 7
            for counts in (table, np.stack([table] * rows)):
                got = amiable.adjusted_rand_score(contingency=jnp.asarray(counts))
                expected = amiable.adjusted_rand_score(contingency=counts)
                np.testing.assert_allclose(np.asarray(got), expected, rtol=0, atol=1e-5)
            got = amiable.expected_mutual_information(jnp.asarray(table.sum(1)), jnp.asarray(table.sum(0)))
            assert float(got) == pytest.approx(
                amiable.expected_mutual_information(table.sum(1), table.sum(0)), rel=1e-5
            )
    assert len(seen) == 6  # a table and a batch of them, of 4 x 8 and of 8 x 8, and two expectations


def test_the_call_before_a_graph_brings_its_constants(labels, monkeypatch):
    """Of many cells it looks at sizes, and the graph does not; tensors that play an accelerator tell what is copied."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(expectation, "_STATIC_CELLS", 10)
    monkeypatch.setattr(arithmetic, "_CONSTANTS", {})
    with _as_accelerator():
        true, pred = map(torch.asarray, labels)
        expected = amiable.adjusted_mutual_info_score(true, pred, n_labels=(4, 5))
        for module in (expectation, arithmetic):
            monkeypatch.setattr(module, "is_captured", lambda x: True)
        got = amiable.adjusted_mutual_info_score(true, pred, n_labels=(4, 5))
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-13)
        arithmetic._CONSTANTS.clear()
        with pytest.raises(RuntimeError, match="make the same call once before a graph is captured"):
            amiable.adjusted_mutual_info_score(true, pred, n_labels=(4, 5))
