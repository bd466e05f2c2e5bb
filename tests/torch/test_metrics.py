"""Metrics against their functions, and the behaviour that torchmetrics expects of every metric."""

from __future__ import annotations

import copy
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchmetrics = pytest.importorskip("torchmetrics")

import amiable  # noqa: E402
import amiable.torch as metrics  # noqa: E402
from amiable.scores.registry import record_of  # noqa: E402
from tests.backends import named, needs_cuda, never_waiting  # noqa: E402
from tests.registry import CASES  # noqa: E402
from tests.torch.registry import METRICS  # noqa: E402

LONG_PROGRAMS = (metrics.StandardizedMutualInfoScore, metrics.MutualInfoPvalue)
every_metric = pytest.mark.parametrize("registered", METRICS, ids=str)
STATES = [{}, {"num_classes": 7, "num_clusters": 9}]
every_state = pytest.mark.parametrize("state", STATES, ids=["cells", "table"])
DEVICES = [
    pytest.param(b, id=b.name, marks=b.marks) for b in map(named, ("torch", "torch-as-accelerator", "torch-cuda"))
]
INTEGERS = ["bool", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


@pytest.fixture
def batches(rng):
    """(preds, target) of unequal lengths, one of them empty."""
    return [tuple(torch.from_numpy(rng.integers(0, k, n)) for k in (9, 7)) for n in (50, 1, 0, 33)]


@pytest.fixture(params=DEVICES)
def place(request):
    with request.param.context():
        yield request.param


def joined(batches):
    """All labels as (labels_true, labels_pred)."""
    preds, target = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return target, preds


def expected(registered, batches, state):
    n_labels = (7, 9) if state else None
    return registered.function(*joined(batches), n_labels=n_labels)


def ints(*values):
    return torch.tensor(values)


def test_every_metric_and_score_is_registered():
    assert {r.metric.__name__ for r in METRICS} == set(metrics.__all__) - {"ContingencyMetric"}
    assert {score.public for score in CASES} == {record_of(r.score).public for r in METRICS}


@every_metric
@every_state
def test_batches_are_scored_as_their_function_scores_all(registered, state, batches):
    metric = registered.make(**state)
    for preds, target in batches:
        metric.update(preds, target)
    value = metric.compute()
    assert value.shape == ()
    assert torch.equal(value, expected(registered, batches, state))


@every_metric
@every_state
def test_on_devices(registered, state, batches, place):
    if place.name != "torch-cuda" and registered.metric in LONG_PROGRAMS and state:
        pytest.skip("the static variance is tested with the score")
    device = place.asarray(np.zeros(1)).device
    one, two = (registered.make(**state).to(device) for _ in range(2))
    here = [tuple(place.asarray(x.numpy()) for x in batch) for batch in batches]
    for metric, part in ((one, here[:2]), (two, here[2:])):
        for batch in part:
            metric.update(*batch)
    one.merge_state(two)
    found = [one.compute(), two(*here[0])]
    known = [expected(registered, batches, state), expected(registered, batches[:1], state)]
    np.testing.assert_allclose([float(x) for x in found], known, rtol=0, atol=1e-12)
    two.reset()
    two.update(*here[3])
    states = [x for metric in (one, two) for held in metric.metric_state.values() for x in held]
    assert {x.device for x in (*found, *states, one.table.counts)} == {one.device} == {device}
    assert int(two.table.n_samples) == 33


@pytest.mark.parametrize("options", [{}, {"ignore_index": 3, "ignore_cluster": 0}, {"argmax": True}])
def test_updates_with_num_classes_look_at_no_value(options):
    """On a device that has shapes and no values."""
    metric = metrics.AdjustedMutualInfoScore(num_classes=9, num_clusters=5, **options).to("meta")
    target = torch.zeros(50, dtype=torch.int32, device="meta")
    metric.update(torch.rand(50, 5, device="meta") if "argmax" in options else target, target)
    assert metric.metric_state[metric._state].shape == (9, 5)
    assert metric.extremes.device.type == "meta"


def test_inference_mode(batches):
    metric = metrics.AdjustedMutualInfoScore()
    table = metrics.AdjustedMutualInfoScore(num_classes=9)
    with torch.inference_mode():
        metric.reset()
        table.reset()
    for at, batch in enumerate(batches):
        with torch.inference_mode(at % 2 == 0):
            metric.update(*batch)
            table.update(*batch)
    assert torch.equal(metric.compute(), amiable.adjusted_mutual_info_score(*joined(batches)))
    assert float(table.compute()) == pytest.approx(float(metric.compute()), abs=1e-14)


@pytest.mark.gpu
def test_updates_with_num_classes_never_wait_for_the_device(batches):
    needs_cuda("torch")
    metric = metrics.AdjustedMutualInfoScore(num_classes=9, ignore_index=3).to("cuda")
    here = [tuple(x.to("cuda") for x in batch) for batch in batches]
    metric.update(*here[0])
    with never_waiting():
        for batch in here:
            metric.update(*batch)
    assert int(metric.table.n_samples) == sum(int((target != 3).sum()) for _, target in batches)


@pytest.mark.parametrize("dtype", INTEGERS)
@every_state
def test_integers_of_every_dtype(dtype, state, rng):
    labels = rng.integers(0, 2 if dtype == "bool" else 7, (2, 60)).astype(dtype)
    preds, target = torch.from_numpy(labels)
    metric = metrics.AdjustedMutualInfoScore(**state)
    metric.update(preds, target.to(torch.int64))  # dtypes may differ
    metric.update(preds, target)
    assert float(metric.compute()) == pytest.approx(
        amiable.adjusted_mutual_info_score(np.tile(labels[1], 2), np.tile(labels[0], 2)), abs=1e-13
    )


def test_labels_far_apart_keep_their_precision():
    """Neighbours that no float tells apart."""
    target = torch.tensor([2**62, 2**62 + 1, -(2**63), -(2**63) + 1] * 5)
    metric = metrics.AdjustedMutualInfoScore()
    for module in (metric, torch.nn.ModuleList([metric])):
        module.half()
    metric.set_dtype(torch.float16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for part in target.split(3):
            metric.update(part, part)
        assert metric.compute() == 1
    assert metric.table.row_labels.tolist() == [-(2**63), -(2**63) + 1, 2**62, 2**62 + 1]


@pytest.mark.parametrize("convert", ["half", "set_dtype", "to", "parent", "parent type"])
def test_counts_survive_half_precision(convert):
    """4,097 samples in one cell, a number that float16 does not hold."""
    metric = metrics.RandScore(num_classes=2)
    labels = torch.cat([torch.zeros(4097, dtype=torch.int64), torch.ones(3, dtype=torch.int64)])
    metric.update(labels, labels)
    parent = torch.nn.Sequential(metric)
    {
        "half": metric.half,
        "set_dtype": lambda: metric.set_dtype(torch.float16),
        "to": lambda: metric.to(torch.float16),
        "parent": parent.half,
        "parent type": lambda: parent.type(torch.float16),
    }[convert]()
    assert metric.contingency.tolist() == [[4097, 0], [0, 3]]
    metric.reset()
    metric.update(labels, labels)
    assert metric.contingency.tolist() == [[4097, 0], [0, 3]]


@every_metric
@every_state
def test_forward_gives_the_batch_and_adds_it(registered, state, batches):
    for synced in (False, True):
        metric = registered.make(**state, dist_sync_on_step=synced)
        for batch in batches:
            if len(batch[0]) or synced:
                assert torch.equal(metric(*batch), expected(registered, [batch], state))
        assert torch.equal(metric.compute(), expected(registered, batches, state))


@every_metric
@every_state
def test_pickled_cloned_reset(registered, state, batches):
    metric = registered.make(**state)
    metric.update(*batches[0])
    for copied in (pickle.loads(pickle.dumps(metric)), metric.clone(), copy.deepcopy(metric)):
        copied.update(*batches[3])
        assert torch.equal(copied.compute(), expected(registered, [batches[0], batches[3]], state))
    assert torch.equal(metric.compute(), expected(registered, batches[:1], state))
    metric.reset()
    assert metric.update_count == 0
    metric.update(*batches[3])
    assert torch.equal(metric.compute(), expected(registered, batches[3:], state))


@every_metric
@every_state
def test_merge_state(registered, state, batches):
    one, two = registered.make(**state), registered.make(**state)
    one.update(*batches[0])
    for batch in batches[1:]:
        two.update(*batch)
    one.merge_state(two)
    assert torch.equal(one.compute(), expected(registered, batches, state))
    assert torch.equal(two.compute(), expected(registered, batches[1:], state))  # is as it was


@every_metric
@every_state
def test_checkpoints(registered, state, batches):
    metric = registered.make(**state)
    metric.update(*batches[0])
    assert metric.state_dict() == {}
    metric.persistent(True)
    file = io.BytesIO()
    torch.save(torch.nn.ModuleDict({"score": metric}).state_dict(), file)
    file.seek(0)
    other = registered.make(**state)
    other.persistent(True)
    torch.nn.ModuleDict({"score": other}).load_state_dict(torch.load(file))
    other.update(*batches[3])
    assert torch.equal(other.compute(), expected(registered, [batches[0], batches[3]], state))


@every_metric
def test_constants(registered):
    metric = registered.make()
    assert metric.is_differentiable is False
    assert metric.full_state_update is False
    assert metric.higher_is_better is not record_of(registered.score).is_distance
    with pytest.raises(RuntimeError, match="Can't change const"):
        metric.higher_is_better = True
    assert isinstance(hash(metric), int)
    assert str(metric) == f"{registered.metric.__name__}()"
    with pytest.raises(ValueError, match="Unexpected keyword arguments: `typo`"):
        registered.make(typo=1)


@every_metric
@every_state
def test_without_updates_warns_and_scores_empty_labels(registered, state):
    metric = registered.make(**state)
    with pytest.warns(UserWarning, match="was called before the ``update`` method"):
        value = metric.compute()
    assert value == registered.function([], [])


@every_metric
def test_plot(registered, batches):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    metric = registered.make()
    values = [metric(*batches[0]), metric(*batches[3])]
    for shown in (None, values[0], values):
        figure, axes = metric.plot(shown)
        assert axes.has_data()
        pyplot.close(figure)


@every_state
def test_a_collection_counts_once_for_all(state, batches, monkeypatch):
    every = {str(r): r.make(**state) for r in METRICS}
    collection = torchmetrics.MetricCollection(every)
    collection.update(*batches[0])
    assert len(collection.compute_groups) == 1
    updates = []
    for metric in every.values():
        original = metric.update
        monkeypatch.setattr(metric, "update", lambda *args, f=original, **kw: (updates.append(1), f(*args, **kw)))
    for batch in batches[1:]:
        collection.update(*batch)
    assert len(updates) == len(batches) - 1
    values = collection.compute()
    for registered in METRICS:
        assert torch.equal(values[str(registered)], expected(registered, batches, state))
    collection.reset()
    collection.update(*batches[0])
    assert torch.equal(collection.compute()[str(METRICS[0])], expected(METRICS[0], batches[:1], state))


@every_state
def test_metrics_that_join_a_collection_later(state, batches):
    """Then torchmetrics updates all members again, each of which holds the state of the first."""
    one, two = metrics.RandScore(**state), metrics.AdjustedRandScore(**state)
    collection = torchmetrics.MetricCollection({"one": one, "two": two})
    collection.update(*batches[0])
    collection.add_metrics({"three": metrics.MutualInfoScore(**state)})
    collection.update(*batches[3])
    assert [int(m.table.n_samples) for m in collection.values()] == [83, 83, 33]
    again = torchmetrics.MetricCollection({"one": one, "two": two})
    again.update(*batches[0])
    assert [int(m.table.n_samples) for m in again.values()] == [133, 133]


@every_state
def test_states_handed_out_stay_as_they_are(state, batches):
    metric = metrics.RandScore(**state)
    metric.update(*batches[0])
    held = metric.metric_state
    before = copy.deepcopy(held)
    metric.update(*batches[3])
    assert str(held) == str(before)


@pytest.mark.parametrize("place", ["torch", "torch-as-accelerator"])
@every_state
def test_nan_among_logits_of_ignored_samples(state, place):
    metric = metrics.RandScore(argmax=True, ignore_index=-100, **state)
    logits = ints([0.0, 1.0], [np.nan, 0.0], [1.0, 0.0])
    with named(place).context():
        metric.update(logits, ints(0, -100, 1))
    assert int(metric.table.n_samples) == 2


def test_a_collection_does_not_share_what_is_counted_differently(rng):
    """Though the first batch, without any label to ignore, looks the same to all."""
    collection = torchmetrics.MetricCollection(
        {
            "all": metrics.RandScore(),
            "padded": metrics.RandScore(ignore_index=-1),
            "noisy": metrics.AdjustedRandScore(ignore_cluster=-1),
            "same": metrics.AdjustedRandScore(ignore_cluster=-1),
            "codes": metrics.RandScore(num_classes=5),
        }
    )
    first, second = rng.integers(0, 5, (2, 2, 40))
    collection.update(*map(torch.from_numpy, first))
    second[:, 7] = 1, 2
    collection.update(*map(torch.from_numpy, second))
    assert sorted(map(sorted, collection.compute_groups.values())) == [
        ["all"],
        ["codes"],
        ["noisy", "same"],
        ["padded"],
    ]


@every_state
@pytest.mark.parametrize("accelerated", [False, True])
def test_ignored_labels(state, accelerated, rng, request):
    preds, target = rng.integers(0, 7, (2, 200))
    keep = (target != 2) & (preds != 5)
    labels = torch.from_numpy(preds), torch.from_numpy(target)
    metric = metrics.AdjustedMutualInfoScore(ignore_index=2, ignore_cluster=5, **state)
    padded = metrics.AdjustedMutualInfoScore(ignore_index=-100, ignore_cluster=-1, **state)
    with named("torch-as-accelerator" if accelerated else "torch").context():
        metric.update(*labels)
        padded.update(torch.from_numpy(np.where(keep, preds, -1)), torch.from_numpy(np.where(keep, target, 3)))
        padded.update(torch.from_numpy(np.where(keep, preds, 3)), torch.from_numpy(np.where(keep, target, -100)))
        padded.update(torch.full((4,), -1), torch.full((4,), -100))  # nothing is left
    once = amiable.adjusted_mutual_info_score(target[keep], preds[keep])
    twice = amiable.adjusted_mutual_info_score(np.tile(target[keep], 2), np.tile(preds[keep], 2))
    assert float(metric.compute()) == pytest.approx(once, abs=1e-12)
    assert float(padded.compute()) == pytest.approx(twice, abs=1e-12)


@every_state
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_logits(state, dtype, rng):
    logits, target = torch.from_numpy(rng.normal(size=(60, 9))).to(dtype), torch.from_numpy(rng.integers(0, 7, 60))
    metric = metrics.AdjustedMutualInfoScore(argmax=True, **state)
    metric.update(logits, target)
    found = amiable.adjusted_mutual_info_score(target.numpy(), logits.float().numpy().argmax(1))
    assert float(metric.compute()) == pytest.approx(found, abs=1e-12)


def segmentations(rng, *shape, clusters=5, classes=7):
    """Logits (B, C, ...) and labels (B, ...) of images or volumes."""
    logits = torch.from_numpy(rng.normal(size=(shape[0], clusters, *shape[1:])))
    return logits, torch.from_numpy(rng.integers(0, classes, shape))


@every_state
@pytest.mark.parametrize("shape", [(3, 8, 9), (2, 4, 5, 6), (4, 7)], ids=str)
@pytest.mark.parametrize("axis", [-1, None])
def test_logits_of_images_and_volumes(state, shape, axis, rng, place):
    """As torchmetrics has them: classes along dimension 1, one score of all positions."""
    metric = metrics.AdjustedMutualInfoScore(argmax=True, axis=axis, **state)
    logits, target = segmentations(rng, *shape)
    here = [place.asarray(x.numpy()) for x in (logits, target)]
    metric = metric.to(here[0].device)
    metric.update(*here)
    for end in (1, 0):
        metric.update(*(x[:end] for x in here))
    every = [torch.cat([x, x[:1]]).numpy() for x in (target, logits.argmax(1))]
    found = amiable.adjusted_mutual_info_score(*every, axis=None)
    assert float(metric.compute()) == pytest.approx(found, abs=1e-12)


@every_state
@pytest.mark.parametrize("shape", [(3, 8, 9), (50,), (2, 4, 5, 6), (40, 1)], ids=str)
def test_label_images_and_volumes(state, shape, rng, place):
    metric = metrics.AdjustedMutualInfoScore(axis=None, ignore_index=0, **state)
    preds, target = rng.integers(0, 7, (2, *shape))
    here = [place.asarray(x) for x in (preds, target)]
    metric = metric.to(here[0].device)
    metric(*here)
    metric.update(*(x.flatten() for x in here))  # shapes may differ from batch to batch
    keep = target != 0
    found = amiable.adjusted_mutual_info_score(*(np.tile(x[keep], 2) for x in (target, preds)))
    assert float(metric.compute()) == pytest.approx(found, abs=1e-12)


@every_state
def test_ignored_positions_of_images(state, rng):
    """Among them such whose logits are NaN."""
    logits, target = segmentations(rng, 3, 8, 9)
    target[1, :4] = 255
    logits[1, :, :4] = np.nan
    metric = metrics.RandScore(argmax=True, ignore_index=255, **state)
    metric.update(logits, target)
    keep = (target != 255).numpy()
    assert float(metric.compute()) == pytest.approx(
        amiable.rand_score(target.numpy()[keep], logits.argmax(1).numpy()[keep]), abs=1e-12
    )
    logits[2, 3, 1, 1] = np.nan
    with pytest.raises(ValueError, match="preds contains NaN for 37 of 216 samples, the first at position 72"):
        metrics.RandScore(argmax=True, **state).update(logits, torch.zeros_like(target))


def test_memory_is_that_of_occupied_cells(rng):
    """Three hundred batches, by update and by forward, that would keep 300,000 labels each."""
    for few, bound in ((10, 8192), (80, 2 * 6400)):
        metric = metrics.RandScore()
        for step in range(300):
            batch = torch.from_numpy(rng.integers(0, few, (2, 1000)))
            metric.update(*batch) if step % 2 else metric(*batch)
            assert sum(map(len, metric.cells)) <= bound
        assert int(metric.table.n_samples) == 300_000
        for _ in range(3):  # nor do empty batches add up
            metric.update(*torch.zeros((2, 0), dtype=torch.int64))
        assert all(map(len, metric.cells))
        one = metric.clone()
        one.merge_state(metric)
        assert sum(map(len, one.cells)) <= bound
        assert int(one.table.n_samples) == 600_000


@pytest.mark.parametrize("classes", [1000, 3])
def test_tables_of_many_classes(classes, rng):
    """Small batches are counted into a large table at the cells that they touch."""
    metric = metrics.AdjustedMutualInfoScore(num_classes=classes, num_clusters=classes + 1)
    labels = rng.integers(0, classes, (2, 5, 60))
    for preds, target in zip(*torch.from_numpy(labels), strict=True):
        metric.update(preds, target)
    found = amiable.adjusted_mutual_info_score(labels[1].ravel(), labels[0].ravel())
    assert float(metric.compute()) == pytest.approx(found, abs=1e-12)


@pytest.mark.parametrize("classes", [9, 1000])
def test_tables_handed_out_stay_as_they_are(classes, batches):
    metric = metrics.RandScore(num_classes=classes)
    metric.update(*batches[0])
    before, counts = metric.table, metric.table.to_dense()
    metric.update(*batches[0])
    assert torch.equal(before.to_dense(), counts)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool"])
@every_state
def test_ignored_labels_that_a_dtype_does_not_hold(dtype, state):
    """255 is no -1, and 258 no 2."""
    labels = torch.from_numpy(np.array([0, 1, 1], dtype=dtype))
    for value in (-1, 257, 256):
        metric = metrics.RandScore(ignore_index=value, ignore_cluster=value, **state)
        metric.update(labels, labels)
        assert int(metric.table.n_samples) == 3
    metric = metrics.RandScore(ignore_index=np.int64(-1))
    metric.update(ints(0, 1, 1), torch.tensor([0, 1, 255], dtype=torch.uint8))
    assert int(metric.table.n_samples) == 3


@every_state
def test_a_bad_batch_loses_nothing(state, batches):
    for synced in (False, True):
        metric = metrics.AdjustedMutualInfoScore(**state, dist_sync_on_step=synced)
        metric(*batches[0])
        for use in (metric, metric.update):
            with pytest.raises(ValueError, match="expected as many"):
                use(ints(0, 1), ints(0))
        metric(*batches[3])
        assert torch.equal(metric.compute(), expected(METRICS[0], [batches[0], batches[3]], state))


@every_state
def test_merging_after_a_score_was_computed(state, batches):
    one, two = metrics.AdjustedMutualInfoScore(**state), metrics.AdjustedMutualInfoScore(**state)
    one.update(*batches[0])
    two.update(*batches[3])
    one.compute()
    one.merge_state(two)
    both = expected(METRICS[0], [batches[0], batches[3]], state)
    assert torch.equal(one.compute(), both)
    fresh = metrics.AdjustedMutualInfoScore(**state)
    fresh.merge_state(two.metric_state)
    fresh.merge_state(one)
    assert int(fresh.table.n_samples) == 33 + 83  # and computing it warns of nothing
    fresh.compute()


def test_states_of_other_sizes_are_refused():
    small, large = metrics.RandScore(num_classes=1), metrics.RandScore(num_classes=3)
    with pytest.raises(
        ValueError, match=r"incoming_state has contingency of shape \(1, 1\) and this metric one of \(3"
    ):
        large.merge_state(small)
    wide = metrics.RandScore(num_classes=2, num_clusters=8)
    wide.update(ints(7), ints(1))
    wide.persistent(True)
    square = metrics.RandScore(num_classes=4)
    with pytest.raises(
        RuntimeError, match=r"size mismatch for contingency: \(2, 8\) in the checkpoint, \(4, 4\) in this"
    ):
        square.load_state_dict(wide.state_dict())
    assert int(square.contingency.sum()) == 0
    with pytest.raises(ValueError, match="Expected state variable contingency to be present"):
        large.merge_state(metrics.RandScore().metric_state)


@pytest.mark.parametrize(
    ("options", "broken", "message"),
    [
        ({"num_classes": 2}, {"contingency": ints(2, 0, 0, -1).reshape(2, 2)}, "contingency .*holds the count -1: exp"),
        (
            {"num_classes": 2},
            {"contingency": torch.ones(2, 2)},
            "contingency .*is of dtype torch.float32: expected int",
        ),
        ({}, {"cells": [ints(7, -7, 5, 0, 0, -2).reshape(2, 3)]}, "cells .*holds the count -2: expected counts >= 0"),
        ({}, {"cells": [ints(7, 7).reshape(1, 2)]}, r"cells .*has shape \(1, 2\): expected \(M, 3\), pairs of labels"),
        ({}, {"cells": [[[1, 2, 3]]]}, "cells .*is of type list: expected int64 tensors"),
    ],
)
def test_states_of_no_counts_are_refused(options, broken, message):
    metric = metrics.AdjustedMutualInfoScore(**options)
    metric.persistent(True)
    metric.update(ints(0, 1, 1), ints(0, 1, 1))
    with pytest.raises(RuntimeError, match=message):
        metric.load_state_dict({**metric.state_dict(), **broken})
    with pytest.raises(ValueError, match=f"incoming_state has {message}"):
        metric.merge_state({**metric.metric_state, **broken})
    assert metric.compute() == 1


@pytest.mark.parametrize("state", [{}, {"num_classes": 3}])
def test_samples_that_were_all_ignored_are_heard_of(state):
    metric = metrics.AdjustedMutualInfoScore(ignore_index=2, **state)
    metric.update(torch.tensor([0, 1]), torch.tensor([2, 2]))
    with pytest.warns(UserWarning, match="AdjustedMutualInfoScore has counted no sample: 0 lack a label, 2 have"):
        assert metric.compute() == 1
    metric.update(torch.tensor([0]), torch.tensor([1]))
    assert metric.compute() == 1


@every_state
def test_a_checkpoint_can_be_loaded_again(state, batches):
    metric = metrics.AdjustedMutualInfoScore(**state)
    metric.update(*batches[0])
    metric.persistent(True)
    saved = metric.state_dict()
    for _ in range(2):
        other = metrics.AdjustedMutualInfoScore(**state)
        other.load_state_dict(saved)
        assert torch.equal(other.compute(), metric.compute())  # without a warning that nothing was counted
        other.update(*batches[3])
        other.reset()


@every_state
def test_wrapped_by_torchmetrics(state, batches):
    running = torchmetrics.wrappers.Running(metrics.AdjustedMutualInfoScore(**state), window=2)
    tracker = torchmetrics.wrappers.MetricTracker(metrics.AdjustedMutualInfoScore(**state), maximize=True)
    for batch in (*batches[:2], batches[3]):
        running.update(*batch)
        tracker.increment()
        tracker.update(*batch)
    assert torch.equal(running.compute(), expected(METRICS[0], [batches[1], batches[3]], state))
    assert torch.equal(tracker.compute_all()[2], expected(METRICS[0], batches[3:], state))


def test_a_failed_score_leaves_the_metric_unsynced():
    two_ranks = {"dist_sync_fn": lambda x, group: [x, x], "distributed_available_fn": lambda: True}
    metric = metrics.RandScore(num_classes=3, **two_ranks)
    with named("torch-as-accelerator").context():
        metric.update(ints(0, 1, 5), ints(0, 1, 2))
    for _ in range(2):
        with pytest.raises(ValueError, match="preds had the label 5"):
            metric.compute()
        assert int(metric.contingency.sum()) == 2
    cells = metrics.RandScore(**two_ranks)
    cells.update(ints(0, 1, 5), ints(0, 1, 2))
    assert cells.compute() == 1
    assert int(cells.table.n_samples) == 3


def test_what_metrics_share_is_no_metric():
    with pytest.raises(TypeError, match="ContingencyMetric is what metrics share: expected one of its subclasses"):
        metrics.ContingencyMetric()


def test_compute_on_cpu_is_accepted(batches):
    metric = metrics.AdjustedMutualInfoScore(compute_on_cpu=True)
    for batch in batches:
        metric(*batch)
    assert torch.equal(metric.compute(), amiable.adjusted_mutual_info_score(*joined(batches)))


@pytest.mark.parametrize(
    ("options", "preds", "target", "error", "message"),
    [
        ({}, ints(0, 1), ints(0), ValueError, "preds has 2 labels and target 1: expected as many"),
        ({}, ints([0], [1]), ints([0], [1]), ValueError, r"preds has shape \(2, 1\): expected \(N,\), one label"),
        ({}, ints(0, 1), torch.tensor(0), ValueError, r"target has shape \(\): expected \(N,\)"),
        ({}, ints([0, 1]), ints([0, 1]), ValueError, r"preds has shape \(1, 2\): .* or axis=None, which takes label"),
        (
            {"axis": None},
            ints([0, 1]),
            ints(0, 1),
            ValueError,
            r"preds has shape \(1, 2\) and target \(2,\): expected one",
        ),
        (
            {"argmax": True},
            torch.zeros(2, 5, 3, 4),
            torch.zeros(2, 4, 3, dtype=torch.int64),
            ValueError,
            r"preds has labels of shape \(2, 3, 4\) and target \(2, 4, 3\): expected one shape",
        ),
        ({}, ints(0, 1), ints(0.0, 1.0), TypeError, "target has dtype torch.float32: expected integer labels$"),
        ({}, ints(0.5, 1), ints(0, 1), TypeError, r"preds has dtype torch.float32: .*\(N, C, ...\): argmax=True"),
        ({}, [0, 1], ints(0, 1), TypeError, "preds is a list: expected a torch.Tensor"),
        ({}, ints(0, 1), np.array([0, 1]), TypeError, "target is a ndarray: expected a torch.Tensor"),
        ({}, ints(0).to("meta"), ints(0), ValueError, "preds is on meta and the metric on cpu: expected one device"),
        ({}, ints(0), ints(0).to("meta"), ValueError, "target is on meta and the metric on cpu: expected one device"),
        ({"num_classes": 3}, ints(0, 1), ints(0, 3), ValueError, "target has the code 3, outside num_classes: .*0..2"),
        (
            {"num_classes": 3},
            ints(-1, 1),
            ints(0, 1),
            ValueError,
            "preds has the code -1, outside num_clusters: .*0..2",
        ),
        ({"argmax": True}, ints(0, 1), ints(0, 1), ValueError, r"preds has shape \(2,\) and dtype torch.int64: exp"),
        ({}, ints(0, 1).to_sparse(), ints(0, 1), TypeError, "preds is a sparse tensor: expected a dense one"),
        ({"argmax": True}, torch.zeros(2, 0), ints(0, 1), ValueError, r"preds has shape \(2, 0\)"),
        (
            {"argmax": True},
            ints([0, 1.0], [0, np.nan]),
            ints(0, 1),
            ValueError,
            "preds contains NaN for 1 of 2 samples",
        ),
        (
            {"argmax": True, "num_classes": 2},
            torch.zeros(2, 3),
            ints(0, 1),
            ValueError,
            "preds has 3 clusters along dimension 1: expected at most num_clusters, 2",
        ),
    ],
)
def test_bad_batches(options, preds, target, error, message):
    metric = metrics.AdjustedMutualInfoScore(**options)
    with pytest.raises(error, match=message):
        metric.update(preds, target)


def test_labels_beyond_int64():
    big = torch.from_numpy(np.array([2**63, 1], dtype=np.uint64))
    with pytest.raises(ValueError, match=r"target has labels of 2\*\*63 or more"):
        metrics.RandScore().update(big, big)


def test_labels_beyond_int64_are_not_those_ignored(monkeypatch):
    """Where nobody may look, 2**64 - 1 must not be taken for -1."""
    monkeypatch.setattr("amiable._array.devices._in_host_memory", lambda x: False)
    metric = metrics.RandScore(num_classes=2, ignore_index=-1)
    metric.update(ints(0, 1), torch.tensor([2**64 - 1, 1], dtype=torch.uint64))
    with pytest.raises(ValueError, match=f"target had the label {2**63 - 1}, outside num_classes: expected 0..1"):
        metric.compute()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"num_classes": 0}, ValueError, "num_classes is 0: expected a positive integer, or None"),
        ({"num_classes": 2.0}, ValueError, "num_classes is 2.0: expected a positive integer"),
        ({"num_classes": 3, "num_clusters": -1}, ValueError, "num_clusters is -1: expected a positive"),
        ({"num_clusters": 3}, ValueError, "num_clusters is 3 without num_classes"),
        (
            {"ignore_index": 2**64},
            ValueError,
            "ignore_index is 18446744073709551616: expected a label that int64 holds",
        ),
        ({"argmax": "yes"}, TypeError, "argmax is 'yes': expected True or False"),
        ({"axis": 0}, ValueError, "axis is 0: expected None, for labels of any shape, or -1"),
        ({"ignore_index": 0.5}, TypeError, "ignore_index is 0.5: expected an integer label, several, or None"),
        ({"average_method": "median"}, ValueError, "average_method is 'median': expected one of"),
        ({"null": "none"}, ValueError, "null is 'none': expected one of"),
    ],
)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        metrics.AdjustedMutualInfoScore(**options)


def test_bad_normalized():
    with pytest.raises(TypeError, match="normalized is 'no': expected True or False"):
        metrics.VariationOfInformation(normalized="no")


def test_bad_beta():
    with pytest.raises(ValueError, match="beta is -1: expected a number >= 0"):
        metrics.VMeasureScore(beta=-1)


@pytest.mark.parametrize(
    ("preds", "target", "message"),
    [
        (ints(0, 1), ints(5, 1), r"target had the label 5, outside num_classes: expected 0..2; such samples were not"),
        (ints(0, -1), ints(2, 1), r"preds had the label -1, outside num_clusters: expected 0..3"),
        (ints(0, -(2**63)), ints(2, 1), "preds had the label -9223372036854775808, outside"),
    ],
)
def test_labels_outside_are_named_later_where_nobody_may_look(preds, target, message):
    metric = metrics.RandScore(num_classes=3, num_clusters=4, ignore_index=7)
    with named("torch-as-accelerator").context():
        metric.update(ints(3, 0), ints(2, 7))
        metric.update(preds, target)
    with pytest.raises(ValueError, match=message):
        metric.compute()
    metric.reset()
    with named("torch-as-accelerator").context():
        metric.update(ints(3, 0), ints(2, 7))
    assert metric.compute() == 1


@pytest.mark.parametrize("ignore_cluster", [None, -1, -2, 0])
def test_nan_among_logits_is_named_later_where_nobody_may_look(ignore_cluster):
    metric = metrics.RandScore(num_classes=3, argmax=True, ignore_cluster=ignore_cluster)
    with named("torch-as-accelerator").context():
        metric.update(ints([0.0, 1, 0], [np.nan, 0, 0]), ints(1, 2))
    assert int(metric.metric_state[metric._state].sum()) == 1
    with pytest.raises(ValueError, match="preds had NaN among logits, outside num_clusters"):
        metric.compute()


def test_nothing_warns_on_import_and_the_hint_names_the_extra():
    subprocess.run([sys.executable, "-W", "error", "-c", "import amiable.torch"], check=True)
    for missing in ("torch", "torchmetrics"):
        code = f"import sys; sys.modules[{missing!r}] = None\nimport amiable.torch"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        hint = f"amiable.torch needs {missing}; install it with: pip install 'torch>=2.3' 'torchmetrics>=1.6'"
        assert found.stderr.strip().endswith(hint)


def test_bounds_with_options():
    """With sizes that vary the adjusted Rand index may be lower, and a normalised distance ends at 1."""
    assert metrics.AdjustedRandScore.plot_lower_bound == metrics.AdjustedRandScore().plot_lower_bound == -0.5
    assert metrics.AdjustedRandScore(null="all1").plot_lower_bound is None
    assert metrics.VariationOfInformation().plot_upper_bound is None
    assert metrics.VariationOfInformation(normalized=True).plot_upper_bound == 1
