"""The contingency matrix in scikit-learn's form."""

from __future__ import annotations

from typing import Any

from amiable._array.namespace import to_float
from amiable.contingency import ContingencyTable
from amiable.scores.arguments import as_table


def contingency_matrix(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    eps: float | None = None,
    sparse: bool = False,
    dtype: Any = None,
    contingency: Any = None,
    n_labels: tuple[int, int] | None = None,
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

    Returns
    -------
    matrix : array of shape (..., R, C), or SciPy sparse array of shape (R, C)
        Rows and columns in the sorted order of the labels. An array of the inputs' library on their device.

    Raises
    ------
    ValueError
        `eps` together with `sparse`; bad labels or counts.
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
    table: ContingencyTable = as_table(labels_true, labels_pred, contingency, n_labels)
    if sparse:
        matrix = table.to_sparse()
        return matrix if dtype is None else matrix.astype(dtype)
    dense = table.to_dense()
    if eps is not None:
        return to_float(table.xp, dense) + eps
    return dense if dtype is None else table.xp.astype(dense, dtype)
