"""Metrics of weighted samples: streams, ranks, checkpoints, devices, and what they refuse."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchmetrics = pytest.importorskip("torchmetrics")

import torch.distributed as dist  # noqa: E402

import amiable.torch as metrics  # noqa: E402
from amiable import ContingencyTable, adjusted_rand_score  # noqa: E402
from tests.backends import _as_accelerator  # noqa: E402
from tests.torch.registry import METRICS, batches_of_rank  # noqa: E402

STATES = [{}, {"num_classes": 12, "num_clusters": 9}]
every_state = pytest.mark.parametrize("state", STATES, ids=["cells", "table"])
SOME = slice(None, None, 5)
WEIGHED = [r for r in METRICS if r.metric.takes_weights and r.options.get("null", "permutation") == "permutation"]


def weighed_batches(rank, world):
    rng = np.random.default_rng(100 + rank)
    batches = [(*batch, rng.exponential(size=batch[0].size)) for batch in batches_of_rank(rank, world)]
    return [tuple(torch.from_numpy(x) for x in batch) for batch in batches]


@pytest.fixture
def batches():
    """(preds, target, weights), one of them longer than the short lists of cells, one empty."""
    rng = np.random.default_rng(0)
    return [
        tuple(torch.from_numpy(x) for x in (rng.integers(0, 9, n), rng.integers(0, 12, n), rng.random(n)))
        for n in (30, 5000, 0, 1, 60)
    ]


def whole(batches):
    preds, target, weights = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return ContingencyTable.from_labels(target, preds, sample_weight=weights)


@every_state
@pytest.mark.parametrize("registered", WEIGHED, ids=str)
def test_batches_are_scored_as_all_samples(registered, state, batches):
    metric = registered.make(weighted=True, **state)
    for batch in batches:
        metric.update(*batch)
    assert float(metric.compute()) == pytest.approx(float(registered.function(contingency=whole(batches))), abs=1e-13)


@every_state
def test_on_an_accelerator(state, batches):
    with _as_accelerator():
        metric = metrics.AdjustedRandScore(weighted=True, ignore_index=3, **state)
        for preds, target, weights in batches:
            metric.update(preds, target, sample_weight=weights)
        got = float(metric.compute())
    kept = [tuple(x[target != 3] for x in (preds, target, weights)) for preds, target, weights in batches]
    assert got == pytest.approx(float(adjusted_rand_score(contingency=whole(kept))), abs=1e-13)


@every_state
def test_no_weights_are_unit_weights(state, batches):
    metric, counted = metrics.AdjustedRandScore(weighted=True, **state), metrics.AdjustedRandScore(**state)
    for preds, target, _ in batches:
        metric.update(preds, target)
        counted.update(preds, target)
    assert float(metric.compute()) == pytest.approx(float(counted.compute()), abs=1e-14)


@every_state
def test_merged_saved_copied_and_moved(state, batches):
    metrics_of_parts = [metrics.VMeasureScore(weighted=True, **state) for _ in range(3)]
    for i, batch in enumerate(batches):
        metrics_of_parts[i % 3].update(*batch)
    total = metrics_of_parts[0]
    for other in metrics_of_parts[1:]:
        total.merge_state(other)
    expected = pytest.approx(float(metrics.VMeasureScore.score(contingency=whole(batches))), abs=1e-13)
    assert float(total.compute()) == expected
    total.persistent(True)
    loaded = metrics.VMeasureScore(weighted=True, **state)
    loaded.persistent(True)
    loaded.load_state_dict(total.state_dict())
    assert float(loaded.compute()) == expected
    for same in (pickle.loads(pickle.dumps(total)), copy.deepcopy(total)):
        assert float(same.compute()) == expected
    torch.nn.ModuleList([total]).to(torch.float16)
    total.half()
    total._computed = None
    assert float(total.compute()) == expected  # no precision of weights was lost


@every_state
def test_forward_and_collections(state, batches):
    kinds = {"ari": metrics.AdjustedRandScore, "v": metrics.VMeasureScore}
    collection = torchmetrics.MetricCollection(
        {
            **{name: kind(weighted=True, **state) for name, kind in kinds.items()},
            "ami": metrics.AdjustedMutualInfoScore(),
        }
    )
    alone = metrics.AdjustedRandScore(weighted=True, **state)
    for preds, target, weights in batches[:2]:
        for name in kinds:
            collection[name].update(preds, target, weights)
        value = alone(preds, target, weights)
        one = ContingencyTable.from_labels(target, preds, sample_weight=weights)
        assert float(value) == pytest.approx(float(adjusted_rand_score(contingency=one)), abs=1e-13)
    for name, kind in kinds.items():
        expected = float(kind.score(contingency=whole(batches[:2])))
        assert float(collection[name].compute()) == pytest.approx(expected, abs=1e-13)
    assert float(alone.compute()) == pytest.approx(float(collection["ari"].compute()), abs=1e-14)


def test_images_of_weights():
    """Labels of any shape, and a weight for each pixel."""
    rng = np.random.default_rng(1)
    preds, target, weights = (torch.from_numpy(x) for x in (*rng.integers(0, 3, (2, 4, 5)), rng.random((4, 5))))
    metric = metrics.RandScore(weighted=True, axis=None)
    metric.update(preds, target, weights)
    table = ContingencyTable.from_labels(target, preds, sample_weight=weights, axis=None)
    assert float(metric.compute()) == pytest.approx(float(metrics.RandScore.score(contingency=table)), abs=1e-14)


def test_what_metrics_refuse(batches):
    preds, target, weights = batches[0]
    with pytest.raises(ValueError, match="AdjustedMutualInfoScore depends on numbers of samples"):
        metrics.AdjustedMutualInfoScore(weighted=True)
    with pytest.raises(TypeError, match="contingency is a table of weights"):
        metrics.AdjustedRandScore(weighted=True, null="num")
    with pytest.raises(TypeError, match="weighted is 1: expected True or False"):
        metrics.RandScore(weighted=1)
    with pytest.raises(ValueError, match="sample_weight is given to a metric of counts: expected weighted=True"):
        metrics.RandScore().update(preds, target, weights)
    metric = metrics.RandScore(weighted=True, num_classes=12)
    for bad, error, message in (
        (-weights, ValueError, "sample_weight holds -.* at position 0"),
        (weights / 0, ValueError, "sample_weight holds inf at position 0"),
        (weights[:3], ValueError, r"sample_weight has shape \(3,\) on cpu: expected \(30,\)"),
        (weights.tolist(), TypeError, "sample_weight is a list"),
        (weights * 1j, TypeError, "sample_weight has dtype torch.complex128"),
    ):
        with pytest.raises(error, match=message):
            metric.update(preds, target, bad)
    assert not metric.contingency_weighted.any()


def test_bad_weights_on_an_accelerator_are_seen_at_last(batches):
    preds, target, weights = batches[0]
    with _as_accelerator():
        metric = metrics.RandScore(weighted=True, num_classes=12)
        metric.update(preds, target, torch.where(torch.arange(30) == 4, -1.0, weights))
        with pytest.raises(ValueError, match="sample_weight had negative or not finite values"):
            metric.compute()


def test_states_of_other_metrics_are_refused(batches):
    weighed, counted = metrics.RandScore(weighted=True), metrics.RandScore()
    weighed.update(*batches[0])
    counted.update(*batches[0][:2])
    with pytest.raises(ValueError, match=r"has shape \(30, 3\): expected \(M, 5\)"):
        weighed.merge_state({"cells_weighted": counted.cells})


def score_of_rank(rank, world, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    warnings.simplefilter("ignore", UserWarning)  # of the rank without updates
    found = {}
    for name, state in zip(("cells", "table"), ({}, {"num_classes": 12, "num_clusters": 8}), strict=True):
        for registered in WEIGHED[SOME]:
            metric = registered.make(weighted=True, **state)
            for batch in weighed_batches(rank, world):
                metric.update(*batch)
            found[f"{name} {registered}"] = metric.compute()
    with pytest.raises(ValueError, match="weighted is True on some ranks and not on others"):
        metrics.RandScore(weighted=rank == 0).compute()
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_ranks_agree_with_one_process(tmp_path):
    """Unequal batches, labels shared in part, the last rank without any."""
    torch.multiprocessing.spawn(score_of_rank, (3, str(tmp_path)), nprocs=3)
    table = whole([batch for rank in range(3) for batch in weighed_batches(rank, 3)])
    found = [torch.load(tmp_path / f"{rank}.pt") for rank in range(3)]
    for registered in WEIGHED[SOME]:
        expected = float(registered.function(contingency=table))
        for name in ("cells", "table"):
            values = [float(of_rank[f"{name} {registered}"]) for of_rank in found]
            assert values == pytest.approx([expected] * 3, abs=1e-13)
