"use strict";
// Printed, a report is two sheets: as many data sets as fit beside what else stands there, and how many more there are.
(() => {
  // Pixels of A4 within its margins, as style.css prints: what is drawn last is estimated, never on the small side.
  const SHEET = 1030;
  const HEADINGS = 400; // of the page and of its sections, and what is lost where a sheet ends
  const CURVES = 663;
  const TILES = 180;
  const LETTERS = 8; // of a contestant's name on a line
  const more = document.getElementById("more-rows");
  if (!more) return;
  report.follows(() => {
    const names = [...document.querySelectorAll("#heat tbody th")].map((th) => th.textContent.length);
    const ranks = names.reduce((sum, length) => sum + 8 + 9.5 * Math.ceil(length / LETTERS), 60);
    const tiles = document.querySelectorAll("#answer .tiles").length;
    let left = 2 * SHEET - HEADINGS - CURVES - TILES * tiles - ranks;
    const rows = [...document.querySelectorAll("#each article")].filter((row) => !row.hidden);
    const out = rows.filter((row, i) => {
      left -= (90 + 27 * row.querySelectorAll(".forests tbody tr").length) / 2; // in two columns
      const beyond = i > 0 && left < 0;
      row.classList.toggle("beyond", beyond);
      return beyond;
    });
    more.textContent = out.length
      ? `${out.length} more of ${rows.length} data sets stand on the page itself, and in recommendations.csv.` : "";
  });
})();
