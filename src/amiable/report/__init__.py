"""One page of HTML that compares clusterings with true labels: scores, how sure they are, figures, meanings."""

from amiable._extras import hint

try:
    import jinja2 as _  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "jinja2":
        raise
    raise ModuleNotFoundError(hint("amiable.report", "jinja2", "viz"), name=error.name) from error

from amiable.report._page import render_page
from amiable.report._results import Clustering, measure_clustering

__all__ = ["Clustering", "measure_clustering", "render_page"]
