"use strict";
// A figure of a page as it is drawn there. Needs csv.js and take.js.
function asDrawn(figure, name, rows) {
  const SCALE = 2; // pixels of a PNG by those of the page

  function svg() {
    const drawing = figure.querySelector(".plot svg").cloneNode(true);
    drawing.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    drawing.style.background = "white";
    return svgAddress(new XMLSerializer().serializeToString(drawing));
  }
  async function png() {
    const image = new Image();
    image.src = svg();
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = SCALE * image.width;
    canvas.height = SCALE * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  }
  return { name, svg, png, csv: () => csvAddress(asCsv(rows())) };
}
for (const figure of document.querySelectorAll("figure[data-rows]")) {
  const { name, rows } = figure.dataset;
  takeOut(figure, () => asDrawn(figure, name, () => JSON.parse(rows)));
}
