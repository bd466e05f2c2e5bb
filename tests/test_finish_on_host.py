"""Small tables of labels on an accelerator: the host finishes the score, and the result goes back."""

from __future__ import annotations

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from tests.backends import named
from tests.registry import CASES

torch = pytest.importorskip("torch")

LABELS = {
    "codes": lambda x: x,
    "negative": lambda x: x - 3,
    "far apart": lambda x: 97 * x - 200,
    "bytes": lambda x: x.astype(np.uint8),
    "booleans": lambda x: x > 2,
    "floats": lambda x: 2.0 * x,
    "codes above 63": lambda x: x + 60,
}


@pytest.fixture
def accelerator(monkeypatch):
    """Let tensors lie on an accelerator, and list what is copied from it, in numbers."""
    with named("torch-as-accelerator").context():
        monkeypatch.setenv("AMIABLE_FINISH_ON_HOST", "1")
        copied = []
        for name in ("cpu", "tolist"):
            read = getattr(torch.Tensor, name)
            monkeypatch.setattr(torch.Tensor, name, lambda x, read=read: copied.append(x.numel()) or read(x))
        yield copied


@pytest.mark.parametrize(
    ("score", "kind"),
    [(score, kind) for score in CASES for kind in (LABELS if str(score) in ("ami", "v") else ["codes"])],
    ids=str,
)
def test_every_score_is_that_of_the_host(score, kind, accelerator, rng):
    true, pred = (LABELS[kind](rng.integers(0, k, 300)) for k in (6, 8))
    found = score.function(torch.from_numpy(true), torch.from_numpy(pred))
    assert isinstance(found, torch.Tensor)
    assert (found.shape, found.dtype) == ((), torch.float64)
    assert float(found) == score.function(true, pred)


def test_one_wait_and_no_label_is_copied(accelerator, rng):
    true, pred = torch.from_numpy(rng.integers(0, 10, (2, 10_000)))
    amiable.adjusted_mutual_info_score(true, pred)
    assert accelerator == [64 * 64]
    accelerator.clear()
    amiable.adjusted_mutual_info_score(true + 100, pred)  # their range is looked for, too
    assert accelerator == [64 * 64, 4, 10 * 10]


def test_labels_beyond_the_first_codes(accelerator, rng):
    for high in (63, 64, 65, 2000):
        true, pred = rng.integers(0, 5, (2, 4000))
        true[7] = high
        found = amiable.adjusted_rand_score(torch.from_numpy(true), torch.from_numpy(pred))
        assert float(found) == amiable.adjusted_rand_score(true, pred)


def test_promises_and_the_switch_keep_all_on_the_device(accelerator, monkeypatch, rng):
    true, pred = torch.from_numpy(rng.integers(0, 10, (2, 1000)))
    known = float(amiable.adjusted_mutual_info_score(true, pred))
    accelerator.clear()
    promised = amiable.adjusted_mutual_info_score(true, pred, n_labels=(10, 10))
    assert accelerator == []
    monkeypatch.setenv("AMIABLE_FINISH_ON_HOST", "0")
    kept = amiable.adjusted_mutual_info_score(true, pred)
    assert 100 not in accelerator
    assert 64 * 64 not in accelerator
    for found in (promised, kept):
        assert float(found) == pytest.approx(known, abs=1e-14)


def test_many_cells_stay_on_the_device(accelerator, rng):
    true, pred = torch.from_numpy(rng.integers(0, 200, (2, 30_000)))
    amiable.adjusted_rand_score(true, pred)
    assert max(accelerator) <= 64 * 64


@pytest.mark.parametrize("n_tables", [3, 300], ids=["few", "many"])
def test_batches(accelerator, rng, n_tables):
    true, pred = rng.integers(0, 5, (2, n_tables, 60))
    found = amiable.homogeneity_completeness_v_measure(torch.from_numpy(true), torch.from_numpy(pred))
    for mine, theirs in zip(found, amiable.homogeneity_completeness_v_measure(true, pred), strict=True):
        assert isinstance(mine, torch.Tensor)
        np.testing.assert_allclose(mine.numpy(), theirs, rtol=0, atol=1e-14)
    assert any(n >= n_tables * 25 for n in accelerator) == (n_tables == 3)


def test_tables(accelerator, rng):
    """Grids, lists of cells, and those without samples."""
    true, pred = rng.integers(0, 90, (2, 250))
    for labels in ((true, pred), (true % 4, pred % 3), (true[:0], pred[:0])):
        table = ContingencyTable.from_labels(*map(torch.from_numpy, labels))
        found = amiable.adjusted_mutual_info_score(contingency=table)
        assert isinstance(found, torch.Tensor)
        assert float(found) == amiable.adjusted_mutual_info_score(*labels)


def test_a_device_without_float64_gets_float32(rng, monkeypatch):
    true, pred = rng.integers(0, 5, (2, 100))
    with named("torch-float32").context():
        monkeypatch.setenv("AMIABLE_FINISH_ON_HOST", "1")
        found = amiable.adjusted_rand_score(torch.from_numpy(true), torch.from_numpy(pred))
    assert found.dtype == torch.float32
    assert float(found) == np.float32(amiable.adjusted_rand_score(true, pred))


def test_jax(rng, monkeypatch):
    jax = pytest.importorskip("jax")
    true, pred = rng.integers(0, 5, (2, 100))
    backend = named("jax-as-accelerator")
    with backend.context():
        monkeypatch.setenv("AMIABLE_FINISH_ON_HOST", "1")
        labels = backend.asarray(true), backend.asarray(pred)
        found = amiable.adjusted_rand_score(*labels)
        assert isinstance(found, jax.Array)
        traced = jax.jit(lambda a, b: amiable.adjusted_rand_score(a, b, n_labels=(5, 5)))(*labels)
    assert float(found) == pytest.approx(amiable.adjusted_rand_score(true, pred), abs=1e-6)
    assert float(traced) == pytest.approx(float(found), abs=1e-5)


@pytest.mark.parametrize("state", [{}, {"num_classes": 6}], ids=["cells", "table"])
def test_metrics(accelerator, rng, state):
    metrics = pytest.importorskip("amiable.torch")
    metric = metrics.AdjustedMutualInfoScore(**state)
    true, pred = rng.integers(0, 6, (2, 500))
    metric.update(torch.from_numpy(pred), torch.from_numpy(true))
    found = metric.compute()
    assert isinstance(found, torch.Tensor)
    assert float(found) == pytest.approx(amiable.adjusted_mutual_info_score(true, pred), abs=1e-14)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["torch-cuda", "cupy", "jax-cuda-x64"])
def test_on_a_device(name, rng, monkeypatch):
    backend = named(name)
    with backend.context():
        monkeypatch.setenv("AMIABLE_FINISH_ON_HOST", "1")
        true, pred = rng.integers(0, 10, (2, 10_000))
        labels = backend.asarray(true), backend.asarray(pred)
        found = amiable.adjusted_mutual_info_score(*labels)
        assert type(found) is type(labels[0])
        assert float(backend.to_numpy(found)) == amiable.adjusted_mutual_info_score(true, pred)
