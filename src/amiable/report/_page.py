"""The page: figures and tables of all clusterings, put into a template."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import plotly.graph_objects as go
import plotly.offline

import amiable
from amiable import plot
from amiable.plot._theme import COLORS, check_names, figure, plain, text
from amiable.report._results import MEASURED, Clustering, ranked
from amiable.resampling.comparison import ComparisonResult
from amiable.scores.registry import SCORES

_HERE = Path(__file__).parent


def render_page(
    clusterings: Sequence[Clustering],
    *,
    true: str = "true labels",
    pairwise: tuple[Sequence[str], Any] | None = None,
    comparison: ComparisonResult | None = None,
    commands: Mapping[str, str] | None = None,
    null_commands: Mapping[str, str] | None = None,
) -> str:
    """Page of HTML that compares clusterings of the same samples with their true labels.

    Parameters
    ----------
    clusterings : sequence of Clustering
        What `measure_clustering` returned for each of them, at one confidence level. The best AMI comes first. Of
        tables that leave samples out (`ContingencyTable.n_missing`, `n_ignored`), each may leave out others.
    true : str
        What the true labels are called.
    pairwise : (names, scores), optional
        AMI of every pair of labelings (M, M), the true labels and the best clusterings, with their M names: drawn as a
        heatmap.
    comparison : ComparisonResult, optional
        What `compare_scores` returned for AMI of the best clustering and the second best.
    commands : mapping of str to str, optional
        Command lines that reproduce the page, by what each of them does.
    null_commands : mapping of str to str, optional
        Command lines that compare one clustering with chance, by its name.

    Returns
    -------
    page : str
        HTML that needs nothing from elsewhere. Names and labels are shown as they are. Equal input gives equal pages.

    Raises
    ------
    ValueError
        No clusterings, unequal numbers of samples (with those left out) or confidence levels, two of one name.

    Examples
    --------
    >>> from amiable.report import measure_clustering, render_page
    >>> tables = {"first": [[8, 2], [1, 9]], "second": [[5, 5], [6, 4]]}
    >>> page = render_page([measure_clustering(name, table, n_resamples=199) for name, table in tables.items()])
    >>> page[:15]
    '<!DOCTYPE html>'
    """
    _check(clusterings)
    ordered = ranked(clusterings)
    overview = _figures_of_all(ordered, pairwise)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("page.html.jinja").render(
        true_name=true,  # true is a word of the template's language
        clusterings=ordered,
        scores=MEASURED,
        orders={order: [s for s in MEASURED.values() if s.order == order] for order in clusterings[0].pvalues},
        comparison=comparison,
        leaves_out=any(one.n_left_out for one in clusterings),
        commands=commands or {},
        null_commands=null_commands or {},
        percent=f"{100 * ordered[0].confidence_level:.12g}\u00a0%",
        n_paired=len(pairwise[0]) - 1 if pairwise else 0,
        version=amiable.__version__,
        csv=_base64(_csv(ordered)),
        overview=overview,
        figures=_packed(json.dumps({"overview": overview, "clusterings": list(map(_figures_of, ordered))})),
        plotly_js=_packed(plotly.offline.get_plotlyjs()),
        script="".join((_HERE / name).read_text(encoding="utf-8") for name in ("figures.js", "page.js")),
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
    )


def _check(clusterings: Sequence[Clustering]) -> None:
    if not clusterings:
        raise ValueError("clusterings is empty: expected at least one")
    check_names("clusterings", [clustering.name for clustering in clusterings], len(clusterings))
    for what, found in (
        ("numbers of samples", {clustering.n_samples + clustering.n_left_out for clustering in clusterings}),
        ("confidence levels", {clustering.confidence_level for clustering in clusterings}),
    ):
        if len(found) > 1:
            raise ValueError(f"clusterings have the {what} {', '.join(map(str, sorted(found)))}: expected equal ones")


def _figures_of(clustering: Clustering) -> dict[str, Any]:
    """Return the figures of one clustering."""
    table = clustering.table
    return {
        "table": plain(plot.contingency_heatmap(contingency=table)),
        "null": plain(plot.null_distribution(clustering.null, score=SCORES["ami"].axis_title)),
        "clusters": plain(plot.cluster_contributions(contingency=table)),
        "classes": plain(plot.cluster_contributions(contingency=table, side="true")),
    }


def _figures_of_all(clusterings: list[Clustering], pairwise: tuple[Sequence[str], Any] | None) -> dict[str, Any]:
    """Return the figures of all clusterings together."""
    found = {"ranking": plain(_ranking(clusterings)), "sizes": plain(_against_number_of_clusters(clusterings))}
    if pairwise is not None:
        names, scores = pairwise
        found["pairwise"] = plain(plot.pairwise_heatmap(scores, names, score=SCORES["ami"].axis_title))
    return found


def _ranking(clusterings: list[Clustering]) -> Any:
    nothing = (np.nan, np.nan)
    return plot.score_ranking(
        [clustering.name for clustering in clusterings],
        [clustering.scores["ami"] for clustering in clusterings],
        [clustering.intervals.get("ami", nothing) for clustering in clusterings],
        score=SCORES["ami"].axis_title,
    )


# AMI and NMI often fall together: the open circle leaves room for the dot, which is drawn last
_SYMBOLS = {"fmi": ("square-open", 12), "ari": ("diamond-open", 11), "nmi": ("circle-open", 12), "ami": ("circle", 6)}


def _against_number_of_clusters(clusterings: list[Clustering]) -> Any:
    markers = []
    for (short, (symbol, size)), color in zip(_SYMBOLS.items(), COLORS[3::-1], strict=True):
        heading = SCORES[short].heading
        points = go.Scatter(
            x=[clustering.n_clusters for clustering in clusterings],
            y=[clustering.scores[short] for clustering in clusterings],
            text=[text(clustering.name) for clustering in clusterings],
            mode="markers",
            marker={"color": color, "size": size, "symbol": symbol, "line": {"width": 0 if short == "ami" else 1.5}},
            name=heading,
            hovertemplate=f"%{{text}}<br>%{{x:,}} clusters, {heading} %{{y:.4f}}<extra></extra>",
        )
        markers.append(points)
    shown = figure(
        markers, title="Four scores against the number of clusters", x="clusters (number)", y="score (no unit)"
    )
    return shown.update_layout(legend_traceorder="reversed")


def _csv(clusterings: list[Clustering]) -> str:
    """Return all numbers, unrounded: a row a clustering."""
    found = io.StringIO()
    table = csv.writer(found, lineterminator="\r\n")
    columns = [column for short in MEASURED for column in (short, f"{short}_low", f"{short}_high")]
    orders = list(clusterings[0].pvalues)
    table.writerow(["clustering", "n_samples", "n_clusters", *columns, *(f"pvalue_of_{order}" for order in orders)])
    for one in clusterings:
        numbers = [x for short in MEASURED for x in (one.scores[short], *one.intervals.get(short, ("", "")))]
        table.writerow([one.name, one.n_samples, one.n_clusters, *numbers, *(one.pvalues[order] for order in orders)])
    return found.getvalue()


def _base64(content: str | bytes) -> str:
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


def _packed(content: str) -> str:
    """Return text as browsers unpack it; without the time, so that equal pages stay equal."""
    return _base64(gzip.compress(content.encode(), mtime=0))
