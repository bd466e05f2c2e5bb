"""The public contingency table: made from labels, counts, cells or dataframes; tables of parts of the data add up."""

from __future__ import annotations

import math
import warnings
from dataclasses import fields, replace
from typing import Any

import numpy as np

from amiable._array.bins import sum_by_key, unique_inverse
from amiable._array.devices import common_namespace, is_traced, on_own_device
from amiable._array.dtypes import to_count
from amiable._array.libraries import NUMPY, is_dask, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable.contingency.cells import Cells, grid_or_occupied, listed
from amiable.contingency.counting import cells_of_labels
from amiable.contingency.merging import add_cells
from amiable.contingency.policies import counted_codes, counted_labels, counted_pairs
from amiable.contingency.weighing import fallen_apart, left_out, weighed_labels
from amiable.contingency.weights import (
    add_weighted,
    cells_of_mass,
    cells_of_moments,
    cells_of_probabilities,
)
from amiable.inputs.codes import encode
from amiable.inputs.counts import check_counts, check_no_totals
from amiable.inputs.frames import count_columns
from amiable.inputs.labels import check_labels, check_n_labels, check_values_known, level_of_caller
from amiable.inputs.mappings import align
from amiable.inputs.missing import MissingPolicy, check_policies
from amiable.inputs.weights import check_mass, check_probabilities, check_weights

__all__ = ["ContingencyTable"]


class ContingencyTable(Cells):
    """How many samples each pair (class of true, cluster of pred) holds: one table, or a batch of tables.

    One representation serves dense, sparse and batched tables: a list of M cells, each a row, a column and
    a count; cells that are not listed hold no sample. A dense table lists all R C cells in row-major order.
    Make one with `from_labels`, `from_counts`, `from_cells` or `from_frame`, one of real numbers with `from_weights` or
    `from_probabilities`; `+` adds tables of parts of the data.

    Attributes
    ----------
    rows, cols : array of integers, shape (M,)
        The row and column of each listed cell.
    counts : array of integers, shape (..., M)
        How many samples each listed cell holds.
    row_sums, col_sums : array of integers, shapes (..., R) and (..., C)
        Cluster sizes of the true and of the predicted labeling. Random tables with given margins share them: there
        the shapes are (R,) and (C,), whatever that of the counts.
    row_labels, col_labels : array of shape (R,) and (C,), or None
        The label that each row and column stands for; None where rows and columns are codes 0, 1, 2, ...
    is_grid : bool
        Whether all R C cells are listed, in row-major order.
    n_missing, n_ignored : int or array of integers, shape (...)
        How many samples were left out since a label was missing, and since their label was ignored.
    group_labels : array of shape (G,), or None
        The group that each table of a batch stands for.
    squares, numbers : array of floats, shape (..., M), or None
        Of a weighted table, whose counts and sums are weights: the sum of the squared weights of the samples of each
        cell, and how many samples it has. A table of mass without samples has squares of 0 and no numbers.
    static : bool
        Whether shapes were fixed in advance by `n_labels` on an accelerator or under tracing, so that
        scores look at no value (but expectations of many cells at cluster sizes; see `from_labels`).

    Examples
    --------
    >>> from amiable import ContingencyTable
    >>> monday = ContingencyTable.from_labels(["cat", "cat", "dog"], [0, 0, 1])
    >>> tuesday = ContingencyTable.from_labels(["cow", "cat"], [1, 2])
    >>> week = monday + tuesday
    >>> week.row_labels, week.col_labels
    (array(['cat', 'cow', 'dog'], dtype='<U3'), array([0, 1, 2]))
    >>> week.to_dense()
    array([[2, 0, 1],
           [0, 1, 0],
           [0, 1, 0]])
    """

    @classmethod
    @on_own_device
    def from_labels(
        cls,
        labels_true: Any,
        labels_pred: Any,
        *,
        n_labels: tuple[int, int] | None = None,
        missing: MissingPolicy = "raise",
        ignore_true: Any | None = None,
        ignore_pred: Any | None = None,
        groups: Any | None = None,
        axis: int | None = -1,
        sample_weight: Any | None = None,
    ) -> ContingencyTable:
        """Count two labelings, or add up the weights of their samples.

        Parameters
        ----------
        labels_true, labels_pred : array-like of shape (..., n_samples)
            Labels of any kind: integers, booleans, strings, floats. Leading (batch) dimensions broadcast, and
            the labels of a batch share one label set. A list of lists or tuples is a batch; tuples are labels in a
            pandas MultiIndex or a 1-D array of objects. Sets are no labels. Two Dask arrays (or series) of shape
            (n_samples,) are counted block by block where they lie, see `amiable.dask`; the table is computed before
            this returns.
        n_labels : tuple of two int, optional
            (R, C): the labels are already codes below R and C. Nothing is sorted or looked up, and on an
            accelerator or under tracing no value is looked at. There, samples with a code outside are not counted.
            Scores with an expectation look at cluster sizes, some ten waits for the device, where tables have more than
            16,384 cells together: that saves most of the work. Under tracing, and while a CUDA graph is captured, they
            do not.
        missing : {"raise", "drop"}, default="raise"
            What is done with samples that lack a label (None, NaN, NaT, NA, masked) in either labeling, or a group:
            raise a ValueError, or leave them out. `n_missing` of the table tells how many were.
        ignore_true, ignore_pred : label or several, optional
            Samples with one of these true or predicted labels are left out: background, padding, noise. Labels that do
            not occur do no harm. `n_ignored` of the table tells how many samples were.
        groups : array-like of shape (n_samples,), optional
            The group of each sample: a donor, an image, a day. The table is a batch of one table for each group, in the
            order of `group_labels`, so that every score comes per group in one call. Where one label set is too large
            for so many groups, each group has codes of its own, and there are no labels.
        axis : int or None, default=-1
            The axis along which samples lie; the other axes are those of a batch. With None, label images or volumes
            of one shape (and their `groups`), Dask arrays included, are one labeling each.
        sample_weight : array-like of shape (n_samples,) or (..., n_samples), optional
            What each sample weighs, such as the duration of a segment: real numbers >= 0, of the library of the labels.
            The table then holds weights, of which scores take what needs no number of samples. A sample of weight 0 is
            as left out; one of weight 2 is not two samples, which `from_cells` counts.

        Raises
        ------
        TypeError
            Labels that are None, mixed in kind, or of different array libraries or devices; clusters listed by their
            members, dicts, iterators.
        ValueError
            Different lengths, with ``axis=None`` different shapes; an `axis` that is not there; a column (n, 1) of
            labels along its last axis, n labelings of one sample; missing values, an empty batch, codes outside
            `n_labels`; an unknown `missing`; groups of another length, or beside `n_labels` or a batch; more rows and
            columns promised than 2**28 together or, on an accelerator or under tracing, more cells than 2**30; weights
            that are negative, not finite, all 0, or of another number than the samples.

        Returns
        -------
        ContingencyTable
        """
        promised = None if n_labels is None else check_n_labels(n_labels)
        policies = check_policies(missing, ignore_true, ignore_pred)
        if sample_weight is not None:
            counted = weighed_labels(labels_true, labels_pred, sample_weight, promised, groups, policies, axis)
        elif is_dask(labels_true) or is_dask(labels_pred):
            from amiable.contingency.dask_blocks import delayed_cells

            counted = delayed_cells(labels_true, labels_pred, promised, groups, policies, axis).compute()
            for name, labels in (("labels_true", counted.row_labels), ("labels_pred", counted.col_labels)):
                if labels is not None:
                    check_labels(name, labels)  # once, and here: blocks do not warn of continuous labels
        else:
            counted = counted_labels(labels_true, labels_pred, promised, groups, policies, axis=axis)
        return _warned(table_of(counted))

    @classmethod
    def from_mappings(cls, true: Any, pred: Any, *, missing: MissingPolicy = "raise") -> ContingencyTable:
        """Count two labelings that are given by sample, in any order.

        Parameters
        ----------
        true, pred : mapping from samples to labels
            Two dicts, or two pandas Series, whose index holds the samples.
        missing : {"raise", "drop"}, default="raise"
            Whether a sample that lacks a label on either side (its mapping does not have it, or has None or NaN for it)
            is an error, or is left out. `n_missing` of the table tells how many were.

        Raises
        ------
        TypeError
            No mappings; labels that are mixed in kind or that are sets.
        ValueError
            Missing labels (it says how many, and names a sample); no sample that has both labels; an index that repeats
            a sample.

        Returns
        -------
        ContingencyTable
            In NumPy.

        See Also
        --------
        labels_of_clusters : For clusters that are listed by their members.

        Examples
        --------
        >>> from amiable import ContingencyTable
        >>> people, machine = {"r1": "ann", "r2": "ann", "r3": "bob"}, {"r3": 7, "r2": 5, "r1": 5, "r4": 9}
        >>> ContingencyTable.from_mappings(people, machine, missing="drop").to_dense()
        array([[2, 0],
               [0, 1]])
        """
        *given, n_missing = align(true, pred, drops=check_policies(missing).drops)
        rows, cols = (check_labels(name, x) for name, x in zip(("true", "pred"), given, strict=True))
        return _warned(table_of(replace(cells_of_labels(NUMPY, rows, cols), n_missing=n_missing)))

    @classmethod
    @on_own_device
    def from_counts(
        cls, counts: Any, *, row_labels: Any | None = None, col_labels: Any | None = None
    ) -> ContingencyTable:
        """Take counts that are already there.

        Parameters
        ----------
        counts : array-like of shape (..., R, C), or SciPy sparse of shape (R, C)
            Whole numbers >= 0, of an integer or float dtype. Rows and columns of totals are taken as any others, unless
            a dataframe calls them "All" or "Total"; given as `contingency` of a score, one table that ends in the sums
            of its rows and columns is refused.
        row_labels, col_labels : array-like of shape (R,) and (C,), optional
            The distinct labels of rows and columns, for adding tables.

        Raises
        ------
        TypeError
            Counts that are not numbers.
        ValueError
            Counts that are negative, fractional or not finite; totals in a dataframe; the wrong number of dimensions;
            an empty batch; labels whose number is not that of the rows or columns, or that repeat.

        Returns
        -------
        ContingencyTable
        """
        if hasattr(counts, "tocoo"):
            return table_of(_cells_of_sparse(counts.tocoo(), row_labels, col_labels))
        x = check_counts("contingency", counts, axis=(-2, -1))
        check_no_totals("contingency", counts, x)
        xp = namespace_of(x)
        shape = x.shape[-2:]
        labels = _check_axes(xp, x, shape, row_labels, col_labels)
        return table_of(grid_or_occupied(xp, xp.reshape(x, (*x.shape[:-2], math.prod(shape))), shape, *labels))

    @classmethod
    @on_own_device
    def from_weights(
        cls, weights: Any, *, row_labels: Any | None = None, col_labels: Any | None = None
    ) -> ContingencyTable:
        """Take a table of real numbers: joint probabilities, areas, durations.

        Only their ratios matter. There are no samples: the mass of a cell is that of infinitely many samples that weigh
        nothing each, so that scores of pairs draw both samples of a pair independently, with replacement.

        Parameters
        ----------
        weights : array-like of shape (..., R, C)
            Real numbers >= 0. Gradients pass through, as in `from_probabilities`.
        row_labels, col_labels : array-like of shape (R,) and (C,), optional
            The distinct labels of rows and columns, for adding tables.

        Raises
        ------
        TypeError
            Weights that are not real numbers.
        ValueError
            Weights that are negative, not finite or all 0; the wrong number of dimensions; an empty batch; labels whose
            number is not that of the rows or columns, or that repeat.

        Returns
        -------
        ContingencyTable

        Examples
        --------
        >>> from amiable import ContingencyTable, mutual_info_score
        >>> joint = ContingencyTable.from_weights([[0.4, 0.1], [0.1, 0.4]])
        >>> round(mutual_info_score(contingency=joint), 6)
        0.192745
        """
        x = check_weights("weights", weights)
        if x.ndim < 2 or 0 in x.shape:
            raise ValueError(f"weights has shape {tuple(x.shape)}: expected (..., R, C)")
        check_mass("weights", x, axis=(-2, -1))
        xp = namespace_of(x)
        labels = _check_axes(xp, x, x.shape[-2:], row_labels, col_labels, of="weights")
        return table_of(cells_of_mass(xp, x, *labels))

    @classmethod
    @on_own_device
    def from_probabilities(cls, P: Any, Q: Any) -> ContingencyTable:
        """Return the expected table of two soft assignments, the sum of the products of their probabilities.

        A sample lies in class i with probability ``P[s, i]`` and, independently, in cluster j with ``Q[s, j]``. Mutual
        information, its normalized forms and the variation of information of the table have gradients in PyTorch and
        JAX, also under `jax.jit` and `jax.vmap`, so that they may be losses.

        Parameters
        ----------
        P, Q : array-like of shape (..., n_samples, R) and (..., n_samples, C)
            Probabilities: rows add up to 1, within the root of the precision of their dtype. Leading (batch) dimensions
            broadcast.

        Raises
        ------
        TypeError
            Values that are not real numbers; different array libraries or devices.
        ValueError
            Negative or not finite values; a row that does not add up to 1 (neither is looked for under tracing);
            different numbers of samples.

        Returns
        -------
        ContingencyTable
            Of mass without samples, see `from_weights`.

        Notes
        -----
        Where a cell is empty, mutual information has an infinite slope; gradients are finite there, too.

        References
        ----------
        Mutual information of two views as a loss: Ji, Henriques and Vedaldi (2019), Invariant information clustering
        for unsupervised image classification and segmentation, ICCV, 9865-9874, 10.1109/ICCV.2019.00996.

        Examples
        --------
        >>> from amiable import ContingencyTable, normalized_mutual_info_score
        >>> soft = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8]]
        >>> table = ContingencyTable.from_probabilities(soft, soft)
        >>> round(normalized_mutual_info_score(contingency=table), 6)
        0.188722
        """
        return table_of(cells_of_probabilities(*check_probabilities(P, Q)))

    @classmethod
    @on_own_device
    def from_cells(
        cls,
        labels_true: Any,
        labels_pred: Any,
        counts: Any,
        *,
        missing: MissingPolicy = "raise",
        ignore_true: Any | None = None,
        ignore_pred: Any | None = None,
        groups: Any | None = None,
    ) -> ContingencyTable:
        """Take a list of pairs of labels with their counts, as a GROUP BY of two columns gives it.

        Parameters
        ----------
        labels_true, labels_pred : array-like of shape (M,)
            Labels of any kind.
        counts : array-like of shape (M,)
            How many samples have these labels: whole numbers >= 0. What is listed more than once adds up.
        missing, ignore_true, ignore_pred
            What is left out, as in `from_labels`.
        groups : array-like of shape (M,), optional
            The group of these samples, as a GROUP BY of three columns gives it: the table is a batch, as with `groups`
            in `from_labels`.

        Raises
        ------
        TypeError
            Labels that are None, mixed in kind, or of different array libraries or devices; counts that are no numbers.
        ValueError
            Different lengths, more than one dimension, missing labels without `missing="drop"`, counts that are
            negative, fractional or not finite.

        Returns
        -------
        ContingencyTable

        Examples
        --------
        >>> from amiable import ContingencyTable
        >>> ContingencyTable.from_cells(["cat", "dog", "cat"], [0, 1, 1], [10, 7, 2]).to_dense()
        array([[10,  2],
               [ 0,  7]])
        """
        policies = check_policies(missing, ignore_true, ignore_pred)
        return _warned(table_of(counted_pairs(labels_true, labels_pred, counts, groups, policies)))

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        true: str,
        pred: str,
        *,
        by: str | None = None,
        sample_weight: str | None = None,
        missing: MissingPolicy = "raise",
        ignore_true: Any | None = None,
        ignore_pred: Any | None = None,
    ) -> ContingencyTable:
        """Count two columns of a dataframe where it lies: its engine groups and counts, only counts arrive.

        Parameters
        ----------
        frame : dataframe, lazy frame or relation
            Of pandas, polars, PyArrow, DuckDB, Dask, PySpark or another library that narwhals supports.
        true, pred : str
            The columns of true and of predicted labels.
        by : str, optional
            The column of groups: a donor, an image, a day. The table is a batch of one table for each group, in the
            order of `group_labels`, as with `groups` in `from_labels`.
        sample_weight : str, optional
            The column of weights: the table is one of weights, as with `sample_weight` in `from_labels`.
        missing, ignore_true, ignore_pred
            What is left out, as in `from_labels`; missing are null and NaN.

        Raises
        ------
        ModuleNotFoundError
            narwhals is not installed.
        TypeError
            What is given is no dataframe; a column holds lists, structures or labels of several kinds.
        ValueError
            A column that is not there (the message lists those there are); several columns of one name; missing labels
            without `missing="drop"` (it counts them).

        Returns
        -------
        ContingencyTable
            In NumPy.

        Examples
        --------
        >>> import polars as pl
        >>> from amiable import ContingencyTable
        >>> frame = pl.LazyFrame({"truth": ["cat", "cat", "dog", None], "cluster": [1, 2, 2, 2]})
        >>> table = ContingencyTable.from_frame(frame, "truth", "cluster", missing="drop")
        >>> table.to_dense()
        array([[1, 1],
               [0, 1]])
        >>> table.n_missing
        1
        """
        names = [true, pred] if by is None else [true, pred, by]
        policies = check_policies(missing, ignore_true, ignore_pred)
        columns, counts, n_missing = count_columns(frame, names, drops=policies.drops, weight=sample_weight)
        if sample_weight is None:
            counted = counted_codes(NUMPY, columns, counts, policies)
        else:
            rows, cols, *groups = (column.labels for column in columns)
            found = cells_of_moments(NUMPY, rows, cols, counts, groups=groups[0] if groups else None)
            counted = left_out(found, *policies.ignored)
        return _warned(table_of(replace(counted, n_missing=n_missing)))

    @on_own_device
    def without(self, *, true: Any | None = None, pred: Any | None = None) -> ContingencyTable:
        """Return the table without the samples that have some labels, as if these had been left out before counting.

        Parameters
        ----------
        true, pred : label or several, optional
            True and predicted labels; where rows or columns have no labels, their numbers. Labels that do not occur do
            no harm.

        Raises
        ------
        TypeError
            A label of another kind than those of the table.
        ValueError
            A missing label.

        Returns
        -------
        ContingencyTable
            Clusters that then hold no sample are left out, too, where they have labels. `n_ignored` counts samples.

        Examples
        --------
        >>> from amiable import ContingencyTable
        >>> table = ContingencyTable.from_labels(["cat", "cat", "dog", "dog"], [0, 0, 1, -1])
        >>> kept = table.without(pred=-1)
        >>> kept.to_dense(), kept.n_ignored
        (array([[2, 0],
               [0, 1]]), 1)
        """
        return _warned(table_of(left_out(self, true, pred, ("true", "pred"))))

    @on_own_device
    def singletons(self, *, true: Any | None = None, pred: Any | None = None) -> ContingencyTable:
        """Return the table in which each sample with some labels is a cluster of its own, as noise may be taken.

        Parameters
        ----------
        true, pred : label or several, optional
            True and predicted labels, such as the -1 of DBSCAN; where rows or columns have no labels, their numbers.

        Raises
        ------
        TypeError
            A label of another kind than those of the table.
        ValueError
            A missing label; a table of a shape fixed in advance.

        Returns
        -------
        ContingencyTable
            Its rows (columns) have no labels, if `true` (`pred`) occurs. Add tables before: singletons of two tables
            would be taken for the same.

        Examples
        --------
        >>> from amiable import ContingencyTable
        >>> ContingencyTable.from_labels([0, 0, 1, 1], [5, -1, -1, 5]).singletons(pred=-1).to_dense()
        array([[1, 1, 0],
               [1, 0, 1]])
        """
        return table_of(fallen_apart(self, true, pred))

    @on_own_device
    def __add__(self, other: object) -> ContingencyTable:
        """Unite the label sets and add the counts; batch dimensions broadcast."""
        if isinstance(other, int) and other == 0:  # the start of sum(tables)
            return self
        if not isinstance(other, Cells):
            return NotImplemented
        return table_of((add_weighted if self.is_weighted or other.is_weighted else add_cells)(self, other))

    __radd__ = __add__

    def to_sparse(self) -> Any:
        """Return the counts of one NumPy table as a SciPy sparse array in CSR format, shape (R, C)."""
        import scipy.sparse

        if self.counts.ndim != 1 or not isinstance(self.counts, np.ndarray):
            raise TypeError(f"{self!r} has no SciPy form: expected one table (no batch) that lives in NumPy")
        occupied = self.counts > 0
        cells = (self.counts[occupied], (self.rows[occupied], self.cols[occupied]))
        return scipy.sparse.coo_array(cells, shape=self.shape).tocsr()


def _warned(table: ContingencyTable) -> ContingencyTable:
    """Return a table; warn where all samples were left out."""
    left_out = table.n_missing, table.n_ignored
    if any(not isinstance(n, int) or n for n in left_out) and not table.static and not is_traced(table.counts):
        xp, n = table.xp, table.n_samples
        if 0 in n.shape or bool(xp.any(n == 0)):
            n_missing, n_ignored = (int(xp.sum(xp.asarray(x))) if hasattr(x, "shape") else x for x in left_out)
            n_tables = math.prod(n.shape)
            where = f" in {int(xp.sum(to_count(xp, n == 0)))} of {n_tables} tables" if n.ndim and n_tables else ""
            warnings.warn(
                f"no sample is left{where}: {n_missing} lack a label and {n_ignored} have one that is ignored. Scores "
                "are those of empty labels",
                UserWarning,
                stacklevel=level_of_caller(),
            )
    return table


def table_of(cells: Cells) -> ContingencyTable:
    """Return cells as a table for callers, which shares their arrays."""
    if isinstance(cells, ContingencyTable):
        return cells
    return ContingencyTable(**{field.name: getattr(cells, field.name) for field in fields(Cells)})


def _check_axes(
    xp: Namespace,
    counts: Array,
    shape: tuple[int, ...],
    row_labels: Any | None,
    col_labels: Any | None,
    *,
    of: str = "contingency",
) -> tuple[Array | None, Array | None]:
    """Return the labels of both axes as arrays beside `counts`, one distinct label a row or column."""
    checked: list[Array | None] = []
    for name, labels, length in (("row_labels", row_labels, shape[-2]), ("col_labels", col_labels, shape[-1])):
        if labels is None:
            checked.append(None)
            continue
        x = check_labels(name, labels)
        common_namespace(**{of: counts, name: x})
        check_values_known(name, x)
        if x.shape != (length,):
            raise ValueError(
                f"{name} has shape {tuple(x.shape)}: expected ({length},), as {of} has shape {tuple(shape)}"
            )
        if encode(xp, x)[1].shape[0] != length:
            raise ValueError(f"{name} repeats a label: expected {length} distinct labels")
        checked.append(xp.asarray(x, copy=True))
    return checked[0], checked[1]


def _cells_of_sparse(counts: Any, row_labels: Any | None, col_labels: Any | None) -> Cells:
    """Take a SciPy sparse table in COO format; entries of one cell add up, as everywhere in SciPy."""
    if len(counts.shape) != 2:
        raise ValueError(f"contingency has shape {counts.shape}: expected (R, C) for a sparse table")
    entries = check_counts("contingency", counts.data, axis=-1, where="of its stored entries")
    xp = namespace_of(entries)
    labels = _check_axes(xp, entries, counts.shape, row_labels, col_labels)
    cells, which = unique_inverse(xp, counts.row.astype(np.int64) * counts.shape[1] + counts.col)
    return listed(xp, cells, sum_by_key(xp, which, entries, cells.shape[0]), counts.shape, *labels)
