"use strict";
// Draws the trends that the drop-downs choose, each when it comes into view. Needs window.drawChart.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { worse, better } = data.spec.usermeta.colors;
  const ALL = "";
  const [dataset, pipeline, quantity, changed] = ["dataset", "pipeline", "quantity", "changed"].map(
    (name) => document.querySelector(`.filters [name=${name}]`));
  const box = document.getElementById("charts");
  const dates = data.revisions.map(([, date]) => date);
  const labels = new Set(dates).size > 1 ? dates : data.revisions.map(([name]) => name.slice(0, 7));
  const last = data.revisions.length - 1;
  const unique = (values) => [...new Set(values)].sort();
  const at = (place) => ({ at: place, revision: data.revisions[place][0], date: dates[place] });
  const series = new WeakMap();
  const drawn = new WeakSet();

  function rows(one) {
    return {
      points: one.points.map(([place, mean, sd, n, group]) => ({ ...at(place), mean, sd, n, group })),
      segments: one.segments.map(([start, end, mean]) => ({ at: start, end, mean })),
      changes: one.changes.map(([start, end, bad, words, kind, range]) => ({
        at: start, end, words, kind, range, color: bad ? worse : better,
        sign: `${kind === "drift" ? "drift " : ""}${words.split(" ")[0]}`, late: end > last / 2,
      })),
      failed: one.failed.map(([place, words]) => ({ ...at(place), words })),
      libraries: one.libraries.map(([place, words]) => ({ ...at(place), words })),
    };
  }

  // Noise within the tolerance should look small, and a constant has an axis too.
  function domain({ points, quantity }) {
    const { tolerance, kind } = data.quantities[quantity];
    const means = points.map(([, mean]) => mean);
    const [low, high] = [Math.min(...means), Math.max(...means)];
    const middle = (low + high) / 2;
    const half = Math.max((high - low) / 2, 2 * tolerance * (kind === "score" ? 1 : middle));
    return [middle - half, middle + half];
  }

  async function draw(figure) {
    if (drawn.has(figure)) return;
    drawn.add(figure);
    const spec = structuredClone(data.spec);
    delete spec.usermeta;
    spec.datasets = rows(series.get(figure));
    spec.params[0].value = labels;
    const y = spec.layer.find((layer) => layer.encoding.y?.field).encoding.y;
    y.scale.domain = domain(series.get(figure));
    spec.layer = spec.layer.filter((layer) => spec.datasets[layer.data.name].length);
    const plot = figure.querySelector(".plot");
    spec.description = plot.getAttribute("aria-label"); // which Vega sets anew
    await window.drawChart(plot, spec);
    plot.dataset.drawn = "";
    const { dataset, pipeline, quantity, size } = series.get(figure);
    const points = () =>
      spec.datasets.points.map(({ at: _, group, ...row }) => ({ dataset, pipeline, size, quantity, ...row }));
    takeOut(figure, () => asDrawn(figure, `history ${dataset} ${pipeline} ${quantity} n${size}`, points));
  }
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      draw(target);
    }
  }, { rootMargin: "300px" });
  window.addEventListener("beforeprint", () => {
    [...box.children].forEach(draw);
  });

  function caption(one) {
    const { title, unit, better: way } = data.quantities[one.quantity];
    const head = document.createElement("figcaption");
    head.textContent = `${one.dataset}, ${one.pipeline}, n = ${one.size.toLocaleString("en")}`;
    const note = document.createElement("span");
    note.className = "note";
    const machines = Object.keys(data.machines).length > 1 && one.machine;
    note.textContent = [
      `${title}${unit ? `, ${unit}` : ""} (${way} is better)`,
      one.device === "cpu" ? "" : one.device, machines ? `machine ${one.machine}` : "",
    ].filter(Boolean).join(", ");
    head.append(note);
    return head;
  }
  function figure(one) {
    const made = document.createElement("figure");
    made.className = "chart trend";
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    const head = caption(one);
    const words = one.changes.map((c) => `${c[2] ? "worse" : "better"} by ${c[3]} between ${c[5]}`);
    plot.setAttribute("aria-label", `${head.textContent}: ${words.join("; ") || "no change"}`);
    made.append(head, plot);
    series.set(made, one);
    return made;
  }

  // Drop-downs: each offers what the ones before it leave.
  const fill = (select, values, all, name = (v) => v) => {
    const before = select.value;
    const options = values.map((v) => new Option(name(v), v));
    select.replaceChildren(...(all ? [new Option(all, ALL)] : []), ...options);
    if (values.includes(before)) select.value = before;
  };
  const weight = (one) => one.changes.filter((c) => c[2]).length * 2 + one.changes.length;
  function choose() {
    const fits = (select, key) => (one) => select.value === ALL || one[key] === select.value;
    const within = data.series.filter(fits(dataset, "dataset"));
    fill(pipeline, unique(within.map((one) => one.pipeline)), "all");
    const left = within.filter(fits(pipeline, "pipeline"));
    const offered = unique(left.map((one) => one.quantity));
    fill(quantity, offered, null, (name) => data.quantities[name].title);
    const shown = left.filter(fits(quantity, "quantity"))
      .filter((one) => !changed.checked || one.changes.length)
      .sort((a, b) => weight(b) - weight(a));
    watcher.disconnect();
    box.replaceChildren(...shown.map(figure));
    document.getElementById("found").textContent =
      shown.length ? `${shown.length} trends, those with changes first.` : "No trend with these choices.";
    [...box.children].forEach((made) => watcher.observe(made));
  }
  fill(dataset, unique(data.series.map((one) => one.dataset)), "all");
  [dataset, pipeline, quantity, changed].forEach((input) => input.addEventListener("change", choose));
  choose();
  const first = data.series.reduce((a, b) => (weight(b) > weight(a) ? b : a), data.series[0]);
  if (first) {
    quantity.value = first.quantity;
    choose();
  }

  // A change leads to its trend.
  document.querySelectorAll("table.changes a").forEach((link) => link.addEventListener("click", () => {
    dataset.value = link.dataset.dataset;
    choose();
    pipeline.value = link.dataset.pipeline;
    choose();
    quantity.value = link.dataset.quantity;
    choose();
  }));
})();
