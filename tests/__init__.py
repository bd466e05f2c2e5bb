"""Settings that libraries read once, before any test imports them; those of the environment come first."""

from __future__ import annotations

import os

# tests compile thousands of small programs and run each once, and XLA's older emitters compile them in half the time;
# `XLA_FLAGS= pytest` runs what users run
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")
# workers share the cores already, and threads that wait for work keep them busy
os.environ.setdefault("OMP_NUM_THREADS", "1")
