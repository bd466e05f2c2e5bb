"""What of a page is printed over something else, or cut off, as a browser lays it out."""

from __future__ import annotations

# Ticks of one axis turn before they touch, and the box around a turned text is larger than it is.
_OVERLAPS = """
() => {
  const found = [];
  const boxOf = (one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    return { left: left + 1, right: right - 1, top: top + 2, bottom: bottom - 2 };
  };
  const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const axisOf = (one) => one.closest(".xtick, .ytick, .cbaxis")?.getAttribute("class");
  for (const figure of document.querySelectorAll(".js-plotly-plot")) {
    const around = figure.getBoundingClientRect();
    const marks = [...figure.querySelectorAll(".nsewdrag, .cbfills")].map((one) => one.getBoundingClientRect());
    const all = [...figure.querySelectorAll("svg text")];
    const texts = all.filter((one) => one.textContent.trim() && one.checkVisibility());
    const boxes = texts.map(boxOf);
    boxes.forEach((a, i) => {
      const told = texts[i].textContent;
      const isWide = a.left < around.left - 1 || a.right > around.right + 1;
      if (isWide || a.top < around.top - 2 || a.bottom > around.bottom + 2) found.push(`${figure.id}: ${told} is cut off`);
      const isTitle = texts[i].matches("[class*=title], .legendtext") || texts[i].closest(".colorbar");
      if (isTitle && marks.some((b) => touch(a, b))) found.push(`${figure.id}: ${told} over the plot or the colours`);
      if (parseFloat(getComputedStyle(texts[i]).fontSize) < 9) found.push(`${figure.id}: ${told} is too small to read`);
      boxes.slice(i + 1).forEach((b, j) => {
        const other = texts[i + 1 + j];
        if (axisOf(other) && axisOf(other) === axisOf(texts[i])) return;
        if (touch(a, b)) found.push(`${figure.id}: ${told} over ${other.textContent}`);
      });
    });
  }
  return found;
}
"""


def overlaps(page) -> list[str]:
    """Return which texts of figures lie over each other, or leave their figure."""
    return page.evaluate(_OVERLAPS)
