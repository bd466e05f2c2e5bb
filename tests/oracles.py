"""Slow exact versions of what amiable computes: integers, fractions, enumeration, 50-digit arithmetic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import mpmath
import numpy as np

DIGITS = 50


def count(labels_true: Sequence, labels_pred: Sequence) -> np.ndarray:
    """Count two labelings into a table of Python integers, one sample after another."""
    rows, cols = sorted(set(labels_true)), sorted(set(labels_pred))
    table = np.zeros((len(rows), len(cols)), dtype=object)
    for u, v in zip(labels_true, labels_pred, strict=True):
        table[rows.index(u), cols.index(v)] += 1
    return table


def _xlogx(x: int) -> mpmath.mpf:
    return x * mpmath.log(x) if x else mpmath.mpf(0)


def entropy(sizes: Sequence[int]) -> mpmath.mpf:
    """-sum p log p over the cluster sizes."""
    n = int(sum(sizes))
    return -sum(mpmath.mpf(int(s)) / n * mpmath.log(mpmath.mpf(int(s)) / n) for s in sizes if s)


def mutual_information(table: np.ndarray) -> mpmath.mpf:
    """The definition, Vinh, Epps and Bailey (2010), section 2."""
    table = np.asarray(table, dtype=object)
    n, a, b = int(table.sum()), table.sum(1), table.sum(0)
    terms = (
        mpmath.mpf(int(x)) / n * mpmath.log(mpmath.mpf(int(n) * int(x)) / (int(a[i]) * int(b[j])))
        for (i, j), x in np.ndenumerate(table)
        if x
    )
    return mpmath.mpf(sum(terms))


def expected_mutual_information(row_sums: Sequence[int], col_sums: Sequence[int]) -> mpmath.mpf:
    """Plain summation over the whole support of each cell: Vinh, Epps and Bailey (2010), equation 24."""
    n, total = int(sum(row_sums)), mpmath.mpf(0)
    for a, b in itertools.product(map(int, row_sums), map(int, col_sums)):
        for k in range(max(1, a + b - n), min(a, b) + 1):
            chance = mpmath.mpf(math.comb(a, k) * math.comb(n - a, b - k)) / math.comb(n, b)
            total += mpmath.mpf(k) / n * mpmath.log(mpmath.mpf(n * k) / (a * b)) * chance
    return total


def adjusted_mutual_information(table: np.ndarray, average_method: str = "arithmetic") -> mpmath.mpf:
    """AMI from its definition; the limit 0/0 is for the caller to decide."""
    table = np.asarray(table, dtype=object)
    a, b = table.sum(1), table.sum(0)
    with mpmath.workdps(DIGITS):
        u, v = entropy(a), entropy(b)
        mean = {
            "arithmetic": (u + v) / 2,
            "geometric": mpmath.sqrt(u * v),
            "min": min(u, v),
            "max": max(u, v),
        }[average_method]
        expected = expected_mutual_information(a, b)
        return (mutual_information(table) - expected) / (mean - expected)


def tables_with_margins(row_sums: Sequence[int], col_sums: Sequence[int]) -> Iterator[tuple[np.ndarray, Fraction]]:
    """Enumerate every table with these margins and its probability under the permutation model.

    P(table) = prod a! prod b! / (n! prod n_ij!), Halton (1969), 10.1017/S0305004100045412.
    """
    n = sum(row_sums)
    weight = Fraction(math.prod(map(math.factorial, (*row_sums, *col_sums))), math.factorial(n))

    def rows(left: tuple[int, ...], total: int) -> Iterator[tuple[int, ...]]:
        if len(left) == 1:
            if total <= left[0]:
                yield (total,)
            return
        for first in range(min(left[0], total) + 1):
            for others in rows(left[1:], total - first):
                yield (first, *others)

    def fill(sums: tuple[int, ...], left: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
        if not sums:
            yield []
            return
        for row in rows(left, sums[0]):
            for below in fill(sums[1:], tuple(x - y for x, y in zip(left, row, strict=True))):
                yield [row, *below]

    for found in fill(tuple(row_sums), tuple(col_sums)):
        table = np.array(found, dtype=object)
        yield table, weight / math.prod(math.factorial(int(x)) for x in table.ravel())


def pair_counts(table: np.ndarray) -> tuple[int, int, int, int]:
    """Ordered pairs apart in both, together in pred only, in true only, in both; in Python integers."""
    table = np.array([[int(x) for x in row] for row in table], dtype=object).reshape(np.shape(table))
    n = int(table.sum())
    together = sum(int(x) * (int(x) - 1) for x in table.ravel())
    in_true = sum(int(a) * (int(a) - 1) for a in table.sum(1))
    in_pred = sum(int(b) * (int(b) - 1) for b in table.sum(0))
    apart = n * (n - 1) - in_true - in_pred + together
    return apart, in_pred - together, in_true - together, together


def adjusted_rand(table: np.ndarray) -> Fraction:
    """(RI - E RI) / (1 - E RI), Hubert and Arabie (1985), equation 5."""
    apart, pred_only, true_only, together = pair_counts(table)
    total = apart + pred_only + true_only + together
    in_true, in_pred = together + true_only, together + pred_only
    expected = Fraction(in_true * in_pred, total)
    return (together - expected) / (Fraction(in_true + in_pred, 2) - expected)


def moments(row_sums: Sequence[int], col_sums: Sequence[int]) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Mean and variance of mutual information over every table with these margins."""
    with mpmath.workdps(DIGITS):
        every = [
            (mutual_information(table), mpmath.mpf(p.numerator) / p.denominator)
            for table, p in tables_with_margins(row_sums, col_sums)
        ]
        mean = mpmath.fsum(p * x for x, p in every)
        return mean, mpmath.fsum(p * (x - mean) ** 2 for x, p in every)


def partitions(n: int) -> Iterator[tuple[int, ...]]:
    """Every partition of n samples, as labels: restricted growth strings."""

    def grow(labels: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(labels) == n:
            yield labels
            return
        for label in range(max(labels, default=-1) + 2):
            yield from grow((*labels, label))

    return grow(())


def stirling(n: int, k: int) -> int:
    """Partitions of n samples into k clusters, by inclusion and exclusion."""
    if k == 0:
        return int(n == 0)
    return sum((-1) ** (k - i) * math.comb(k, i) * i**n for i in range(k + 1)) // math.factorial(k)


def bell(n: int) -> int:
    """Partitions of n samples."""
    return sum(stirling(n, k) for k in range(n + 1))


def expected_sizes(n: int, k: int | None) -> dict[int, Fraction]:
    """How many clusters of each size a partition of n samples has on average; into k clusters, or into any number.

    Gates and Ahn (2017), JMLR 18(87):1-28.
    """
    if k is None:
        return {s: Fraction(math.comb(n, s) * bell(n - s), bell(n)) for s in range(1, n + 1)}
    return {s: Fraction(math.comb(n, s) * stirling(n - s, k - 1), stirling(n, k)) for s in range(1, n - k + 2)}
