"""Tables of labels in Dask arrays, for computing several of them, or a table and something else, in one go."""

from __future__ import annotations

from typing import Any, TypeAlias

from amiable._extras import hint

try:
    import dask
except ModuleNotFoundError as error:
    if error.name != "dask":
        raise
    raise ModuleNotFoundError(hint("amiable.dask", "dask", "dask"), name=error.name) from error

from amiable.contingency import table_of
from amiable.contingency.dask_blocks import delayed_cells
from amiable.inputs.labels import check_n_labels
from amiable.inputs.missing import MissingPolicy, check_policies

__all__ = ["delayed_table"]

Delayed: TypeAlias = Any  # dask.delayed.Delayed, which has no types


def delayed_table(
    labels_true: Any,
    labels_pred: Any,
    *,
    n_labels: tuple[int, int] | None = None,
    missing: MissingPolicy = "raise",
    ignore_true: Any | None = None,
    ignore_pred: Any | None = None,
    groups: Any | None = None,
    axis: int | None = -1,
) -> Delayed:
    """Count two labelings in Dask arrays, later: on the workers, when the result is computed.

    `ContingencyTable.from_labels` and every score take Dask arrays directly and compute at once; this is for computing
    several tables, or a table and something else, in one go.

    Parameters
    ----------
    labels_true, labels_pred : dask array of shape (n_samples,), or dask series
        Labels of any kind, in blocks of NumPy or CuPy arrays. Blocks need not line up where their lengths are known;
        where they are not, the blocks of both labelings are taken in pairs, which must agree in length.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    missing, ignore_true, ignore_pred, groups
        What is left out, and told apart; see `ContingencyTable.from_labels`. Groups are a Dask array or series, too.
    axis : int or None, default=-1
        With None, arrays of label images or volumes of one shape are one labeling each.

    Returns
    -------
    table : dask.delayed.Delayed of ContingencyTable
        Its `compute()`, or `dask.compute` of many, gives tables in the array library of the blocks. A worker holds
        one block of each labeling for each of its threads, and tables.

    Raises
    ------
    TypeError
        Only one of the labelings is a Dask array.
    ValueError
        Labels that are not 1-D without ``axis=None``, different lengths or shapes, blocks of unknown lengths that
        cannot be paired. What can be known from values alone (missing labels, codes outside `n_labels`) is raised when
        the table is computed.

    Examples
    --------
    >>> import dask.array as da
    >>> from amiable.dask import delayed_table
    >>> truth, found = da.arange(1000, chunks=100) // 500, da.arange(1000, chunks=300) // 250
    >>> delayed_table(truth, found).compute().to_dense()
    array([[250, 250,   0,   0],
           [  0,   0, 250, 250]])
    """
    promised = None if n_labels is None else check_n_labels(n_labels)
    policies = check_policies(missing, ignore_true, ignore_pred)
    return dask.delayed(table_of)(delayed_cells(labels_true, labels_pred, promised, groups, policies, axis))
