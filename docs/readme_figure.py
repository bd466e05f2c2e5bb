"""Draw the figure of the README, which Chromium or Chrome does: `python docs/readme_figure.py`."""

import runpy
from pathlib import Path

import plotly.graph_objects as go

HERE = Path(__file__).parent

if __name__ == "__main__":
    go.Figure.show = lambda self: None
    figure = runpy.run_path(str(HERE / "inside" / "plot_chance.py"))["figure"]
    figure.write_image(HERE / "chance.svg", width=760, height=380)
