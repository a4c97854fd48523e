"use strict";
// Sorting: a button in each heading of a sortable table.
(() => {
  const sortable = (part) => {
    for (const heading of part.querySelectorAll("table.sortable thead th")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = heading.getAttribute("aria-sort") !== "ascending";
        heading.parentElement.querySelectorAll("th").forEach((th) => th.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = heading.closest("table").tBodies[0];
        const key = (row) => {
          const cell = row.cells[heading.cellIndex];
          return cell.dataset.value ?? cell.textContent.trim();
        };
        const order = new Intl.Collator("en", { numeric: true });
        const compare = (a, b) => {
          const [x, y] = [key(a), key(b)];
          if (x === "" || y === "") return (x === "") - (y === "");
          const numbers = !isNaN(x) && !isNaN(y);
          return (numbers ? x - y : order.compare(x, y)) * (up ? 1 : -1);
        };
        body.append(...[...body.rows].sort(compare));
      });
    }
  };
  if (window.report) report.prepares(sortable);
  else sortable(document);
})();
