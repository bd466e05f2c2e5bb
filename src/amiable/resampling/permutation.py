"""Permutation tests: a score against its distribution over random labelings with the same cluster sizes."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from amiable._array.bins import sum_by_key, unique_inverse
from amiable._array.blocks import blocks
from amiable._array.devices import device_of, on_own_device
from amiable._array.dtypes import to_count, to_float
from amiable._array.libraries import is_dask
from amiable._array.loops import threads
from amiable._array.protocols import Array, Namespace
from amiable._array.random import Sampler, sampler_for
from amiable._array.transfers import as_result, fetch
from amiable.chance.variance import is_constant
from amiable.contingency import Cells, StratumSizes, cells_of_labels, most_cells, sizes_of_strata, table_of
from amiable.resampling.draws import most_elements, permutation_tables, shuffled_codes, with_progress
from amiable.resampling.scoring import check_count, cut, one_table, rounding, scores_of_blocks
from amiable.resampling.streams import Run, in_runs, on_client
from amiable.resampling.weights import WeightedSamples, check_takes_weights, weighted_samples
from amiable.scores.arguments import check_alone, check_strata
from amiable.scores.evaluate import score_of_table
from amiable.scores.registry import function_of, is_own

__all__ = ["PermutationTestResult", "permutation_test"]

Alternative = Literal["greater", "less", "two-sided"]


@dataclass(frozen=True)
class PermutationTestResult:
    """A score, its null distribution, and how extreme it is there; named as SciPy's results are.

    Attributes
    ----------
    statistic : float or 0-d array
        The score of the labelings that were given.
    pvalue : float or 0-d array
        Of the test, in (0, 1].
    null_distribution : array of shape (n_resamples,)
        The score of random tables.
    mean, standard_deviation : float or 0-d array
        Of the null distribution; the deviation with n_resamples - 1 in the denominator, 0 for a single resample.
    standard_error : float or 0-d array
        Of the mean: the standard deviation divided by the root of n_resamples.
    """

    statistic: Any
    pvalue: Any
    null_distribution: Any
    mean: Any
    standard_deviation: Any
    standard_error: Any


@on_own_device
def permutation_test(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    score: str | Callable[..., Any] = "ami",
    n_resamples: int = 9999,
    alternative: Alternative = "greater",
    rng: Any = None,
    batch: int | None = None,
    strata: Any = None,
    sample_weight: Any = None,
    contingency: Any = None,
    progress: Callable[[int, int], Any] | None = None,
    client: Any = None,
) -> PermutationTestResult:
    """Test whether two labelings agree more than random ones with the same cluster sizes.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Labels of any kind.
    score : str or callable, default="ami"
        A score of amiable, by its short name ("ari", "vi") or its function's ("adjusted_rand_score"), or the function,
        maybe with options bound by `functools.partial`; or a function of your own that takes ``contingency=``, a
        `ContingencyTable` of shape (K, R, C), and returns an array of shape (K,).
    n_resamples : int, default=9999
        How many random tables are drawn.
    alternative : {"greater", "less", "two-sided"}, default="greater"
        "greater": agreement makes the score large; "less": small, as it does distances (variation of information);
        "two-sided": twice the smaller of the two p-values, at most 1.
    rng : seed, generator or key, optional
        As in `random_tables`.
    batch : int, optional
        The most tables that are scored at once; by default as many as fit a few megabytes (some hundred on an
        accelerator). The result does not depend on it.
    strata : array-like of shape (n_samples,), optional
        Which stratum each sample is in (a donor, a batch, a block of an experiment). Labels are then shuffled within
        strata alone, so that what the strata explain of the agreement is part of chance. Takes labels.
    sample_weight : array-like of shape (n_samples,), optional
        What each sample weighs. Predicted labels are then shuffled among the samples of a positive weight, and weights
        stay where they are. Takes labels, and a score that takes weights, which the default does not.
    contingency : ContingencyTable, array-like (R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    progress : callable, optional
        Called after each block with the number of tables that are done and the number of all.
    client : distributed.Client or executor, optional
        Workers that draw and score the random tables: a client of a Dask cluster, or an executor of
        `concurrent.futures`. The result is the same, on any number of workers, of which some may die. For labels or
        counts in host memory, or labels in Dask arrays; a function of your own gets NumPy tables there.

    Returns
    -------
    result : PermutationTestResult
        ``statistic``, ``pvalue``, ``null_distribution`` (n_resamples,), its ``mean``, ``standard_deviation`` and
        ``standard_error``. The p-value is (1 + how many random tables are at least as extreme) / (1 + n_resamples),
        never 0: the labelings that were given are one of the equally likely ones. Equal values count as extreme, and so
        does what is not a number. Floats and a NumPy array for lists and NumPy labels, else arrays of the inputs'
        library on their device.

    Raises
    ------
    ValueError, TypeError
        Bad labels, counts or weights, a batch of labelings, weights beside counts, strata or a score that depends on
        numbers of samples, `n_resamples` or `batch` below 1, an unknown `alternative` or `score`, a `rng` of another
        library, a `client` that takes no tasks; the message names the argument.

    Notes
    -----
    Scores depend on tables alone, so tables are drawn, not labelings: the cost does not depend on n_samples, unless
    there are more cells than samples, where labels are shuffled and the occupied cells counted. What depends on cluster
    sizes alone, such as expected mutual information, is computed once.

    References
    ----------
    The rule of the p-value: Phipson and Smyth (2010), Permutation P-values should never be zero, Statistical
    Applications in Genetics and Molecular Biology 9:39, 10.2202/1544-6115.1585. The null distribution: Vinh, Epps and
    Bailey (2010), JMLR 11:2837-2854, 10.5555/1756006.1953024.

    Examples
    --------
    >>> from amiable import permutation_test
    >>> test = permutation_test(contingency=[[30, 20], [20, 30]], rng=0)
    >>> round(test.statistic, 4), 0.04 < test.pvalue < 0.1, test.null_distribution.shape
    (0.0219, True, (9999,))
    >>> abs(test.mean) < 4 * test.standard_error  # adjusted for chance
    True
    >>> test = permutation_test([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 1], score="vi",
    ...                         alternative="less", n_resamples=999, rng=0)
    >>> round(test.statistic, 4)
    0.5493
    """
    function = function_of(score)
    n_resamples = check_count("n_resamples", n_resamples)
    if batch is not None:
        batch = check_count("batch", batch)
    if alternative not in get_args(Alternative):
        expected = ", ".join(map(repr, get_args(Alternative)))
        raise ValueError(f"alternative is {alternative!r}: expected one of {expected}")
    options: dict[str, Any] = {"n_resamples": n_resamples, "alternative": alternative, "rng": rng, "batch": batch}
    options |= {"progress": progress, "client": client}
    if sample_weight is not None:
        check_alone(-1, contingency=contingency, strata=strata, beside="sample_weight")
        check_takes_weights(function)
        samples = weighted_samples(labels_true, labels_pred, sample_weight)
        return permutation_tests(table_of(samples.table()), [function], **options, samples=samples)[0]
    table = one_table(labels_true, labels_pred, contingency)
    within = None if strata is None else _sizes_within(labels_true, labels_pred, strata)
    if within is not None and not within[0].ends:
        within = None  # no samples
    return permutation_tests(table, [function], **options, strata=within)[0]


def permutation_tests(
    table: Cells,
    scores: Sequence[Callable[..., Any]],
    *,
    n_resamples: int,
    rng: Any,
    alternative: Alternative = "greater",
    batch: int | None = None,
    strata: tuple[StratumSizes, StratumSizes] | None = None,
    samples: WeightedSamples | None = None,
    progress: Callable[[int, int], Any] | None = None,
    client: Any = None,
) -> list[PermutationTestResult]:
    """Test each score of a table against the same random tables; with `strata`, of labels shuffled within these.

    A table of weights comes with its `samples`.
    """
    xp = table.xp
    sampler, draw, n_elements = _null(table, rng, strata) if samples is None else samples.null(rng)
    if client is None:
        tables = with_progress(in_runs(draw, sampler, n_resamples, n_elements), n_resamples, progress)
        pieces = (piece for block in tables for piece in cut(block, batch))
        nulls = scores_of_blocks(scores, pieces, n_resamples, sampler.back)
    else:
        found = on_client(client, _scores_of_run, sampler, n_resamples, n_elements, draw, scores, batch)
        found = with_progress(found, n_resamples, progress)
        nulls = [sampler.back(null) for null in np.concatenate(list(found)).T]
    observed = [score_of_table(score, table) for score in scores]
    # where the sizes alone determine the table's mutual information, scores differ by rounding alone
    is_fixed = samples is None and bool(is_constant(xp, table.row_sums, table.col_sums))
    return [
        PermutationTestResult(
            as_result(value),
            as_result(
                _pvalue(xp, value, xp.zeros_like(null) + value if is_fixed and is_own(score) else null, alternative)
            ),
            null,
            *map(as_result, moments_of_sample(xp, null)),
        )
        for score, value, null in zip(scores, observed, nulls, strict=True)
    ]


def _null(
    table: Cells, rng: Any, strata: tuple[StratumSizes, StratumSizes] | None
) -> tuple[Sampler, Callable[[Sampler, int], Iterable[Cells]], int]:
    """Return random numbers, what draws tables by them, and how many elements one table, or its samples, may have."""
    n_samples = int(table.n_samples)
    if strata is None:
        sampler = sampler_for(table.xp, rng, *(sums[sums > 0] for sums in (table.row_sums, table.col_sums)))
        n_cells = math.prod(sums.shape[0] for sums in sampler.arrays)
        most = most_cells(n_samples)
        return sampler, functools.partial(_tables, most=most), n_samples if n_cells > most else n_cells
    sampler = sampler_for(table.xp, rng, *(x for side in strata for x in (side.clusters, side.sizes)))
    ends, n_clusters = (tuple(getattr(side, name) for side in strata) for name in ("ends", "n_clusters"))
    n_cells = sum(math.prod(sides) for sides in zip(*(np.diff([0, *side]) for side in ends), strict=True))
    draw = functools.partial(_within_strata, ends=ends, n_clusters=n_clusters)
    return sampler, draw, int(min(n_cells, n_samples))


@threads(1)  # the other threads of a worker have tasks of their own
def _scores_of_run(
    run: Run,
    arrays: tuple[Array, ...],
    draw: Callable[[Sampler, int], Iterable[Cells]],
    scores: Sequence[Callable[..., Any]],
    batch: int | None,
) -> np.ndarray:
    """Draw the tables of one run and return each of their scores (K, S): on a worker."""
    sampler = run.sampler(arrays)
    pieces = (piece for block in draw(sampler, run.size) for piece in cut(block, batch))
    found: Any = scores_of_blocks(scores, pieces, run.size, sampler.back)
    return np.stack(found, axis=-1)


def moments_of_sample(xp: Namespace, x: Array) -> tuple[Array, Array, Array]:
    """Return mean, standard deviation and standard error of the mean of a sample (N,)."""
    n = x.shape[0]
    x = to_float(xp, x)
    mean = xp.mean(x)
    deviation = xp.sqrt(xp.sum((x - mean) ** 2) / max(n - 1, 1))
    return mean, deviation, deviation / n**0.5


def _tables(sampler: Sampler, size: int, most: int) -> Iterable[Cells]:
    """Draw tables with given margins, which they share, in blocks; with more than `most` cells, as lists of cells."""
    shape = (sampler.arrays[0].shape[0], sampler.arrays[1].shape[0])
    return _listed(sampler, size) if shape[0] * shape[1] > most else _grids(sampler, shape, size)


def _grids(sampler: Sampler, shape: tuple[int, int], size: int) -> Iterable[Cells]:
    xp, (row_sums, col_sums) = sampler.xp, sampler.arrays
    cells = xp.arange(shape[0] * shape[1], dtype=row_sums.dtype, device=device_of(row_sums))
    rows, cols = cells // max(shape[1], 1), cells % max(shape[1], 1)
    for counts in permutation_tables(xp, sampler.source, row_sums, col_sums, size):
        flat = xp.reshape(counts, (counts.shape[0], shape[0] * shape[1]))
        yield Cells(rows, cols, flat, row_sums, col_sums, is_grid=True)


def _listed(sampler: Sampler, size: int) -> Iterable[Cells]:
    xp, (row_sums, col_sums) = sampler.xp, sampler.arrays
    for rows, cols in shuffled_codes(xp, sampler.source, row_sums, col_sums, size):
        for k in range(cols.shape[0]):  # a list of cells for each, as together they would occupy many more
            table = cells_of_labels(xp, rows, cols[k : k + 1, :])
            yield table.with_arrays([*table.arrays[:3], row_sums, col_sums])


def _sizes_within(labels_true: Any, labels_pred: Any, strata: Any) -> tuple[StratumSizes, StratumSizes]:
    """Return the cluster sizes of two labelings within strata; raise for strata that are not theirs."""
    if labels_true is None or is_dask(labels_true) or is_dask(labels_pred):
        raise TypeError("strata takes labels in memory: expected labels_true and labels_pred beside it")
    xp, *labels, groups = check_strata(labels_true, labels_pred, strata)
    of_true, of_pred = (sizes_of_strata(xp, x, groups) for x in labels)
    return of_true, of_pred


def _within_strata(
    sampler: Sampler, size: int, *, ends: tuple[list[int], list[int]], n_clusters: tuple[int, int]
) -> Iterator[Cells]:
    """Draw tables of labels that are shuffled within strata, in blocks: by strata, or by samples if these are fewer."""
    xp, (rows, row_sizes, cols, col_sizes) = sampler.xp, sampler.arrays
    n_rows, n_cols = n_clusters
    parts = [
        (slice(*of_rows), slice(*of_cols))
        for of_rows, of_cols in zip(*(itertools.pairwise([0, *side]) for side in ends), strict=True)
    ]
    row_sums, col_sums = sum_by_key(xp, rows, row_sizes, n_rows), sum_by_key(xp, cols, col_sizes, n_cols)
    n_cells = sum((r.stop - r.start) * (c.stop - c.start) for r, c in parts)
    (n_samples,) = fetch(xp.sum(row_sizes)[None])
    if n_cells > n_samples:
        for table in _shuffled_within(sampler, ends[0], size):
            yield table.with_arrays([*table.arrays[:3], row_sums, col_sums])
        return
    keys = [xp.reshape(rows[r][:, None] * n_cols + cols[c][None, :], (-1,)) for r, c in parts]
    distinct, which = unique_inverse(xp, xp.concat(keys)) if keys else (rows, rows)
    for block in blocks(size, most_elements(rows) // max(n_cells, 1)):
        k = block.stop - block.start
        drawn = (_all_tables(sampler, row_sizes[r], col_sizes[c], k) for r, c in parts)
        counts = [xp.reshape(tables, (k, -1)) for tables in drawn]
        total = sum_by_key(xp, which, xp.concat(counts, axis=1), distinct.shape[0])
        yield Cells(distinct // n_cols, distinct % n_cols, total, row_sums, col_sums)


def _shuffled_within(sampler: Sampler, ends: list[int], size: int) -> Iterator[Cells]:
    """Shuffle the labels of each stratum, whose row sizes end at `ends`."""
    xp, (rows, row_sizes, cols, col_sizes) = sampler.xp, sampler.arrays
    up_to = [xp.cumulative_sum(sizes) for sizes in (row_sizes, col_sizes)]
    (n,) = fetch(up_to[0][-1:])
    samples = xp.arange(n, dtype=rows.dtype, device=device_of(rows))
    true, pred = (
        xp.take(codes, xp.searchsorted(sums, samples, side="right"))
        for codes, sums in zip((rows, cols), up_to, strict=True)
    )
    stops = xp.take(up_to[0], xp.asarray(np.asarray(ends) - 1, device=device_of(rows)))
    at = xp.searchsorted(stops, samples, side="right")
    for _ in range(size):
        order = xp.argsort(sampler.source.uniform((n,)))
        order = xp.take(order, xp.argsort(xp.take(at, order), stable=True))
        yield cells_of_labels(xp, true, xp.take(pred, order)[None, :])


def _all_tables(sampler: Sampler, row_sums: Array, col_sums: Array, size: int) -> Array:
    return sampler.xp.concat(list(permutation_tables(sampler.xp, sampler.source, row_sums, col_sums, size)), axis=0)


def _pvalue(xp: Namespace, observed: Array, simulated: Array, alternative: str) -> Array:
    """Count ties, and what is not a number, as extreme."""
    observed, simulated = to_float(xp, observed), to_float(xp, simulated)
    slack = rounding(xp, simulated, observed)
    above, below = (
        to_float(xp, 1 + xp.sum(to_count(xp, ~common))) / (1 + simulated.shape[0])
        for common in (simulated < observed - slack, simulated > observed + slack)
    )
    if alternative == "two-sided":
        twice = 2 * xp.minimum(above, below)
        return xp.minimum(twice, xp.ones_like(twice))
    return above if alternative == "greater" else below
