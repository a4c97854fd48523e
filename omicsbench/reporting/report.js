"use strict";
// Draws each chart when it comes into view; filters the tables. Needs window.drawChart.
(() => {
  const parse = (id) => JSON.parse(document.getElementById(id).textContent);
  const data = parse("data");
  const panels = parse("panels");
  const hidden = new Set(data.styles.filter((s) => s.family === "control").map((s) => s.name));
  const drawn = new Set();

  // A style that stands in the page as an attribute would not be allowed.
  for (const part of document.querySelectorAll("[data-fill]")) {
    part.style.background = part.dataset.fill;
    if (part.dataset.share) part.style.width = `${part.dataset.share}%`;
  }

  // A column of texts names each once.
  const spread = (columns) => Object.fromEntries(
    Object.entries(columns).map(([name, c]) => [name, c.of ? c.at.map((i) => c.of[i]) : c]));
  // Columns to rows, with the look of each row's pipeline.
  const rowsOf = (packed) => {
    const columns = spread(packed);
    const names = Object.keys(columns);
    return columns[names[0]].map((_, i) => {
      const row = Object.fromEntries(names.map((name) => [name, columns[name][i]]));
      const { name, color, dash, shape } = data.styles[row.pipeline];
      const metric = data.metrics[row.metric];
      const { ground, tuning } = data.places[row.place];
      return Object.assign(row, { pipeline: name, metric, color, dash, shape, ground, tuning });
    });
  };
  // At equal budgets a line belongs to a family, whose first pipeline lends it its look.
  const bought = (packed, look) => {
    const columns = spread(packed);
    return columns.ground.map((_, i) => {
      const row = Object.fromEntries(Object.keys(columns).map((name) => [name, columns[name][i]]));
      const { color, dash, shape } = data.styles.find((s) => s.family === (row.side ?? look));
      return Object.assign(row, { metric: data.metrics[row.metric], color, dash, shape });
    });
  };
  const curve = rowsOf(data.curve);
  const cost = rowsOf(data.cost);
  const stars = rowsOf(data.star);
  const predicted = rowsOf(data.predicted);
  const tables = {
    curve, pareto: curve, fit: cost, memory: cost, marks: rowsOf(data.marks),
    reliability: rowsOf(data.reliability), coverage: rowsOf(data.coverage),
    posterior: rowsOf(data.posterior), uncertainty: rowsOf(data.uncertainty),
    profile: rowsOf(data.profile), budget: bought(data.budget), gain: bought(data.gain, "deep"),
  };
  const units = {
    cpu_seconds: "CPU time, s", seconds: "wall time, s", price: "price of machine time", joules: "energy, J",
  };
  const short = (n) => new Intl.NumberFormat("en", { notation: "compact" }).format(n).replace("K", "k");

  function rows(chart) {
    const { kind, place, ground, dim, metric, size, currency, pipeline } = chart.dataset;
    const same = (row) => String(row.ground) === ground;
    const here = {
      pareto: same,
      budget: (row) => same(row) && row.currency === currency,
      gain: (row) => same(row) && row.currency === currency,
    }[kind] ?? ((row) => String(row.place) === place);
    const fits = (row) =>
      here(row) &&
      (metric === undefined || (row.metric === metric && String(row.dim ?? "") === dim)) &&
      (pipeline === undefined || row.pipeline === pipeline) &&
      !hidden.has(row.pipeline);
    const values = tables[kind].filter(
      (row) => fits(row) && (!size || String(row.size) === size) &&
        (kind !== "pareto" || row.time_s > 0));
    const largest = Math.max(...values.map((row) => row.size));
    const mark = (row) => ({
      ...row,
      against: row.against.replace("_", " "),
      label: `n* ${short(row.size)}`,
      last: row.size === largest,
    });
    return {
      values,
      stars: kind === "curve" ? stars.filter(fits).map(mark) : [],
      predicted: ["fit", "memory"].includes(kind)
        ? predicted.filter((row) => fits(row) && row[kind === "fit" ? "fit_s" : "memory"] > 0)
        : [],
      marks: kind === "posterior" ? tables.marks.filter(fits) : [],
    };
  }

  async function draw(chart) {
    drawn.add(chart);
    const found = rows(chart);
    const plot = chart.querySelector(".plot");
    const spec = structuredClone(data.specs[chart.dataset.kind]);
    const { stars, predicted, marks } = found;
    spec.datasets = { stars, predicted, marks };
    const known = ({ mark, encoding }) =>
      mark.type !== "area" || found.values.some((row) => row[encoding.y.field] !== null);
    spec.layer = spec.layer.filter((layer) =>
      (layer.data?.name ? spec.datasets[layer.data.name].length : known(layer)));
    spec.data = { values: found.values };
    if (chart.dataset.currency) spec.encoding.x.axis.title = `budget: ${units[chart.dataset.currency]}`;
    if (chart.dataset.kind === "pareto" && found.values.length)
      spec.encoding.x.axis.title = `median ${found.values[0].by_cpu ? "CPU" : "wall"} time of one run, s`;
    if (chart.dataset.domain) spec.encoding.x.scale.domain = JSON.parse(chart.dataset.domain);
    if (spec.encoding.x.field === "size") {
      const sizes = [...found.values, ...predicted].map((row) => row.size);
      spec.encoding.x.axis.values = [...new Set(sizes)];
    }
    plot.classList.toggle("empty", !found.values.length);
    if (chart.dataset.currency && !found.values.length) {
      plot.textContent = "No comparison by this metric at equal budget.";
      return;
    }
    spec.description = plot.getAttribute("aria-label"); // which Vega sets anew
    chart.specification = spec; // what is drawn here, to be taken out
    await window.drawChart(plot, spec);
    plot.dataset.drawn = "";
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && !drawn.has(target)) draw(target);
    }
  }, { rootMargin: "300px" });

  // Legend: a button hides or shows a pipeline in all charts.
  const buttons = document.querySelectorAll(".legend button");
  const press = () => {
    buttons.forEach((button) =>
      button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.pipeline))));
    // A chart of one pipeline goes with it.
    document.querySelectorAll(".chart[data-pipeline]").forEach((chart) => {
      chart.hidden = hidden.has(chart.dataset.pipeline);
    });
  };
  buttons.forEach((button) => button.addEventListener("click", () => {
    const { pipeline } = button.dataset;
    if (!hidden.delete(pipeline)) hidden.add(pipeline);
    press();
    drawn.forEach((chart) => { if (!chart.hidden) draw(chart); });
  }));
  press();

  // Explorer: charts that follow the drop-downs.
  const explorer = document.getElementById("explorer");
  if (explorer) {
    const [panel, metric, size, currency] = ["panel", "metric", "size", "currency"].map((name) =>
      explorer.querySelector(`[name=${name}]`));
    const charts = explorer.querySelectorAll(".chart");
    const fill = (select, options) => {
      const before = select.value;
      select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
      if (options.some(([value]) => String(value) === before)) select.value = before;
    };
    const choose = () => {
      const { place, ground, dim, metrics, sizes } = panels[panel.value];
      fill(metric, metrics.map(({ name, title }) => [name, title]));
      fill(size, [...sizes].reverse().map((n) => [n, n.toLocaleString("en")]));
      if (currency) {
        const offered = new Set(tables.budget.filter((row) => String(row.ground) === String(ground)).map((row) => row.currency));
        fill(currency, Object.entries(units).filter(([name]) => offered.has(name)));
      }
      const { title, lower } = metrics[metric.selectedIndex];
      const direction = lower ? "lower is better" : "higher is better";
      const captions = [
        `${title} against n (${direction})`,
        `${title} against time of a run at n = ${Number(size.value).toLocaleString("en")}` +
          `${data.places.some((p) => p.tuning) ? ", hollow where tuned" : ""}; ` +
          "the thin line is the Pareto front",
        `${title} at equal budget: best deep choice (dashed) and best simple one (${direction})`,
        "Deep minus simple at equal budget, positive where deep is better, 95 % interval",
      ];
      charts.forEach((chart, i) => {
        Object.assign(chart.dataset, { place, ground, dim, metric: metric.value });
        if (i === 1) chart.dataset.size = size.value;
        if (i > 1) chart.dataset.currency = currency.value;
        chart.querySelector("figcaption").textContent = captions[i];
        chart.querySelector(".plot").setAttribute("aria-label", captions[i]);
        if (drawn.has(chart)) draw(chart);
      });
    };
    [panel, metric, size, currency].forEach((select) => select?.addEventListener("change", choose));
    choose();
  }
  document.querySelectorAll(".chart").forEach((chart) => watcher.observe(chart));

  // Printing shows everything.
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("section > details").forEach((details) => { details.open = true; });
    document.querySelectorAll(".chart").forEach((chart) => {
      if (!drawn.has(chart) && !chart.hidden) draw(chart);
    });
  });

  // Filters of the verdict tables.
  for (const table of document.querySelectorAll("table.verdicts")) {
    const box = table.closest("details");
    const [outcome, against, secondary] = ["outcome", "against", "secondary"].map((name) =>
      box.querySelector(`.filter-${name}`));
    const filter = () => {
      for (const row of table.tBodies[0].rows) {
        row.hidden =
          (outcome.value && row.dataset.outcome !== outcome.value) ||
          (against.value && row.dataset.against !== against.value) ||
          ("secondary" in row.dataset && !secondary.checked);
      }
    };
    [outcome, against, secondary].forEach((input) => input.addEventListener("change", filter));
    filter();
  }
})();
