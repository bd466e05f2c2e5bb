"""Figures of null distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import scipy.stats

from amiable.plot._theme import COLORS, GREY, check_numbers, figure, without_unit
from amiable.resampling.permutation import PermutationTestResult
from amiable.scores.significance import Moments

_FEW = 40  # values, up to which each has a bar of its own


def null_distribution(
    test: PermutationTestResult, *, score: str = "score", moments: Moments | None = None, bins: int | None = None
) -> go.Figure:
    """Distribution of a score over random labelings, with the observed score and its p-value.

    Parameters
    ----------
    test : PermutationTestResult
        What `amiable.permutation_test` returned.
    score : str, default="score"
        What the score is called on the axis, with its unit: "mutual information (nats)".
    moments : Moments, optional
        Exact mean and variance of mutual information, from `amiable.mutual_information_moments`: drawn on top, with
        the gamma density that has them, in place of the mean and deviation of the random tables.
    bins : int, optional
        How many bars there are; by default one a value if there are at most 40, else by the rule of Freedman and
        Diaconis.

    Returns
    -------
    figure : plotly.graph_objects.Figure
        Bars are shares of the random labelings; only their heights are kept, however many tables were drawn. A score
        more than five times their width away is told at the edge, and not drawn to scale.

    Raises
    ------
    TypeError
        `test` is no result of a permutation test.
    ValueError
        `bins` below 1; a null distribution without finite values.

    Examples
    --------
    >>> from amiable import permutation_test
    >>> from amiable.plot import null_distribution
    >>> test = permutation_test(contingency=[[30, 20], [20, 30]], n_resamples=999, rng=0)
    >>> null_distribution(test, score="adjusted mutual information").layout.yaxis.title.text
    'share of random labelings'
    """
    if not isinstance(test, PermutationTestResult):
        raise TypeError(f"test is a {type(test).__name__}: expected what amiable.permutation_test returns")
    if bins is not None and (isinstance(bins, bool) or not isinstance(bins, int) or bins < 1):
        raise ValueError(f"bins is {bins!r}: expected a whole number of at least 1")
    values = check_numbers("test.null_distribution", test.null_distribution, 1)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise ValueError("test.null_distribution holds no finite value: expected some to draw")
    centres, widths, shares = _bars(finite, bins)
    observed, pvalue = float(test.statistic), float(test.pvalue)
    mean, deviation = float(test.mean), float(test.standard_deviation)
    data = [
        go.Bar(
            x=centres,
            y=shares,
            width=widths,
            marker={"color": COLORS[5], "line": {"width": 0}},
            name=f"{finite.size:,} random labelings",
            hovertemplate="%{x:.4g}<br>%{y:.2%}<extra></extra>",
        )
    ]
    if moments is not None:
        mean, deviation = float(moments.mean), math.sqrt(float(moments.variance))
        if mean > 0 and deviation > 0:
            gamma = scipy.stats.gamma(mean**2 / deviation**2, scale=deviation**2 / mean)
            x = np.linspace(max(centres.min(), 0), centres.max(), 400)
            line = {"color": COLORS[6], "width": 2}
            data.append(
                go.Scatter(x=x, y=gamma.pdf(x) * widths[0], mode="lines", line=line, name="gamma, exact moments")
            )
    called = without_unit(score)
    title = f"{called[0].upper()}{called[1:]} {observed:.4g} against chance: p-value {pvalue:.3g}"
    by_chance = f"{finite.size:,} random labelings: {_as_precise_as(deviation, mean)} ± {deviation:.2g}"
    low, high = float((centres - widths / 2).min()), float((centres + widths / 2).max())
    chance = [
        _upright(mean - deviation, mean + deviation, fillcolor=GREY, opacity=0.15, line={"width": 0}),
        _upright(mean, mean, line={"color": GREY, "width": 2, "dash": "dash"}),
    ]
    mark, note, xaxis = _mark_of_observed(observed, low, high)
    return figure(
        data,
        title=title,
        subtitle=by_chance,
        x=score,
        y="share of random labelings",
        xaxis=xaxis,
        yaxis={"tickformat": ".2~%", "rangemode": "tozero"},
        height=450,
        shapes=chance + mark,
        annotations=[note],
    )


def _mark_of_observed(observed: float, low: float, high: float) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
    """Return a line at the observed score, if it is not far from the bars between low and high, its note, the axis."""
    note: dict[str, Any] = {"text": "observed", "font": {"color": COLORS[1]}, "showarrow": False}
    reach = high - low
    if low - 5 * reach <= observed <= high + 5 * reach:
        side = "right" if observed > (low + high) / 2 else "left"  # over the plot, not beside it
        note |= {"x": observed, "xref": "x", "xanchor": side, "y": 1, "yref": "y domain", "yanchor": "top"}
        return [_upright(observed, observed, line={"color": COLORS[1], "width": 3})], note, {}
    # a line so far away would leave one line of all bars
    told = f"observed {observed:.4g}"
    side, x, arrow = ("right", 1, f"{told} \u2192") if observed > high else ("left", 0, f"\u2190 {told}")
    note |= {"text": arrow, "x": x, "xref": "paper", "xanchor": side, "y": 0.9, "yref": "paper"}
    return [], note, {"range": [low - reach / 4, high + reach / 4]}


def _upright(x0: float, x1: float, **style: Any) -> dict[str, Any]:
    """Return a line, or a rectangle where the ends differ, as high as the plot."""
    kind = "line" if x0 == x1 else "rect"
    return {"type": kind, "x0": x0, "x1": x1, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain", **style}


def _as_precise_as(deviation: float, mean: float) -> str:
    """Return the mean to two digits of the deviation."""
    if deviation <= 0:
        return f"{mean:.4g}"
    decimals = 1 - math.floor(math.log10(deviation))
    return f"{round(mean, decimals) + 0.0:.{max(decimals, 0)}f}"


def _bars(values: np.ndarray, bins: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return centres, widths and shares of bars."""
    distinct = np.unique(values.round(12))
    if bins is None and 1 < distinct.size <= _FEW:
        counts = np.bincount(np.searchsorted(distinct, values.round(12)), minlength=distinct.size)
        return distinct, np.full(distinct.size, np.diff(distinct).min() * 0.9), counts / values.size
    if distinct.size == 1:
        return distinct, np.array([max(abs(distinct[0]), 1.0) * 0.02]), np.ones(1)
    automatic = np.histogram_bin_edges(values, "fd").size - 1
    counts, edges = np.histogram(values, bins or min(max(automatic, 10), 200))
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges), counts / values.size
