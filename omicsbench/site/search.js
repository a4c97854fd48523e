// Names and summaries that hold every word typed; those whose name begins so come first.
const rows = JSON.parse(document.getElementById("index").textContent);
const field = document.getElementById("q");
const hits = document.getElementById("hits");
const most = 12;

function found(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const score = ([kind, name, summary]) => {
    const whole = `${kind} ${name} ${summary}`.toLowerCase();
    if (!words.every((word) => whole.includes(word))) return 0;
    return name.toLowerCase().startsWith(words[0]) ? 3 : name.toLowerCase().includes(words[0]) ? 2 : 1;
  };
  return rows.map((row) => [score(row), row]).filter(([value]) => value)
    .sort((a, b) => b[0] - a[0] || a[1][1].localeCompare(b[1][1])).map(([, row]) => row);
}

function show() {
  const every = found(field.value);
  const items = every.slice(0, most).map(([kind, name, summary, url]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = url;
    link.textContent = name;
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = ` ${kind === "dataset" ? "data set" : kind}: ${summary}`;
    item.append(link, note);
    return item;
  });
  if (field.value.trim() && every.length !== items.length) {
    const more = document.createElement("li");
    more.textContent = `and ${every.length - items.length} more`;
    items.push(more);
  }
  if (field.value.trim() && !every.length) {
    const none = document.createElement("li");
    none.textContent = "Nothing of that name.";
    items.push(none);
  }
  hits.replaceChildren(...items);
}

field.addEventListener("input", show);
show();
