"use strict";
// Buttons that save a figure: as SVG, as PNG, its numbers as CSV. For all pages with figures.
// A figure has a name and, of each form, what makes its address; `figureOf` gives it when asked.
function takeOut(place, figureOf, { of = "", forms = ["svg", "png", "csv"] } = {}) {
  const box = document.createElement("p");
  box.className = "take";
  box.append(of);
  for (const form of forms) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = form.toUpperCase();
    button.title = form === "csv" ? "Save the numbers of this figure" : "Save this figure";
    button.addEventListener("click", async () => {
      const figure = await figureOf();
      if (!figure) return;
      const link = document.createElement("a");
      link.download = `${named(figure.name)}.${form}`;
      link.href = await figure[form]();
      link.click();
    });
    box.append(button);
  }
  place.append(box);
}
// Words as more_figures.py makes them names.
const named = (words) =>
  words.replace(/[^\p{L}\p{N}_.]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 150);
const svgAddress = (text) => `data:image/svg+xml,${encodeURIComponent(text)}`;
