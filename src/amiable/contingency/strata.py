"""Labelings counted within strata, groups of samples that are told apart by a labeling of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from amiable._array.bins import check_cells, sum_by_key, unique_counts, unique_inverse
from amiable._array.blocks import blocks
from amiable._array.devices import device_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import fetch
from amiable.contingency.cells import Cells, TableStream, grid
from amiable.contingency.counting import BATCH
from amiable.inputs.codes import encode


class StratumSizes(NamedTuple):
    """The clusters of one labeling that each stratum holds, and how many samples of each: stratum after stratum."""

    clusters: Array  # (M,), codes below n_clusters
    sizes: Array  # (M,)
    ends: list[int]  # where each stratum ends
    n_clusters: int


def tables_of_strata(xp: Namespace, true: Array, pred: Array, strata: Array) -> TableStream:
    """Count checked labels (n,) into a table for each stratum, of the clusters that it holds."""
    at, names = encode(xp, strata)
    n_strata = names.shape[0]
    (rows, n_rows), (cols, n_cols) = (codes_within(xp, x, at, n_strata) for x in (true, pred))
    check_cells(xp, (n_strata, n_rows, n_cols), at.dtype)
    n_cells = n_rows * n_cols
    keys, counts = unique_counts(xp, at * n_cells + rows * n_cols + cols)

    def tables() -> Iterator[Cells]:
        runs = list(blocks(n_strata, BATCH // max(n_cells, 1)))
        stops = xp.asarray([run.stop * n_cells for run in runs], dtype=keys.dtype, device=device_of(keys))
        start = 0
        for run, stop in zip(runs, fetch(xp.searchsorted(keys, stops)), strict=True):
            inside = keys[start:stop] - run.start * n_cells
            length = run.stop - run.start
            found = sum_by_key(xp, inside, counts[start:stop], length * n_cells)
            yield grid(xp, xp.reshape(found, (length, n_cells)), (n_rows, n_cols))
            start = stop

    return TableStream((n_strata,), tables())


def sizes_of_strata(xp: Namespace, x: Array, strata: Array) -> StratumSizes:
    """Count checked labels (n,) within each stratum."""
    (codes, labels), (at, names) = encode(xp, x), encode(xp, strata)
    n_clusters, n_strata = labels.shape[0], names.shape[0]
    check_cells(xp, (n_strata, n_clusters), at.dtype)
    keys, sizes = unique_counts(xp, at * n_clusters + codes)
    stops = (xp.arange(n_strata, dtype=keys.dtype, device=device_of(keys)) + 1) * n_clusters
    return StratumSizes(keys % n_clusters, sizes, fetch(xp.searchsorted(keys, stops)), n_clusters)


def codes_within(xp: Namespace, x: Array, at: Array, n_strata: int) -> tuple[Array, int]:
    """Return codes (n,) that count up from 0 within each stratum `at` (n,), and how many the largest has."""
    codes, labels = encode(xp, x)
    check_cells(xp, (n_strata, labels.shape[0]), at.dtype)
    keys, which = unique_inverse(xp, at * labels.shape[0] + codes)
    edges = xp.arange(n_strata + 1, dtype=keys.dtype, device=device_of(keys)) * labels.shape[0]
    first = xp.astype(xp.searchsorted(keys, edges), which.dtype)
    (n_most,) = fetch(xp.max(first[1:] - first[:-1])[None]) if n_strata else (0,)
    return which - xp.take(first, at), n_most
