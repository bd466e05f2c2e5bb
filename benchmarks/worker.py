"""A process that imports one copy of amiable and times calls when it is asked to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import amiable
from benchmarks.inputs import Call
from benchmarks.places import Place, to_host

ROOT = Path(__file__).parents[1]
BURST = 0.02  # seconds for which a call is repeated each time it is asked for


class Worker:
    """The asking side: start a process on a folder with the package, ask, end it."""

    def __init__(self, sources: Path) -> None:
        # one thread: several wait for each other wherever something else runs on the machine
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(sources), str(ROOT)]), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.worker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        self.process = subprocess.Popen(command, cwd=sources, env=environment, **pipes)
        if Path(self._read()).parent != sources / "amiable":
            raise RuntimeError("another amiable was imported than the one to be measured")

    def _read(self) -> Any:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("a process that measures ended early; see above")
        return json.loads(line)

    def ask(self, call: Call, place: Place) -> dict[str, Any]:
        """Return the shortest time in a burst of calls and a checksum of the result; or why there are none."""
        print(json.dumps([asdict(call), asdict(place)]), file=self.process.stdin)
        return self._read()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def main() -> None:
    """Answer the requests of the standard input."""
    print(json.dumps(amiable.__file__), flush=True)
    ready: dict[str, Any] = {}
    for request in sys.stdin:
        try:
            if request not in ready:
                ready.clear()  # the inputs of one call at a time
                ready[request] = prepare(*json.loads(request))
            answer = burst(*ready[request])
        except (AttributeError, ImportError) as error:  # no such function in this revision, or no such library
            answer = {"missing": str(error)}
        print(json.dumps(answer), flush=True)


def prepare(told_call: dict[str, Any], told_place: dict[str, Any]) -> tuple[Any, tuple[Any, ...], Place]:
    """Make the inputs of a call and warm it up."""
    call, place = Call(**told_call), Place(**told_place)
    function, inputs = call.resolve(), tuple(place.put(x) for x in call.inputs())
    place.wait(function(*inputs))
    return function, inputs, place


def burst(function: Any, inputs: tuple[Any, ...], place: Place) -> dict[str, Any]:
    """Time a call again and again for a moment."""
    times: list[float] = []
    while sum(times) < BURST:
        start = time.perf_counter()
        result = function(*inputs)
        place.wait(result)
        times.append(time.perf_counter() - start)
    found = to_host(getattr(result, "counts", result)).astype(float)
    return {"seconds": min(times), "checksum": float(np.sum(found**2))}


if __name__ == "__main__":
    main()
