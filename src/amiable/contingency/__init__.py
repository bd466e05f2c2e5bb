"""Contingency tables. Labels are counted into one; tables of parts of the data add up; every score is made of one."""

from amiable.contingency.cells import (
    Cells,
    Structure,
    TableStream,
    copied_to_host,
    grid,
    grid_or_occupied,
    listed,
    sums_of_grid,
)
from amiable.contingency.counting import (
    BATCH,
    cells_of_batch,
    cells_of_labels,
    cells_of_pairs,
    check_promise,
    most_cells,
    sizes_of_labels,
)
from amiable.contingency.strata import StratumSizes, sizes_of_strata, tables_of_strata
from amiable.contingency.subtables import marks_of
from amiable.contingency.table import ContingencyTable, table_of
from amiable.contingency.weights import (
    cells_of_moments,
    cells_of_weights,
    chance_of_pair,
    moments_of,
    shares_of,
    sums_of_codes,
    unstacked,
)

__all__ = [
    "BATCH",
    "Cells",
    "ContingencyTable",
    "StratumSizes",
    "Structure",
    "TableStream",
    "cells_of_batch",
    "cells_of_labels",
    "cells_of_moments",
    "cells_of_pairs",
    "cells_of_weights",
    "chance_of_pair",
    "check_promise",
    "copied_to_host",
    "grid",
    "grid_or_occupied",
    "listed",
    "marks_of",
    "moments_of",
    "most_cells",
    "shares_of",
    "sizes_of_labels",
    "sizes_of_strata",
    "sums_of_codes",
    "sums_of_grid",
    "table_of",
    "tables_of_strata",
    "unstacked",
]
