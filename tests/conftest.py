"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import numpy as np
import pytest

from tests.backends import BACKENDS, Backend
from tests.registry import Case

# on CUDA devices: JAX is to leave memory to the others, and cuBLAS ready to be deterministic; both read it once
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

# the same examples at every run; to look for new ones: pytest --hypothesis-profile=default
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow` and `--only-slow`."""
    parser.addoption(
        "--slow", action="store_true", help="run cases marked slow as well, which find little of their own"
    )
    parser.addoption("--only-slow", action="store_true", help="run what other runs leave out: slow cases, CUDA kernels")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is slow, or take what is slow alone, as the options say."""
    if config.getoption("--slow"):
        return
    if config.getoption("--only-slow"):
        chosen = [item for item in items if _is_slow(item) or item.path.name == "test_cuda_kernels.py"]
        config.hook.pytest_deselected(items=list(set(items) - set(chosen)))
        items[:] = chosen
        return
    skip = pytest.mark.skip(reason="slow, and finds little that others do not: --slow runs it")
    for item in filter(_is_slow, items):
        item.add_marker(skip)


def _is_slow(item: pytest.Item) -> bool:
    """Whether a case is slow as a whole, on its backend, or for its score, if few ask for that."""
    names = [name for mark in item.iter_markers("slow_on") for name in mark.args]
    params = item.callspec.params if hasattr(item, "callspec") else {}
    given, counting, score = params.get("backend"), params.get("counting_backend"), params.get("score")
    if isinstance(score, Case) and not score.record.is_common:
        names += ["numpy-read-only", "strict", "strict-other-device", "jax"]
    wanted = {name for mark in item.iter_markers("slow_but_for") for name in mark.args}
    if item.get_closest_marker("slow") or (wanted and wanted.isdisjoint(item.callspec.id.split("-"))):
        return True
    is_slow_there = given is not None and (given.slow or given.name in names)
    return is_slow_there or (counting is not None and counting.name in names)


@pytest.fixture(params=[pytest.param(b, id=b.name, marks=b.marks) for b in BACKENDS])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Every array library in turn."""
    chosen: Backend = request.param
    with chosen.context():
        chosen.asarray(np.zeros(1, dtype=np.int32))  # skips where the library is missing
        yield chosen


@pytest.fixture(params=[pytest.param(b, id=b.name, marks=b.marks) for b in BACKENDS if not b.single])
def counting_backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Every array library once, at its full precision: for what does not depend on floats."""
    with request.param.context():
        request.param.asarray(np.zeros(1, dtype=np.int32))
        yield request.param


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded source of labels."""
    return np.random.default_rng(20)
