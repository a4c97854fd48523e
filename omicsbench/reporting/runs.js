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
  // One line for each place and size; `base` is the command without what it chose (again.py).
  function commands(points, repeats) {
    const { base } = box.dataset;
    // A merged set was made by several commands.
    if (!base.startsWith("omicsbench run") || base.includes(" && ")) return base;
    const lines = new Map();
    for (const { place, size, pipeline } of points) {
      const dataset = named(data.places[place].dataset);
      const own = /\s--data\b/.test(base) ? "" : ` --dataset ${quoted(dataset)}`;
      const line = lines.get(`${own} ${size}`) ?? { own, size, methods: new Set() };
      lines.set(`${own} ${size}`, line);
      line.methods.add(` --method ${quoted(pipeline)}`);
    }
    return [...lines.values()].map(({ own, size, methods }, i) =>
      `${base}${own} --only${[...methods].join("")} --sizes ${size} --repeats ${repeats}` +
      ` --out results/again${i ? i + 1 : ""}`).join("\n");
  }

  function pairs(of) {
    const list = make("dl", "", { className: "facts" });
    for (const [name, value] of of)
      if (value !== null && value !== undefined && value !== "") list.append(make("dt", name), make("dd", number(value)));
    return list;
  }

  // As page_data.py writes them: place:size:pipeline, by their numbers.
  const pointsOf = (text) => text.split(";").filter(Boolean).map((point) => {
    const [place, size, style] = point.split(":").map(Number);
    return { place, size, pipeline: data.styles[style].name };
  });

  // The runs of one or more points, each a place, a size and a pipeline.
  report.open = async (of, by) => {
    const points = typeof of === "string" ? pointsOf(of) : of;
    const { columns, scores } = await runs();
    const metric = data.metrics.findIndex((m) => m.name === by);
    const several = points.length > 1;
    const at = points.flatMap(({ place, size, pipeline }) => columns.key.map((_, i) => i)
      .filter((i) => columns.place[i] === place && columns.size[i] === size
        && data.styles[columns.pipeline[i]].name === pipeline)
      .sort((a, b) => columns.repeat[a] - columns.repeat[b]));
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
    const titles = ["Repeat", "Status", ...(metric < 0 ? [] : [data.metrics[metric].title]), "Fit, s", "Memory, GiB", "Record",
      ...(several ? ["Pipeline"] : [])];
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
      if (several) line.append(make("td", data.styles[columns.pipeline[i]].name));
      return line;
    });
    const thead = make("thead");
    thead.append(head);
    const tbody = make("tbody");
    tbody.append(...lines);
    box.querySelector("h2").textContent = points
      .map(({ pipeline, size }) => `${pipeline}, n = ${size.toLocaleString("en")}`).join(" and ");
    box.querySelector(".meta").textContent = [...new Set(points.map(({ place }) => data.places[place].name))].join("; ");
    box.querySelector("table").replaceChildren(thead, tbody);
    box.querySelector("code").textContent = commands(points, Math.max(...at.map((i) => columns.repeat[i])) + 1);
    record(at[0]);
    box.showModal();
  };
  box.querySelector(".close").addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  // The runs beside that of a picture, which shows one repeat.
  report.openRun = async (key) => {
    const { columns } = await runs();
    const i = columns.key.indexOf(key);
    await report.open([{ place: columns.place[i], size: columns.size[i], pipeline: data.styles[columns.pipeline[i]].name }]);
  };
  // Points that the page draws without the chart library. Of a curve against n, the one that is nearest.
  document.addEventListener("click", (event) => {
    const picture = event.target.closest("[data-run]");
    if (picture) report.openRun(picture.dataset.run);
    const button = event.target.closest("[data-runs]");
    if (!button) return;
    const points = pointsOf(button.dataset.runs);
    const sizes = [...new Set(points.map(({ size }) => size))];
    const { left, width } = button.getBoundingClientRect();
    const across = event.detail ? (event.clientX - left) / width : 1;
    const along = (size) => Math.log(size / sizes[0]) / Math.log(sizes.at(-1) / sizes[0]);
    const away = (size) => Math.abs((8 + 80 * along(size)) / 96 - across); // as forest.py places them
    const nearest = sizes.reduce((a, b) => (away(b) < away(a) ? b : a));
    const curve = button.matches(".spark");
    report.open(curve ? points.filter(({ size }) => size === nearest) : points, button.dataset.by);
  });
  report.start();
})();
