"""What all figures have in common: colours that colour-blind people tell apart, fonts, axis titles, safe text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

# Okabe and Ito (2008), Color Universal Design: blue, vermilion, green, purple, orange, sky blue, black
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#7F7F7F"
SCALE = "Cividis"  # dark blue to yellow: even for most kinds of colour blindness, and in grey


def figure(data: Iterable[Any], *, title: str, x: str, y: str) -> go.Figure:
    """Return a figure with a title and axis titles, which are shown as they are."""
    shown = go.Figure(list(data))
    shown.update_layout(
        template="plotly_white",
        title={"text": text(title), "x": 0, "xanchor": "left", "xref": "paper"},
        font={"size": 14},
        margin={"l": 70, "r": 30, "t": 60, "b": 60},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1.0},
    )
    shown.update_xaxes(title=text(x), automargin=True)
    shown.update_yaxes(title=text(y), automargin=True)
    return shown


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
    return [text(name) for name in (range(n) if names is None else names)]


def to_numpy(x: Any) -> Any:
    """Copy an array of any library, or a list, to NumPy: the host draws."""
    if hasattr(x, "detach"):
        return x.detach().cpu().numpy()
    return np.asarray(x.get() if type(x).__module__.split(".")[0] == "cupy" else x)


def check_numbers(name: str, values: Any, ndim: int | tuple[int, ...]) -> np.ndarray:
    """Return finite or missing numbers of any library as a NumPy array of `ndim` dimensions."""
    x = to_numpy(values)
    allowed = (ndim,) if isinstance(ndim, int) else ndim
    if x.dtype.kind not in "biuf" or x.ndim not in allowed or 0 in x.shape:
        wanted = " or ".join(f"{d}-D" for d in allowed)
        raise ValueError(f"{name} has shape {x.shape} and dtype {x.dtype}: expected numbers, {wanted} and not empty")
    return x.astype(np.float64)
