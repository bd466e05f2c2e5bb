"""Which columns of a file are labelings: those that are named, or all but indexes, ids and what is excluded."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import polars as pl

from amiable.files.errors import FileError
from amiable.files.opening import Labelings
from amiable.inputs.labels import is_identifier

# what pandas, R and Arrow call an index that has no name
INDEXES = ("", "Unnamed: 0", "__index_level_0__")
_HEAD = 10_000  # rows in which an id is told from a labeling
_FEWEST = 10  # rows; of fewer, each may well be a cluster of its own
_MOST_ROWS_OF_COUNTS = 1000


class Chosen(NamedTuple):
    """The columns that are scored, and what is to be said of those that are not."""

    names: list[str]
    left_out: list[str]  # one line each


def choose(
    labelings: Labelings, fixed: Sequence[str], named: Sequence[str] | None, excluded: Sequence[str] | None, option: str
) -> Chosen:
    """Choose the columns to compare with those that are `fixed`, which `option` names: by default, all that group rows.

    Names may be patterns, as of files: "kmeans_*".
    """
    _matching(labelings, fixed)  # which are there
    without = _matching(labelings, excluded or ())
    if named:
        found = _matching(labelings, named, fixed)
        return Chosen(_some(labelings, [name for name in found if name not in without], fixed, []), [])
    names = [name for name in labelings.columns if name not in (*fixed, *without)]
    apart = [name for name in names if name in INDEXES] + _identifiers(labelings, names)
    lines = [_left_out(name, option) for name in dict.fromkeys(apart)]
    return Chosen(_some(labelings, [name for name in names if name not in apart], fixed, lines), lines)


def looks_like_counts(labelings: Labelings, true: str) -> bool:
    """Whether a file looks like a contingency table: few rows, each with a class of its own, and counts beside it."""
    if len(labelings.columns) < 2 or labelings.kind in ("numpy", "h5ad"):
        return False
    frame = labelings.scan(labelings.columns).head(_MOST_ROWS_OF_COUNTS + 1).collect()
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))  # empty lines
    if not 2 <= frame.height <= _MOST_ROWS_OF_COUNTS or frame[true].n_unique() < frame.height:
        return False
    others = [name for name in frame.columns[1:] if name != true]
    return bool(others) and all(are_counts(frame[name]) for name in others)


def are_counts(column: pl.Series) -> bool:
    """Whether a column holds nothing but whole numbers >= 0, which may be written as 30.0."""
    return bool(column.cast(pl.String).str.contains(r"^\d+(\.0*)?$").fill_null(False).all())


def _matching(labelings: Labelings, patterns: Sequence[str], fixed: Sequence[str] = ()) -> list[str]:
    """Return the columns that are named, or match a pattern and are not `fixed`, in the order of the names."""
    others = [name for name in labelings.columns if name not in fixed]
    found: list[str] = []
    for pattern in patterns:
        fit = [pattern] if pattern in labelings.columns else [name for name in others if fnmatchcase(name, pattern)]
        if not fit:
            listed = ", ".join(map(repr, labelings.columns))
            raise FileError(f"{labelings.name} has no column {pattern!r}: its columns are {listed}")
        found += fit
    return list(dict.fromkeys(found))


def _some(labelings: Labelings, names: list[str], fixed: Sequence[str], lines: list[str]) -> list[str]:
    """Return names, of which there is at least one."""
    if not names:
        besides = f" besides {' and '.join(map(repr, fixed))}" if fixed else ""
        known = f". {' '.join(lines)}" if lines else ""
        raise FileError(f"{labelings.name} has no column{besides}: expected at least one labeling to score{known}")
    return names


def _identifiers(labelings: Labelings, names: Sequence[str]) -> list[str]:
    """Return the columns in which nearly every row has a label of its own."""
    if not names:
        return []
    frame = labelings.opened(names)
    known = pl.all().drop_nulls()
    start = labelings.collected(lambda: frame.head(_HEAD).collect())
    if start.height < _FEWEST:
        return []
    found = [x.name for x in start if is_identifier(x.drop_nulls().n_unique(), start.height - x.null_count())]
    if start.height < _HEAD or not found:
        return found
    # a labeling may have a few samples a cluster; to count the labels exactly takes as much memory as they do
    counted = frame.select(found).select(known.approx_n_unique().name.prefix("n"), known.len().name.prefix("of"))
    row = labelings.collected(lambda: counted.collect(engine="streaming")).row(0, named=True)
    return [name for name in found if is_identifier(row[f"n{name}"], row[f"of{name}"])]


def _left_out(name: str, option: str) -> str:
    what = "is an index" if name in INDEXES else "has a label of its own for nearly every row, as an id has,"
    return f"{name!r} {what} and is left out: {option} {shlex.quote(name)} brings it back."
