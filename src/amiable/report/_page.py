"""The page: figures and tables of all clusterings, put into a template."""

from __future__ import annotations

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
from amiable.plot._theme import COLORS, check_names, figure, text
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
        percent=f"{100 * ordered[0].confidence_level:.12g} %",
        n_paired=len(pairwise[0]) - 1 if pairwise else 0,
        version=amiable.__version__,
        figures=[{name: _as_json(made) for name, made in _figures_of(one).items()} for one in ordered],
        overview={name: _as_json(made) for name, made in _figures_of_all(ordered, pairwise).items()},
        plotly_js=plotly.offline.get_plotlyjs(),
        script=(_HERE / "page.js").read_text(encoding="utf-8"),
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
        "table": plot.contingency_heatmap(contingency=table),
        "null": plot.null_distribution(clustering.null, score=SCORES["ami"].axis_title),
        "clusters": plot.cluster_contributions(contingency=table),
        "classes": plot.cluster_contributions(contingency=table, side="true"),
    }


def _figures_of_all(clusterings: list[Clustering], pairwise: tuple[Sequence[str], Any] | None) -> dict[str, Any]:
    """Return the figures of all clusterings together."""
    found = {"ranking": _ranking(clusterings), "sizes": _against_number_of_clusters(clusterings)}
    if pairwise is not None:
        names, scores = pairwise
        found["pairwise"] = plot.pairwise_heatmap(scores, names, score=SCORES["ami"].axis_title)
    return found


def _ranking(clusterings: list[Clustering]) -> Any:
    nothing = (np.nan, np.nan)
    return plot.score_ranking(
        [clustering.name for clustering in clusterings],
        [clustering.scores["ami"] for clustering in clusterings],
        [clustering.intervals.get("ami", nothing) for clustering in clusterings],
        score=SCORES["ami"].axis_title,
    )


def _against_number_of_clusters(clusterings: list[Clustering]) -> Any:
    markers = []
    for short, color in zip(("ami", "nmi", "ari", "fmi"), COLORS, strict=False):
        heading = SCORES[short].heading
        points = go.Scatter(
            x=[clustering.table.shape[1] for clustering in clusterings],
            y=[clustering.scores[short] for clustering in clusterings],
            text=[text(clustering.name) for clustering in clusterings],
            mode="markers",
            marker={"color": color, "size": 8},
            name=heading,
            hovertemplate=f"%{{text}}<br>%{{x:,}} clusters, {heading} %{{y:.4f}}<extra></extra>",
        )
        markers.append(points)
    return figure(markers, title=f"{len(clusterings):,} clusterings", x="clusters (number)", y="score (no unit)")


def _as_json(figure: Any) -> Any:
    return json.loads(figure.to_json())
