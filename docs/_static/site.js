// The figures of a page; again, in other colours, when the reader turns the light on or off.
function drawAll() {
  for (const { dataset, textContent } of document.querySelectorAll("[data-figure]")) {
    drawFigure(document.getElementById(dataset.figure), JSON.parse(textContent));
  }
}
drawAll();
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(document.body, { attributeFilter: ["data-theme"] });
