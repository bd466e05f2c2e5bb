"""Entropy and mutual information of a contingency table, in nats; sums of terms that never cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from amiable._array.arithmetic import at_least, to_divisor
from amiable._array.bins import sum_by_key
from amiable._array.dtypes import to_float
from amiable._array.libraries import namespace_of
from amiable._array.protocols import Array, Namespace
from amiable._array.transfers import as_number
from amiable._scalars.cells import DEVIANCE, GIVEN_COL, GIVEN_ROW, XLOGX
from amiable._scalars.tables import information_of_table, information_of_tables
from amiable.chance.deviance import deviance, mean_count, offset_from_mean, xlogx
from amiable.chance.entropies import entropy_and_concentration, log_ratio, number_of_clusters
from amiable.contingency import Cells, Structure
from amiable.scores.loops import is_looped, sums_by_loop


class Information(NamedTuple):
    """What two labelings tell, and tell of each other: arrays of shape (...), or numbers of Python for one table."""

    mutual: Array  # at most either entropy; where one labeling refines the other, exactly the coarser's
    h_true: Array
    h_pred: Array
    row_concentration: Array  # sum a log a / n, which is log n - H(true)
    col_concentration: Array
    structure: Structure

    @property
    def xp(self) -> Namespace:
        """The namespace of all of these."""
        return namespace_of(self.mutual)


def information(table: Cells) -> Information:
    """Return the mutual information of a table, the entropies and which labeling refines the other."""
    if is_looped(table):
        total, _, _, _, n_cells, rows, cols, h_true, h_pred, *occupied = _sums_by_loop(table, DEVIANCE)
        structure = Structure(n_cells, occupied[0], occupied[1], occupied[2])
    else:
        total, rows, cols, h_true, h_pred, structure = _sums(table)
    xp = namespace_of(total)
    mutual = (total + as_number(means_of_unlisted(table))) / to_divisor(xp, structure.n_samples)
    return Information(capped(xp, mutual, structure, h_true, h_pred), h_true, h_pred, rows, cols, structure)


def _sums(table: Cells) -> tuple[Any, ...]:
    """Return the sum of deviances, and what the sizes tell."""
    xp, n = table.xp, table.n_samples
    (h_true, rows), (h_pred, cols) = (
        entropy_and_concentration(xp, sizes, n) for sizes in (table.row_sums, table.col_sums)
    )
    sums = (table.sum_cells(_cell_deviance), rows, cols, h_true, h_pred)
    return *map(as_number, sums), table.structure()


def _sums_by_loop(table: Cells, wanted: int) -> tuple[Any, ...]:
    """Return what `information_of_table` does of each table."""
    found: tuple[Any, ...] = tuple(sums_by_loop(table, information_of_table, information_of_tables, wanted, n_sums=12))
    return found


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
    if is_looped(table):
        found = _sums_by_loop(table, GIVEN_ROW | GIVEN_COL)
        n = to_divisor(namespace_of(found[11]), found[11])
        return found[3] / n, found[2] / n
    true_given_pred = _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * log_ratio(xp, b, x))
    pred_given_true = _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * log_ratio(xp, a, x))
    return true_given_pred, pred_given_true


def concentration_of_cells(table: Cells) -> Array:
    """Return sum x log x / n (...) over the cells: log n less the joint entropy, without the cancellation."""
    if is_looped(table):
        found = _sums_by_loop(table, XLOGX)
        mean: Array = found[1] / to_divisor(namespace_of(found[11]), found[11])
        return mean
    return _per_sample(table, lambda xp, x, a, b, n: xlogx(xp, to_float(xp, x)))


def means_of_unlisted(table: Cells) -> Array | float:
    """Return the sum of a b / n (...) over the cells that are not listed, which deviate by that."""
    if table.is_grid:
        return 0.0
    xp, n = table.xp, table.n_samples[..., None]
    listed = xp.take(table.col_sums, table.cols, axis=-1)
    unlisted = n - sum_by_key(xp, table.rows, listed, table.row_sums.shape[-1])  # of the columns, for each row
    return xp.sum(mean_count(xp, table.row_sums, at_least(xp, unlisted, 0), n), axis=-1)


def _cell_deviance(xp: Namespace, x: Array, a: Array, b: Array, n: Array) -> Array:
    return deviance(xp, to_float(xp, x), mean_count(xp, a, b, n), offset_from_mean(xp, x, a, b, n))


def _per_sample(table: Cells, f: Callable[..., Array]) -> Array:
    sums: Array = as_number(table.sum_cells(f))
    n = as_number(table.n_samples)
    return sums / to_divisor(namespace_of(n), n)
