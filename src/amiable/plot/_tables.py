"""Figures of one contingency table."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import scipy.optimize

from amiable._array.transfers import to_numpy
from amiable.contingency import ContingencyTable
from amiable.plot._theme import COLORS, SCALE, categories, colorbar, figure, names_of, room_below
from amiable.resampling.scoring import one_table
from amiable.scores.averages import AverageMethod
from amiable.scores.contributions import contributions_to_ami

Percent = Literal["rows", "columns", "all"]
_SHARES = {"rows": "share of the class", "columns": "share of the cluster", "all": "share of all samples"}


def contingency_heatmap(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    percent: Percent = "rows",
    match: bool = True,
    most: int = 30,
) -> go.Figure:
    """Contingency table of two labelings, with counts and percentages in its cells.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Labels of any kind.
    contingency : ContingencyTable, array-like (R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    percent : {"rows", "columns", "all"}, default="rows"
        Of what percentages and colours are shares: of the class, of the cluster, or of all samples.
    match : bool, default=True
        Order the clusters so that as many samples as possible lie on the diagonal (an optimal assignment).
    most : int, default=30
        Of more rows or columns the largest are shown, and the others added up in one.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, a batch, an unknown `percent`, `most` below 2; the message names the argument.

    Examples
    --------
    >>> from amiable.plot import contingency_heatmap
    >>> contingency_heatmap(["cat", "cat", "dog"], [1, 1, 0]).layout.xaxis.title.text
    'predicted cluster'
    """
    if percent not in _SHARES:
        raise ValueError(f"percent is {percent!r}: expected one of {', '.join(map(repr, _SHARES))}")
    _check_most(most)
    table = _one_table(labels_true, labels_pred, contingency)
    (row_of, rows), (col_of, cols) = (
        _largest(sums, labels, most)
        for sums, labels in ((table.row_sums, table.row_labels), (table.col_sums, table.col_labels))
    )
    counts = np.zeros((len(rows), len(cols)), dtype=np.int64)
    at = row_of[np.asarray(table.rows)], col_of[np.asarray(table.cols)]
    np.add.at(counts, at, np.asarray(table.counts))
    if match:
        order = [*_matched(counts[:, :-1]), len(cols) - 1] if table.shape[1] > most else _matched(counts)
        counts, cols = counts[:, order], [cols[i] for i in order]
    totals = {"rows": counts.sum(1, keepdims=True), "columns": counts.sum(0, keepdims=True), "all": counts.sum()}[
        percent
    ]
    shares = counts / np.maximum(totals, 1)
    written = np.full(counts.shape, "", dtype=object)
    for at in zip(*np.nonzero(counts), strict=True):
        written[at] = f"{counts[at]:,}<br>{shares[at]:.0%}"
    heatmap = go.Heatmap(
        z=shares,
        x=[f" {name}" for name in cols],  # a space makes text of numbers
        y=[f" {name}" for name in rows],
        customdata=counts,
        text=written if counts.size <= 400 else None,
        textfont_size=12,
        texttemplate="%{text}" if counts.size <= 400 else None,
        hovertemplate="class%{y}, cluster%{x}<br>%{customdata:,} samples, %{z:.1%}<extra></extra>",
        colorscale=SCALE,
        zmin=0,
        zmax=1 if percent != "all" else _largest_share(shares, table.shape, most),
        xgap=1,
        ygap=1,
        colorbar=colorbar(tickformat=".2~%"),
    )
    n_classes, n_clusters = table.shape
    title = f"{_number(n_classes, 'class', 'classes')} against {_number(n_clusters, 'cluster', 'clusters')}"
    title += f", {_number(int(table.n_samples), 'sample', 'samples')}"
    height = 200 + max(40 * len(rows), 160) + room_below(cols)
    return figure(
        [heatmap],
        title=title,
        subtitle=f"colours: {_SHARES[percent]}",
        x="predicted cluster",
        y="true class",
        xaxis=categories(heatmap.x),
        yaxis={**categories(heatmap.y), "autorange": "reversed"},
        height=height,
    )


def cluster_contributions(
    labels_true: Any = None,
    labels_pred: Any = None,
    *,
    contingency: Any = None,
    average_method: AverageMethod = "arithmetic",
    side: Literal["pred", "true"] = "pred",
    most: int = 30,
) -> go.Figure:
    """Contribution of each cluster to adjusted mutual information (AMI): bars that add up to it.

    Parameters
    ----------
    labels_true, labels_pred : array-like of shape (n_samples,)
        Labels of any kind.
    contingency : ContingencyTable, array-like (R, C) or SciPy sparse (R, C), optional
        Counts in place of labels.
    average_method : {"arithmetic", "geometric", "min", "max"}, default="arithmetic"
        How the two entropies are averaged.
    side : {"pred", "true"}, default="pred"
        Whether bars are predicted clusters or true classes.
    most : int, default=30
        Of more bars those of the largest contributions are shown, and the others added up in one.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError, TypeError
        Bad labels or counts, a batch, an unknown `average_method` or `side`, `most` below 2.

    Notes
    -----
    MI and its expectation are sums over cells. A bar is the sum of the terms of MI - EMI in a cluster's cells, divided
    by mean(H(true), H(pred)) - EMI: positive where the cluster tells more of the other labeling than one of its size
    does by chance. Where AMI is 0/0, all bars are 0.

    Examples
    --------
    >>> from amiable.plot import cluster_contributions
    >>> bars = cluster_contributions([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 2]).data[0]
    >>> round(float(sum(bars.x)), 4)  # AMI
    0.7276
    """
    if side not in ("pred", "true"):
        raise ValueError(f"side is {side!r}: expected 'pred' or 'true'")
    _check_most(most)
    table = _one_table(labels_true, labels_pred, contingency)
    by_row, by_col = contributions_to_ami(table, average_method)
    values, sizes, labels = (
        (by_col, table.col_sums, table.col_labels) if side == "pred" else (by_row, table.row_sums, table.row_labels)
    )
    names = names_of(labels, values.size)
    order = np.argsort(-np.abs(values), kind="stable")
    bars = [(names[i], values[i], int(sizes[i])) for i in order[: most if values.size <= most else most - 1]]
    bars.sort(key=lambda bar: bar[1])
    if values.size > most:
        rest = order[most - 1 :]
        bars.insert(0, (f"{rest.size:,} others", values[rest].sum(), int(np.asarray(sizes)[rest].sum())))
    what = "predicted cluster" if side == "pred" else "true class"
    chart = go.Bar(
        x=[value for _, value, _ in bars],
        y=[f" {name}" for name, _, _ in bars],
        customdata=[size for _, _, size in bars],
        orientation="h",
        marker={"color": [COLORS[0] if value >= 0 else COLORS[1] for _, value, _ in bars]},
        hovertemplate=f"{what}%{{y}}<br>%{{customdata:,}} samples<br>%{{x:.4f}} of AMI<extra></extra>",
    )
    title = f"AMI {values.sum():.4f}, {'cluster by cluster' if side == 'pred' else 'class by class'}"
    x, height = "contribution to AMI (no unit)", 130 + 24 * len(bars)
    return figure([chart], title=title, x=x, y=what, yaxis=categories(chart.y), height=height)


def _number(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _check_most(most: int) -> None:
    if isinstance(most, bool) or not isinstance(most, int) or most < 2:
        raise ValueError(f"most is {most!r}: expected a whole number of at least 2")


def _one_table(labels_true: Any, labels_pred: Any, contingency: Any) -> ContingencyTable:
    """Return one table in NumPy; a picture is drawn by the host."""
    table = one_table(labels_true, labels_pred, contingency)
    if 0 in table.shape:
        raise ValueError(f"the table has shape {table.shape}: expected at least one sample to draw")
    return table.with_arrays(map(to_numpy, table.arrays))


def _largest(sizes: Any, labels: Any, most: int) -> tuple[np.ndarray, list[str]]:
    """Return where each row or column goes, and the names there are: the largest in their order, then all others."""
    names = names_of(labels, sizes.size)
    if sizes.size <= most:
        return np.arange(sizes.size), names
    kept = np.sort(np.argsort(-sizes, kind="stable")[: most - 1])
    where = np.full(sizes.size, most - 1)
    where[kept] = np.arange(most - 1)
    return where, [*(names[i] for i in kept), f"{sizes.size - most + 1:,} others"]


def _largest_share(shares: np.ndarray, shape: tuple[int, ...], most: int) -> float:
    """Return the largest share of a cell that is no sum of many."""
    added = tuple(slice(0, -1 if n > most else None) for n in shape)
    return float(shares[added].max()) or 1.0


def _matched(counts: np.ndarray) -> list[int]:
    """Return the order of columns that puts as many samples as possible on the diagonal; the others follow."""
    rows, cols = scipy.optimize.linear_sum_assignment(counts, maximize=True)
    order: list[int] = [int(col) for _, col in sorted(zip(rows, cols, strict=True))]
    return order + [i for i in range(counts.shape[1]) if i not in set(order)]
