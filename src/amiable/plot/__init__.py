"""Pictures of tables, null distributions and scores: Plotly figures, returned and never shown."""

from amiable._extras import hint

try:
    import plotly as _  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "plotly":
        raise
    raise ModuleNotFoundError(hint("amiable.plot", "plotly", "viz"), name=error.name) from error

from amiable.plot._nulls import null_distribution
from amiable.plot._scores import pairwise_heatmap, score_curves, score_heatmap, score_ranking
from amiable.plot._tables import cluster_contributions, contingency_heatmap

__all__ = [
    "cluster_contributions",
    "contingency_heatmap",
    "null_distribution",
    "pairwise_heatmap",
    "score_curves",
    "score_heatmap",
    "score_ranking",
]
