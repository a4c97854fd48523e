"use strict";
// Draws each chart when it comes into view; filters the verdicts. Needs window.drawChart.
(() => {
  const { data, panels, hidden, chosen } = report;
  const drawn = new Set();

  // A style that stands in the page as an attribute would not be allowed.
  report.prepares((within) => {
    for (const part of within.querySelectorAll("[data-fill]")) {
      part.style.background = part.dataset.fill;
      if (part.dataset.share) part.style.width = `${part.dataset.share}%`;
    }
  });

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
      const metric = data.metrics[row.metric]?.name;
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
      return Object.assign(row, { metric: data.metrics[row.metric].name, color, dash, shape });
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
    failed: rowsOf(data.failed), profile: rowsOf(data.profile), budget: bought(data.budget), gain: bought(data.gain, "deep"),
  };
  Object.assign(report, { tables, spread });
  const units = {
    cpu_seconds: "CPU time, s", seconds: "wall time, s", price: "price of machine time", joules: "energy, J",
  };
  const ROW = 0.075; // of the plot, for one bracket
  const BRACKETS = 4; // at most, of one chart
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
      (row.dim === undefined || !chosen.dim || String(row.dim ?? 0) === chosen.dim) &&
      !hidden.has(row.pipeline);
    const values = tables[kind].filter(
      (row) => fits(row) && (!size || String(row.size) === size) &&
        (kind !== "pareto" || row.time_s > 0));
    return {
      values,
      stars: kind === "curve" ? stars.filter(fits) : [],
      predicted: ["fit", "memory"].includes(kind)
        ? predicted.filter((row) => fits(row) && row[kind === "fit" ? "fit_s" : "memory"] > 0)
        : [],
      marks: kind === "posterior" ? tables.marks.filter(fits) : [],
    };
  }

  // Where the y axis begins and ends, with room above for the brackets of n*.
  function frame(spec, found) {
    const of = (layer) => [layer.encoding.y, layer.encoding.y2].map((y) => y?.field).filter(Boolean);
    const known = found.values.flatMap((row) =>
      spec.layer.filter((layer) => !layer.data).flatMap(of).map((field) => row[field]).filter((v) => v !== null));
    if (!known.length) return null;
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    const taken = ROW * Math.min(found.stars.length, BRACKETS);
    return [low - room, high + room + ((high - low + 2 * room) * taken) / (1 - taken)];
  }

  // n* as a bracket: its interval, with an arrow where that is open, and n* in it (brackets.py).
  function brackets(found, [low, high]) {
    const sizes = found.values.map((row) => row.size);
    return found.stars.slice(0, BRACKETS).map((row, i) => ({
      ...row,
      from: row.low ?? Math.min(...sizes),
      to: row.high ?? Math.max(...sizes),
      left: row.low === null ? "◂" : "|",
      right: row.high === null ? "▸" : "|",
      star: "◆",
      at: high - (high - low) * ROW * (i + 0.75),
      against: row.against.replace("_", " "),
      label: `n* ${short(row.size)}${i === BRACKETS - 1 && found.stars.length > BRACKETS ? ` and ${found.stars.length - i - 1} more` : ""}`,
    }));
  }

  // A name at the end of each line, none on another: all in a large chart, else the best of each family.
  function labels(values, field, [low, high], { height, large, lower }) {
    const last = new Map();
    for (const row of values) {
      const known = last.get(row.pipeline);
      if (row[field] !== null && (!known || known.size < row.size)) last.set(row.pipeline, row);
    }
    const better = (a, b) => (lower ? a[field] - b[field] : b[field] - a[field]);
    const best = [...last.values()].sort(better);
    const family = (row) => data.styles.find((s) => s.name === row.pipeline).family;
    const named = large ? best : ["simple", "deep"].map((name) => best.find((row) => family(row) === name)).filter(Boolean);
    const gap = ((high - low) * 12) / (height - 45);
    const shown = named.slice(0, Math.floor((high - low) / gap)).sort((a, b) => b[field] - a[field]);
    const wide = large ? 30 : 16;
    const placed = shown.map((row) => ({
      name: row.pipeline.length > wide ? `${row.pipeline.slice(0, wide - 1)}…` : row.pipeline,
      color: row.color, dash: row.dash, shape: row.shape, at: row[field], pipeline: row.pipeline,
    }));
    placed.forEach((one, i) => { if (i) one.at = Math.min(one.at, placed[i - 1].at - gap); });
    placed.reverse().forEach((one, i) => {
      one.at = Math.max(one.at, i ? placed[i - 1].at + gap : low);
    });
    return placed;
  }

  // Whether any series has one row alone.
  function alone(values, of) {
    const rowsOf = new Map();
    for (const row of values) rowsOf.set(row[of], (rowsOf.get(row[of]) ?? 0) + 1);
    return [...rowsOf.values()].includes(1);
  }

  async function draw(chart) {
    drawn.add(chart);
    const found = rows(chart);
    const { kind, currency } = chart.dataset;
    const plot = chart.querySelector(".plot");
    const spec = structuredClone(data.specs[kind]);
    const metric = data.metrics.find((m) => m.name === chart.dataset.metric);
    const large = Boolean(chart.closest("#explorer"));
    if (large) spec.height = 300;
    const ends = kind === "curve" ? frame(spec, found) : null;
    const stars = ends ? brackets(found, ends) : [];
    const named = ends ? labels(found.values, "mean", ends, {
      height: spec.height, large: large && plot.clientWidth > 420, lower: metric.lower,
    }) : [];
    const { predicted, marks } = found;
    spec.datasets = { stars, predicted, marks, labels: named };
    const known = ({ encoding, transform }) => {
      if (encoding.detail?.field === "front") return found.values.some((row) => row.front);
      if (!encoding.y2?.field) return true;
      const valid = found.values.filter((row) => row[encoding.y.field] !== null);
      const of = transform?.find(({ groupby }) => groupby)?.groupby[0];
      return of ? alone(valid, of) : valid.length > 0;
    };
    spec.layer = spec.layer.filter((layer) =>
      (layer.data?.name ? spec.datasets[layer.data.name].length : known(layer)));
    spec.data = { values: found.values };
    for (const { encoding: { y } } of spec.layer) {
      if (y?.axis && metric && ["curve", "pareto", "budget"].includes(kind)) y.axis.title = metric.title;
      if (y?.scale && ends) Object.assign(y.scale, { domainMin: ends[0], domainMax: ends[1], nice: false, padding: 0 });
    }
    if (currency) spec.encoding.x.axis.title = `budget: ${units[currency]}`;
    if (kind === "pareto" && found.values.length)
      spec.encoding.x.axis.title = `median ${found.values[0].by_cpu ? "CPU" : "wall"} time of one run, s`;
    if (chart.dataset.domain) spec.encoding.x.scale.domain = JSON.parse(chart.dataset.domain);
    if (spec.encoding.x.field === "size") {
      const sizes = [...found.values, ...predicted].map((row) => row.size);
      spec.encoding.x.axis.values = [...new Set(sizes)];
    }
    plot.classList.toggle("empty", !found.values.length);
    if (!found.values.length && !predicted.length) {
      delete chart.specification;
      plot.textContent = currency === undefined ? "No run gave it a value." : "No comparison by this metric at equal budget.";
      plot.dataset.drawn = "";
      return;
    }
    spec.description = plot.getAttribute("aria-label"); // which Vega sets anew
    chart.specification = spec; // what is drawn here, to be taken out
    const { view } = await window.drawChart(plot, spec);
    view.addEventListener("click", (_, item) => {
      const row = item?.datum;
      if (!["symbol", "rect", "text"].includes(item?.mark.marktype)) return;
      if (row?.runs) report.open(row.runs, row.metric);
      else if (row?.size && row.place !== undefined) report.open([row], row.metric);
    });
    plot.dataset.drawn = "";
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting && !drawn.has(target)) draw(target);
    }
  }, { rootMargin: "300px" });

  // Explorer: the charts of the set of equal terms and the metric that are chosen.
  const explorer = document.getElementById("explorer");
  const currencies = explorer?.querySelector("[name=currency]");
  function explore() {
    if (!explorer) return;
    const { place, ground, dim, name } = report.panel();
    const metric = report.metric();
    const size = report.size();
    if (currencies) {
      const offered = new Set(tables.budget.filter((row) => row.ground === ground).map((row) => row.currency));
      const before = currencies.value;
      const options = Object.entries(units).filter(([unit]) => offered.has(unit));
      currencies.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
      if (offered.has(before)) currencies.value = before;
    }
    const direction = metric.lower ? "lower is better" : "higher is better";
    const captions = [
      `${metric.title} against n (${direction})`,
      `${metric.title} against time of a run at n = ${size.toLocaleString("en")}` +
        `${data.places.some((p) => p.tuning) ? ", hollow where tuned" : ""}; ` +
        "the thin line is the Pareto front",
      `${metric.title} at equal budget: best deep choice (dashed) and best simple one (${direction})`,
      "Deep minus simple at equal budget, positive where deep is better, 95 % interval",
    ];
    explorer.querySelector("h3").textContent = name;
    explorer.querySelectorAll(".chart").forEach((chart, i) => {
      Object.assign(chart.dataset, { place, ground, dim, metric: metric.name });
      if (i === 1) chart.dataset.size = size;
      if (i > 1) chart.dataset.currency = currencies.value;
      chart.querySelector("figcaption").textContent = captions[i];
      chart.querySelector(".plot").setAttribute("aria-label", `${captions[i]}, ${name}`);
    });
  }
  report.follows(() => {
    explore();
    for (const chart of [...drawn]) {
      if (chart.checkVisibility()) draw(chart);
      else drawn.delete(chart);
    }
  });
  currencies?.addEventListener("change", () => { explore(); drawn.forEach((chart) => { if (explorer.contains(chart)) draw(chart); }); });
  document.querySelectorAll(".chart").forEach((chart) => watcher.observe(chart));

  // Printed are the charts of what is chosen.
  window.addEventListener("beforeprint", () => {
    explorer?.querySelectorAll(".chart").forEach((chart) => { if (!drawn.has(chart)) draw(chart); });
  });

  // Unfolded, everything is there to be searched and printed.
  const unfold = document.getElementById("unfold");
  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") !== "true";
    unfold.setAttribute("aria-pressed", String(open));
    document.querySelectorAll("section > details").forEach((details) => { details.open = open; });
    if (open) document.querySelectorAll(".chart:not([hidden])").forEach((chart) => { if (!drawn.has(chart)) draw(chart); });
  });

  // Filters of the verdict tables.
  const filtered = (table) => {
    const box = table.closest("details");
    const [outcome, against, secondary] = ["outcome", "against", "secondary"].map((name) =>
      box.querySelector(`.filter-${name}`));
    const filter = () => {
      for (const row of table.tBodies[0].rows) {
        const out =
          (outcome.value && row.dataset.outcome !== outcome.value) ||
          (against.value && row.dataset.against !== against.value) ||
          ("secondary" in row.dataset && !secondary.checked);
        row.classList.toggle("out", Boolean(out));
      }
    };
    [outcome, against, secondary].forEach((input) => input.addEventListener("change", filter));
    filter();
  };
  report.prepares((part) => part.querySelectorAll("table.verdicts").forEach(filtered));
})();
