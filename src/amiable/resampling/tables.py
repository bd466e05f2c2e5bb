"""Random tables, as many as asked for, at once or in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, get_args

import numpy as np

from amiable._array.devices import common_namespace, on_own_device
from amiable._array.libraries import namespace_of
from amiable._array.loops import threads
from amiable._array.protocols import Array
from amiable._array.random import Sampler, sampler_for
from amiable.inputs.counts import check_counts, check_margins
from amiable.resampling.draws import check_untraced, multinomial_tables, permutation_tables, with_progress
from amiable.resampling.streams import Run, in_runs, on_client

__all__ = ["iter_random_tables", "random_tables"]

TableNull = Literal["permutation", "uniform"]


@on_own_device
def random_tables(
    row_sums: Any,
    col_sums: Any,
    size: int,
    *,
    rng: Any = None,
    null: TableNull = "permutation",
    client: Any = None,
) -> Any:
    """Draw contingency tables of a fixed and a random labeling.

    Parameters
    ----------
    row_sums : array-like of whole numbers, shape (R,)
        Cluster sizes of the fixed labeling, the true one.
    col_sums : array-like of whole numbers, shape (C,); or int with ``null="uniform"``
        Cluster sizes of the random labeling. With "uniform" only their number C counts, which may be given instead.
    size : int
        How many tables.
    rng : seed, generator or key, optional
        A whole number >= 0, or a generator of the library of the margins: `numpy.random.Generator`,
        `torch.Generator` on their device, `cupy.random.Generator`, a JAX key. The same seed gives the same tables on
        the same library and device, on any number of threads; with numba other ones than without. By default fresh
        randomness.
    null : {"permutation", "uniform"}, default="permutation"
        "permutation": all labelings with these cluster sizes are equally likely. "uniform": every sample falls into
        one of the C clusters with equal chances, whatever the others do.
    client : distributed.Client or executor, optional
        Workers that draw: a client of a Dask cluster, or an executor of `concurrent.futures`. The tables are the same,
        whoever draws them. For margins in host memory.

    Returns
    -------
    tables : array of whole numbers, shape (size, R, C)
        Of the library of the margins, on their device; NumPy int64 for lists.

    Raises
    ------
    ValueError
        Margins that are negative, fractional, not one-dimensional or of different totals; a negative `size` or seed; an
        unknown `null`; traced margins.
    TypeError
        Margins of different libraries or devices; a `rng` of another library or device; a `client` that takes no tasks,
        or beside margins on a device.

    Notes
    -----
    The cost does not depend on the number of samples, up to 2**53 of them: half of the rows and half of the columns
    share a hypergeometric number of samples, each half is split again, and so on; all draws of a level are made
    together. In host memory they are NumPy's, or SciPy's for tables of few samples; elsewhere, and for a thousand
    million samples or more, they come from a ratio-of-uniforms sampler written for any library. With numba, compiled
    loops draw the same cell by cell, in threads, from random numbers that depend on the seed and on the number of the
    table alone (Philox).

    References
    ----------
    Patefield (1981), Algorithm AS 159, Applied Statistics 30:91-97, 10.2307/2346669, whose draws go cell by cell;
    Stadlober (1990), The ratio of uniforms approach for generating discrete random variates, J. Computational and
    Applied Mathematics 31:181-189, 10.1016/0377-0427(90)90349-5; Salmon et al. (2011), Parallel random numbers: as easy
    as 1, 2, 3, SC '11, 10.1145/2063384.2063405.

    See Also
    --------
    iter_random_tables : the same tables in blocks of bounded memory.

    Examples
    --------
    >>> from amiable import adjusted_mutual_info_score, random_tables
    >>> tables = random_tables([40, 60], [50, 30, 20], 1000, rng=0)
    >>> tables.shape, tables[0].sum(axis=0).tolist(), tables[0].sum(axis=1).tolist()
    ((1000, 2, 3), [50, 30, 20], [40, 60])
    >>> scores = adjusted_mutual_info_score(contingency=tables)
    >>> bool(abs(scores.mean()) < 0.002)
    True
    """
    blocks = list(iter_random_tables(row_sums, col_sums, size, rng=rng, null=null, client=client))
    xp = namespace_of(blocks[0])
    return xp.concat(blocks, axis=0)


@on_own_device
def iter_random_tables(
    row_sums: Any,
    col_sums: Any,
    size: int,
    *,
    rng: Any = None,
    null: TableNull = "permutation",
    progress: Callable[[int, int], Any] | None = None,
    client: Any = None,
) -> Iterator[Any]:
    """Draw contingency tables of a fixed and a random labeling, in blocks of bounded memory.

    Parameters
    ----------
    row_sums, col_sums, size, rng, null, client
        As in `random_tables`, whose tables these are. Workers are some blocks ahead.
    progress : callable, optional
        Called after each block with the number of tables that are drawn and the number of all.

    Yields
    ------
    tables : array of whole numbers, shape (K, R, C)
        Some of the tables, in order; a single block of none if `size` is 0. One block takes a few megabytes in host
        memory, some hundred on an accelerator, or one table if that takes more.

    Raises
    ------
    ValueError, TypeError
        As `random_tables`; at the call, not at the first block.

    References
    ----------
    As `random_tables`.

    Examples
    --------
    >>> from amiable import iter_random_tables, mutual_info_score
    >>> total = 0.0
    >>> for tables in iter_random_tables([400, 600], [500, 300, 200], 100_000, rng=0):
    ...     total += mutual_info_score(contingency=tables).sum()
    >>> round(float(total) / 100_000, 4)  # close to the expected mutual information
    0.001
    """
    if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 0:
        raise ValueError(f"size is {size!r}: expected a whole number >= 0")
    if null not in get_args(TableNull):
        raise ValueError(f"null is {null!r}: expected {' or '.join(map(repr, get_args(TableNull)))}")
    rows, cols = _scattered(row_sums, col_sums) if null == "uniform" else _margins(row_sums, col_sums)
    sampler, size = sampler_for(namespace_of(rows), rng, rows, cols), int(size)
    n_elements = rows.shape[0] * cols.shape[0]
    if client is None:
        drawn = in_runs(partial(_drawn, null), sampler, size, n_elements)
    else:
        drawn = on_client(client, _drawn_run, sampler, size, n_elements, null)
    return with_progress(map(sampler.back, drawn), size, progress)


def _drawn(null: TableNull, sampler: Sampler, size: int) -> Iterator[Array]:
    draw = multinomial_tables if null == "uniform" else permutation_tables
    rows, cols = sampler.arrays
    return draw(sampler.xp, sampler.source, rows, cols, size)


@threads(1)  # the other threads of a worker have tasks of their own
def _drawn_run(run: Run, arrays: tuple[Array, ...], null: TableNull) -> Array:
    drawn: Any = list(_drawn(null, run.sampler(arrays), run.size))
    return np.concatenate(drawn)


def _margins(row_sums: Any, col_sums: Any) -> tuple[Array, Array]:
    """Return checked cluster sizes of one table."""
    if isinstance(col_sums, (int, np.integer)):
        raise ValueError(f"col_sums is {col_sums}: expected cluster sizes, or null='uniform'")
    _, rows, cols = check_margins(row_sums, col_sums)
    for name, sums in (("row_sums", rows), ("col_sums", cols)):
        _check_one(name, sums)
    return rows, cols


def _scattered(row_sums: Any, col_sums: Any) -> tuple[Array, Array]:
    """Return checked cluster sizes of the rows, and equal weights for the columns."""
    rows = check_counts("row_sums", row_sums, -1)
    _check_one("row_sums", rows)
    xp = namespace_of(rows)
    if isinstance(col_sums, (int, np.integer)) and not isinstance(col_sums, bool):
        if col_sums < 1:
            raise ValueError(f"col_sums is {col_sums}: expected at least one cluster")
        return rows, xp.ones_like(xp.broadcast_to(xp.sum(rows), (int(col_sums),)))
    cols = check_counts("col_sums", col_sums, -1)
    common_namespace(row_sums=rows, col_sums=cols)
    _check_one("col_sums", cols)
    if cols.shape[0] == 0 and bool(xp.any(rows > 0)):
        raise ValueError("col_sums is empty: expected at least one cluster")
    return rows, xp.ones_like(cols)


def _check_one(name: str, sums: Array) -> None:
    if sums.ndim != 1:
        raise ValueError(
            f"{name} has shape {tuple(sums.shape)}: expected one dimension, the cluster sizes of one table"
        )
    check_untraced(name, sums)
