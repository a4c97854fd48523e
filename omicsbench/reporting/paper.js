"use strict";
// Printed, a report is two sheets: on the first as many data sets as fit, and how many more there are.
(() => {
  // Pixels of A4 within its margins, as style.css prints it. Only the screen can be measured: these are estimates.
  const SHEET = 1030;
  const HEADINGS = 135;
  const TILES = 178;
  const SECOND = 730; // curves and command, on the sheet of the ranked table
  const FEW = 3; // so many stand on it in any case
  const more = document.getElementById("more-rows");
  if (!more) return;
  const lengthOf = (parts) => [...parts].reduce((sum, part) => sum + part.textContent.length, 0);
  const rowOf = (row) => 27 * row.querySelectorAll(".forests tbody tr").length
    + 12 * Math.ceil(lengthOf(row.querySelectorAll(".told > p")) / 55) + 30;
  const sum = (heights) => heights.reduce((a, b) => a + b, 0);
  // Rows stand in two columns, one after the other.
  const height = (heights) =>
    Math.min(...heights.map((_, i) => Math.max(sum(heights.slice(0, i + 1)), sum(heights.slice(i + 1)))));

  report.follows(() => {
    const names = [...document.querySelectorAll("#heat tbody th")];
    const ranks = names.reduce((all, th) => all + 8 + 9.5 * Math.ceil(th.textContent.length / 8), 120);
    const beyond = Math.max(0, ranks + SECOND - SHEET); // of the ranked table, left to the first sheet
    const left = SHEET - HEADINGS - TILES * document.querySelectorAll("#answer .tiles").length - beyond;
    const rows = [...document.querySelectorAll("#each article")].filter((row) => !row.hidden);
    const heights = rows.map(rowOf);
    let fit = rows.length;
    while (rows.length > FEW && fit > 1 && height(heights.slice(0, fit)) > left) fit -= 1;
    rows.forEach((row, i) => row.classList.toggle("beyond", i >= fit));
    more.textContent = fit < rows.length
      ? `${rows.length - fit} more of ${rows.length} data sets stand on the page itself, and in recommendations.csv.` : "";
  });
})();
