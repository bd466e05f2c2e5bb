"""Live Plotly figures of gallery scripts, which other pages may show, too; Plotly is a file of the site."""

import logging
import re
from pathlib import Path

import kaleido
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

FRAGMENTS = Path(__file__).parents[1] / "_figures"  # figures as HTML, for pages that show them by {raw} html
SCRIPT = "_static/plotly.min.js"


def setup(app: object) -> None:
    """Give Plotly to pages with figures, and stop the browser in the end."""
    for talkative in (None, "kaleido", "choreographer"):  # Kaleido's import makes all others so
        logging.getLogger(talkative).setLevel(logging.WARNING)
    app.connect("html-page-context", _use_plotly)
    app.connect("build-finished", _finish)


def scrape(block: object, block_vars: dict, gallery_conf: dict) -> str:  # noqa: ARG001
    """Return the figure that is the last value of a block of a gallery script, as RST; keep a picture and its HTML."""
    figure = block_vars["example_globals"].get("___")
    if not isinstance(figure, go.Figure):
        return ""
    block_vars["example_globals"]["___"] = None  # else it is there again after a block that ends with no value
    picture = Path(next(block_vars["image_path_iterator"]))
    name = re.sub(r"^sphx_glr_(plot_)?", "", picture.stem)
    kaleido.start_sync_server(silence_warnings=True)  # one browser for all
    height = figure.layout.height or 450
    picture.write_bytes(kaleido.calc_fig_sync(figure, opts={"format": "png", "width": 700, "height": height}))
    config = {"displaylogo": False, "responsive": True}
    html = figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=name, default_height=f"{height}px", config=config
    )
    # modules wait for deferred scripts, so that a page shows its text before Plotly is there
    html = re.sub(r"<script[^>]*>", '<script type="module">', html)
    FRAGMENTS.mkdir(exist_ok=True)
    (FRAGMENTS / f"{name}.html").write_text(html)
    return "\n\n.. raw:: html\n\n" + "".join(f"    {line}\n" for line in html.splitlines()) + "\n"


def _use_plotly(app: object, pagename: str, templatename: str, context: dict, doctree: object) -> None:  # noqa: ARG001
    if "plotly-graph-div" in context.get("body", ""):
        context["metatags"] += f'<script defer src="{context["pathto"](SCRIPT, 1)}"></script>'


def _finish(app: object, exception: Exception | None) -> None:
    kaleido.stop_sync_server(silence_warnings=True)
    if exception is None and app.builder.format == "html":
        (Path(app.outdir) / SCRIPT).write_text(get_plotlyjs())
