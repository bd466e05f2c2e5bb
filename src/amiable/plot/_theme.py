"""What all figures have in common: colours that colour-blind people tell apart, fonts, axis titles, safe text."""

from __future__ import annotations

import html
import json
import math
import os
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io

from amiable._array.transfers import to_numpy

# Okabe and Ito (2008), Color Universal Design: blue, vermilion, green, purple, orange, sky blue, black
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#7F7F7F"
SCALE = "Cividis"  # dark blue to yellow: even for most kinds of colour blindness, and in grey

# What figures here need of a template of Plotly; all of it is copied, checked and written for each figure.
_WHITE = plotly.io.templates["plotly_white"].to_plotly_json()
_NEEDED = ("colorway", "font", "hoverlabel", "hovermode", "paper_bgcolor", "plot_bgcolor", "title", "xaxis", "yaxis")
_TEMPLATE = {
    "layout": {name: _WHITE["layout"][name] for name in _NEEDED},
    "data": {kind: _WHITE["data"][kind] for kind in ("bar", "heatmap", "histogram", "scatter")},
}

SYMBOLS = ("circle", "diamond-open", "square-open", "triangle-up-open", "cross-open", "star-open", "hexagon-open")

_LONGEST = 18  # characters of a name beside an axis
_LINE = 46  # characters of a title on the screen of a phone
_TITLE, _LEGEND, _COLORBAR = 20, 20, 52  # pixels of a line of the title, of a line of names, of a bar of colours


def figure(
    data: Iterable[Any],
    *,
    title: str,
    x: str,
    y: str,
    xaxis: Mapping[str, Any] | None = None,
    yaxis: Mapping[str, Any] | None = None,
    height: int = 400,
    subtitle: str = "",
    **layout: Any,
) -> go.Figure:
    """Return a figure with a title and axis titles, which are shown as they are; it fits the screen of a phone.

    The layout is given to Plotly at once, as every update checks all of it again.
    """
    traces = list(data)
    lines = textwrap.wrap(title, _LINE)
    above = 20 + _TITLE * len(lines) + 28 * bool(subtitle)
    for trace in traces:
        if trace.type == "heatmap":
            # where it is anchored to the plot, Plotly moves all titles up by its height, that of the x axis into the
            # cells; and its own title is drawn over it
            trace.colorbar.update(yref="container", y=1 - (above + _COLORBAR / 2) / height, yanchor="middle")
            above += _COLORBAR
    named = [trace.name or "" for trace in traces if trace.showlegend is not False]
    if len(traces) > 1 and named:
        a_line = max(1, 330 // (40 + 8 * max(map(len, named))))  # on the screen of a phone
        above += 10 + _LEGEND * math.ceil(len(named) / a_line)
    known = {
        "template": _TEMPLATE,
        "title": {
            "text": "<br>".join(map(text, lines)),
            "subtitle": {"text": text(subtitle), "font": {"size": 14}},
            "font": {"size": 16},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": 10, "t": 12},
        },
        "font": {"size": 14},
        "margin": {"l": 60, "r": 20, "t": above, "b": 50},
        "height": height,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0.0},
        "xaxis": {"title": {"text": text(x), "standoff": 8}, "automargin": True, **(xaxis or {})},
        "yaxis": {"title": {"text": text(y), "standoff": 8}, "automargin": True, **(yaxis or {})},
    }
    return go.Figure(traces, {**known, **layout})


def plain(shown: go.Figure) -> dict[str, Any]:
    """Return a figure as JSON for a page that brings its own colours and drops the template."""
    found: dict[str, Any] = json.loads(shown.to_json())
    found["layout"].pop("template", None)
    return found


def colorbar(**options: Any) -> dict[str, Any]:
    """Return a bar of colours that `figure` puts below its subtitle, which tells what they mean."""
    return {"orientation": "h", "x": 0.5, "thickness": 12, **options}


def categories(names: Iterable[str]) -> dict[str, Any]:
    """Return options of an axis of names, which cuts long ones; who points at them sees them in full."""
    known = {name: html.unescape(name) for name in names}
    cut = _told_apart({full for full in known.values() if len(full) > _LONGEST})
    return {"type": "category", "labelalias": {name: text(cut[full]) for name, full in known.items() if full in cut}}


def room_below(names: Iterable[str]) -> int:
    """Return how many pixels the names below a plot take where they are turned upright."""
    return 7 * min(max(len(html.unescape(name)) for name in names), _LONGEST)


def _told_apart(names: set[str]) -> dict[str, str]:
    """Cut long names in the middle; those that are the same after it where they begin to differ, or number them."""
    half = _LONGEST // 2
    cut = {name: f"{name[:half]}\u2026{name[half + 1 - _LONGEST :]}" for name in sorted(names)}
    for same in _same(cut):
        start = max(len(os.path.commonprefix(same)) - 2, 0)  # noqa: RUF071
        cut |= {name: f" \u2026{name[start : start + _LONGEST - 2]}" for name in same}
    clashing = [name for same in _same(cut) for name in same]
    return cut | {name: f"{name[:half]}\u2026 ({i})" for i, name in enumerate(clashing, start=1)}


def _same(cut: dict[str, str]) -> list[list[str]]:
    """Return the groups of names that are cut to the same."""
    groups = defaultdict(list)
    for name, short in cut.items():
        groups[short].append(name)
    return [group for group in groups.values() if len(group) > 1]


def without_unit(axis_title: str) -> str:
    """Return what an axis shows, without the unit in brackets."""
    return axis_title.partition(" (")[0]


def text(value: Any) -> str:
    """Return any value as text that Plotly, which knows some HTML, shows as it is."""
    return html.escape(str(value), quote=False)


def names_of(labels: Any, n: int) -> list[str]:
    """Return what rows or columns are called: their labels, or numbers."""
    return [text(label) for label in (range(n) if labels is None else to_numpy(labels).tolist())]


def check_names(name: str, names: Sequence[Any] | None, n: int) -> list[str]:
    """Return `names` as text, one for each of n; numbers by default."""
    if names is not None and len(names) != n:
        raise ValueError(f"{name} has {len(names)} names: expected {n}")
    for given, times in Counter(map(str, () if names is None else names)).items():
        if times > 1:
            raise ValueError(f"{name} has {given!r} {times} times: expected different names")
    return [text(name) for name in (range(n) if names is None else names)]


def check_numbers(name: str, values: Any, ndim: int | tuple[int, ...]) -> np.ndarray:
    """Return finite or missing numbers of any library as a NumPy array of `ndim` dimensions."""
    x = to_numpy(values)
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    if x.dtype.kind not in "biuf" or x.ndim not in allowed or 0 in x.shape:
        wanted = " or ".join(f"{d}-D" for d in allowed)
        raise ValueError(f"{name} has shape {x.shape} and dtype {x.dtype}: expected numbers, {wanted} and not empty")
    return x.astype(np.float64)
