"""Random tables that workers draw and score are those that are drawn here."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import amiable
from amiable import iter_random_tables, permutation_test, random_tables
from amiable.resampling import streams
from tests.backends import _as_accelerator
from tests.cluster import die_once, local_cluster, processes

MARGINS = [40, 60], [50, 30, 20]


@pytest.fixture(autouse=True)
def short_runs(monkeypatch):
    """Make some ten runs of a hundred tables."""
    monkeypatch.setattr(streams, "_RUN", 60)


@pytest.fixture(params=[1, 3])
def client(request):
    with ThreadPoolExecutor(request.param) as executor:
        yield executor


def same(found, expected):
    np.testing.assert_array_equal(found.null_distribution, expected.null_distribution)
    for name in ("statistic", "pvalue", "mean", "standard_deviation"):
        assert getattr(found, name) == getattr(expected, name)


@pytest.mark.parametrize("null", ["permutation", "uniform"])
@pytest.mark.parametrize("size", [0, 1, 10, 95])
def test_tables(null, size, client):
    expected = random_tables(*MARGINS, size, rng=5, null=null)
    np.testing.assert_array_equal(random_tables(*MARGINS, size, rng=5, null=null, client=client), expected)
    blocks = list(iter_random_tables(*MARGINS, size, rng=5, null=null, client=client))
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


def test_runs_have_streams_of_their_own():
    tables = random_tables(*MARGINS, 1000, rng=5)
    assert len(np.unique(tables.reshape(100, -1), axis=0)) == 100  # a hundred runs of ten tables
    ten = [random_tables(*MARGINS, 10, rng=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert (ten[0] == ten[1]).all()
    assert (ten[0] != ten[2]).any()


def test_a_generator_goes_on(client):
    generator, other = np.random.default_rng(0), np.random.default_rng(0)
    for _ in range(2):
        expected = random_tables(*MARGINS, 20, rng=generator)
        np.testing.assert_array_equal(random_tables(*MARGINS, 20, rng=other, client=client), expected)
    assert (expected != random_tables(*MARGINS, 20, rng=0)).any()


@pytest.mark.parametrize("score", ["ami", "vi", lambda contingency: contingency.counts.max(axis=-1)])
@pytest.mark.parametrize("kind", ["labels", "strata", "more cells than samples", "strata of more cells"])
def test_permutation_test(score, kind, client, rng, monkeypatch):
    monkeypatch.setattr("amiable.contingency.counting._GRID_CELLS", 1)
    monkeypatch.setattr(streams, "_RUN", 500)
    k = 30 if "more" in kind else 3
    labels = rng.integers(0, k, (2, 120))
    options = {"strata": rng.integers(0, 4, 120)} if "strata" in kind else {}
    options |= {"score": score, "n_resamples": 99, "rng": 1}
    same(permutation_test(*labels, **options, client=client, batch=2), permutation_test(*labels, **options))


def test_torch_tensors_in_host_memory(client, rng):
    torch = pytest.importorskip("torch")
    labels = torch.asarray(rng.integers(0, 3, (2, 50)))
    found = permutation_test(*labels, n_resamples=50, rng=2, client=client)
    assert isinstance(found.null_distribution, torch.Tensor)
    same(found, permutation_test(*labels, n_resamples=50, rng=2))


def test_progress(client):
    calls = []
    permutation_test(contingency=[[9, 1], [1, 9]], n_resamples=99, client=client, progress=lambda *x: calls.append(x))
    assert calls == [*((done, 99) for done in range(15, 99, 15)), (99, 99)]
    calls.clear()
    list(iter_random_tables(*MARGINS, 20, client=client, progress=lambda *x: calls.append(x)))
    assert calls == [(10, 20), (20, 20)]


class Lazy:
    """An executor that computes a task when its result is asked for, and notes what was."""

    def __init__(self):
        self.submitted, self.cancelled = 0, 0

    def submit(self, task, *args):
        self.submitted += 1
        found = Future()
        found.result = partial(task, *args)
        found.cancel = self._cancel
        return found

    def _cancel(self):
        self.cancelled += 1


def test_few_runs_are_ahead_and_are_given_up_with_the_iterator():
    client = Lazy()
    tables = iter_random_tables(*MARGINS, 1000, client=client)
    next(tables)
    assert client.submitted == streams._IN_FLIGHT + 1
    tables.close()
    next(iter_random_tables(*MARGINS, 1000, client=client), None)
    assert client.submitted == 2 * (streams._IN_FLIGHT + 1)


def test_bad_client():
    for call in (partial(random_tables, *MARGINS, 3), partial(permutation_test, contingency=[[3, 1], [1, 3]])):
        with pytest.raises(TypeError, match=r"client is str: expected a distributed\.Client, or an executor"):
            call(client="tcp://10.0.0.1:8786")
    asynchronous = Lazy()
    asynchronous.asynchronous = True
    with pytest.raises(TypeError, match=r"client is an asynchronous Lazy: expected a distributed\.Client"):
        iter_random_tables(*MARGINS, 3, client=asynchronous)


def test_tables_of_a_device_stay_there(client):
    torch = pytest.importorskip("torch")
    with _as_accelerator(), pytest.raises(TypeError, match=r"client is given beside arrays on a device"):
        random_tables(*map(torch.asarray, MARGINS), 3, client=client)


def dying(flag, contingency):
    """A score that ends the process that computes it, once."""
    die_once(flag)
    return amiable.adjusted_rand_score(contingency=contingency)


# what Dask's own processes and sockets warn of when one of them dies is theirs
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_processes_of_which_one_is_killed(tmp_path, rng):
    labels = rng.integers(0, 3, (2, 200))
    flag, calls = str(tmp_path / "killed"), []
    with local_cluster(tmp_path) as client:
        before = processes(client)
        found = permutation_test(
            *labels,
            score=partial(dying, flag),
            n_resamples=99,
            rng=0,
            client=client,
            progress=lambda *state: calls.append(state),
        )
        assert Path(flag).exists()
        assert before != processes(client), "no worker was killed"
        tables = random_tables(*MARGINS, 95, rng=5, client=client)
    assert calls[-1] == (99, 99)
    np.testing.assert_array_equal(tables, random_tables(*MARGINS, 95, rng=5))
    own = permutation_test(*labels, score=partial(dying, ""), n_resamples=99, rng=0)
    same(found, own)
