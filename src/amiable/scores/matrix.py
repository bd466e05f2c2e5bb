"""The contingency matrix in scikit-learn's form."""

from __future__ import annotations

import math
from typing import Any

from amiable._array.devices import is_traced, on_own_device
from amiable._array.dtypes import to_float
from amiable._array.protocols import Array
from amiable._array.transfers import fetch
from amiable.contingency import Cells, table_of
from amiable.scores.arguments import as_table

__all__ = [
    "contingency_matrix",
]


@on_own_device
def contingency_matrix(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    eps: float | None = None,
    sparse: bool = False,
    dtype: Any = None,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
    axis: int | None = -1,
) -> Any:
    """Count the samples of each class (row) in each cluster (column).

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (..., n_samples)
        Labels of any kind. Leading (batch) dimensions broadcast.
    eps : float, optional
        Added to every cell; the matrix is then of floats.
    sparse : bool, default=False
        Return a SciPy sparse array in CSR format: one table of NumPy labels only.
    dtype : dtype of the inputs' library, optional
        Of the counts, int64 by default. Ignored where `eps` is given.
    contingency : ContingencyTable, array-like (..., R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    n_labels : tuple of two int, optional
        (R, C): the labels are codes below R and C; see `ContingencyTable.from_labels`.
    axis : int or None, default=-1
        The axis along which samples lie. With None, label images or volumes of one shape are one labeling each.

    Returns
    -------
    matrix : array of shape (..., R, C), or SciPy sparse array of shape (R, C)
        Rows and columns in the sorted order of the labels. An array of the inputs' library on their device.

    Raises
    ------
    ValueError
        `eps` together with `sparse`; a `dtype` too narrow for the counts; bad labels or counts.
    TypeError
        `sparse` for a batch or a library other than NumPy; bad labels or counts.

    References
    ----------
    Pearson (1904), On the theory of contingency and its relation to association and normal correlation.

    Examples
    --------
    >>> from amiable import contingency_matrix
    >>> contingency_matrix(["a", "a", "b", "b"], [0, 0, 1, 2])
    array([[2, 0, 0],
           [0, 1, 1]])
    """
    if eps is not None and sparse:
        raise ValueError("Cannot set 'eps' when sparse=True")
    table = as_table(labels_true, labels_pred, contingency, n_labels, axis, takes_weights=True)
    if sparse:
        matrix = table_of(table).to_sparse()
        if dtype is not None:
            matrix.data = _cast(table, matrix.data, dtype)
        return matrix
    dense = table.to_dense()
    if eps is not None:
        return to_float(table.xp, dense) + eps
    return dense if dtype is None else _cast(table, dense, dtype)


def _cast(table: Cells, dense: Array, dtype: Any) -> Array:
    """Return counts in another dtype; raise ValueError for an integer dtype that does not hold them."""
    xp = table.xp
    cast = xp.astype(dense, dtype)
    if xp.isdtype(cast.dtype, "integral") and not table.static and not is_traced(dense):
        most, limit = max(fetch(xp.max(dense)[None])) if math.prod(dense.shape) else 0, int(xp.iinfo(cast.dtype).max)
        if most > limit:
            raise ValueError(f"dtype is {cast.dtype}, which holds counts up to {limit}: expected a dtype for {most}")
    return cast
