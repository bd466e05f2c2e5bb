"""Where arrays lie: an array library and one of its devices."""

from __future__ import annotations

import os
import platform
import re
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


NUMPY = Place()
TORCH = Place("torch")


def to_host(x: Any) -> np.ndarray:
    """Copy an array of any library to NumPy."""
    if hasattr(x, "cpu"):
        x = x.cpu()
    return np.asarray(x.get() if hasattr(x, "get") else x)
