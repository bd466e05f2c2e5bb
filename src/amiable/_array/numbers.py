"""Python numbers as arrays of shape (): the functions that formulas of a few numbers ask of a namespace.

A score of one table in host memory is finished in them, at a tenth of the overhead of NumPy's arrays.
"""

from __future__ import annotations

import math
import operator
from typing import Any

log, log1p, sqrt = math.log, math.log1p, math.sqrt
minimum, maximum, logical_not = min, max, operator.not_
any = all = bool  # noqa: A001 - as the standard names them


def where(condition: Any, x: Any, y: Any) -> Any:
    """Return `x` where `condition` is true, else `y`."""
    return x if condition else y


def zeros_like(x: Any) -> float:  # noqa: ARG001 - as arrays have it
    """Return 0."""
    return 0.0


def ones_like(x: Any) -> float:  # noqa: ARG001
    """Return 1."""
    return 1.0
