"""Entropy and mutual information of a contingency table, in nats; sums of terms that never cancel."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from amiable._array.namespace import Array, at_least, to_float
from amiable.contingency import ContingencyTable, Structure
from amiable.deviance import deviance, mean_count, offset_from_mean, xlogx


def entropy(xp: ModuleType, sizes: Array, n: Array) -> Array:
    """Return the entropy (...) of cluster sizes (..., K) with totals n (...): at most log n, which singletons have."""
    return _entropy(xp, sizes, n, concentration(xp, sizes, n))


def _entropy(xp: ModuleType, sizes: Array, n: Array, below: Array) -> Array:
    """Return the entropy, given by how much it is below log n."""
    most = xp.log(to_float(xp, at_least(xp, n, 1)))
    shares = to_float(xp, sizes) / to_float(xp, at_least(xp, n, 1))[..., None]
    direct = xp.sum(shares * _log_ratio(xp, n[..., None], sizes), axis=-1)
    return xp.where(2 * below < most, most - below, direct)


class Information(NamedTuple):
    """What two labelings tell, and tell of each other: arrays of shape (...)."""

    mutual: Array  # at most either entropy; where one labeling refines the other, exactly the coarser's
    h_true: Array
    h_pred: Array
    rows: Array  # concentrations of the cluster sizes
    cols: Array
    structure: Structure


def information(table: ContingencyTable) -> Information:
    """Return the mutual information of a table, the entropies and which labeling refines the other."""
    xp, n_samples, structure = table.xp, table.n_samples, table.structure()
    total = table.sum_cells(_cell_deviance)
    unlisted = table.unlisted_col_sums()
    if unlisted is not None:  # a cell without samples deviates by its mean
        total = total + xp.sum(mean_count(xp, table.row_sums, unlisted, n_samples[..., None]), axis=-1)
    margins = table.row_sums, table.col_sums
    rows, cols = (concentration(xp, sizes, n_samples) for sizes in margins)
    h_true, h_pred = _entropy(xp, margins[0], n_samples, rows), _entropy(xp, margins[1], n_samples, cols)
    mutual = total / to_float(xp, at_least(xp, n_samples, 1))
    mutual = capped(xp, mutual, structure, h_true, h_pred)
    return Information(mutual, h_true, h_pred, rows, cols, structure)


def capped(xp: ModuleType, mutual: Array, structure: Structure, of_true: Array, of_pred: Array) -> Array:
    """Return mutual information that is the coarser labeling's where one refines the other, and at most either's."""
    exact = xp.where(structure.homogeneous, of_true, xp.where(structure.complete, of_pred, mutual))
    return xp.minimum(exact, xp.minimum(of_true, of_pred))


def mutual_information(table: ContingencyTable) -> Array:
    """Return the mutual information (...) alone."""
    return information(table).mutual


def joint_entropy(table: ContingencyTable) -> Array:
    """Return the entropy (...) of the pair of labelings."""
    return _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * _log_ratio(xp, n, x))


def conditional_entropies(table: ContingencyTable) -> tuple[Array, Array]:
    """Return H(true | pred) and H(pred | true), exactly 0 where one labeling settles the other."""
    true_given_pred = _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * _log_ratio(xp, b, x))
    pred_given_true = _per_sample(table, lambda xp, x, a, b, n: to_float(xp, x) * _log_ratio(xp, a, x))
    return true_given_pred, pred_given_true


def concentration(xp: ModuleType, sizes: Array, n: Array) -> Array:
    """Return sum a log a / n (...) of cluster sizes (..., K): log n less the entropy, without the cancellation."""
    return xp.sum(xlogx(xp, to_float(xp, sizes)), axis=-1) / to_float(xp, at_least(xp, n, 1))


def is_lifted(xp: ModuleType, rows: Array, cols: Array, n: Array) -> Array:
    """Whether MI can never be 0, given the concentrations of the cluster sizes: H(true) + H(pred) > log n (...).

    Almost all clusters are small then, and sums of K log K, which is 0 for K <= 1, keep digits that deviances lose.
    """
    return rows + cols < xp.log(to_float(xp, at_least(xp, n, 1)))


def concentration_of_cells(table: ContingencyTable) -> Array:
    """Return sum x log x / n (...) over the cells: log n less the joint entropy, without the cancellation."""
    return _per_sample(table, lambda xp, x, a, b, n: xlogx(xp, to_float(xp, x)))


def _cell_deviance(xp: ModuleType, x: Array, a: Array, b: Array, n: Array) -> Array:
    return deviance(xp, to_float(xp, x), mean_count(xp, a, b, n), offset_from_mean(xp, x, a, b, n))


def _per_sample(table: ContingencyTable, f: Callable[..., Array]) -> Array:
    return table.sum_cells(f) / to_float(table.xp, at_least(table.xp, table.n_samples, 1))


def _log_ratio(xp: ModuleType, whole: Array, part: Array) -> Array:
    """Return log(whole / part) >= 0 for whole numbers 0 < part <= whole, with all its digits where they are close."""
    return xp.log1p(to_float(xp, whole - part) / to_float(xp, at_least(xp, part, 1)))
