"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const choice = document.getElementById("choice");

function draw(figures) {
  const isNarrow = window.innerWidth < 640;
  for (const [name, figure] of Object.entries(figures)) {
    const config = { responsive: true, displaylogo: false, displayModeBar: isNarrow ? false : "hover" };
    Plotly.react(`figure-${name}`, figure.data, figure.layout, config);
  }
}

function show() {
  for (const one of document.querySelectorAll("[data-one]")) {
    one.hidden = one.dataset.one !== choice.value;
  }
  draw(data.clusterings[Number(choice.value)]);
}

choice.addEventListener("change", show);
for (const link of document.querySelectorAll("[data-choose]")) {
  link.addEventListener("click", () => {
    choice.value = link.dataset.choose;
    show();
  });
}
draw(data.overview);
choice.value = "0"; // a browser keeps the choice when a page is loaded again
show();
