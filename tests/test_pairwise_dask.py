"""Every pair of labelings in Dask arrays: the numbers of the local function, on threads and on a cluster."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import amiable
from amiable import pairwise_scores
from tests.cluster import die_once, local_cluster, processes

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

KEPT = [{"top": 3}, {"top": 50}, {"above": 0.05}, {"below": 0.05}]


@pytest.fixture
def labelings(rng):
    x = np.stack([rng.integers(0, k, 300) for k in (3, 5, 2, 9, 4, 4, 7, 3, 30, 2)])
    x[5], x[7] = x[1], x[1]
    return x


@pytest.fixture(params=["in chunks", "in small chunks", "too long for a chunk"])
def limit(request):
    size = {"in chunks": "128MiB", "in small chunks": "5kB", "too long for a chunk": "2kB"}[request.param]
    with dask.config.set({"array.chunk-size": size}):
        yield request.param


@pytest.mark.slow_but_for("ari")
@pytest.mark.parametrize("score", ["ari", "homogeneity", "vi"])
@pytest.mark.parametrize("two_sided", [False, True], ids=["one stack", "two"])
def test_is_the_local_function(score, two_sided, limit, labelings):
    others = labelings[:6][::-1] if two_sided else None
    x = da.from_array(labelings, chunks=(4, 130))
    y = da.from_array(others, chunks=(5, 70)) if two_sided else None
    scores = pairwise_scores(x, y, score=score)
    assert isinstance(scores, da.Array)
    local = pairwise_scores(labelings, others, score=score)
    assert scores.shape == local.shape
    assert scores.dtype == local.dtype
    assert scores.numblocks[0] == {"in chunks": 3, "in small chunks": 5}.get(limit, 10)
    kept = [pairwise_scores(x, y, score=score, **options) for options in KEPT]
    matrix, computed = dask.compute(scores, kept)
    np.testing.assert_allclose(matrix, local, rtol=0, atol=1e-13)
    for options, later, arrays in zip(KEPT, kept, computed, strict=True):
        expected = pairwise_scores(labelings, others, score=score, **options)
        assert type(later) is type(expected)
        found = type(later)(*arrays)
        if "top" in options:  # equal labelings may have scores that differ by rounding, and so another order
            found, expected = (x._replace(indices=np.take_along_axis(local, x.indices, 1)) for x in (found, expected))
        for array, values, wanted in zip(later, found, expected, strict=True):
            assert array.ndim == wanted.ndim
            assert array.dtype == (np.int64 if array is not later[-1] else np.float64)
            np.testing.assert_allclose(values, wanted, rtol=0, atol=1e-13)


def test_blocks_of_a_symmetric_score_are_scored_once(labelings):
    x = da.from_array(labelings, chunks=(2, 300))
    seen = []

    def counting(x, y):
        seen.append(x.shape)
        return pairwise_scores(x, y)

    for mirrored, count in ((True, 15), (False, 25)):
        seen.clear()
        amiable.pairwise.dask_blocks._in_blocks(counting, x, x, mirrored=mirrored).compute(scheduler="sync")
        assert len(seen) == count


def test_parts_of_a_strip_are_merged_eight_at_a_time(labelings):
    x = da.from_array(np.tile(labelings, (7, 1)), chunks=(1, 300))
    graph = dict(pairwise_scores(x, top=1).indices.__dask_graph__())
    merged = [task[1] for task in graph.values() if isinstance(task, tuple) and isinstance(task[1], list)]
    assert len(merged) == 70 * (9 + 2 + 1)
    assert max(map(len, merged)) == 8


def test_the_matrix_is_stored_block_by_block(labelings, tmp_path):
    scores = pairwise_scores(da.from_array(labelings, chunks=(4, 300)))
    stored = np.zeros(scores.shape)
    da.store(scores, stored)
    np.testing.assert_allclose(stored, pairwise_scores(labelings), rtol=0, atol=1e-13)
    da.to_npy_stack(str(tmp_path / "scores"), scores, axis=0)
    np.testing.assert_array_equal(da.from_npy_stack(str(tmp_path / "scores")).compute(), stored)


def test_promised_codes_and_own_scores(labelings):
    x = da.from_array(labelings, chunks=(4, 130))
    found = pairwise_scores(x, n_labels=(30, 30), score=partial(amiable.normalized_mutual_info_score))
    np.testing.assert_allclose(found, pairwise_scores(labelings, score="nmi"), rtol=0, atol=1e-13)
    found = pairwise_scores(x, score=lambda contingency: contingency.n_samples).compute()
    assert found.dtype == np.float64
    assert (found == 300).all()
    with pytest.raises(ValueError, match=r"labelings from 8 on, .* has the code 29, outside n_labels"):
        pairwise_scores(x, n_labels=(29, 29)).compute(scheduler="sync")


@pytest.mark.parametrize(
    ("x", "y", "options", "error", "message"),
    [
        (da.zeros((3, 4)), np.zeros((3, 4)), {}, TypeError, "others is a ndarray and the other labelings are in Dask"),
        ([[0, 1]], da.zeros((3, 2)), {}, TypeError, "labelings is a list and the other labelings are in Dask"),
        (da.zeros(4), None, {}, ValueError, r"labelings has shape \(4,\): expected \(n_labelings, n_samples\)"),
        (da.zeros((0, 4)), None, {}, ValueError, "the batch is empty"),
        (da.zeros((3, 4)), da.zeros((3, 5)), {}, ValueError, r"labelings and others have \[4, 5\] samples"),
        (da.zeros((3, 4)), None, {"progress": print}, ValueError, "progress is given for Dask arrays"),
        (da.zeros((3, 4)), None, {"top": 0}, ValueError, "top is 0"),
        (da.zeros((3, 4)), None, {"n_labels": 3}, ValueError, "n_labels is 3: expected two positive integers"),
        (da.zeros((3, 4))[da.ones(3, dtype=bool)], None, {}, ValueError, "labelings has chunks of unknown lengths"),
    ],
)
def test_bad_input(x, y, options, error, message):
    with pytest.raises(error, match=message):
        pairwise_scores(x, y, **options)


def dying(flag, contingency):
    """A score that ends the process that computes it, once."""
    die_once(flag)
    return amiable.adjusted_rand_score(contingency=contingency)


# what Dask's own processes and sockets warn of when one of them dies is theirs
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_processes_of_which_one_is_killed(labelings, tmp_path):
    with local_cluster(tmp_path) as client:
        before = processes(client)
        x = da.from_array(labelings, chunks=(3, 100))
        flags = [str(tmp_path / name) for name in ("matrix", "best")]
        scores = pairwise_scores(x, score=partial(dying, flags[0])).compute()
        assert before != processes(client), "no worker was killed"
        best = dask.compute(*pairwise_scores(x, score=partial(dying, flags[1]), top=2))
        assert all(Path(flag).exists() for flag in flags)
    np.testing.assert_allclose(scores, pairwise_scores(labelings, score="ari"), rtol=0, atol=1e-13)
    expected = pairwise_scores(labelings, score="ari", top=2)
    np.testing.assert_allclose(np.take_along_axis(scores, best[0], axis=1), expected.scores, rtol=0, atol=1e-13)
    np.testing.assert_allclose(best[1], expected.scores, rtol=0, atol=1e-13)


@pytest.mark.parametrize("too_long", [False, True], ids=["rows", "tables are added"])
def test_samples_left_out(rng, too_long):
    labelings = rng.integers(-1, 4, (5, 60)).astype(float)
    labelings[rng.random(labelings.shape) < 0.2] = np.nan
    options = {"missing": "drop", "ignore_true": -1, "ignore_pred": -1}
    with dask.config.set({"array.chunk-size": "100B" if too_long else "1MiB"}):
        found = pairwise_scores(da.from_array(labelings, chunks=(2, 30)), **options).compute()
    np.testing.assert_allclose(found, pairwise_scores(labelings, **options), rtol=1e-12)
