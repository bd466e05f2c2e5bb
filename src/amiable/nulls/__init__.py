"""Null models: random tables by the million, permutation tests, bootstrap."""
