"""Files that hold a contingency table: a row for each class, a column of counts for each cluster."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import polars as pl

from amiable.files.choosing import INDEXES, are_counts
from amiable.files.errors import FileError
from amiable.files.opening import Labelings
from amiable.inputs.counts import check_no_totals


class Counts(NamedTuple):
    """How many samples each class and cluster share, (R, C), and the column that names the classes, if one does."""

    counts: np.ndarray
    classes: list[object]
    clusters: list[str]
    named_by: str | None


def read_counts(labelings: Labelings, named_by: str | None = None) -> Counts:
    """Read a contingency table.

    Parameters
    ----------
    labelings : Labelings
        The opened file.
    named_by : str, optional
        The column that names the classes; by default the first one if it holds no numbers, is called as an index is,
        or is called otherwise than the clusters, which are numbers.

    Raises
    ------
    FileError
        No such column, counts that are no whole numbers >= 0, totals, no samples.
    """
    name = labelings.name
    frame = labelings.collected(labelings.opened([named_by or labelings.columns[0], *labelings.columns]).collect)
    if labelings.text is not None:
        frame = frame.head(frame.height - labelings.text.count_empty_lines_at_end())
    named_by = named_by or _names_of_classes(frame.select(labelings.columns))
    clusters = [column for column in labelings.columns if column != named_by]
    if not clusters or not frame.height:
        raise FileError(f"{name} has no column of counts: expected one for each cluster, and a row for each class")
    for column in clusters:
        if not are_counts(frame[column]):
            bad = next(x for x in frame[column] if not are_counts(pl.Series([x])))
            raise FileError(f"{name}: column {column!r} holds {bad!r}: expected counts, which are whole numbers >= 0")
    try:
        whole = pl.col(clusters).cast(pl.String).str.replace(r"\.0*$", "")
        counts = frame.select(whole.cast(pl.Int64)).to_numpy()
    except pl.exceptions.PolarsError as error:
        raise FileError(f"{name} holds counts that are too large: expected whole numbers that int64 holds") from error
    classes = frame[named_by].to_list() if named_by is not None else list(range(frame.height))
    try:
        check_no_totals(name, SimpleNamespace(index=np.array(classes), columns=np.array(clusters)), counts)
    except ValueError as error:
        raise FileError(str(error).partition(", margins=False")[0]) from error
    if not counts.any():
        raise FileError(f"{name} has counts of 0 alone: expected at least one sample")
    return Counts(counts, classes, clusters, named_by)


def _names_of_classes(frame: pl.DataFrame) -> str | None:
    first, *others = frame.columns
    is_apart = bool(others) and not first.isdecimal() and all(map(str.isdecimal, others))
    return first if first in INDEXES or is_apart or not _are_numbers(frame[first]) else None


def _are_numbers(column: pl.Series) -> bool:
    """Whether a column holds numbers alone, of which some may be no counts."""
    known = column.drop_nulls()
    return known.len() > 0 and known.cast(pl.Float64, strict=False).is_not_null().all()
