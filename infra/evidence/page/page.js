"use strict";
// Reads texts from attributes and from the data block and writes them as text, never as markup.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

// The picture: one line at a time is focused and explained; arrow keys go to the next that is shown.
const panel = one("#explain");
const flows = all("#flows .flow");
let chosen = null;
function paragraph(text, name) {
  const element = document.createElement("p");
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
function explain(flow) {
  if (flow === chosen) return;
  if (chosen) chosen.classList.remove("chosen");
  all(".station.ends").forEach((station) => station.classList.remove("ends"));
  chosen = flow;
  flow.classList.add("chosen");
  const ends = flow.dataset.ends.split("|");
  all(".station").forEach((station) => station.classList.toggle("ends", ends.includes(station.dataset.id)));
  const change = flow.dataset.change === "kept" ? "" : ` (${flow.dataset.change})`;
  const first = paragraph("", "");
  const strong = document.createElement("b");
  strong.textContent = flow.dataset.text + change;
  first.append(strong);
  panel.classList.toggle("refused", flow.classList.contains("refused"));
  panel.replaceChildren(first, paragraph(flow.dataset.why), paragraph(flow.dataset.where, "hint"));
}
const visible = () => flows.filter((flow) => getComputedStyle(flow).display !== "none");
function focusOn(flow) {
  flows.forEach((other) => other.setAttribute("tabindex", other === flow ? "0" : "-1"));
  flow.focus();
}
flows.forEach((flow) => {
  flow.addEventListener("pointerenter", () => explain(flow));
  flow.addEventListener("click", () => focusOn(flow));
  flow.addEventListener("focus", () => explain(flow));
  flow.addEventListener("keydown", (event) => {
    const shown = visible();
    const at = shown.indexOf(flow);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    focusOn(shown[(to + shown.length) % shown.length]);
  });
});
function reachable() {
  const shown = visible();
  if (shown.length && !shown.some((flow) => flow.getAttribute("tabindex") === "0")) {
    flows.forEach((flow) => flow.setAttribute("tabindex", flow === shown[0] ? "0" : "-1"));
  }
}
all(".switches input").forEach((box) => box.addEventListener("change", reachable));
reachable();

// Filters over what stands in the page already: a topic, and words that all have to be in a line.
function filter(box, groups, lines) {
  const buttons = all("button", box);
  const search = one("input", box);
  const nothing = one(".nothing", box.parentElement);
  let topic = "";
  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    lines.forEach((line) => {
      const text = line.textContent.toLowerCase();
      const own = (line.closest("[data-topic]") || line).dataset.topic;
      line.hidden = !((topic === "" || topic === own) && words.every((word) => text.includes(word)));
      shown += line.hidden ? 0 : 1;
    });
    groups.forEach((group) => { group.hidden = !all("li", group).some((line) => !line.hidden); });
    nothing.hidden = shown > 0;
  }
  buttons.forEach((button) => button.addEventListener("click", () => {
    topic = button.dataset.topic;
    buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
    apply();
  }));
  search.addEventListener("input", apply);
}
const meaning = one("[data-filters=meaning]");
if (meaning) filter(meaning, all("#changes .topic"), all("#changes .topic li"));
const access = one("[data-filters=access]");
if (access) filter(access, [], all("#access tbody tr"));

// All resources: so many rows at a time, from the data block.
const SIZE = 100;
const data = JSON.parse(one("#data").textContent);
const haystack = data.map((row) => row.join(" ").toLowerCase());
const [body, found, page, previous, next] = ["#rows", "#found", "#page", "#previous", "#next"].map((id) => one(id));
let hits = [];
let first = 0;
function cell(text, code) {
  const element = document.createElement("td");
  if (code && text) {
    const inner = document.createElement("code");
    inner.textContent = text;
    element.append(inner);
    element.className = "code";
  } else element.textContent = text;
  return element;
}
function show() {
  body.replaceChildren(...hits.slice(first, first + SIZE).map((index) => {
    const [op, , type, name, detail, where] = data[index];
    const row = document.createElement("tr");
    row.append(cell(op), cell(type), cell(name), cell(detail), cell(where, true));
    return row;
  }));
  const last = Math.min(first + SIZE, hits.length);
  page.textContent = hits.length ? `${first + 1} to ${last} of ${hits.length}` : "";
  previous.disabled = first === 0;
  next.disabled = last >= hits.length;
}
function search() {
  const op = one("#by-op").value;
  const topic = one("#by-topic").value;
  const words = one("#by-text").value.toLowerCase().split(/\s+/).filter(Boolean);
  hits = [];
  data.forEach((row, index) => {
    if ((op === "" || row[0] === op) && (topic === "" || row[1] === topic) && words.every((word) => haystack[index].includes(word))) hits.push(index);
  });
  first = 0;
  found.textContent = hits.length === data.length ? `${data.length} resources` : `${hits.length} of ${data.length} resources`;
  show();
}
if (body) {
  ["#by-op", "#by-topic"].forEach((id) => one(id).addEventListener("change", search));
  one("#by-text").addEventListener("input", search);
  previous.addEventListener("click", () => { first -= SIZE; show(); });
  next.addEventListener("click", () => { first += SIZE; show(); });
  search();
}
