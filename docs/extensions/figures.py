"""Live Plotly figures of gallery scripts, which other pages may show, too; Plotly is a file of the site."""

import json
import logging
import re
from pathlib import Path

import kaleido
import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from amiable.plot._theme import plain

FRAGMENTS = Path(__file__).parents[1] / "_figures"  # figures as HTML, for pages that show them by {raw} html
# the figure of a script that stands on the page of a function
OF_FUNCTIONS = {
    "contingency_heatmap": "01_from_scratch_002",
    "cluster_contributions": "06_which_clusters_002",
    "null_distribution": "null_001",
    "pairwise_heatmap": "11_stability_001",
    "score_curves": "chance_001",
    "score_heatmap": "10_objective_001",
    "score_ranking": "09_exercise_choose_k_003",
}
_shown: list[go.Figure] = []


class Keeping(plotly.io.base_renderers.ExternalRenderer):
    """What `figure.show()` does while the site is built: the figure waits for `scrape`."""

    def render(self, fig_dict: dict) -> None:
        """Keep the figure."""
        _shown.append(go.Figure(fig_dict))


def setup(app: object) -> None:
    """Give Plotly to pages with figures, and stop the browser in the end."""
    for talkative in (None, "kaleido", "choreographer"):  # Kaleido's import makes all others so
        logging.getLogger(talkative).setLevel(logging.WARNING)
    plotly.io.renderers["keeping"] = Keeping()
    plotly.io.renderers.default = "keeping"
    app.connect("autodoc-process-docstring", _show_figure)
    app.connect("html-page-context", _use_plotly)
    app.connect("build-finished", _finish)


def scrape(block: object, block_vars: dict, gallery_conf: dict) -> str:  # noqa: ARG001
    """Return the figures that a block of a gallery script shows, as RST; keep a picture and HTML of each."""
    found = ""
    while _shown:
        figure = _shown.pop(0)
        picture = Path(next(block_vars["image_path_iterator"]))
        name = re.sub(r"^sphx_glr_(plot_)?", "", picture.stem)
        kaleido.start_sync_server(silence_warnings=True)  # one browser for all
        height = figure.layout.height or 450
        picture.write_bytes(kaleido.calc_fig_sync(figure, opts={"format": "png", "width": 700, "height": height}))
        data = json.dumps(plain(figure)).replace("<", "\\u003c")
        html = (
            f'<div class="figure" id="{name}" role="img" style="height: {height}px"></div>'
            f'<script type="application/json" data-figure="{name}">{data}</script>'
        )
        FRAGMENTS.mkdir(exist_ok=True)
        (FRAGMENTS / f"{name}.html").write_text(html)
        found += f"\n\n.. raw:: html\n\n    {html}\n\n"
    return found


def _show_figure(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:  # noqa: ARG001
    """Put a figure below the first lines of a docstring of `amiable.plot`."""
    module, _, function = name.rpartition(".")
    if module == "amiable.plot" and function in OF_FUNCTIONS:
        fragment = FRAGMENTS / f"{OF_FUNCTIONS[function]}.html"
        below = lines.index("", 1) + 1
        lines[below:below] = [".. raw:: html", f"   :file: {fragment}", ""]


def _use_plotly(app: object, pagename: str, templatename: str, context: dict, doctree: object) -> None:  # noqa: ARG001
    if "data-figure=" in context.get("body", ""):
        for script in ("plotly.min.js", "figures.js", "site.js"):
            context["metatags"] += f'<script defer src="{context["pathto"](f"_static/{script}", 1)}"></script>'


def _finish(app: object, exception: Exception | None) -> None:
    kaleido.stop_sync_server(silence_warnings=True)
    if exception is None and app.builder.format == "html":
        (Path(app.outdir) / "_static" / "plotly.min.js").write_text(get_plotlyjs())
