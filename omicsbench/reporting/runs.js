"use strict";
// The runs behind a point: every repeat, what was recorded of it, and the command that makes it.
(() => {
  const { data } = report;
  const box = document.getElementById("runs");
  const make = (name, text = "", of = {}) => Object.assign(document.createElement(name), { textContent: text ?? "" }, of);
  const number = (x) => (typeof x === "number" ? String(Number(x.toPrecision(4))) : x ?? "");
  let found; // the runs, once somebody has asked

  async function runs() {
    if (!found) {
      const { scores, ...columns } = await report.parsed("runs-data");
      found = { columns: report.spread(columns), scores };
    }
    return found;
  }

  const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
  // As a suite names it: without how it was split, or what was held out.
  const named = (dataset) => dataset.replace(/( \((hold-out|new [^()]*|held out: .*)\))+$/, "");
  function command(row, place, repeats) {
    const base = box.dataset.command;
    // A merged set was made by several commands.
    if (!base.startsWith("omicsbench run") || base.includes(" && ")) return base;
    const data = /\s--data\b/.test(base) ? "" : ` --dataset ${quoted(named(place.dataset))}`;
    return `${base}${data} --only --method ${quoted(row.pipeline)} --sizes ${row.size} --repeats ${repeats} --out results/again`;
  }

  function pairs(of) {
    const list = make("dl", "", { className: "facts" });
    for (const [name, value] of of)
      if (value !== null && value !== undefined && value !== "") list.append(make("dt", name), make("dd", number(value)));
    return list;
  }

  report.open = async (row) => {
    const { columns, scores } = await runs();
    const place = data.places[row.place];
    const metric = data.metrics.findIndex((m) => m.name === row.metric);
    const style = data.styles.findIndex((s) => s.name === row.pipeline);
    const at = columns.key.map((_, i) => i).filter((i) =>
      columns.place[i] === row.place && columns.pipeline[i] === style && columns.size[i] === row.size);
    at.sort((a, b) => columns.repeat[a] - columns.repeat[b]);
    const shown = box.querySelector(".record");
    const record = (i) => {
      const facts = Object.entries(columns)
        .filter(([name]) => !["place", "pipeline", "dim"].includes(name))
        .map(([name, of]) => [name.replaceAll("_", " "), of[i]]);
      const values = Object.entries(scores).map(([m, of]) => [data.metrics[m].title, of[i]]);
      shown.replaceChildren(
        make("h3", `Record ${columns.key[i]}`), pairs(facts), make("h4", "Test scores"), pairs(values),
        make("p", `Whole, it is runs/${columns.key[i]}.json in the folder of results or, packed, a line of records.jsonl.`,
          { className: "note" }));
    };
    const titles = ["Repeat", "Status", ...(metric < 0 ? [] : [data.metrics[metric].title]), "Fit, s", "Memory, GiB", "Record"];
    const head = make("tr");
    head.append(...titles.map((title) => make("th", title, { scope: "col" })));
    const lines = at.map((i) => {
      const line = make("tr");
      const cells = [columns.repeat[i], columns.status[i], ...(metric < 0 ? [] : [number(scores[metric]?.[i])]),
        number(columns.fit_s[i]), number(columns.peak_gib[i])];
      const button = make("button", columns.key[i], { type: "button" });
      button.addEventListener("click", () => record(i));
      const last = make("td");
      last.append(button);
      line.append(...cells.map((text) => make("td", text)), last);
      return line;
    });
    const thead = make("thead");
    thead.append(head);
    const tbody = make("tbody");
    tbody.append(...lines);
    box.querySelector("h2").textContent = `${row.pipeline}, n = ${row.size.toLocaleString("en")}`;
    box.querySelector(".meta").textContent = place.name;
    box.querySelector("table").replaceChildren(thead, tbody);
    box.querySelector("code").textContent = command(row, place, Math.max(...at.map((i) => columns.repeat[i])) + 1);
    record(at[0]);
    box.showModal();
  };
  box.querySelector(".close").addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  report.start();
})();
