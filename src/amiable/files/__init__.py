"""Files with one labeling a column: opened, of whatever format, counted, and read as codes."""

from amiable.files.choosing import Chosen, choose, looks_like_counts
from amiable.files.counting import (
    Column,
    GroupedPairs,
    Pairs,
    Triples,
    count_groups,
    count_pairs,
    count_triples,
    read_columns,
)
from amiable.files.counts import Counts, read_counts
from amiable.files.errors import FileError
from amiable.files.opening import FORMATS, Labelings, Reading, opened

__all__ = [
    "FORMATS",
    "Chosen",
    "Column",
    "Counts",
    "FileError",
    "GroupedPairs",
    "Labelings",
    "Pairs",
    "Reading",
    "Triples",
    "choose",
    "count_groups",
    "count_pairs",
    "count_triples",
    "looks_like_counts",
    "opened",
    "read_columns",
    "read_counts",
]
