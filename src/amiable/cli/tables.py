"""Contingency tables: those that a file holds, those that a file looks like, and what chance says of one."""

from __future__ import annotations

from amiable import ContingencyTable, mutual_info_pvalue
from amiable.cli.common import number_of, shown_pvalue
from amiable.files import Labelings, looks_like_counts, read_counts

_CHANCE = 0.05  # a p-value above it is no evidence of agreement


def scored_table(labelings: Labelings, named_by: str | None) -> tuple[ContingencyTable, str]:
    """Return the contingency table that a file holds, and what it is."""
    found = read_counts(labelings, named_by)
    table = ContingencyTable.from_counts(found.counts)
    named = "" if found.named_by is None else f", classes named by {found.named_by!r}"
    rows, cols = found.counts.shape
    sizes = f"{number_of(rows, 'class')} x {number_of(cols, 'cluster')}"
    return table, f"a table of {number_of(int(table.n_samples), 'sample')}, {sizes}{named}"


def line_of_counts(labelings: Labelings, true: str) -> list[str]:
    """Tell of a file that looks like a contingency table, and was read as labels."""
    if not looks_like_counts(labelings, true):
        return []
    return [f"{labelings.name} looks like a contingency table, with a row for each class: --table takes it as one."]


def lines_of_chance(what: str, table: ContingencyTable) -> list[str]:
    """Tell of a labeling that does not agree more than chance would."""
    pvalue = float(mutual_info_pvalue(contingency=table))
    if pvalue <= _CHANCE:
        return []
    return [f"{what} is no better than chance, p = {shown_pvalue(pvalue)}."]
