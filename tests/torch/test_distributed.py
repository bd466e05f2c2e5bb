"""Ranks of torch.distributed against one process, bit for bit."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchmetrics")

import torch.distributed as dist  # noqa: E402
from torchmetrics import MetricCollection  # noqa: E402

from tests.backends import needs_cuda  # noqa: E402
from tests.torch.registry import METRICS, batches_of_rank  # noqa: E402

STATES = {"cells": {}, "table": {"num_classes": 12, "num_clusters": 8}}


def tensors(batch, device):
    preds, target = (torch.from_numpy(x).to(device) for x in batch)
    return preds.to(torch.int32), target


def score_of_rank(rank, world, folder, backend):
    """What one process computes: by a metric each, by a collection, at each forward, before and after a sync."""
    device = f"cuda:{rank}" if backend == "nccl" else "cpu"
    dist.init_process_group(backend, init_method=f"file://{folder}/store", rank=rank, world_size=world)
    warnings.simplefilter("ignore", UserWarning)  # of the rank without updates
    batches = [tensors(batch, device) for batch in batches_of_rank(rank, world)]
    empty = torch.zeros(0, dtype=torch.int64, device=device)
    found = {}
    for name, state in STATES.items():
        collection = MetricCollection({str(r): r.make(**state) for r in METRICS}).to(device)
        for registered in METRICS:
            metric = registered.make(**state).to(device)
            for batch in batches:
                metric.update(*batch)
            local = metric.table.n_samples
            found[f"{name} {registered}"] = metric.compute()
            assert metric.table.n_samples == local, "a rank keeps its own counts after a sync"
            for batch in batches:  # the last rank has none
                metric.update(*batch)
            found[f"{name} {registered} twice"] = metric.compute()
        for batch in batches:
            collection.update(*batch)
        found |= {f"{name} {k} in collection": v for k, v in collection.compute().items()}
        metric = METRICS[0].make(**state, dist_sync_on_step=True).to(device)
        first = metric(*(batches[0] if batches else (empty, empty)))  # every rank takes part in every step
        found[f"{name} forward"] = first
        metric.sync()
        found[f"{name} samples"] = metric.table.n_samples
        metric.unsync()
    torch.save({k: v.cpu() for k, v in found.items()}, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def expected_of_one(world, device):
    """The same, in one process that has all batches."""
    every = [[tensors(b, device) for b in batches_of_rank(rank, world)] for rank in range(world)]
    batches = [batch for own in every for batch in own]
    first = [own[0] for own in every if own]
    found = {}
    for name, state in STATES.items():
        for registered in METRICS:
            metric = registered.make(**state).to(device)
            for batch in batches:
                metric.update(*batch)
            found[f"{name} {registered}"] = found[f"{name} {registered} in collection"] = metric.compute()
            for batch in batches:
                metric.update(*batch)
            found[f"{name} {registered} twice"] = metric.compute()
        metric = METRICS[0].make(**state).to(device)
        for batch in first:
            metric.update(*batch)
        found[f"{name} forward"], found[f"{name} samples"] = metric.compute(), metric.table.n_samples
    return {k: v.cpu() for k, v in found.items()}


def check(world, folder: Path, backend):
    torch.multiprocessing.spawn(score_of_rank, (world, str(folder), backend), nprocs=world)
    expected = expected_of_one(world, "cuda" if backend == "nccl" else "cpu")
    for rank in range(world):
        found = torch.load(folder / f"{rank}.pt")
        assert found.keys() == expected.keys()
        wrong = [name for name, value in expected.items() if not torch.equal(found[name], value)]
        assert wrong == []


@pytest.mark.parametrize("world", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_ranks_agree_with_one_process(world, tmp_path):
    """Labels shared in part, unequal lengths, the last rank without a single update."""
    check(world, tmp_path, "gloo")


@pytest.mark.gpu
def test_ranks_on_gpus(tmp_path):
    needs_cuda("torch")
    check(min(torch.cuda.device_count(), 4), tmp_path, "nccl")


def test_two_metrics_of_which_one_rank_has_nothing_new(tmp_path):
    """Both ranks take part in every sync, or the state of one metric would be added to that of the other."""
    torch.multiprocessing.spawn(rank_without_a_new_batch, (2, str(tmp_path)), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert first == second
    assert first["sizes"].startswith("num_classes and num_clusters are (2, 2), (3, 3) on the ranks: expected the same")


def rank_without_a_new_batch(rank, world, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    warnings.simplefilter("ignore", UserWarning)  # of the metrics without updates
    found = {}
    for name, state in STATES.items():
        ami, ari = METRICS[0].make(**state), next(r for r in METRICS if str(r) == "AdjustedRandScore").make(**state)
        batch = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 0, 1, 1, 1, rank])
        for metric in (ami, ari):
            metric.update(*batch)
        before = [float(metric.compute()) for metric in (ami, ari)]
        if rank == 0:
            ami.update(torch.tensor([0, 1, 2, 2]), torch.tensor([1, 1, 0, 2]))
        found[name] = [float(ami.compute()), float(ari.compute())]
        assert found[name][0] != before[0]
        assert found[name][1] == before[1]
    with pytest.raises(ValueError, match="num_classes and num_clusters are") as caught:
        METRICS[0].make(num_classes=2 + rank).compute()
    found["sizes"] = str(caught.value)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_no_rank_with_any_label(tmp_path):
    torch.multiprocessing.spawn(empty_rank, (2, str(tmp_path)), nprocs=2)
    for rank in range(2):
        assert torch.load(tmp_path / f"{rank}.pt") == {"AMI": 1.0, "cells": 0}


def empty_rank(rank, world, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    warnings.simplefilter("ignore", UserWarning)
    metric = METRICS[0].make()
    found = {"AMI": float(metric.compute())}
    metric.sync()
    found["cells"] = sum(map(len, metric.cells))
    metric.reset()  # while synced
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()
