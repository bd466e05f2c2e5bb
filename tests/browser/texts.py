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
      const isHigh = a.top < around.top - 2 || a.bottom > around.bottom + 2;
      if (isWide || isHigh) found.push(`${figure.id}: ${told} is cut off`);
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


_CLIPPED = """
() => {
  const found = [];
  for (const formula of document.querySelectorAll("div.math, span.math")) {
    const drawn = formula.querySelector("mjx-container svg");
    if (!drawn) found.push(`${formula.textContent.trim()}: in the letters of the reader's fonts`);
    const shown = formula.getBoundingClientRect();
    const ink = [...(drawn ?? formula).querySelectorAll("*")].map((one) => one.getBoundingClientRect());
    const isAbove = ink.some((box) => box.height && box.top < shown.top - 1);
    const isBelow = ink.some((box) => box.height && box.bottom > shown.bottom + 1);
    const hides = getComputedStyle(formula).overflowY !== "visible";
    if (hides && (isAbove || isBelow || formula.scrollHeight > formula.clientHeight + 1)) {
      found.push(`${formula.textContent.trim()}: cut off`);
    }
  }
  for (const formula of document.querySelectorAll("math")) {
    const isOurs = formula.closest("mjx-assistive-mml");
    if (!isOurs) found.push(`${formula.textContent.trim()}: in the letters of the reader's fonts`);
  }
  return found;
}
"""


def clipped_formulas(page) -> list[str]:
    """Return which formulas lose their tops or ends, or are left to whatever fonts the reader has."""
    return page.evaluate(_CLIPPED)
