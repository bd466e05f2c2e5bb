"""Where arrays lie: an array library and one of its devices."""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Place:
    """An array library and a device: how to put arrays there, to wait for results, and what it is called."""

    library: str = "numpy"
    device: str = "cpu"

    def put(self, x: np.ndarray) -> Any:
        """Copy an array of NumPy here."""
        if self.library == "torch":
            import torch

            return torch.from_numpy(x).to(self.device)
        if self.library == "cupy":
            import cupy

            return cupy.asarray(x)
        if self.library == "jax":
            import jax

            jax.config.update("jax_enable_x64", True)  # the precision of the other libraries
            return jax.device_put(x, jax.devices(self.device)[0])
        return x

    def wait(self, result: Any) -> None:
        """Return when the device has finished `result`."""
        if self.library == "torch" and self.device != "cpu":
            import torch

            torch.cuda.synchronize()
        elif self.library == "cupy":
            import cupy

            cupy.cuda.Device().synchronize()
        elif self.library == "jax":
            import jax

            jax.block_until_ready(getattr(result, "counts", result))  # of a table, its counts

    @property
    def has_events(self) -> bool:
        """Whether the device has a clock of its own, and graphs of launches that it replays."""
        return self.library in ("torch", "cupy") and self.device != "cpu"

    def stopwatch(self) -> Callable[[], float]:
        """Start the device's clock (the host's where it has none); what is returned waits, and gives the seconds."""
        if not self.has_events:
            began = time.perf_counter()
            return lambda: time.perf_counter() - began
        if self.library == "torch":
            import torch

            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            elapsed = torch.cuda.Event.elapsed_time
        else:
            import cupy

            start, end = cupy.cuda.Event(), cupy.cuda.Event()
            elapsed = cupy.cuda.get_elapsed_time
        start.record()

        def stop() -> float:
            end.record()
            end.synchronize()
            return elapsed(start, end) / 1e3

        return stop

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any] | None:
        """Return `function` as its library compiles it, for arrays of one shape; None where the library does not."""
        if self.library == "torch":
            import torch

            return torch.compile(function, fullgraph=True, dynamic=False)
        return None

    def capture(self, call: Callable[[], Any]) -> Callable[[], Any]:
        """Record what `call` launches on the device; what is returned launches it again, into the same result.

        A first call, before the capture, makes what is made once.
        """
        if not self.has_events:
            raise NotImplementedError(f"{self.library} on {self.device} has no graphs to capture")
        if self.library == "torch":
            import torch

            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                call()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                result = call()
            launch = graph.replay
        else:
            import cupy

            # a pool that serves nothing else, since every replay writes to the memory that the capture allocated
            pool, stream = cupy.cuda.MemoryPool(), cupy.cuda.Stream(non_blocking=True)
            cupy.cuda.Device().synchronize()
            with cupy.cuda.using_allocator(pool.malloc), stream:
                call()
                stream.synchronize()
                stream.begin_capture()
                try:
                    result = call()
                finally:
                    graph = stream.end_capture()
            launch = functools.partial(_launch_with, graph, pool)

        def replay() -> Any:
            launch()
            return result

        return replay

    def release(self) -> None:
        """Give memory back to the device that its library keeps for later."""
        if self.library == "torch" and self.device != "cpu":
            import torch

            torch.cuda.empty_cache()
        elif self.library == "cupy":
            import cupy

            cupy.get_default_memory_pool().free_all_blocks()

    def uniforms(self, seed: int) -> Callable[[int], Any]:
        """Return what draws so many float32 in [0, 1) here."""
        if self.library == "torch":
            import torch

            generator = torch.Generator(self.device).manual_seed(seed)
            return lambda n: torch.rand(n, generator=generator, device=self.device)
        if self.library == "cupy":
            import cupy

            generator = cupy.random.default_rng(seed)
            return lambda n: generator.random(n, dtype=np.float32)
        generator = np.random.default_rng(seed)
        return lambda n: self.put(generator.random(n, dtype=np.float32))

    def versions(self) -> dict[str, str]:
        """Return what an accelerator runs with, and its memory; nothing for a processor."""
        if not self.has_events:
            return {}
        if self.library == "torch":
            import torch

            known = torch.cuda.get_device_properties(0)
            runtime, bytes_, capability = torch.version.cuda, known.total_memory, (known.major, known.minor)
            own = {}
        else:
            import cupy

            known = cupy.cuda.runtime.getDeviceProperties(0)
            number = cupy.cuda.runtime.runtimeGetVersion()  # 12080 is 12.8
            runtime = f"{number // 1000}.{number % 1000 // 10}"
            bytes_, capability = known["totalGlobalMem"], (known["major"], known["minor"])
            own = {"cupy": cupy.__version__}  # its package is called cupy-cuda12x or otherwise
        return {
            **own,
            "CUDA": runtime,
            "driver": _driver(),
            "compute capability": "{}.{}".format(*capability),
            "device memory": f"{bytes_ / 2**30:.1f} GiB",
        }

    def hardware(self) -> str:
        """Name the processor or the accelerator."""
        if self.device == "cpu":
            info = Path("/proc/cpuinfo")
            known = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
            return f"{known[1].strip() if known else platform.machine()}, {os.cpu_count()} cores"
        if self.library == "torch":
            import torch

            return torch.cuda.get_device_name()
        if self.library == "cupy":
            import cupy

            return cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        import jax

        return jax.devices(self.device)[0].device_kind

    def suffix(self) -> str:
        """Return what sets files of results of this place apart: nothing for NumPy."""
        if self.library == "numpy":
            return ""
        device = "cpu" if self.device == "cpu" else re.sub(r"[^a-z0-9]+", "-", self.hardware().lower()).strip("-")
        return f"-{self.library}-{device}"


def _launch_with(graph: Any, _pool: Any) -> None:
    """Launch a graph of CuPy; its memory is kept as long as this may be called."""
    graph.launch()


@functools.cache
def _driver() -> str:
    """Return the version of NVIDIA's driver, from its own tool or from what its module tells."""
    if shutil.which("nvidia-smi"):
        command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.split()[0]
    told = Path("/proc/driver/nvidia/version")
    found = re.search(r"Module\D*([\d.]+)", told.read_text()) if told.exists() else None
    return found[1] if found else "unknown"


NUMPY = Place()
TORCH = Place("torch")


def to_host(x: Any) -> np.ndarray:
    """Copy an array of any library to NumPy."""
    if hasattr(x, "cpu"):
        x = x.cpu()
    return np.asarray(x.get() if hasattr(x, "get") else x)
