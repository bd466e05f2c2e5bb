"""A plugin of pytest: CuPy on the stand-in, in blocks small enough for a processor."""

from __future__ import annotations

import pytest

from tests.cupy_without_gpu import stand_in  # noqa: F401 (before anything imports cupy)

BUDGET = 1 << 15  # elements of one temporary, in place of a device's


def pytest_configure(config: pytest.Config) -> None:
    """Set the budget of blocks on a device."""
    from amiable._array import blocks

    assert hasattr(blocks, "DEVICE_BUDGET")
    blocks.DEVICE_BUDGET = BUDGET
