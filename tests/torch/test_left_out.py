"""Samples that metrics leave out: as tables of labels do, in streams, in collections, on ranks."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchmetrics = pytest.importorskip("torchmetrics")

import torch.distributed as dist  # noqa: E402

import amiable  # noqa: E402
from amiable import torch as metrics  # noqa: E402
from tests.backends import named  # noqa: E402

STATES = {"cells": {}, "table": {"num_classes": 9, "num_clusters": 7}, "weights": {"weighted": True}}
POLICIES = {"argmax": True, "missing": "drop", "ignore_true": [0, 8], "ignore_pred": (3,)}
every_state = pytest.mark.parametrize("state", list(STATES.values()), ids=list(STATES))


def batch_of(seed):
    """Logits (80, 7), some of them NaN, and targets of nine classes."""
    rng = np.random.default_rng(seed)
    logits, target = rng.normal(size=(80, 7)), rng.integers(0, 9, 80)
    logits[rng.random(80) < 0.2, 1] = np.nan
    return torch.from_numpy(logits), torch.from_numpy(target)


def expected(*seeds):
    """The table of what is left of some batches, counted from labels of which NaN is a missing one."""
    logits, target = (torch.cat(x).numpy() for x in zip(*map(batch_of, seeds), strict=True))
    lacking = np.isnan(logits).any(axis=1)
    preds = np.where(lacking, np.nan, logits.argmax(axis=1))
    return amiable.ContingencyTable.from_labels(
        target.astype(float), preds, missing="drop", ignore_true=[0, 8], ignore_pred=3
    )


def check(metric, table):
    """Compare the samples that are left, and how many are not."""
    found = metric.table
    assert (int(found.n_samples), found.n_missing, found.n_ignored) == (
        int(table.n_samples),
        table.n_missing,
        table.n_ignored,
    )
    assert table.n_missing > 0
    assert table.n_ignored > 0
    assert float(metric.compute()) == pytest.approx(amiable.adjusted_rand_score(contingency=table), abs=1e-12)


@every_state
@pytest.mark.parametrize("place", ["torch", "torch-as-accelerator"])
def test_metrics_leave_out_what_tables_do(state, place):
    metric = metrics.AdjustedRandScore(**POLICIES, **state)
    with named(place).context():
        metric.update(*batch_of(1))
        metric(*batch_of(2))
    check(metric, expected(1, 2))
    other = metrics.AdjustedRandScore(**POLICIES, **state)
    other.update(*batch_of(3))
    metric.merge_state(other)
    check(metric, expected(1, 2, 3))
    metric.reset()
    metric.update(*batch_of(4))
    check(metric, expected(4))


@every_state
def test_what_was_left_out_is_part_of_a_checkpoint(state):
    metric = metrics.AdjustedRandScore(**POLICIES, **state)
    metric.persistent(True)
    metric.update(*batch_of(1))
    again = metrics.AdjustedRandScore(**POLICIES, **state)
    again.persistent(True)
    again.load_state_dict(metric.state_dict())
    again.update(*batch_of(2))
    check(again, expected(1, 2))


@every_state
def test_a_batch_that_is_refused_is_not_left_out_either(state):
    metric = metrics.RandScore(ignore_true=0, **state)
    with pytest.raises(ValueError, match="expected as many"):
        metric.update(torch.tensor([0, 1]), torch.tensor([0, 1, 2]))
    if "num_classes" in state:
        with pytest.raises(ValueError, match="outside num_clusters"):
            metric.update(torch.tensor([0, 99]), torch.tensor([0, 1]))
    metric.update(torch.tensor([0, 1]), torch.tensor([0, 1]))
    assert (metric.table.n_ignored, metric.table.n_missing) == (1, 0)


@every_state
def test_metrics_without_any_sample_warn_and_say_why(state):
    metric = metrics.AdjustedRandScore(argmax=True, missing="drop", ignore_true=1, **state)
    metric.update(torch.tensor([[np.nan, 0.0], [0.0, 1.0], [1.0, 0.0]]), torch.tensor([0, 1, 1]))
    with pytest.warns(UserWarning, match="counted no sample: 1 lack a label, 2 have one that is ignored"):
        assert metric.compute() == 1.0


def test_a_collection_shares_states_of_one_policy():
    collection = torchmetrics.MetricCollection(
        {
            "one": metrics.RandScore(ignore_true=[1, 2]),
            "same": metrics.AdjustedRandScore(ignore_true=(2, 1)),
            "as torchmetrics": metrics.AdjustedRandScore(ignore_index=[2, 1, 1]),
            "other": metrics.RandScore(ignore_pred=[1, 2]),
            "fewer": metrics.RandScore(ignore_true=1),
            "drops": metrics.RandScore(ignore_true=[1, 2], missing="drop"),
            "all": metrics.RandScore(),
        }
    )
    for _ in range(2):
        collection.update(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 2, 3]))
    assert sorted(map(sorted, collection.compute_groups.values())) == [
        ["all"],
        ["as torchmetrics", "one", "same"],
        ["drops"],
        ["fewer"],
        ["other"],
    ]
    assert collection["same"].table.n_ignored == 4


def rank_that_leaves_out(rank, world, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world)
    warnings.simplefilter("ignore", UserWarning)  # of the rank without updates
    found = {}
    for name, state in STATES.items():
        metric = metrics.AdjustedRandScore(**POLICIES, **state)
        for seed in range(rank, 2):  # the last rank has nothing
            metric.update(*batch_of(seed))
        score = metric.compute()
        metric.sync()
        table = metric.table
        found[name] = [float(score), int(table.n_samples), table.n_missing, table.n_ignored]
        metric.unsync()
        found[f"{name} own"] = metric.table.n_missing
    options = {"ignore_true": 0} if rank else {}
    with pytest.raises(ValueError, match="ignored or dropped on some ranks and not on others") as caught:
        metrics.RandScore(**options).compute()
    found["other"] = str(caught.value)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


def test_policies_survive_ranks(tmp_path):
    torch.multiprocessing.spawn(rank_that_leaves_out, (3, str(tmp_path)), nprocs=3)
    table = expected(0, 1, 1)
    known = [amiable.adjusted_rand_score(contingency=table), int(table.n_samples), table.n_missing, table.n_ignored]
    of_ranks = [torch.load(tmp_path / f"{rank}.pt") for rank in range(3)]
    for name in STATES:
        assert [found[name] for found in of_ranks] == [pytest.approx(known, abs=1e-12)] * 3
        assert [found[f"{name} own"] for found in of_ranks] == [expected(0, 1).n_missing, expected(1).n_missing, 0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"ignore_true": 1, "ignore_index": 2}, ValueError, "ignore_true and ignore_index are both given"),
        ({"ignore_pred": [1, 0.5]}, TypeError, r"ignore_pred is \[1, 0.5\]: expected an integer label, several, or No"),
        ({"ignore_pred": "noise"}, TypeError, "ignore_pred is 'noise': expected an integer label"),
        ({"ignore_true": [True]}, TypeError, r"ignore_true is \[True\]: expected an integer label"),
        ({"ignore_true": [2**63]}, ValueError, "expected a label that int64 holds"),
        ({"missing": "omit"}, ValueError, "missing is 'omit': expected one of 'raise', 'drop'"),
    ],
)
def test_bad_policies(options, error, message):
    with pytest.raises(error, match=message):
        metrics.RandScore(**options)


@pytest.mark.parametrize(
    "value", [np.int64(-1), np.array([-1, 7]), torch.tensor([-1]), torch.tensor(-1), {-1}], ids=str
)
def test_labels_to_ignore_in_any_container(value):
    metric = metrics.RandScore(ignore_pred=value)
    metric.update(torch.tensor([0, -1, 1]), torch.tensor([0, 1, 1]))
    assert metric.table.n_ignored == 1
