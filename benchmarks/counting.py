"""Counting two labelings into a table, against one pass of the library's `sum` over both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

import amiable
from benchmarks.inputs import labelings
from benchmarks.measure import Case, Options, compare_all
from benchmarks.places import Place
from benchmarks.report import Report, power

DTYPES = ("int8", "uint8", "int16", "int32", "int64", "uint64")


def run(options: Options) -> Report:
    """Compare integers with sums, and labels of other kinds with scikit-learn's table."""
    return compare_all("Counting labels into a contingency table", cases(options.place), options)


def cases(place: Place) -> Iterator[Case]:
    """List integer codes in every form, then labels that are not numbers."""
    yield against_sum("int64", 10**8, place, bar=1.5)
    yield against_sum("int64, 1000 x 1000", 10**8, place, clusters=1000, bar=4)
    yield against_sum("int64, n_labels given", 10**8, place, n_labels=(10, 10))
    for dtype in DTYPES:
        if place.library == "numpy" or dtype != "uint64":
            yield against_sum(dtype, 10**7, place, lambda x, dtype=dtype: x.astype(dtype))
    yield against_sum("bool, 2 x 2", 10**7, place, lambda x: x > 4)
    yield against_sum("int64, every other element", 10**7, place, lambda x: np.repeat(x, 2), take=2)
    yield against_sum("int64, from 1e9 on", 10**7, place, lambda x: x + 10**9)
    yield against_sum("int64, multiples of 1e9 + 7", 10**7, place, lambda x: x * (10**9 + 7))
    yield against_sum("int64, 1000 x 1000", 10**7, place, clusters=1000)
    if place.library == "numpy":
        kinds = {
            "str": lambda x: x.astype("U8"),
            "objects": lambda x: x.astype("U8").astype(object),
            "pandas category": lambda x: pd.Series(x.astype("U8"), dtype="category"),
        }
        for kind, change in kinds.items():
            yield Case(
                f"{kind}, n = 1e6, 10 x 10",
                "scikit-learn",
                lambda change=change: tuple(map(change, labelings(10**6, 10, 10))),
                "contingency_matrix",
                "contingency_matrix",
            )


def against_sum(
    kind: str,
    n: int,
    place: Place,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
    *,
    take: int = 1,
    clusters: int = 10,
    bar: float | None = None,
    n_labels: tuple[int, int] | None = None,
) -> Case:
    """Compare with the sum of all labels, which the table gives as well."""

    def draw() -> tuple[np.ndarray, ...]:
        drawn = labelings(n, clusters, clusters, agree=0)
        return drawn if change is None else tuple(map(change, drawn))

    def count(true: Any, pred: Any) -> amiable.ContingencyTable:
        return amiable.ContingencyTable.from_labels(true[::take], pred[::take], n_labels=n_labels)

    def theirs(xp: Any, true: Any, pred: Any) -> tuple[Any, Any]:
        return xp.sum(true[::take]), xp.sum(pred[::take])

    name = f"{kind}, n = {power(n)}" + ("" if " x " in kind else f", {clusters} x {clusters}")
    options = {"bar": bar, "at_most": True, "tolerance": 0, "error": difference_of_sums, "place": place}
    return Case(name, place.library, draw, count, theirs, **options)


def difference_of_sums(found: amiable.ContingencyTable, sums: tuple[Any, Any]) -> float:
    """Compare the sum of all labels, from the table and direct; wrapped to 64 bits both."""

    def total(labels: Any, sizes: Any) -> int:
        known = range(sizes.shape[0]) if labels is None else labels.tolist()
        return sum(label * size for label, size in zip(known, sizes.tolist(), strict=True))

    totals = total(found.row_labels, found.row_sums), total(found.col_labels, found.col_sums)
    return float(max((found - int(direct)) % 2**64 for found, direct in zip(totals, sums, strict=True)))
