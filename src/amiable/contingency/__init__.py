"""Contingency tables: the currency. Tables add up; every score is a function of one."""

from amiable.contingency.counting import cluster_sizes_of_labels, tables_of_batch
from amiable.contingency.table import ContingencyTable

__all__ = ["ContingencyTable", "cluster_sizes_of_labels", "tables_of_batch"]
