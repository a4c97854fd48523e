"use strict";
// Buttons that take a drawn figure out of its page: as SVG, as PNG, its numbers as CSV. Needs csv.js.
window.takeOut = (figure, name, rows) => {
  const SCALE = 2; // pixels of a PNG by those of the page

  function drawing() {
    const svg = figure.querySelector(".plot svg").cloneNode(true);
    svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    svg.style.background = "white";
    return svg;
  }
  const source = () =>
    `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(drawing()))}`;
  async function bitmap() {
    const image = new Image();
    image.src = source();
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = SCALE * image.width;
    canvas.height = SCALE * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  }
  const table = () => csvAddress(asCsv(rows()));

  const box = document.createElement("p");
  box.className = "take";
  for (const [form, made] of Object.entries({ svg: source, png: bitmap, csv: table })) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = form.toUpperCase();
    button.addEventListener("click", async () => {
      const link = document.createElement("a");
      link.download = `${name.replace(/[^\p{L}\p{N}_.]+/gu, "-").slice(0, 150)}.${form}`;
      link.href = await made();
      link.click();
    });
    box.append(button);
  }
  figure.append(box);
};
for (const figure of document.querySelectorAll("figure[data-rows]"))
  window.takeOut(figure, figure.dataset.name, () => JSON.parse(figure.dataset.rows));
