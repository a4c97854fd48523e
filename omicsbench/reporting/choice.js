"use strict";
// What the reader has chosen: it is kept in the address, and the whole page follows it.
window.report = await (async () => {
  const data = await parsed("data");
  const panels = await parsed("panels");
  const controls = data.styles.filter((s) => s.family === "control").map((s) => s.name);
  const bar = document.getElementById("bar");
  const selects = [...bar.querySelectorAll("select")];
  const sizes = document.querySelector("[name=size]");
  const reset = document.getElementById("reset");
  const chosen = {}; // by the name of a drop-down; empty where everything is shown
  const hidden = new Set(controls); // contestants
  const listeners = [];
  let section = "";

  const placed = (number) => {
    const { dataset, task, device, tuning } = data.places[number];
    return { dataset, task, device, tuning: tuning || "none" };
  };
  const factsOf = (element) => {
    const { of, place, dim, metric, pipeline } = element.dataset;
    if (of !== undefined) {
      const given = new URLSearchParams(of);
      return Object.fromEntries([...given.keys()].map((name) => [name, given.getAll(name)]));
    }
    return { ...placed(place), dim: dim === "" ? "0" : dim, metric, pipeline };
  };
  // What is about several, such as a table over data sets, fits if one of them does; of several
  // pipelines none may be hidden.
  const fits = (facts) =>
    ![facts.pipeline].flat().some((name) => hidden.has(name)) &&
    Object.entries(chosen).every(([name, value]) =>
      !value || facts[name] === undefined || [facts[name]].flat().map(String).includes(value));

  // The first set of equal terms that fits, which is shown where one alone can be.
  const matching = () => panels.filter((p) => fits({ ...placed(p.place), dim: p.dim || 0 }));
  const panel = () => matching()[0] ?? panels[0];
  const metric = () => {
    const own = panel().metrics;
    return data.metrics.find((m) => m.name === (own.includes(chosen.metric) ? chosen.metric : own[0]));
  };
  const size = () => {
    const own = panel().sizes;
    return own.includes(Number(chosen.size)) ? Number(chosen.size) : own.at(-1);
  };

  function address() {
    const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
    const usual = hidden.size === controls.length && controls.every((name) => hidden.has(name));
    if (!usual) query.set("without", JSON.stringify([...hidden]));
    return `#${section}${query.size ? `?${query}` : ""}`;
  }

  function hideOthers(within) {
    for (const element of within.querySelectorAll("[data-of]")) element.hidden = !fits(factsOf(element));
    // Of a table of which no row is left, nothing is shown.
    for (const table of within.querySelectorAll("table")) {
      const rows = [...table.querySelectorAll("tbody tr[data-of]")];
      const box = table.closest("details.inner") ?? table.closest(".scroll") ?? table;
      box.classList.toggle("elsewhere", rows.length > 0 && rows.every((row) => row.hidden));
    }
  }

  function follow() {
    for (const select of selects) select.value = chosen[select.name] ?? "";
    hideOthers(document);
    for (const chart of document.querySelectorAll(".chart"))
      if (!chart.closest("#explorer")) chart.hidden = !fits(factsOf(chart));
    for (const part of document.querySelectorAll("main > section")) {
      const own = [...part.querySelectorAll("details[data-of], .place[data-of]")];
      part.classList.toggle("elsewhere", own.length > 0 && own.every((one) => one.hidden));
    }
    // What was chosen by its name is unfolded.
    if (chosen.dataset)
      for (const part of document.querySelectorAll("section > details[data-of]:not([hidden])")) part.open = true;
    for (const button of document.querySelectorAll(".legend button"))
      button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.pipeline)));
    const all = data.styles.length;
    document.getElementById("shown").textContent = `${all - hidden.size} of ${all}`;
    if (sizes && panels.length) {
      const numbers = [...panel().sizes].reverse();
      sizes.replaceChildren(...numbers.map((n) => new Option(n.toLocaleString("en"), n)));
      sizes.value = size();
    }
    reset.hidden = address() === `#${section}`;
    listeners.forEach((listener) => listener());
  }

  function choose(changes) {
    Object.assign(chosen, changes);
    history.replaceState(null, "", address());
    follow();
  }

  // An address is #section?dataset=...&metric=...; a bare #section keeps what was chosen.
  function read() {
    const [, place, query] = /^#?([^?]*)\??(.*)$/.exec(location.hash);
    section = place;
    if (query) {
      const given = new URLSearchParams(query);
      for (const select of selects) {
        const value = given.get(select.name) ?? "";
        chosen[select.name] = [...select.options].some((o) => o.value === value) ? value : "";
      }
      chosen.size = given.get("size") ?? "";
      hidden.clear();
      const known = new Set(data.styles.map((s) => s.name));
      let without = controls;
      try { without = JSON.parse(given.get("without")) ?? controls; } catch { /* not ours */ }
      if (Array.isArray(without)) without.filter((name) => known.has(name)).forEach((name) => hidden.add(name));
    }
    history.replaceState(null, "", address());
    follow();
    const target = document.getElementById(place);
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (!(query || target?.closest("details"))) return;
    const packed = [...document.querySelectorAll("[data-packed]")].filter((part) => part.closest("details").open);
    Promise.all(packed.map(unpack)).then(() => target?.scrollIntoView());
  }

  // What was packed, because it is long.
  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  }
  async function parsed(id) {
    const { type, textContent } = document.getElementById(id);
    return JSON.parse(type === "text/plain" ? await unpacked(textContent) : textContent);
  }
  const prepared = []; // what is done with parts that come into the page
  const prepares = (prepare) => { prepared.push(prepare); prepare(document); };
  async function unpack(part) {
    const { packed } = part.dataset;
    if (!packed) return;
    part.dataset.packed = ""; // on its way
    part.innerHTML = await unpacked(packed);
    delete part.dataset.packed;
    prepared.forEach((prepare) => prepare(part));
    hideOthers(part);
  }
  prepares((within) => {
    for (const part of within.querySelectorAll("[data-packed]"))
      part.closest("details").addEventListener("toggle", () => unpack(part));
  });

  function press(button) {
    const { pipeline } = button.dataset;
    if (!hidden.delete(pipeline)) hidden.add(pipeline);
    choose({});
  }

  for (const select of selects) select.addEventListener("change", () => choose({ [select.name]: select.value }));
  sizes?.addEventListener("change", () => choose({ size: sizes.value }));
  for (const button of document.querySelectorAll(".legend button")) button.addEventListener("click", () => press(button));
  reset.addEventListener("click", () => {
    for (const name of Object.keys(chosen)) chosen[name] = "";
    hidden.clear();
    controls.forEach((name) => hidden.add(name));
    choose({});
  });
  window.addEventListener("hashchange", read);

  return {
    data, panels, hidden, chosen, fits, factsOf, matching, panel, metric, size,
    unpacked, parsed,
    follows: (listener) => listeners.push(listener),
    prepares, // now, and each part that is unpacked later
    start: read,
  };
})();
