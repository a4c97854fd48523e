"use strict";
// The table of contestants by metric, of the set of equal terms that is chosen.
(() => {
  const { data, panels, hidden, chosen } = report;
  const table = document.getElementById("heat");
  if (!table || !panels.length) return;
  const make = (name, text = "", of = {}) => Object.assign(document.createElement(name), { textContent: text }, of);
  const seconds = (s) => (s >= 100 ? Math.round(s).toLocaleString("en") : Number(s.toPrecision(2)).toString());

  function head(metrics) {
    const row = make("tr");
    const titles = ["Contestant", "Mean rank", ...metrics.map((m) => m.title), "Fit, s", "Memory, GiB"];
    titles.forEach((title, i) => {
      const th = make("th", title, { scope: "col" });
      const metric = metrics[i - 2];
      if (metric) th.append(make("span", metric.lower ? "lower is better" : "higher is better", { className: "sub" }));
      if (metric && metric.name === chosen.metric) th.classList.add("chosen");
      row.append(th);
    });
    return row;
  }

  // A cell that opens the runs behind it; the better the rank, the stronger its ground.
  function scored(row, of, failed) {
    const td = make("td");
    if (!row) {
      td.classList.add(failed ? "failed" : "none");
      td.append(make("span", failed ? failed.said : "no score", { className: "note" }));
      return td;
    }
    if (failed) td.classList.add("failed");
    const button = make("button", row.mean.toPrecision(3), { type: "button" });
    const { low, high, repeats, rank } = row;
    if (rank) {
      td.style.setProperty("--share", `${Math.round(46 * (1 - (rank - 1) / Math.max(1, of - 1)))}%`);
      button.append(make("span", String(rank), { className: "rank" }));
    }
    const ends = low === null ? "" : `, 95 % interval ${low.toPrecision(3)} to ${high.toPrecision(3)}`;
    td.title = `${rank ? `rank ${rank}` : "control, not ranked"}, ${repeats} repeats${ends}` +
      (failed ? `; other runs: ${failed.said}` : "");
    button.addEventListener("click", () => report.open([row], row.metric));
    td.append(button);
    return td;
  }

  function draw() {
    const { place, dim, name, metrics: offered } = report.panel();
    const size = report.size();
    const at = (row) => row.place === place && row.size === size && (row.dim ?? "") === dim;
    const curve = report.tables.curve.filter((row) => at(row) && !hidden.has(row.pipeline));
    const cost = new Map(report.tables.fit.filter(at).map((row) => [row.pipeline, row]));
    const failed = new Map(report.tables.failed
      .filter((row) => row.place === place && row.size === size && [null, dim].includes(row.dim) && !hidden.has(row.pipeline))
      .map((row) => [row.pipeline, row]));
    const metrics = data.metrics.filter((m) =>
      offered.includes(m.name) && (!m.secondary || m.name === chosen.metric));
    const scores = new Map(curve.map((row) => [`${row.pipeline}\n${row.metric}`, row]));
    const names = [...new Set([...curve, ...failed.values()].map((row) => row.pipeline))];
    const mean = new Map(names.map((pipeline) => {
      const ranks = metrics.map((m) => scores.get(`${pipeline}\n${m.name}`)?.rank).filter(Boolean);
      return [pipeline, ranks.length ? ranks.reduce((a, b) => a + b) / ranks.length : Infinity];
    }));
    const first = (pipeline) => scores.get(`${pipeline}\n${chosen.metric}`)?.rank ?? Infinity;
    const order = (a, b) => (chosen.metric ? first(a) - first(b) || 0 : 0) || mean.get(a) - mean.get(b) || (a < b ? -1 : 1);
    const contestants = names.filter((pipeline) => mean.get(pipeline) < Infinity).length;
    const body = names.sort(order).map((pipeline) => {
      const row = make("tr");
      const th = make("th", pipeline, { scope: "row" });
      const swatch = [...document.querySelectorAll("#contestants button")].find((b) => b.dataset.pipeline === pipeline);
      if (swatch) th.prepend(swatch.querySelector("svg").cloneNode(true), " ");
      const rank = mean.get(pipeline);
      row.append(th, make("td", rank < Infinity ? rank.toFixed(1) : "", { className: "mean" }));
      for (const m of metrics)
        row.append(scored(scores.get(`${pipeline}\n${m.name}`), contestants, failed.get(pipeline)));
      const spent = cost.get(pipeline);
      row.append(make("td", spent ? seconds(spent.fit_s) : "", { className: "cost" }));
      row.append(make("td", spent?.memory ? spent.memory.toFixed(2) : "", { className: "cost" }));
      return row;
    });
    // What is shown, as rank_figure.py has it: to be taken out.
    report.ranks = {
      place, dim, size,
      rows: [...names].flatMap((pipeline) => metrics.map((m) => {
        const row = scores.get(`${pipeline}\n${m.name}`);
        const { mean = null, low = null, high = null, repeats = null, rank = null } = row ?? {};
        const said = failed.get(pipeline)?.said ?? "";
        return { pipeline, size, metric: m.name, title: m.title, mean, low, high, repeats, rank, said };
      }).filter((row) => row.mean !== null || row.said)),
    };
    const thead = make("thead");
    thead.append(head(metrics));
    const tbody = make("tbody");
    tbody.append(...body);
    table.replaceChildren(make("caption", `${name}, n = ${size.toLocaleString("en")}`, { className: "hidden" }), thead, tbody);
    const others = report.matching().length - 1;
    document.getElementById("panel-name").textContent =
      name + (others > 0 ? ` (the first of ${others + 1} that fit; choose above)` : "");
  }
  report.follows(draw);
})();
