"""Settings that libraries read once, before any test imports them; those of the environment come first."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os

# tests compile thousands of small programs and run each once, and XLA's older emitters compile them in half the time;
# `XLA_FLAGS= pytest` runs what users run. JAX 0.11 has no such flag any more, and ends a process that sets it.
with contextlib.suppress(importlib.metadata.PackageNotFoundError):
    if tuple(map(int, importlib.metadata.version("jax").split(".")[:2])) < (0, 11):
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")
# workers share the cores already, and threads that wait for work keep them busy
os.environ.setdefault("OMP_NUM_THREADS", "1")
