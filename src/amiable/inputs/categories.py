"""Labels that pandas, polars or Arrow hold as codes of categories: the codes are read, not one object a label."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np


class Categories(NamedTuple):
    """Codes of labels, and the values that they stand for, of which some may not occur."""

    codes: np.ndarray  # (n,), -1 where a label is missing
    values: np.ndarray
    missing: str  # what a missing label is called

    def with_missing_values(self) -> Categories:
        """Return the same labels, with the code -1 where they stand for a value that is missing."""
        kind = self.values.dtype.kind
        if kind in "fmM":
            missing = np.isnan(self.values) if kind == "f" else np.isnat(self.values)
        else:
            missing = np.array([kind == "O" and is_missing(value) for value in self.values.tolist()], dtype=bool)
        if not missing.any():
            return self
        lookup = np.append(np.where(missing, -1, np.arange(missing.size)), -1)
        return self._replace(codes=lookup[self.codes])


def is_missing(value: Any) -> bool:
    """Whether a label is None, NaN of any type, NaT or pandas' NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - NaN and NaT differ from themselves
    except Exception:  # what cannot be compared with itself is no missing value
        return False


def categories_of(labels: Any) -> Categories | None:
    """Return labels of a categorical type of pandas, polars or Arrow as codes; None for all others."""
    library = type(labels).__module__.partition(".")[0]
    if library == "pandas":
        return _of_pandas(labels, sys.modules[library])
    if library == "polars":
        return _of_polars(labels, sys.modules[library])
    return _of_arrow(labels, sys.modules[library]) if library == "pyarrow" else None


def codes_of_column(labels: Any) -> Categories | None:
    """Return a column of categories, or one of pandas or polars that holds texts, as codes; None for others."""
    found, library = categories_of(labels), type(labels).__module__.partition(".")[0]
    if found is None and library == "polars":
        polars = sys.modules[library]
        return _of_polars(labels.cast(polars.Categorical), polars) if labels.dtype == polars.String else None
    if found is not None or library != "pandas":
        return found
    pandas = sys.modules[library]
    if not (pandas.api.types.is_object_dtype(labels.dtype) or isinstance(labels.dtype, pandas.StringDtype)):
        return None
    try:
        codes, values = pandas.factorize(labels)
    except TypeError:  # lists and the like
        return None
    return Categories(codes, np.asarray(values), "NaN")


def _of_pandas(labels: Any, pandas: Any) -> Categories | None:
    dtype = getattr(labels, "dtype", None)
    if isinstance(dtype, pandas.ArrowDtype):
        found = _of_arrow(labels.array.__arrow_array__(), sys.modules["pyarrow"])
        return None if found is None else found._replace(missing=str(pandas.NA))
    if not isinstance(dtype, pandas.CategoricalDtype):
        return None
    held = labels.cat if hasattr(labels, "cat") else labels
    return Categories(np.asarray(held.codes), np.asarray(held.categories), "NaN")


def _of_polars(labels: Any, polars: Any) -> Categories | None:
    if not isinstance(labels, polars.Series) or labels.dtype not in (polars.Categorical, polars.Enum):
        return None
    physical = labels.to_physical()
    codes = (physical.cast(polars.Int64).fill_null(-1) if physical.has_nulls() else physical).to_numpy()
    # codes may be shared with other columns, and have gaps: ask a sample of each for its value
    sample = np.full(int(codes.max(initial=0)) + 2, -1)
    sample[codes] = np.arange(codes.size)
    sample = sample[:-1]  # without that of a missing label, whose code is -1
    values = np.full(sample.size, "", dtype=object)
    values[sample >= 0] = labels[sample[sample >= 0]].cast(polars.String).to_list()
    return Categories(codes, values, "None")


def _of_arrow(labels: Any, arrow: Any) -> Categories | None:
    if isinstance(labels, arrow.ChunkedArray) and arrow.types.is_dictionary(labels.type):
        labels = labels.unify_dictionaries().combine_chunks()
    if not isinstance(labels, arrow.DictionaryArray):
        return None
    codes = labels.indices
    if codes.null_count:
        codes = codes.cast(arrow.int64()).fill_null(-1)
    return Categories(codes.to_numpy(zero_copy_only=False), np.asarray(labels.dictionary), "None")
