"use strict";
// Figures in the colours of the page around them, which may be light or dark, and for its width.
function drawFigure(place, figure, options = {}) {
  const ink = options.ink || getComputedStyle(place).color;
  const line = ink.replace("rgb(", "rgba(").replace(")", ", 0.2)");
  const width = options.width || place.clientWidth;
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line };
  const clear = "rgba(0, 0, 0, 0)";
  const template = {
    layout: {
      paper_bgcolor: clear, plot_bgcolor: clear, font: { color: ink }, xaxis: { ...axis, ticklabelstandoff: 4 }, yaxis: axis,
      colorway: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"],
      legend: { orientation: "h", yanchor: "bottom", y: 1, x: 0 },
      title: { x: 0, xref: "container", y: 1, yref: "container", yanchor: "top", pad: { l: 10, t: 12 }, font: { size: 16 } },
      margin: { l: 60, r: 20, t: 100, b: 60 },
    },
  };
  // black is what stands for ink
  const { data, layout } = JSON.parse(JSON.stringify(figure).replaceAll("#000000", ink));
  for (const trace of data) {
    // digits that would be too small to read are left out
    if (trace.type !== "heatmap" || !trace.texttemplate) continue;
    const beside = 90 + 7 * Math.max(...trace.y.map((name) => Math.min(name.length, 18)));
    if ((width - beside) / trace.x.length < 34) delete trace.texttemplate;
  }
  const config = { responsive: !options.width, displaylogo: false, displayModeBar: width < 600 ? false : "hover" };
  return Plotly.react(place, data, { ...layout, template, width: options.width, autosize: !options.width }, config);
}
