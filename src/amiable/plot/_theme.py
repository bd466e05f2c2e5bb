"""What all figures have in common: colours that colour-blind people tell apart, fonts, axis titles, safe text."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
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

_LONGEST = 24  # characters of a name beside an axis


def figure(data: Iterable[Any], *, title: str, x: str, y: str, height: int = 400) -> go.Figure:
    """Return a figure with a title and axis titles, which are shown as they are; it fits the screen of a phone."""
    shown = go.Figure(list(data), {"template": _TEMPLATE})
    # pixels above the plot: the title; below it names, which may take two lines, or a bar of colours
    has_legend = len(shown.data) > 1 and any(trace.showlegend is not False for trace in shown.data)
    has_colorbar = any(isinstance(trace, go.Heatmap) for trace in shown.data)
    shown.update_layout(
        title={"text": text(title), "x": 0, "xref": "container", "y": 1, "yref": "container", "yanchor": "top"},
        title_font_size=16,
        # Plotly moves a title up by the height of the bar of colours above the plot
        title_pad={"l": 10, "t": 43 if has_colorbar else 12},
        font={"size": 14},
        margin={"l": 60, "r": 20, "t": 50 * bool(title) + (55 if has_colorbar else 40 if has_legend else 0), "b": 50},
        height=height,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "left", "x": 0.0},
    )
    shown.update_xaxes(title={"text": text(x), "standoff": 8}, automargin=True)
    shown.update_yaxes(title={"text": text(y), "standoff": 8}, automargin=True)
    return shown


def colorbar(title: str, **options: Any) -> dict[str, Any]:
    """Return a bar of colours above the plot, where it takes no width."""
    place = {
        "orientation": "h",
        "x": 0.5,
        "y": 1.0,
        "yanchor": "bottom",
        "thickness": 12,
    }
    return {**place, "title": {"text": text(title), "side": "top", "font": {"size": 13}}, **options}


def categories(names: Iterable[str]) -> dict[str, Any]:
    """Return options of an axis of names, which cuts long ones; who points at them sees them in full."""
    known = {name: html.unescape(name) for name in names}
    cut = {name: text(full[: _LONGEST - 1] + "\u2026") for name, full in known.items() if len(full) > _LONGEST}
    return {"type": "category", "labelalias": cut}


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
