"""Scores of whole tables, and of a few labels: counted, measured and corrected for chance in one call.

Tables are those of `amiable._scalars.tables`, grids with every cell listed. The formulas are those of `amiable.scores`.
Every score of a table takes an option and what is known of expectations, whether it needs them or not. Each has loops
of its own, so that the first call of one does not compile the others.
"""

from __future__ import annotations

import math
from typing import Any

from amiable._scalars.cells import DEVIANCE, GIVEN_COL, GIVEN_ROW, XLOGX
from amiable._scalars.counting import count_few, sum_grid
from amiable._scalars.loops import expected_sums_of_table
from amiable._scalars.tables import (
    entropy_of_sizes,
    information_of_table,
    n_samples_of,
    pairs_of_table,
    sums_of_cells,
)

# How entropies are averaged: the option of the scores of information.
ARITHMETIC, GEOMETRIC, MIN, MAX, TRUE, PRED = range(6)


def adjusted_rand_of_labels(x: Any, y: Any, option: int, expected: Any, room: Any) -> float:
    """Return `adjusted_rand` of few labels; NaN where they are not few."""
    counts, row_sums, col_sums = table_of_labels(x, y, room)
    return adjusted_rand(counts, row_sums, col_sums, option, expected, 0) if counts.shape[1] else math.nan


def normalized_information_of_labels(x: Any, y: Any, option: int, expected: Any, room: Any) -> float:
    """Return `normalized_information` of few labels; NaN where they are not few."""
    counts, row_sums, col_sums = table_of_labels(x, y, room)
    return normalized_information(counts, row_sums, col_sums, option, expected, 0) if counts.shape[1] else math.nan


def adjusted_information_of_labels(x: Any, y: Any, option: int, expected: Any, room: Any) -> float:
    """Return `adjusted_information` of few labels; NaN where they are not few."""
    counts, row_sums, col_sums = table_of_labels(x, y, room)
    return adjusted_information(counts, row_sums, col_sums, option, expected, 0) if counts.shape[1] else math.nan


def adjusted_rand_of_tables(
    counts: Any, row_sums: Any, col_sums: Any, option: int, expected: Any, first: int, last: int, out: Any
) -> None:
    """Write `adjusted_rand` of tables `first` to `last` into columns of `out` (1, T)."""
    for t in range(first, last):
        out[0, t] = adjusted_rand(counts, row_sums, col_sums, option, expected, t)


def normalized_information_of_tables(
    counts: Any, row_sums: Any, col_sums: Any, option: int, expected: Any, first: int, last: int, out: Any
) -> None:
    """Write `normalized_information` of tables `first` to `last` into columns of `out` (1, T)."""
    for t in range(first, last):
        out[0, t] = normalized_information(counts, row_sums, col_sums, option, expected, t)


def adjusted_information_of_tables(
    counts: Any, row_sums: Any, col_sums: Any, option: int, expected: Any, first: int, last: int, out: Any
) -> None:
    """Write `adjusted_information` of tables `first` to `last` into columns of `out` (1, T)."""
    for t in range(first, last):
        out[0, t] = adjusted_information(counts, row_sums, col_sums, option, expected, t)


def table_of_labels(x: Any, y: Any, room: Any) -> tuple[Any, Any, Any]:
    """Count labelings x (1, n) and y (1, n): counts (1, cells) and sums of rows and columns, in `room`.

    Room is zeros, a third of it for each. There are no cells where labels make more than fit.
    """
    most = len(room) // 3
    n, low_x, high_x, low_y, high_y = count_few(x, y, x.shape[1], room[:most].reshape((1, most)))
    n_rows, n_cols = (high_x - low_x + 1, high_y - low_y + 1) if n else (0, 0)
    counts, row_sums, col_sums = room[: n_rows * n_cols], room[most : most + n_rows], room[2 * most : 2 * most + n_cols]
    sum_grid(counts, row_sums, col_sums)
    return counts.reshape((1, n_rows * n_cols)), row_sums.reshape((1, n_rows)), col_sums.reshape((1, n_cols))


def adjusted_rand(
    counts: Any,
    row_sums: Any,
    col_sums: Any,
    option: int,  # noqa: ARG001 - all scores take the same
    expected: Any,  # noqa: ARG001
    t: int,
) -> float:
    """Return the adjusted Rand index."""
    nowhere = counts[0, :0]
    apart, pred_only, true_only, together = pairs_of_table(nowhere, nowhere, counts, row_sums, col_sums, t)
    every = (apart + together) + (pred_only + true_only)
    if every == 0:
        return 1.0
    apart, pred_only, true_only, together = apart / every, pred_only / every, true_only / every, together / every
    excess = 2 * (together * apart - true_only * pred_only)
    most = (together + true_only) * (true_only + apart) + (together + pred_only) * (pred_only + apart)
    return 1.0 if most == 0 else excess / most


def normalized_information(
    counts: Any,
    row_sums: Any,
    col_sums: Any,
    average: int,
    expected: Any,  # noqa: ARG001
    t: int,
) -> float:
    """Return mutual information over a mean of the entropies."""
    nowhere = counts[0, :0]
    total, _, _, _, n_cells, _, _, h_true, h_pred, n_rows, n_cols, n = information_of_table(
        nowhere, nowhere, counts, row_sums, col_sums, DEVIANCE, t
    )
    if n_cells == n_rows and n_cells == n_cols:
        return 1.0
    mutual = capped(total / n, h_true, h_pred, n_cells, n_rows, n_cols)
    if mutual == 0:
        return 0.0
    mean = mean_above(h_true, h_pred, h_true, h_pred, average)
    if average == GEOMETRIC:  # of which a small one keeps its digits in the product
        mean = max(math.sqrt(h_true) * math.sqrt(h_pred), min(h_true, h_pred))
    return min(mutual / mean, 1.0)


def adjusted_information(counts: Any, row_sums: Any, col_sums: Any, average: int, expected: Any, t: int) -> float:
    """Return adjusted mutual information.

    `expected` (4, T), or (4, 1) for all tables, are sums that are known already; none, if it is empty.
    """
    nowhere = counts[0, :0]
    total, _, _, _, n_cells, of_rows, of_cols, h_true, h_pred, n_rows, n_cols, n = information_of_table(
        nowhere, nowhere, counts, row_sums, col_sums, DEVIANCE, t
    )
    if n_cells == n_rows and n_cells == n_cols:
        return 1.0
    if min(n_rows, n_cols) <= 1 or max(n_rows, n_cols) == n:  # none has more clusters than samples
        return 0.0
    above_true, above_pred, form, mutual = h_true, h_pred, DEVIANCE, total / n
    if of_rows + of_cols < math.log(n):  # information has a positive floor: all is measured from there
        above_true, above_pred, form = of_cols, of_rows, XLOGX
        mutual = sums_of_cells(nowhere, nowhere, counts, row_sums, col_sums, n, XLOGX, t)[1] / n
    mutual = capped(mutual, above_true, above_pred, n_cells, n_rows, n_cols)
    sums = expected_of_table(row_sums, col_sums, form, expected, t)
    chance = (sums[0] if form == DEVIANCE else sums[1]) / n
    excess, room = mutual - chance, mean_above(h_true, h_pred, above_true, above_pred, average) - chance
    if 2 * chance > min(above_true, above_pred):  # close to an entropy: all is measured from there
        form = GIVEN_ROW | GIVEN_COL
        rests = sums_of_cells(nowhere, nowhere, counts, row_sums, col_sums, n, form, t)
        sums = expected_of_table(row_sums, col_sums, form, expected, t)
        of_pred, of_true = sums[2] / n, sums[3] / n
        excess = of_pred - rests[2] / n if of_pred < of_true else of_true - rests[3] / n
        room = mean_above(h_true, h_pred, of_true, of_pred, average)
    return excess / room


def expected_information(row_sums: Any, col_sums: Any) -> float:
    """Return the expectation of mutual information for cluster sizes (1, R) and (1, C): at most either entropy."""
    n = n_samples_of(row_sums, 0)
    sums = expected_sums_of_table(row_sums[0], col_sums[0], DEVIANCE)
    h_true, h_pred = entropy_of_sizes(row_sums[0], n)[1], entropy_of_sizes(col_sums[0], n)[1]
    return min(sums[0] / max(n, 1), h_true, h_pred)


def expected_of_table(
    row_sums: Any, col_sums: Any, wanted: int, expected: Any, t: int
) -> tuple[float, float, float, float]:
    """Return the sums over the cells of table t of what is expected, which may be known already."""
    if len(expected):
        u = t % expected.shape[1]  # tables of the same clusters share it
        return expected[0, u], expected[1, u], expected[2, u], expected[3, u]
    return expected_sums_of_table(row_sums[t % row_sums.shape[0]], col_sums[t % col_sums.shape[0]], wanted)


def capped(mutual: float, of_true: float, of_pred: float, n_cells: int, n_rows: int, n_cols: int) -> float:
    """Return information that is the coarser labeling's where one refines the other, and at most either's."""
    if n_cells == n_cols:
        mutual = of_true
    elif n_cells == n_rows:
        mutual = of_pred
    return min(mutual, of_true, of_pred)


def mean_above(h_true: float, h_pred: float, above_true: float, above_pred: float, average: int) -> float:
    """Return a mean of two entropies less a floor, from what each has above the floor; or one of them."""
    if average == ARITHMETIC:
        return (above_true + above_pred) / 2
    if average == MIN:
        return min(above_true, above_pred)
    if average == MAX:
        return max(above_true, above_pred)
    if average == TRUE:
        return above_true
    if average == PRED:
        return above_pred
    roots = math.sqrt(h_true) + math.sqrt(h_pred)
    gap = (above_true - above_pred) / roots if roots > 0 else 0.0
    return max((above_true + above_pred - gap * gap) / 2, min(above_true, above_pred))
