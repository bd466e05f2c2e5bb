"""Figures of many scores: as curves, over a grid of settings, of every pair of labelings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import scipy.cluster.hierarchy
import scipy.spatial.distance

from amiable.plot._theme import (
    COLORS,
    GREY,
    SCALE,
    SYMBOLS,
    categories,
    check_names,
    check_numbers,
    colorbar,
    figure,
    room_below,
    text,
    without_unit,
)
from amiable.resampling.scoring import check_count


def score_curves(
    x: Any,
    scores: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str = "score (no unit)",
    chance: Any = None,
    band: tuple[float, float] = (10, 90),
    title: str | None = None,
) -> go.Figure:
    """Scores against noise, the number of clusters, or another setting: lines, with bands where there are repeats.

    Parameters
    ----------
    x : array-like of shape (X,)
        The settings: a fraction of labels that are noise, a number of clusters.
    scores : mapping of str to array-like of shape (X,) or (X, repeats)
        What is drawn, by name, the first on top of the others; of repeats the mean, and a band between percentiles.
    xlabel, ylabel : str
        Axis titles, with units.
    chance : array-like of shape (repeats,), (X,) or (X, repeats), optional
        Scores of random labelings, drawn in grey: a line where they are (X,), else a band; of shape (repeats,), the
        same at every x.
    band : tuple of two float, default=(10, 90)
        The percentiles, in percent, between which bands lie.
    title : str, optional
        What is compared; by default the two axes.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        Shapes that do not fit `x`, no scores, percentiles outside [0, 100]; the message names the argument.

    Examples
    --------
    >>> import numpy as np
    >>> from amiable import adjusted_mutual_info_score
    >>> from amiable.plot import score_curves
    >>> rng, truth, fractions = np.random.default_rng(0), np.arange(300) % 3, np.linspace(0, 1, 5)
    >>> noisy = [np.where(rng.random((20, 300)) < f, rng.integers(0, 3, (20, 300)), truth) for f in fractions]
    >>> ami = adjusted_mutual_info_score(truth, np.stack(noisy))  # (5, 20)
    >>> len(score_curves(fractions, {"AMI": ami}, xlabel="fraction of random labels").data)
    2
    """
    at = check_numbers("x", x, 1)
    if not scores:
        raise ValueError("scores is empty: expected at least one name with its scores")
    low, high = band
    if not 0 <= low < high <= 100:
        raise ValueError(f"band is {band!r}: expected two percentiles, 0 <= low < high <= 100")
    data: list[Any] = []
    if chance is not None:
        values = check_numbers("chance", chance, (1, 2))
        if values.shape[0] != at.size:  # the same at every x
            values = np.broadcast_to(values, (at.size, *values.shape)) if values.ndim == 1 else values
        data += _curve(at, "by chance", _fitting("chance", values, at), band, color=GREY, dash="dash")
    curves = []
    for i, (name, given) in enumerate(scores.items()):
        values = _fitting(f"scores[{name!r}]", check_numbers(f"scores[{name!r}]", given, (1, 2)), at)
        style: dict[str, Any] = {"color": COLORS[i % len(COLORS)], "symbol": SYMBOLS[i % len(SYMBOLS)], "rank": i}
        curves.append(_curve(at, text(name), values, band, **style))
    # lines that fall together: open symbols are larger, and what comes first is drawn last
    data += [trace for curve in reversed(curves) for trace in curve]
    bands = f"bands: {band[0]:g}th to {band[1]:g}th percentile" if any(trace.fill for trace in data) else ""
    if title is None:
        title = f"{without_unit(ylabel)} against {without_unit(xlabel)}"
        title = title[0].upper() + title[1:]
    return figure(data, title=title, x=xlabel, y=ylabel, subtitle=bands, height=450)


def _fitting(name: str, values: np.ndarray, x: np.ndarray) -> np.ndarray:
    if values.shape[0] != x.size:
        raise ValueError(f"{name} has shape {values.shape}: expected ({x.size},) or ({x.size}, repeats), as x has")
    return values


def _curve(
    x: np.ndarray,
    name: str,
    values: np.ndarray,
    band: tuple[float, float],
    *,
    color: str,
    symbol: str = "circle",
    dash: str = "solid",
    rank: int = -1,
) -> list[go.Scatter]:
    """Return a line, and before it the band of repeats around it."""
    line = go.Scatter(
        x=x,
        y=values if values.ndim == 1 else np.nanmean(values, axis=1),
        mode="lines+markers",
        line={"color": color, "width": 3 if rank == 0 else 2, "dash": dash},
        marker={"symbol": symbol, "size": 10 if symbol.endswith("open") else 6},
        name=name,
        legendrank=1000 + rank,
        hovertemplate=f"{name}: %{{y:.4f}}<extra></extra>",
    )
    if values.ndim == 1:
        return [line]
    low, high = np.nanpercentile(values, band, axis=1)
    around = go.Scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=color,
        opacity=0.15,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
        name=f"{name}, band",
    )
    return [around, line]


def score_ranking(
    names: Sequence[Any], scores: Any, intervals: Any = None, *, score: str = "AMI (no unit)", most: int = 50
) -> go.Figure:
    """Scores of labelings with their confidence intervals, the highest at the top.

    Parameters
    ----------
    names : sequence of length M
        What the labelings are called.
    scores : array-like of shape (M,)
        One score a labeling.
    intervals : array-like of shape (M, 2), optional
        The two ends of each interval; NaN where there is none.
    score : str
        The title of the axis, with its unit.
    most : int, default=50
        Of more labelings, so many of the highest scores are shown.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        Names or intervals that do not fit the scores, equal names, `most` below 1.

    Examples
    --------
    >>> from amiable.plot import score_ranking
    >>> score_ranking(["ward", "k-means"], [0.87, 0.74], [(0.85, 0.88), (0.72, 0.76)]).data[0].y
    (' k-means', ' ward')
    """
    values = check_numbers("scores", scores, 1)
    called = check_names("names", names, values.size)
    ends = check_numbers("intervals", np.full((values.size, 2), np.nan) if intervals is None else intervals, 2)
    if ends.shape != (values.size, 2):
        raise ValueError(f"intervals has shape {ends.shape}: expected ({values.size}, 2), two ends for each score")
    order = np.argsort(-values, kind="stable")[: check_count("most", most)][::-1]
    which = f"{values.size:,}" if values.size <= most else f"the highest {most:,} of {values.size:,}"
    title = f"{without_unit(score)} of {which} labelings"
    points = go.Scatter(
        x=values[order],
        y=[f" {called[i]}" for i in order],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": np.nan_to_num(ends[order, 1] - values[order]),
            "arrayminus": np.nan_to_num(values[order] - ends[order, 0]),
        },
        customdata=ends[order],
        mode="markers",
        marker={"color": COLORS[0], "size": 9},
        hovertemplate="%{y}: %{x:.4f}, %{customdata[0]:.4f} to %{customdata[1]:.4f}<extra></extra>",
    )
    height = 130 + 24 * order.size
    return figure([points], title=title, x=score, y="labeling", yaxis=categories(points.y), height=height)


def score_heatmap(
    scores: Any, *, x: Sequence[Any], y: Sequence[Any], xlabel: str, ylabel: str, score: str = "AMI (no unit)"
) -> go.Figure:
    """Scores over a grid of two settings, such as threshold and regularisation, the best marked with a star.

    Parameters
    ----------
    scores : array-like of shape (Y, X)
        One score a setting; NaN is left blank.
    x, y : sequence of length X and Y
        The settings.
    xlabel, ylabel, score : str
        Axis titles and that of the colours, with units.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        Scores that are no grid or all NaN; settings of another length.

    Examples
    --------
    >>> from amiable.plot import score_heatmap
    >>> figure = score_heatmap([[0.1, 0.5], [0.2, 0.4]], x=[0.25, 0.5], y=[0, 1], xlabel="threshold", ylabel="penalty")
    >>> figure.layout.title.text
    'AMI: best 0.5000 at threshold 0.5, penalty 0'
    """
    grid = check_numbers("scores", scores, 2)
    columns, lines = check_names("x", x, grid.shape[1]), check_names("y", y, grid.shape[0])
    if np.isnan(grid).all():
        raise ValueError("scores are all NaN: expected some to draw")
    best_line, best_column = divmod(int(np.nanargmax(grid)), grid.shape[1])
    heatmap = go.Heatmap(
        z=grid,
        x=[f" {name}" for name in columns],
        y=[f" {name}" for name in lines],
        colorscale=SCALE,
        colorbar=colorbar(),
        hovertemplate=f"{text(xlabel)}%{{x}}, {text(ylabel)}%{{y}}<br>%{{z:.4f}}<extra></extra>",
    )
    star = go.Scatter(
        x=[f" {columns[best_column]}"],
        y=[f" {lines[best_line]}"],
        mode="markers",
        marker={"symbol": "star", "size": 16, "color": "white", "line": {"color": "black", "width": 1.5}},
        hoverinfo="skip",
        showlegend=False,
    )
    at = f"{xlabel} {x[best_column]}, {ylabel} {y[best_line]}"
    best = f"{without_unit(score)}: best {grid[best_line, best_column]:.4f} at {at}"
    height = 190 + min(max(32 * len(lines), 200), 600) + room_below(columns)
    axes = {"xaxis": categories(heatmap.x), "yaxis": categories(heatmap.y)}
    return figure([heatmap, star], title=best, subtitle=f"colours: {score}", x=xlabel, y=ylabel, **axes, height=height)


def pairwise_heatmap(
    scores: Any, names: Sequence[Any] | None = None, *, clustered: bool = True, score: str = "AMI (no unit)"
) -> go.Figure:
    """Scores of every pair of labelings, similar labelings side by side.

    Parameters
    ----------
    scores : array-like of shape (M, M)
        What `amiable.pairwise_scores` returned.
    names : sequence of length M, optional
        What the labelings are called; numbers by default.
    clustered : bool, default=True
        Order the labelings by average-linkage clustering of their scores, with optimal leaf order; else keep theirs.
    score : str
        The title of the colours, with its unit.

    Returns
    -------
    figure : plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        Scores that are not square, names of another length.

    Examples
    --------
    >>> from amiable import pairwise_scores
    >>> from amiable.plot import pairwise_heatmap
    >>> scores = pairwise_scores([[0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0]])
    >>> pairwise_heatmap(scores, ["a", "b", "c"]).data[0].z.shape
    (3, 3)
    """
    square = check_numbers("scores", scores, 2)
    if square.shape[0] != square.shape[1]:
        raise ValueError(f"scores has shape {square.shape}: expected (M, M), every pair of M labelings")
    called = check_names("names", names, square.shape[0])
    order = _similar_side_by_side(square) if clustered and square.shape[0] > 2 else np.arange(square.shape[0])
    square, called = square[np.ix_(order, order)], [f" {called[i]}" for i in order]
    heatmap = go.Heatmap(
        z=square,
        x=called,
        y=called,
        colorscale=SCALE,
        text=square if square.size <= 400 else None,
        textfont_size=12,
        texttemplate="%{text:.2f}" if square.size <= 400 else None,
        hovertemplate="%{y} and %{x}<br>%{z:.4f}<extra></extra>",
        colorbar=colorbar(),
    )
    title = f"{without_unit(score)} of every pair of {len(called):,} labelings"
    height = 190 + min(max(32 * len(called), 200), 600) + room_below(called)
    return figure(
        [heatmap],
        title=title,
        subtitle=f"colours: {score}",
        x="labeling",
        y="labeling",
        xaxis=categories(called),
        yaxis={**categories(called), "autorange": "reversed"},
        height=height,
    )


def _similar_side_by_side(scores: np.ndarray) -> np.ndarray:
    symmetric = np.nan_to_num((scores + scores.T) / 2)
    is_distance = np.diag(symmetric).mean() < symmetric.mean()  # as variation of information is
    distances = symmetric - symmetric.min() if is_distance else symmetric.max() - symmetric
    np.fill_diagonal(distances, 0)
    condensed = scipy.spatial.distance.squareform(distances, checks=False)
    tree = scipy.cluster.hierarchy.linkage(condensed, "average", optimal_ordering=True)
    return np.asarray(scipy.cluster.hierarchy.leaves_list(tree))
