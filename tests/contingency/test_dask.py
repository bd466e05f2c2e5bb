"""Labels in Dask arrays: counted where they lie, on threads and on a cluster of processes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import amiable
from amiable import ContingencyTable
from tests.backends import named
from tests.cluster import die_once, local_cluster, processes
from tests.registry import CASES

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

from amiable.dask import delayed_table  # noqa: E402


def unknown(x):
    """The same array, with lengths of blocks that nobody knows."""
    return x[da.ones(x.shape[0], chunks=x.chunks[:1], dtype=bool)]


@pytest.fixture
def labels(rng):
    return rng.integers(0, 7, 1000), rng.integers(-2, 9, 1000)


def same(found, expected):
    np.testing.assert_array_equal(found.to_dense(), expected.to_dense())
    np.testing.assert_array_equal(found.row_labels, expected.row_labels)
    np.testing.assert_array_equal(found.col_labels, expected.col_labels)


@pytest.mark.parametrize("score", CASES, ids=str)
def test_every_score_takes_dask_arrays(score, labels):
    true, pred = (da.from_array(x, chunks=chunks) for x, chunks in zip(labels, (130, 300), strict=True))
    found = score.function(true, pred)
    assert isinstance(found, float)
    assert found == pytest.approx(score.function(*labels), rel=1e-14)


@pytest.mark.parametrize("chunks", [(1000, 1000), (100, 100), (13, 250), ((1, 999), (999, 1)), (1, 500)])
def test_blocks_aligned_or_not(chunks, labels):
    true, pred = (da.from_array(x, chunks=c) for x, c in zip(labels, chunks, strict=True))
    same(ContingencyTable.from_labels(true, pred), ContingencyTable.from_labels(*labels))


@pytest.mark.parametrize("which", [(True, True), (True, False), (False, True)])
def test_blocks_of_unknown_length(which, labels):
    both = [da.from_array(x, chunks=170) for x in labels]
    both = [unknown(x) if hidden else x for x, hidden in zip(both, which, strict=True)]
    same(ContingencyTable.from_labels(*both), ContingencyTable.from_labels(*labels))


VOLUMES = [
    ((2, 2, 2), (2, 2, 2)),
    (-1, -1),
    ((10, 3, 4), (1, 100, 1)),
    (((1, 9), (2, 3, 5), 10), (5, 10, (7, 3))),
]


@pytest.mark.parametrize("chunks", VOLUMES, ids=str)
def test_volumes_are_one_labeling(chunks, labels):
    """Blocks are counted as they are, in the order that the two share."""
    volumes = [x.reshape(10, 10, 10) for x in labels]
    both = [da.from_array(x, chunks=c) for x, c in zip(volumes, chunks, strict=True)]
    same(ContingencyTable.from_labels(*both, axis=None), ContingencyTable.from_labels(*labels))
    same(delayed_table(*both, axis=None).compute(), ContingencyTable.from_labels(*labels))
    assert amiable.rand_score(both[0], both[1] + 2, axis=None, n_labels=(7, 11)) == amiable.rand_score(*labels)
    assert amiable.entropy(both[0], axis=None) == amiable.entropy(labels[0])
    groups = da.from_array(volumes[0] % 3, chunks=chunks[1])
    found = ContingencyTable.from_labels(*both, groups=groups, axis=None)
    same(found, ContingencyTable.from_labels(*labels, groups=labels[0] % 3))
    columns = [da.from_array(x[:, None], chunks=170) for x in labels]
    assert amiable.rand_score(*columns, axis=None) == amiable.rand_score(*labels)
    hidden = [unknown(x) for x in columns]
    assert amiable.rand_score(*hidden, axis=None) == amiable.rand_score(hidden[0], columns[1], axis=None)
    lines = [da.from_array(x, chunks=170) for x in labels]
    for axis in (None, 0):
        assert amiable.rand_score(*lines, axis=axis) == amiable.rand_score(*labels)


@pytest.mark.parametrize(
    ("true", "pred", "axis", "message"),
    [
        (
            da.zeros((5, 2)),
            da.zeros((2, 5)),
            None,
            r"labels_true has shape \(5, 2\) and labels_pred \(2, 5\): with axis",
        ),
        (
            da.zeros((5, 2)),
            da.zeros(10),
            None,
            r"labels_true has shape \(5, 2\) and labels_pred \(10,\): with axis=None",
        ),
        (da.zeros((5, 1)), da.zeros((5, 1)), -1, r"labels_true must be 1D: shape is \(5, 1\); .*, or axis=None"),
        (da.zeros((5, 2)), da.zeros((5, 2)), 0, r"labels_true must be 1D: shape is \(5, 2\); .*, or axis=None"),
        (da.zeros(5), da.zeros(5), 1, r"axis is 1 and labels_true has shape \(5,\)"),
        (da.zeros(()), da.zeros(()), None, r"labels_true must be 1D: shape is \(\)"),
        (
            unknown(da.zeros((6, 4), chunks=(2, 4))),
            da.zeros((6, 4), chunks=(3, 2)),
            None,
            "labels_true has 3 x 1 blocks and labels_pred 2 x 2, of lengths not all known",
        ),
        (
            unknown(da.zeros((6, 4), chunks=(2, 4))),
            unknown(da.zeros((9, 4), chunks=(3, 4))),
            None,
            r"block \d of 3 has 2 samples in labels_true and 3 in labels_pred: expected blocks that line up in length",
        ),
    ],
)
def test_bad_axes_and_shapes(true, pred, axis, message):
    with pytest.raises(ValueError, match=message):
        amiable.adjusted_mutual_info_score(true, pred, axis=axis)


def test_labels_of_any_kind(labels):
    names = np.array(["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay", "kiwi"])
    true, pred = names[labels[0]], names[labels[1] + 2]
    table = ContingencyTable.from_labels(da.from_array(true, chunks=99), da.from_array(pred, chunks=99))
    same(table, ContingencyTable.from_labels(true, pred))


def test_series_of_a_dask_frame(labels):
    pytest.importorskip("pyarrow")  # without which Dask has no frames
    dd = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")
    frame = dd.from_pandas(pd.DataFrame({"a": labels[0], "b": labels[1]}), npartitions=4)
    same(ContingencyTable.from_labels(frame["a"], frame["b"]), ContingencyTable.from_labels(*labels))


def test_what_both_labelings_are_made_from_is_made_once():
    """Random blocks: read twice, the two labelings would have nothing in common."""
    made = []

    def make(i):
        made.append(i)
        return np.repeat(np.random.default_rng().integers(0, 5, (1, 100)), 2, axis=0)

    blocks = [da.from_delayed(dask.delayed(make)(i), (2, 100), dtype=int) for i in range(10)]
    true, pred = (da.concatenate([block[side] for block in blocks]) for side in (0, 1))
    assert amiable.adjusted_rand_score(true, pred) == 1
    assert sorted(made) == list(range(10))


def test_series_of_one_frame_are_made_once():
    pytest.importorskip("pyarrow")  # without which Dask has no frames
    dd = pytest.importorskip("dask.dataframe")
    pd = pytest.importorskip("pandas")

    def make(frame):
        labels = np.random.default_rng().integers(0, 5, len(frame))
        return pd.DataFrame({"a": labels, "b": labels})

    source = dd.from_pandas(pd.DataFrame({"z": range(500)}), npartitions=5)
    frame = source.map_partitions(make, meta=pd.DataFrame({"a": [1], "b": [1]}))
    assert amiable.adjusted_rand_score(frame["a"], frame["b"]) == 1
    with pytest.raises(ValueError, match="labels_true has 5 blocks and labels_pred 1, of lengths not all known"):
        amiable.adjusted_rand_score(frame["a"], frame["b"].repartition(npartitions=1))
    with pytest.raises(ValueError, match="labels_true has 5 blocks and labels_pred 2"):
        amiable.adjusted_rand_score(frame["a"], da.zeros(500, chunks=250))


def test_continuous_labels_warn_once():
    with pytest.warns(UserWarning, match="labels_true holds continuous values: 9 of 10") as caught:
        amiable.rand_score(da.arange(10, chunks=2) / 16, da.arange(10, chunks=2))
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_codes(labels):
    true, pred = (da.from_array(x - x.min(), chunks=300) for x in labels)
    table = ContingencyTable.from_labels(true, pred, n_labels=(8, 12))
    assert table.shape == (8, 12)
    assert table.row_labels is None
    with pytest.raises(ValueError, match=r"labels_pred has the code 10, outside n_labels: expected 0\.\.4"):
        amiable.rand_score(true, pred, n_labels=(8, 5))


def test_the_rest_of_the_public_functions(labels):
    true, pred = (da.from_array(x, chunks=300) for x in labels)
    assert amiable.entropy(true) == amiable.entropy(labels[0])
    assert amiable.entropy(true, n_labels=7) == pytest.approx(amiable.entropy(labels[0]), rel=1e-15)
    np.testing.assert_array_equal(amiable.contingency_matrix(true, pred), amiable.contingency_matrix(*labels))
    np.testing.assert_array_equal(amiable.pair_confusion_matrix(true, pred), amiable.pair_confusion_matrix(*labels))
    assert amiable.homogeneity_completeness_v_measure(true, pred) == amiable.homogeneity_completeness_v_measure(*labels)
    test = amiable.permutation_test(true, pred, n_resamples=99, rng=0)
    assert test.pvalue == amiable.permutation_test(*labels, n_resamples=99, rng=0).pvalue
    options = {"n_resamples": 99, "method": "basic", "rng": 0}
    found = amiable.bootstrap(true, pred, **options).confidence_interval
    assert found == amiable.bootstrap(*labels, **options).confidence_interval


def test_no_labels():
    empty = da.from_array(np.zeros(0, dtype=int))
    assert amiable.adjusted_mutual_info_score(empty, empty) == 1


def test_later_and_several_at_once(labels):
    true, pred = (da.from_array(x, chunks=100) for x in labels)
    one, two = dask.compute(delayed_table(true, pred), delayed_table(pred, pred))
    same(one, ContingencyTable.from_labels(*labels))
    same(two, ContingencyTable.from_labels(labels[1], labels[1]))


def test_tables_are_added_as_a_tree():
    """A hundred tables in a few tasks of eight: no task waits for all, none holds more than eight."""
    x = da.zeros(100, chunks=1, dtype=int)
    graph = dict(delayed_table(x, x).__dask_graph__())
    adding = [key for key in graph if str(key).startswith("_add")]
    assert len(adding) == 13 + 2 + 1


@pytest.mark.parametrize(
    ("true", "pred", "error", "message"),
    [
        (da.zeros(5), np.zeros(5), TypeError, "labels_pred is a ndarray and the other labeling is in Dask"),
        ([0] * 5, da.zeros(5), TypeError, "labels_true is a list and the other labeling is in Dask"),
        (da.zeros((5, 2)), da.zeros(5), ValueError, r"labels_true must be 1D: shape is \(5, 2\)"),
        (da.zeros(5), da.zeros(6), ValueError, "same length: they have 5 and 6"),
        (
            unknown(da.zeros(6, chunks=2)),
            da.zeros(6, chunks=3),
            ValueError,
            "labels_true has 3 blocks and labels_pred 2, of lengths not all known",
        ),
        (
            unknown(da.zeros(6, chunks=2)),
            unknown(da.zeros(9, chunks=3)),
            ValueError,
            r"block \d of 3 has 2 samples in labels_true and 3 in labels_pred: expected blocks that line up in length",
        ),
        (
            da.from_array(np.array([0, 1, np.nan]), chunks=2),
            da.zeros(3),
            ValueError,
            "block 2 of 2: labels_true contains NaN: 1 of 1 values",
        ),
    ],
)
def test_bad_labels(true, pred, error, message):
    with pytest.raises(error, match=message):
        amiable.adjusted_mutual_info_score(true, pred)
    with pytest.raises(error, match=message):
        amiable.contingency_matrix(true, pred)


def test_other_arguments_are_not_taken_from_dask():
    with pytest.raises(TypeError, match="contingency is a Dask array, which is not supported"):
        amiable.rand_score(contingency=da.zeros((2, 2), dtype=int))
    with pytest.raises(ValueError, match="n_labels is 3: expected two positive integers"):
        amiable.rand_score(da.zeros(4, dtype=int), da.zeros(4, dtype=int), n_labels=3)


@pytest.mark.gpu
def test_blocks_on_a_gpu(labels):
    backend = named("cupy")
    with backend.context():
        true, pred = (da.from_array(x, chunks=300).map_blocks(backend.asarray) for x in labels)
        table = ContingencyTable.from_labels(true, pred)
        np.testing.assert_array_equal(backend.to_numpy(table.to_dense()), amiable.contingency_matrix(*labels))
        score = amiable.adjusted_mutual_info_score(true, pred)
        assert float(score) == pytest.approx(amiable.adjusted_mutual_info_score(*labels), abs=1e-13)


def test_hint_where_the_extra_is_missing():
    code = "import sys; sys.modules['dask'] = None\nimport amiable.dask"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stderr.strip().endswith("amiable.dask needs dask; install it with: pip install 'dask[array]>=2025.1'")


def test_tables_travel(labels):
    table = pickle.loads(pickle.dumps(ContingencyTable.from_labels(*labels)))
    same(table, ContingencyTable.from_labels(*labels))


def block(seed, flag):
    """Labels of one block, each its own; the process that is told to dies once."""
    die_once(flag)
    return np.random.default_rng(seed).integers(0, 50, (2, 20_000))


# what Dask's own processes and sockets warn of when one of them dies is theirs
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_processes_of_which_one_is_killed(tmp_path):
    with local_cluster(tmp_path) as client:
        before = processes(client)
        flag = str(tmp_path / "killed")
        blocks = [dask.delayed(block)(seed, flag if seed == 17 else "") for seed in range(30)]
        arrays = [da.from_delayed(b, (2, 20_000), dtype=np.int64) for b in blocks]
        true, pred = (da.concatenate([x[side] for x in arrays]) for side in (0, 1))
        table = ContingencyTable.from_labels(true, pred)
        assert Path(flag).exists()
        assert before != processes(client), "no worker was killed"
    every = np.concatenate([block(seed, "") for seed in range(30)], axis=1)
    same(table, ContingencyTable.from_labels(*every))
