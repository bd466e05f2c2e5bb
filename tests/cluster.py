"""A cluster of processes on this machine, and a worker that dies once."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@contextlib.contextmanager
def local_cluster(folder: Path) -> Iterator[Any]:
    """Start two processes of one thread each, and give a client of them."""
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        dask.config.set({"distributed.comm.retry.count": 2}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            local_directory=str(folder),
            memory_limit="1GiB",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def processes(client: Any) -> set[int]:
    """Return the ids of the workers' processes, once there are two."""
    client.wait_for_workers(2)
    return {worker["pid"] for worker in client.run(lambda: {"pid": os.getpid()}).values()}


def die_once(flag: str) -> None:
    """End this process, a worker, with all that it holds, unless one has done so before."""
    if flag and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
