"""A hundred million labels that come in parts: in a metric, in a file, on a Dask cluster. Peak memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import amiable
from benchmarks.measure import Options
from benchmarks.report import Report, table, with_unit

N, PARTS, CLASSES = 10**8, 100, 100
MB = 1e6
# the command line, that prints its peak memory in the end
_MEASURED = (
    "import atexit, sys; from benchmarks.memory import status; from amiable.__main__ import main;"
    "atexit.register(lambda: print(status('VmHWM'), file=sys.stderr)); main()"
)


def run(options: Options) -> Report:
    """Measure every way to take labels in parts; each result is compared with that of adding tables in NumPy."""
    expected = amiable.adjusted_mutual_info_score(contingency=sum(map(_count, range(PARTS))))
    rows, failures, cells = [], [], []
    for name, measure, bar in WAYS:
        if options.match not in name:
            continue
        found = measure()
        rows.append({"case": name, "bar_mb": bar, **found})
        error = abs(found["ami"] - expected)
        if not error <= 1e-12:
            failures.append(name)
        limit = "" if bar is None else f"≤ {bar:,} MB"
        cells.append([name, found["of"], f"{found['mb']:,.3g} MB", limit, with_unit(found["s"]), f"{error:.1g}"])
        print(" | ".join(cells[-1]), file=sys.stderr)
    title = f"{N:.0e} pairs of labels in {PARTS} parts, {CLASSES} x {CLASSES} classes".replace("e+0", "e")
    return Report(title, table(["way", "memory of", "memory", "bar", "time", "difference"], cells), rows, failures)


def part(i: int) -> np.ndarray:
    """Draw the labels of one part, (2, n)."""
    labels = np.random.default_rng(i).integers(0, CLASSES, (2, N // PARTS))
    agree = np.random.default_rng((i, 1)).random(N // PARTS) < 1 / 3
    labels[1] = np.where(agree, labels[0], labels[1])
    return labels


def _count(i: int) -> amiable.ContingencyTable:
    return amiable.ContingencyTable.from_labels(*part(i))


def _metric(options: dict[str, Any]) -> dict[str, Any]:
    import torch

    from amiable.torch import AdjustedMutualInfoScore

    metric, seconds = AdjustedMutualInfoScore(**options), 0.0
    for i in range(PARTS):
        target, preds = torch.from_numpy(part(i))
        start = time.perf_counter()
        metric.update(preds, target)
        seconds += time.perf_counter() - start
    return {"of": "the state", "mb": _bytes(metric.metric_state) / MB, "s": seconds, "ami": float(metric.compute())}


def _their_metric() -> dict[str, Any]:
    """What torchmetrics keeps; its score of so many labels would take a day, so AMI is that of the labels kept."""
    import torch
    from torchmetrics.clustering import AdjustedMutualInfoScore

    metric, seconds = AdjustedMutualInfoScore(), 0.0
    for i in range(PARTS):
        target, preds = torch.from_numpy(part(i))
        start = time.perf_counter()
        metric.update(preds.clone(), target.clone())
        seconds += time.perf_counter() - start
    ami = amiable.adjusted_mutual_info_score(torch.cat(metric.target), torch.cat(metric.preds))
    return {"of": "the state", "mb": _bytes(metric.metric_state) / MB, "s": seconds, "ami": float(ami)}


def _bytes(state: dict[str, Any]) -> int:
    tensors = [x for value in state.values() for x in (value if isinstance(value, list) else [value])]
    return sum(x.numel() * x.element_size() for x in tensors)


def _file(suffix: str) -> Callable[[], dict[str, Any]]:
    def measure() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"labels{suffix}"
            _write(path)
            command = [sys.executable, "-c", _MEASURED, "score", str(path), "--true", "truth", "--json"]
            start = time.perf_counter()
            done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
            seconds = time.perf_counter() - start
        ami = json.loads(done.stdout)["scores"][0]["adjusted_mutual_info_score"]
        return {"of": "the process, peak", "mb": int(done.stderr) / MB, "s": seconds, "ami": ami}

    return measure


def _write(path: Path) -> None:
    """Write the labels a part at a time."""
    import polars as pl

    frames = (pl.DataFrame(part(i), schema=["truth", "found"], orient="col") for i in range(PARTS))
    if path.suffix == ".csv":
        with path.open("wb") as file:
            for i, frame in enumerate(frames):
                frame.write_csv(file, include_header=i == 0)
        return
    import pyarrow.parquet

    first = next(frames).to_arrow()
    with pyarrow.parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for frame in frames:
            writer.write_table(frame.to_arrow())


def _dask() -> dict[str, Any]:
    import dask
    import dask.array as da
    import distributed

    blocks = [dask.delayed(part)(i) for i in range(PARTS)]
    arrays = [da.from_delayed(block, (2, N // PARTS), dtype=np.int64) for block in blocks]
    true, pred = (da.concatenate([x[side] for x in arrays]) for side in (0, 1))
    with (
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, local_directory=folder
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        amiable.rand_score(true[:10], pred[:10])  # what is imported once is not the call's
        before = client.run(_status, "VmRSS")
        start = time.perf_counter()
        ami = amiable.adjusted_mutual_info_score(true, pred)
        seconds = time.perf_counter() - start
        peak = client.run(_status, "VmHWM")
    most = max(peak[worker] - before[worker] for worker in peak)
    return {"of": "a worker, peak above its start", "mb": most / MB, "s": seconds, "ami": ami}


def _status(field: str) -> int:
    from benchmarks.memory import status

    return status(field)


WAYS = [
    ("metric, num_classes given", lambda: _metric({"num_classes": CLASSES}), 1),
    ("metric, any labels", lambda: _metric({}), 1),
    ("torchmetrics' metric, which keeps labels", _their_metric, None),
    ("amiable score labels.parquet", _file(".parquet"), 2000),
    ("amiable score labels.csv", _file(".csv"), 2000),
    ("Dask arrays of 100 chunks of 16 MB a pair, two processes", _dask, 160),
]
