"""Entropy and mutual information of a contingency table, in nats; sums of terms that never cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from amiable._array.arithmetic import to_divisor
from amiable._array.bins import sum_by_key
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array, Namespace
from amiable.chance.deviance import deviance, mean_count, offset_from_mean, xlogx
from amiable.chance.entropies import concentration, entropy_of_concentration, log_ratio, number_of_clusters
from amiable.contingency import Cells, Structure


class Information(NamedTuple):
    """What two labelings tell, and tell of each other: arrays of shape (...)."""

    mutual: Array  # at most either entropy; where one labeling refines the other, exactly the coarser's
    h_true: Array
    h_pred: Array
    row_concentration: Array  # sum a log a / n, which is log n - H(true)
    col_concentration: Array
    structure: Structure


def information(table: Cells) -> Information:
    """Return the mutual information of a table, the entropies and which labeling refines the other."""
    xp, n_samples, structure = table.xp, table.n_samples, table.structure()
    total = table.sum_cells(_cell_deviance) + means_of_unlisted(table)  # a cell without samples deviates by its mean
    rows, cols = (concentration(xp, sizes, n_samples) for sizes in (table.row_sums, table.col_sums))
    h_true = entropy_of_concentration(xp, table.row_sums, n_samples, rows)
    h_pred = entropy_of_concentration(xp, table.col_sums, n_samples, cols)
    mutual = total / to_divisor(xp, n_samples)
    mutual = capped(xp, mutual, structure, h_true, h_pred)
    return Information(mutual, h_true, h_pred, rows, cols, structure)


def numbers_of_clusters(table: Cells) -> tuple[Array, Array]:
    """Return how many rows and how many columns (...) hold samples, as floats."""
    xp = table.xp
    rows, cols = (to_float(xp, number_of_clusters(xp, sums)) for sums in (table.row_sums, table.col_sums))
    return rows, cols


def capped(xp: Namespace, mutual: Array, structure: Structure, of_true: Array, of_pred: Array) -> Array:
    """Return mutual information that is the coarser labeling's where one refines the other, and at most either's."""
    exact = xp.where(structure.homogeneous, of_true, xp.where(structure.complete, of_pred, mutual))
    return xp.minimum(exact, xp.minimum(of_true, of_pred))


def mutual_information(table: Cells) -> Array:
    """Return the mutual information (...) alone."""
    return information(table).mutual


def joint_entropy(table: Cells) -> Array:
    """Return the entropy (...) of the pair of labelings."""
    return _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * log_ratio(xp, n, x))


def conditional_entropies(table: Cells) -> tuple[Array, Array]:
    """Return H(true | pred) and H(pred | true), exactly 0 where one labeling determines the other."""
    true_given_pred = _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * log_ratio(xp, b, x))
    pred_given_true = _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * log_ratio(xp, a, x))
    return true_given_pred, pred_given_true


def concentration_of_cells(table: Cells) -> Array:
    """Return sum x log x / n (...) over the cells: log n less the joint entropy, without the cancellation."""
    return _per_sample(table, lambda xp, x, a, b, n: xlogx(xp, to_float(xp, x)))


def means_of_unlisted(table: Cells) -> Array | float:
    """Return the sum of a b / n (...) over the cells that are not listed."""
    if table.is_grid:
        return 0.0
    xp, n = table.xp, table.n_samples[..., None]
    listed = xp.take(table.col_sums, table.cols, axis=-1)
    unlisted = n - sum_by_key(xp, table.rows, listed, table.row_sums.shape[-1])  # of the columns, for each row
    return xp.sum(mean_count(xp, table.row_sums, unlisted, n), axis=-1)


def _cell_deviance(xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
    return deviance(xp, to_float(xp, x), mean_count(xp, a, b, n), offset_from_mean(xp, x, a, b, n))


def _per_sample(table: Cells, f: Callable[..., Array]) -> Array:
    return table.sum_cells(f) / to_divisor(table.xp, table.n_samples)
