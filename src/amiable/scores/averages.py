"""The generalised means of two entropies that normalise mutual information."""

from __future__ import annotations

from typing import Literal, get_args

from amiable._array.protocols import Array, Namespace
from amiable._scalars.scores import ARITHMETIC, GEOMETRIC, MAX, MIN, PRED, TRUE

AverageMethod = Literal["arithmetic", "geometric", "min", "max"]
METHODS: tuple[AverageMethod, ...] = get_args(AverageMethod)
# What loops call them; "true" and "pred" are one of the entropies.
AVERAGES = {
    "arithmetic": ARITHMETIC,
    "geometric": GEOMETRIC,
    "min": MIN,
    "max": MAX,
    "true": TRUE,
    "pred": PRED,
}


def check_average_method(average_method: AverageMethod) -> AverageMethod:
    """Return `average_method`; raise ValueError unless it is one of `METHODS`."""
    if average_method not in METHODS:
        raise ValueError(f"average_method is {average_method!r}: expected one of {', '.join(map(repr, METHODS))}")
    return average_method


def average(xp: Namespace, h_true: Array, h_pred: Array, average_method: str) -> Array:
    """Return a mean of two entropies; or one of them, by "true" or "pred"."""
    if average_method in ("true", "pred"):
        return h_true if average_method == "true" else h_pred
    if average_method == "min":
        return xp.minimum(h_true, h_pred)
    if average_method == "max":
        return xp.maximum(h_true, h_pred)
    if average_method == "geometric":
        some = (h_true > 0) & (h_pred > 0)  # where both slopes are finite
        roots = (xp.sqrt(xp.where(some, h, 1.0)) for h in (h_true, h_pred))
        return xp.maximum(xp.where(some, next(roots) * next(roots), 0.0), xp.minimum(h_true, h_pred))
    return (h_true + h_pred) / 2


def average_above(
    xp: Namespace, h_true: Array, h_pred: Array, above_true: Array, above_pred: Array, average_method: str
) -> Array:
    """Return the mean of two entropies less a floor, from what each has above the floor: no cancellation."""
    if average_method != "geometric":
        return average(xp, above_true, above_pred, average_method)
    # sqrt(u v) = (u + v) / 2 - (sqrt u - sqrt v)**2 / 2, and sqrt u - sqrt v = (u - v) / (sqrt u + sqrt v)
    roots = xp.sqrt(h_true) + xp.sqrt(h_pred)
    gap = (above_true - above_pred) / xp.where(roots > 0, roots, 1.0)
    return xp.maximum((above_true + above_pred - gap * gap) / 2, xp.minimum(above_true, above_pred))
