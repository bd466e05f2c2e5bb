const choice = document.getElementById("choice");
const shown = document.getElementById("shown");
const table = document.getElementById("all");
const headings = [...table.tHead.rows[0].cells];
const isPhone = window.matchMedia("(max-width: 40rem)").matches;

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

// A click on a heading sorts by it, the best first; another click the other way round.
function sortBy(column) {
  const { score, pvalue, distance } = headings[column].dataset;
  const isBestLeast = distance !== undefined || pvalue !== undefined || column === 0;
  const [usual, other] = isBestLeast ? ["ascending", "descending"] : ["descending", "ascending"];
  const order = headings[column].ariaSort === usual ? other : usual;
  for (const heading of headings) heading.removeAttribute("aria-sort");
  headings[column].ariaSort = order;
  const text = (row) => row.cells[column].firstChild.textContent;
  const value = (row) => Number(text(row).replaceAll(",", "")) || 0;
  const compare = (a, b) => (column === 0 ? text(a).localeCompare(text(b)) : value(a) - value(b));
  const sign = order === "ascending" ? 1 : -1;
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort((a, b) => sign * compare(a, b)));
}

// All scores, or one with its intervals and p-value.
function showScore() {
  const { order } = headings.find((heading) => heading.dataset.score === shown.value)?.dataset ?? {};
  const hides = headings.map(({ dataset }) =>
    shown.value && (dataset.pvalue ? dataset.pvalue !== order : dataset.score && dataset.score !== shown.value));
  table.classList.toggle("one", Boolean(shown.value));
  for (const row of table.rows) [...row.cells].forEach((cell, i) => { cell.style.display = hides[i] ? "none" : ""; });
}

function showClustering() {
  for (const one of document.querySelectorAll("[data-one]")) one.hidden = one.dataset.one !== choice.value;
  const { cells } = table.querySelector(`[data-row="${choice.value}"]`);
  const told = document.getElementById("told").tBodies[0];
  told.replaceChildren();
  headings.forEach((heading, i) => {
    if (!heading.dataset.score) return;
    const pvalue = headings.findIndex(({ dataset }) => dataset.pvalue === heading.dataset.order);
    const [value, interval] = cells[i].childNodes;
    const row = told.insertRow();
    row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: heading.firstChild.title }));
    for (const node of [value, interval, cells[pvalue]]) row.insertCell().textContent = node?.textContent ?? "\u2013";
  });
}

async function main() {
  headings.forEach((heading, i) => heading.firstChild.addEventListener("click", () => sortBy(i)));
  shown.addEventListener("change", showScore);
  choice.value = "0"; // a browser keeps choices when a page is loaded again
  shown.value = isPhone ? "ami" : "";
  showScore();
  showClustering();

  const data = JSON.parse(await unpacked("data"));
  document.head.append(Object.assign(document.createElement("script"), { textContent: await unpacked("plotly") }));
  let paper = {}; // what is drawn otherwise on paper, whatever else changes meanwhile
  const draw = (figures) => {
    for (const [name, figure] of Object.entries(figures)) {
      drawFigure(document.getElementById(`figure-${name}`), figure, paper);
    }
  };
  const drawChosen = () => draw(data.clusterings[Number(choice.value)]);
  const drawAll = () => { draw(data.overview); drawChosen(); };
  choice.addEventListener("change", () => { showClustering(); drawChosen(); });
  table.tBodies[0].addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    choice.value = event.target.closest("tr").dataset.row;
    choice.dispatchEvent(new Event("change"));
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  window.addEventListener("beforeprint", () => { paper = { ink: "rgb(0, 0, 0)", width: 680 }; drawAll(); });
  window.addEventListener("afterprint", () => { paper = {}; drawAll(); });
  drawAll();
}
main();
