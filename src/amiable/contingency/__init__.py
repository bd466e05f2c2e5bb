"""Contingency tables: the currency. Tables add up; every score is a function of one."""

from amiable.contingency.table import ContingencyTable, table_of_codes, table_of_promised_codes

__all__ = ["ContingencyTable", "table_of_codes", "table_of_promised_codes"]
