"""The public contingency table: made from labels, counts, cells or dataframes; tables of parts of the data add up."""

from __future__ import annotations

import math
import warnings
from dataclasses import fields
from typing import Any

import numpy as np

from amiable._array.bins import sum_by_key, unique_inverse
from amiable._array.devices import common_namespace, on_own_device
from amiable._array.libraries import NUMPY, is_dask, namespace_of
from amiable._array.protocols import Array, Namespace
from amiable.contingency.cells import Cells, grid_or_occupied, listed
from amiable.contingency.counting import cells_of_labels, cells_of_pairs
from amiable.contingency.merging import add_cells
from amiable.inputs.codes import encode
from amiable.inputs.counts import check_counts
from amiable.inputs.frames import count_columns
from amiable.inputs.labels import check_labelings, check_labels, check_n_labels, check_values_known, level_of_caller

__all__ = ["ContingencyTable"]


class ContingencyTable(Cells):
    """How many samples each pair (class of true, cluster of pred) holds: one table, or a batch of tables.

    One representation serves dense, sparse and batched tables: a list of M cells, each a row, a column and
    a count; cells that are not listed hold no sample. A dense table lists all R C cells in row-major order.
    Make one with `from_labels`, `from_counts`, `from_cells` or `from_frame`; `+` adds tables of parts of the data.

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
        cls, labels_true: Any, labels_pred: Any, *, n_labels: tuple[int, int] | None = None
    ) -> ContingencyTable:
        """Count two labelings.

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

        Raises
        ------
        TypeError
            Labels that are None, mixed in kind, or of different array libraries or devices; clusters listed by their
            members, dicts, iterators.
        ValueError
            Different lengths, missing values, an empty batch, codes outside `n_labels`; more rows and columns promised
            than 2**28 together or, on an accelerator or under tracing, more cells than 2**30.

        Returns
        -------
        ContingencyTable
        """
        promised = None if n_labels is None else check_n_labels(n_labels)
        if is_dask(labels_true) or is_dask(labels_pred):
            from amiable.contingency.dask_blocks import delayed_cells

            table = table_of(delayed_cells(labels_true, labels_pred, promised).compute())
            for name, labels in (("labels_true", table.row_labels), ("labels_pred", table.col_labels)):
                if labels is not None:
                    check_labels(name, labels)  # once, and here: blocks do not warn of continuous labels
            return table
        return table_of(cells_of_labels(*check_labelings(labels_true, labels_pred), promised))

    @classmethod
    @on_own_device
    def from_counts(
        cls, counts: Any, *, row_labels: Any | None = None, col_labels: Any | None = None
    ) -> ContingencyTable:
        """Take counts that are already there.

        Parameters
        ----------
        counts : array-like of shape (..., R, C), or SciPy sparse of shape (R, C)
            Whole numbers >= 0, of an integer or float dtype. Rows and columns of totals are taken as any others; given
            as `contingency` of a score, one table that ends in the sums of its rows and columns is refused.
        row_labels, col_labels : array-like of shape (R,) and (C,), optional
            The distinct labels of rows and columns, for adding tables.

        Raises
        ------
        TypeError
            Counts that are not numbers.
        ValueError
            Counts that are negative, fractional or not finite; the wrong number of dimensions; an empty batch;
            labels whose number is not that of the rows or columns, or that repeat.

        Returns
        -------
        ContingencyTable
        """
        if hasattr(counts, "tocoo"):
            return table_of(_cells_of_sparse(counts.tocoo(), row_labels, col_labels))
        x = check_counts("contingency", counts, axis=(-2, -1))
        xp = namespace_of(x)
        shape = x.shape[-2:]
        labels = _check_axes(xp, x, shape, row_labels, col_labels)
        return table_of(grid_or_occupied(xp, xp.reshape(x, (*x.shape[:-2], math.prod(shape))), shape, *labels))

    @classmethod
    @on_own_device
    def from_cells(cls, labels_true: Any, labels_pred: Any, counts: Any) -> ContingencyTable:
        """Take a list of pairs of labels with their counts, as a GROUP BY of two columns gives it.

        Parameters
        ----------
        labels_true, labels_pred : array-like of shape (M,)
            Labels of any kind.
        counts : array-like of shape (M,)
            How many samples have these labels: whole numbers >= 0. What is listed more than once adds up.

        Raises
        ------
        TypeError
            Labels that are None, mixed in kind, or of different array libraries or devices; counts that are no numbers.
        ValueError
            Different lengths, more than one dimension, missing labels (leave NULLs out: WHERE ... IS NOT NULL), counts
            that are negative, fractional or not finite.

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
        xp, true, pred = check_labelings(labels_true, labels_pred)
        amounts = check_counts("counts", counts, axis=-1)
        common_namespace(labels_true=true, counts=amounts)
        given = {"labels_true": true, "labels_pred": pred, "counts": amounts}
        if any(x.ndim != 1 or x.shape != true.shape for x in given.values()):
            shapes = ", ".join(f"{name} {tuple(x.shape)}" for name, x in given.items())
            raise ValueError(f"the shapes are those of {shapes}: expected (M,) for all")
        for name, x in given.items():
            check_values_known(name, x)
        return table_of(cells_of_pairs(xp, true, pred, amounts))

    @classmethod
    def from_frame(cls, frame: Any, true: str, pred: str, *, dropna: bool = False) -> ContingencyTable:
        """Count two columns of a dataframe where it lies: its engine groups and counts, only counts arrive.

        Parameters
        ----------
        frame : dataframe, lazy frame or relation
            Of pandas, polars, PyArrow, DuckDB, Dask, PySpark or another library that narwhals supports.
        true, pred : str
            The columns of true and of predicted labels.
        dropna : bool, default=False
            Leave rows out where either label is missing (null or NaN). A UserWarning says when no row is left.

        Raises
        ------
        ModuleNotFoundError
            narwhals is not installed.
        TypeError
            What is given is no dataframe; a column holds lists, structures or labels of several kinds.
        ValueError
            A column that is not there (the message lists those there are); several columns of one name; missing labels
            without `dropna` (it counts them).

        Returns
        -------
        ContingencyTable
            In NumPy.

        Examples
        --------
        >>> import polars as pl
        >>> from amiable import ContingencyTable
        >>> frame = pl.LazyFrame({"truth": ["cat", "cat", "dog", None], "cluster": [1, 2, 2, 2]})
        >>> ContingencyTable.from_frame(frame, "truth", "cluster", dropna=True).to_dense()
        array([[1, 1],
               [0, 1]])
        """
        *labels, counts = count_columns(frame, true, pred, dropna=dropna)
        if dropna and not counts.size:
            warnings.warn(
                f"no row of frame has a label in both columns, {true!r} and {pred!r}: the table holds no sample",
                UserWarning,
                stacklevel=level_of_caller(),
            )
        rows, cols = (check_labels(f"column {name!r}", x) for name, x in zip((true, pred), labels, strict=True))
        return table_of(cells_of_pairs(NUMPY, rows, cols, counts))

    @on_own_device
    def __add__(self, other: object) -> ContingencyTable:
        """Unite the label sets and add the counts; batch dimensions broadcast."""
        if isinstance(other, int) and other == 0:  # the start of sum(tables)
            return self
        return table_of(add_cells(self, other)) if isinstance(other, Cells) else NotImplemented

    __radd__ = __add__

    def to_sparse(self) -> Any:
        """Return the counts of one NumPy table as a SciPy sparse array in CSR format, shape (R, C)."""
        import scipy.sparse

        if self.counts.ndim != 1 or not isinstance(self.counts, np.ndarray):
            raise TypeError(f"{self!r} has no SciPy form: expected one table (no batch) that lives in NumPy")
        occupied = self.counts > 0
        cells = (self.counts[occupied], (self.rows[occupied], self.cols[occupied]))
        return scipy.sparse.coo_array(cells, shape=self.shape).tocsr()


def table_of(cells: Cells) -> ContingencyTable:
    """Return cells as a table for callers, which shares their arrays."""
    if isinstance(cells, ContingencyTable):
        return cells
    return ContingencyTable(**{field.name: getattr(cells, field.name) for field in fields(Cells)})


def _check_axes(
    xp: Namespace, counts: Array, shape: tuple[int, ...], row_labels: Any | None, col_labels: Any | None
) -> tuple[Array | None, Array | None]:
    """Return the labels of both axes as arrays beside `counts`, one distinct label a row or column."""
    checked: list[Array | None] = []
    for name, labels, length in (("row_labels", row_labels, shape[-2]), ("col_labels", col_labels, shape[-1])):
        if labels is None:
            checked.append(None)
            continue
        x = check_labels(name, labels)
        common_namespace(contingency=counts, **{name: x})
        check_values_known(name, x)
        if x.shape != (length,):
            raise ValueError(
                f"{name} has shape {tuple(x.shape)}: expected ({length},), as contingency has shape {tuple(shape)}"
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
