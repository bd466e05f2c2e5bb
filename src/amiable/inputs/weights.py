"""Weights and probabilities that callers bring. They are real, non-negative and finite; errors are raised here."""

from __future__ import annotations

import math
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from amiable._array.blocks import common_lead
from amiable._array.devices import common_namespace, is_captured, is_meta, is_traced
from amiable._array.dtypes import is_real, to_count, to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_array, detached


def check_weights(name: str, weights: Any) -> Array:
    """Return real, non-negative, finite `weights` in the working float dtype, with their gradients."""
    x = _check_dtype(name, as_array(name, weights, differentiable=True))
    if is_meta(x):
        raise ValueError(f"{name} is on the meta device, its values are not known: expected values")
    xp = namespace_of(x)
    x = to_float(xp, x)
    if is_seen(x) and 0 not in x.shape:
        known = detached(x)
        bad = ~(xp.isfinite(known) & (known >= 0))
        if bool(xp.any(bad)):
            place, value = _first(xp, bad, known)
            raise ValueError(f"{name} holds {value} at position {place}: expected finite numbers >= 0")
    return x


def check_sample_weight(sample_weight: Any, true: Array, pred: Array, lacking: Array | None = None) -> Array:
    """Return the weights (..., n) of the samples of two checked labelings, of which one at least is positive.

    Those of samples that lack a label may be anything; 1 stands there.
    """
    if lacking is not None:
        x = _check_dtype("sample_weight", as_array("sample_weight", sample_weight, differentiable=True))
        if x.ndim and x.shape[-1] == lacking.shape[-1] and common_namespace(labels_true=true, sample_weight=x):
            xp = namespace_of(x)
            sample_weight = xp.where(lacking, xp.ones_like(x), x)
    x = check_weights("sample_weight", sample_weight)
    common_namespace(labels_true=true, sample_weight=x)
    n = true.shape[-1]
    if x.ndim == 0 or x.shape[-1] != n:
        raise ValueError(
            f"sample_weight has shape {tuple(x.shape)}: expected ({n},), a weight for each sample, or (..., {n})"
        )
    try:
        common_lead(true, pred, x)
    except ValueError:
        raise ValueError(
            f"sample_weight has shape {tuple(x.shape)} and the labels {tuple(true.shape)} and {tuple(pred.shape)}: "
            "the leading (batch) dimensions must broadcast"
        ) from None
    if n:
        check_mass("sample_weight", x, axis=-1)
    return x


def check_mass(name: str, x: Array, axis: int | tuple[int, ...]) -> None:
    """Raise ValueError unless each total of weights is positive, and so small that its square is finite."""
    if not is_seen(x):
        return
    xp = namespace_of(x)
    total = xp.reshape(xp.sum(detached(x), axis=axis), (-1,))
    if bool(xp.any(total == 0)):
        raise ValueError(f"{name} is 0 throughout: expected a positive weight")
    limit, most = math.sqrt(float(xp.finfo(x.dtype).max)) / 2, float(xp.max(total))
    if most >= limit:
        raise ValueError(f"{name} adds up to {most:.3g}: expected less than {limit:.3g}, as pairs weigh its square")


def check_probabilities(P: Any, Q: Any) -> tuple[Namespace, Array, Array]:
    """Return the namespace and two soft assignments (..., N, R) and (..., N, C), whose rows add up to one."""
    checked = []
    for name, given in (("P", P), ("Q", Q)):
        x = as_array(name, given, differentiable=True)
        dtype = x.dtype
        x = check_weights(name, x)
        if x.ndim < 2 or 0 in x.shape[:-2] or x.shape[-1] == 0:
            raise ValueError(f"{name} has shape {tuple(x.shape)}: expected (..., n_samples, n_clusters)")
        _check_rows(name, x, math.sqrt(max(_eps(namespace_of(x), kind) for kind in (dtype, x.dtype))))
        checked.append(x)
    xp = common_namespace(P=checked[0], Q=checked[1])
    p, q = checked
    if p.shape[-2] != q.shape[-2]:
        raise ValueError(f"P has {p.shape[-2]} rows and Q {q.shape[-2]}: expected one for each sample in both")
    try:
        np.broadcast_shapes(tuple(p.shape[:-2]), tuple(q.shape[:-2]))
    except ValueError:
        raise ValueError(
            f"P has shape {tuple(p.shape)} and Q {tuple(q.shape)}: the leading (batch) dimensions must broadcast"
        ) from None
    return xp, p, q


def is_seen(x: Array) -> bool:
    """Whether values may be looked at, be it after a wait for a device."""
    return not (is_traced(x) or is_captured(x))


def _eps(xp: Namespace, dtype: Any) -> float:
    """Return by how much a rounded 1 may be off; of whole numbers, as little as of the best floats."""
    return float(xp.finfo(dtype).eps) if xp.isdtype(dtype, "real floating") else 2.0**-52


def _check_rows(name: str, x: Array, tolerance: float) -> None:
    """Raise ValueError for a row (..., K) of probabilities that does not add up to one."""
    if not is_seen(x) or 0 in x.shape:
        return
    xp = namespace_of(x)
    total = xp.sum(detached(x), axis=-1)
    bad = xp.abs(total - 1) > tolerance
    if bool(xp.any(bad)):
        place, value = _first(xp, bad, total)
        raise ValueError(f"{name} has the sum {value} in row {place}: expected probabilities, whose sum is 1")


def _first(xp: Namespace, bad: Array, x: Array) -> tuple[Any, float]:
    """Return where the first of `x` is that is bad, and its value."""
    at = int(xp.argmax(to_count(xp, xp.reshape(bad, (-1,)))))
    place = tuple(int(i) for i in np.unravel_index(at, tuple(x.shape)))
    return place[0] if len(place) == 1 else place, float(xp.reshape(x, (-1,))[at])


def _check_dtype(name: str, x: Array) -> Array:
    """Return real numbers as they are, and objects that are real numbers as floats."""
    if isinstance(x, np.ndarray) and x.dtype.kind == "O":
        for value in x.flat:
            if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
                raise TypeError(f"{name} has dtype object, with {value!r}: expected real numbers")
        return x.astype(np.float64)
    if not is_real(x):
        raise TypeError(f"{name} has dtype {x.dtype}: expected real numbers")
    return x
