"use strict";
// Figures of the report, as take.js saves them. Needs csv.js, take.js and window.drawChart.
// A chart that stands by itself has a title and a legend, as figure_spec.py gives them.
(() => {
  const LOOKS = ["color", "dash", "shape"];
  const POOLED = ["pareto", "budget", "gain"]; // their charts hold all tunings of a ground
  const FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
  const LEGEND = {
    title: null, orient: "bottom", columns: 2, labelLimit: 0, symbolSize: 60, symbolOpacity: 1,
  };
  const SIZE = { width: 460, height: 240 };
  const { data } = report;

  const placeOf = ({ kind, place, ground }) =>
    POOLED.includes(kind)
      ? data.places.find((one) => String(one.ground) === ground)
      : data.places[place];
  const underOf = (chart) => {
    const { dim } = chart.dataset;
    return placeOf(chart.dataset).name + (dim ? ` · ${dim}-D` : "");
  };
  // The name under which `omicsbench figure` knows the chart.
  function nameOf(chart) {
    const { kind, dim, metric, pipeline, currency, size } = chart.dataset;
    const words = [
      kind, placeOf(chart.dataset).name, dim && `${dim}-D`, metric, pipeline, currency,
      size && `n${size}`,
    ];
    return words.map((word) => word || "").join(" ");
  }

  function complete(chart) {
    const spec = structuredClone(chart.specification);
    const column = { budget: "side", gain: "" }[chart.dataset.kind] ?? "pipeline";
    const who = new Map(spec.data.values.map((row) => [row[column] ?? "", row]));
    const order = data.styles.map((style) => style.name);
    const names = [...who.keys()].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    // Names at the ends of lines: here a legend has them.
    spec.layer = spec.layer.filter((layer) => layer.data?.name !== "labels");
    delete spec.datasets.labels;
    const channel = (look) => {
      const values = names.map((one) => who.get(one)[look]);
      if (values.length === 1) return { value: values[0] };
      const scale = { domain: names, range: values };
      return { field: column, type: "nominal", scale, legend: LEGEND };
    };
    const walk = (part) => {
      if (part === null || typeof part !== "object" || part === spec.data) return;
      for (const [name, of] of Object.entries(part)) {
        if (LOOKS.includes(of?.field) && "scale" in of) part[name] = channel(of.field);
        else walk(of);
      }
    };
    walk(spec.encoding);
    spec.layer.forEach((layer) => walk(layer.encoding));
    const caption = chart.querySelector("figcaption") ?? chart.querySelector(".plot");
    const text = (caption.textContent.trim() && caption.matches("figcaption"))
      ? caption.textContent.trim().replace(/\s+/g, " ")
      : caption.getAttribute("aria-label").split(":")[0];
    spec.title = { text, subtitle: underOf(chart), anchor: "start", fontWeight: "normal" };
    Object.assign(spec, SIZE, { background: "white" });
    delete spec.autosize;
    spec.config.font = FONT;
    return spec;
  }

  async function drawn(spec, made) {
    const { view } = await window.drawChart(document.createElement("div"), spec);
    try {
      return await made(view);
    } finally {
      view.finalize();
    }
  }
  // What take.js saves: words, and functions that make a specification and the numbers as CSV.
  const figure = (name, spec, csv) => ({
    name,
    svg: () => drawn(spec(), async (view) => svgAddress(await view.toSVG())),
    png: () => drawn(spec(), (view) => view.toImageURL("png", 2)),
    csv: () => csvAddress(csv()),
  });

  // Columns as the files of `omicsbench figure` have them.
  function table(chart) {
    const rows = chart.specification.data.values.map((row) => {
      const { dataset, task, device } = placeOf(chart.dataset);
      const { place, ground, runs, dim, tuning, pipeline, color, dash, shape, ...others } = row;
      const made = {
        dataset, task, device, tuning: place === undefined ? undefined : tuning,
        output_dim: dim, pipeline, ...others,
      };
      return Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined));
    });
    return asCsv(rows);
  }

  const ofChart = (chart) => chart.specification?.data.values.length
    && figure(nameOf(chart), () => complete(chart), () => table(chart));
  // What Python drew (figure_files.py), without contestants that are hidden; of several metrics
  // and dimensions those that are chosen.
  let handed;
  async function ofHanded(place) {
    handed ??= await report.parsed("figures-data");
    const { name, title, spec, rows } = handed.figures[place];
    const several = new Set(rows.map((row) => row.metric)).size > 1;
    const shown = rows.filter(({ pipeline, metric, output_dim }) => report.fits({
      pipeline,
      metric: several ? metric : undefined,
      dim: output_dim === undefined ? undefined : output_dim ?? 0,
    }));
    return shown.length && figure(
      name,
      () => ({ ...structuredClone(handed.specs[spec]), title, data: { values: shown } }),
      () => asCsv(shown),
    );
  }
  const titled = (text, subtitle) => ({ text, subtitle, anchor: "start", fontWeight: "normal" });

  // The ranked table as it is shown (rank_figure.py).
  function ofRanks() {
    const { place, dim, size, rows } = report.ranks;
    const { name, dataset, task, device, tuning } = data.places[place];
    const title = `Contestants by metric at n = ${size.toLocaleString("en")}: mean, darker the better its rank`;
    const terms = { dataset, task, device, tuning, output_dim: dim };
    return rows.length && figure(
      `ranks ${name} ${dim ? `${dim}-D` : ""} n${size}`,
      () => ({ ...structuredClone(data.specs.ranks), title: titled(title, name), data: { values: rows } }),
      () => asCsv(rows.map(({ pipeline, ...others }) => ({ ...terms, pipeline, ...others }))),
    );
  }

  // A picture of cells with its title and its classes; of not too many cells the coordinates too.
  function ofPicture(image, known) {
    const classes = [...image.closest(".place").querySelectorAll(".classes li")];
    const names = classes.map((one) => one.textContent);
    const colours = classes.map((one) => one.querySelector("span").dataset.fill);
    const side = 360;
    const legend = { title: null, labelLimit: 0, symbolOpacity: 1 };
    const scale = { domain: names, range: colours };
    const colour = { field: "class", type: "nominal", scale, legend };
    const middle = { x: { value: side / 2 }, y: { value: side / 2 } };
    const own = { data: { values: [{ url: image.src }] }, mark: { type: "image", width: side, height: side } };
    const key = { data: { values: names.map((name) => ({ class: name })) }, mark: { type: "point", filled: true, opacity: 0 } };
    const { $schema, config } = data.specs.ranks;
    return figure(image.dataset.name, () => ({
      $schema, config, width: side, height: side, background: "white", title: titled(image.alt, ""),
      layer: [
        { ...own, encoding: { ...middle, url: { field: "url" } } },
        ...(names.length ? [{ ...key, encoding: { ...middle, color: colour } }] : []),
      ],
    }), () => known[image.dataset.name]);
  }

  for (const chart of document.querySelectorAll(".chart")) takeOut(chart, () => ofChart(chart));
  report.prepares((within) => {
    for (const part of within.querySelectorAll("[data-figure]"))
      takeOut(part, () => ofHanded(part.dataset.figure), { of: part.dataset.said });
  });
  const heat = document.getElementById("heat");
  if (heat) takeOut(heat.closest("section"), ofRanks);
  report.parsed("pictures-data").then((known) => {
    for (const image of document.querySelectorAll(".gallery img, .rasters img")) {
      const forms = image.dataset.name in known ? ["svg", "png", "csv"] : ["svg", "png"];
      takeOut(image.closest("td, figure"), () => ofPicture(image, known), { forms });
    }
  });
})();
