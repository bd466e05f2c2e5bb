"""Contingency tables: the currency. Tables add up; every score is a function of one."""

from amiable.contingency.counting import (
    BATCH,
    cluster_sizes_of_labels,
    counts_of_codes,
    most_cells,
    table_of_labels,
    table_of_pairs,
    tables_of_batch,
)
from amiable.contingency.table import (
    ContingencyTable,
    Structure,
    TableStream,
    grid,
    is_identifier,
    table_of_all_cells,
    table_of_cells,
)

__all__ = [
    "BATCH",
    "ContingencyTable",
    "Structure",
    "TableStream",
    "cluster_sizes_of_labels",
    "counts_of_codes",
    "grid",
    "is_identifier",
    "most_cells",
    "table_of_all_cells",
    "table_of_cells",
    "table_of_labels",
    "table_of_pairs",
    "tables_of_batch",
]
