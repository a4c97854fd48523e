"use strict";
// Rows as CSV, and as an address to save it from. For all pages with figures.
function asCsv(rows) {
  const quoted = (value) => {
    const text = String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
  return lines.map((line) => line.map(quoted).join(",")).join("\n") + "\n";
}
const csvAddress = (text) => `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`;
