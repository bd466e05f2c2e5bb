"""Peak memory above the inputs, each call in a fresh process: what the operating system saw, or the device's pool."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.inputs import Call
from benchmarks.measure import Options
from benchmarks.places import NUMPY, TORCH, Place
from benchmarks.report import Report, power, table, without_paths

AMI = "adjusted_mutual_info_score"
COUNT = "ContingencyTable.from_labels"
# a call, and how many MB it may take
CALLS = [
    (Call(COUNT, 10**8), 64),
    (Call(COUNT, 10**8, dtype="int8"), None),
    (Call(AMI, 10**8), 64),
    (Call(AMI, 10**6, 1000, 1000, log_normal=True), None),
    (Call(AMI, 10**6, 8000, 7000), None),
    (Call(AMI, 10**5, 20_000, 20_000), None),
    (Call("expected_mutual_information", 10**9, 10**5, 10**5), None),
    (Call(AMI, 10**3, batch=10_000), None),
    (Call("pairwise_scores", 10**4, batch=200), None),
    (Call("pairwise_scores", 100, batch=3000), None),
    (Call("pairwise_scores", 100, batch=3000, top=10), None),
]


def run(options: Options) -> Report:
    """Measure every call, on NumPy and PyTorch unless another place is asked for."""
    places = (NUMPY, TORCH) if options.place == NUMPY else (options.place,)
    rows, cells = [], []
    for call, bar in CALLS:
        name = describe(call)
        if options.match not in name:
            continue
        found = {place.library: peak(call, place) for place in places}
        rows.append({"case": name, "call": asdict(call), "peak_mb": found, "bar_mb": bar})
        known = [f"{mb:.1f} MB" if isinstance(mb, float) else f"missing: {mb}" for mb in found.values()]
        cells.append([name, *known, f"≤ {bar} MB" if bar else ""])
        print(" | ".join(cells[-1]), file=sys.stderr)
    heads = ["call", *(f"{place.library} on {place.device}" for place in places), "bar"]
    return Report("Peak memory above the inputs", table(heads, cells), rows)


def describe(call: Call) -> str:
    """Name a call by its sizes."""
    sizes = f"n = {power(call.n)}, {call.rows} x {call.cols}" + (", log-normal sizes" if call.log_normal else "")
    labels = "" if call.function.startswith("expected") else f", {call.dtype}"
    options = f", top={call.top}" if call.top else ""
    return f"{call.function}, {f'{call.batch:,} labelings of ' if call.batch else ''}{sizes}{labels}{options}"


def peak(call: Call, place: Place) -> float | str:
    """Return MB above the inputs, measured in a process of its own; its last words where it fails."""
    task = json.dumps([asdict(call), asdict(place)])
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.memory", task]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        return without_paths((done.stderr.strip().splitlines() or ["killed"])[-1])
    return float(done.stdout) / 1e6


def main() -> None:
    """Make the inputs, call once on small ones, measure, print bytes."""
    told_call, told_place = json.loads(sys.argv[1])
    call, place = Call(**told_call), Place(**told_place)
    function = call.resolve()
    small = replace(call, n=1000, rows=2, cols=2, batch=min(call.batch, 2))
    place.wait(function(*(place.put(x) for x in small.inputs())))  # what is imported or cached once is not the call's
    inputs = tuple(place.put(x) for x in call.inputs())
    place.wait(inputs)
    print(peak_of(place, lambda: function(*inputs))[0])


def peak_of(place: Place, call: Callable[[], Any]) -> tuple[int, Any]:
    """Return the peak of the bytes in use during a call, above those before it, and its result."""
    gc.collect()
    if place.library == "cupy":
        import cupy

        pool = cupy.cuda.MemoryPool()  # one that the call alone fills, since a pool's size is the peak of its life
        with cupy.cuda.using_allocator(pool.malloc):
            result = call()
            place.wait(result)
        return pool.total_bytes(), result
    start = start_peak(place)
    result = call()
    place.wait(result)
    return max(0, read_peak(place) - start), result


def start_peak(place: Place) -> int:
    """Forget the peak so far; return the bytes in use now. Of CuPy see `peak_of`."""
    if place.device == "cpu":
        Path("/proc/self/clear_refs").write_text("5")  # Linux; see proc(5)
        return status("VmRSS")
    if place.library == "torch":
        import torch

        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    import jax

    return jax.devices(place.device)[0].memory_stats()["bytes_in_use"]


def read_peak(place: Place) -> int:
    """Return the peak since `start_peak`, in bytes."""
    if place.device == "cpu":
        return status("VmHWM")
    if place.library == "torch":
        import torch

        return torch.cuda.max_memory_allocated()
    import jax

    return jax.devices(place.device)[0].memory_stats()["peak_bytes_in_use"]


def status(field: str) -> int:
    """Return a field of this process's status in bytes."""
    return int(re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


if __name__ == "__main__":
    main()
