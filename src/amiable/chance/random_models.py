"""Random-clustering models whose cluster sizes vary (Gates and Ahn 2017): expectations, and the largest entropies.

The expectation of a cell depends on the two cluster sizes alone. So in n EMI = w' F v a random partition has, in place
of how many clusters are of each size, how many are on average (`partitions`).
"""

from __future__ import annotations

import functools
from typing import Any, Literal, get_args

import numpy as np

from amiable._array.arithmetic import matmul, to_divisor
from amiable._array.devices import device_of, is_traced
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch
from amiable.chance.entropies import number_of_clusters
from amiable.chance.expectation import each_table, expectations_of_sizes
from amiable.chance.interpolation import SizeCounts, size_counts_of, size_counts_of_clusters
from amiable.chance.partitions import Sizes, sizes_of_all_partitions, sizes_of_partitions_into

NullModel = Literal["permutation", "num", "all", "num1", "all1"]
NULLS: tuple[NullModel, ...] = get_args(NullModel)
TWO_SIDED: tuple[NullModel, ...] = ("permutation", "num", "all")  # which treat both labelings alike


def check_null(null: NullModel) -> NullModel:
    """Return `null`; raise ValueError unless it is one of the five."""
    if null not in NULLS:
        raise ValueError(f"null is {null!r}: expected one of {', '.join(map(repr, NULLS))}")
    return null


@np.errstate(under="ignore")  # sizes that a random partition hardly ever has weigh nothing
def expected_deviances(xp: Namespace, row_sums: Array, col_sums: Array, null: str) -> Array:
    """Return n EMI (...) of cluster sizes (..., R) and (..., C) under a model other than "permutation"."""
    sides = _random_sides(xp, row_sums, col_sums, null)

    def of_table(rows: Array, cols: Array) -> Array:
        n = fetch(xp.sum(rows)[None])[0]
        if n == 0:
            return to_float(xp, xp.sum(rows))
        one, two = (side(n, sums) for side, sums in zip(sides, (rows, cols), strict=True))
        total = xp.asarray(n, dtype=rows.dtype, device=device_of(rows))
        cells = expectations_of_sizes(xp, one.sizes, two.sizes, total, forms=("deviance",))[0, ...]
        return xp.sum(matmul(xp, cells, two.counts[:, None])[:, 0] * one.counts)

    return each_table(xp, row_sums, col_sums, of_table)


def expected_rand(xp: Namespace, row_sums: Array, col_sums: Array, null: str) -> Array:
    """Return the expected Rand index (...) under a model other than "permutation"; 1 where there are no pairs."""
    sides = _random_sides(xp, row_sums, col_sums, null)

    def of_table(rows: Array, cols: Array) -> Array:
        n = fetch(xp.sum(rows)[None])[0]
        if n < 2:
            return xp.ones_like(to_float(xp, xp.sum(rows)))
        shares = []
        for side, sums in zip(sides, (rows, cols), strict=True):
            sizes, counts = side(n, sums)
            ratio = to_float(xp, sizes) / n * (to_float(xp, sizes - 1) / (n - 1))
            shares.append(xp.sum(counts * ratio))
        together = shares[0] * shares[1]
        return together + (1 - shares[0]) * (1 - shares[1])

    return each_table(xp, row_sums, col_sums, of_table)


def largest_entropies(xp: Namespace, row_sums: Array, col_sums: Array, null: str) -> tuple[Array, Array]:
    """Return the largest entropies (...) of two partitions under a model other than "permutation"."""
    if null.startswith("num"):
        rows, cols = (number_of_clusters(xp, sums) for sums in (row_sums, col_sums))
    else:
        rows = cols = xp.sum(row_sums, axis=-1)
    log_rows, log_cols = (xp.log(to_divisor(xp, x)) for x in (rows, cols))
    return log_rows, log_cols


def is_degenerate(xp: Namespace, row_sums: Array, col_sums: Array, null: str) -> Array:
    """Whether the mutual information is the same for all that is random, under a model other than "permutation"."""
    n = xp.sum(row_sums, axis=-1)
    rows, cols = (number_of_clusters(xp, sums) for sums in (row_sums, col_sums))
    if null == "num":
        return (rows <= 1) | (cols <= 1) | ((rows == n) & (cols == n))
    if null == "num1":
        return (rows <= 1) | (cols <= 1) | (cols == n)
    return n <= 1


def _random_sides(xp: Namespace, row_sums: Array, col_sums: Array, null: str) -> tuple[Any, Any]:
    """Return, for rows and columns, the function (n, sums) -> SizeCounts that the model makes of cluster sizes."""
    if is_traced(row_sums) or is_traced(col_sums):
        raise ValueError(f"null={null!r} needs to know the cluster sizes, which are traced here")

    def given(_n: int, sums: Array) -> SizeCounts:
        return size_counts_of_clusters(xp, sums)

    def random(n: int, sums: Array) -> SizeCounts:
        k = fetch(number_of_clusters(xp, sums)[None])[0] if null.startswith("num") else None
        sizes, counts = _random_sizes(n, k)
        dtype, device = to_float(xp, sums).dtype, device_of(sums)
        return size_counts_of(
            xp,
            xp.asarray(sizes, dtype=sums.dtype, device=device),
            xp.asarray(counts, dtype=dtype, device=device),
            xp.sum(sums),
        )

    return (given if null.endswith("1") else random), random


@functools.lru_cache(maxsize=64)
def _random_sizes(n: int, k: int | None) -> Sizes:
    return sizes_of_all_partitions(n) if k is None else sizes_of_partitions_into(n, k)
