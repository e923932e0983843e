"use strict";
// The problems: filter, sort, open, and move among samples. The only markup that is read here is the page's own, in
// which every foreign text is escaped already.
const table = document.getElementById("table");
const body = table.tBodies[0];
const rows = Array.from(body.rows);
const map = document.getElementById("map");
const mapRows = new Map(Array.from(map.querySelectorAll("[data-row]"), (line) => [line.dataset.row, line]));
const rowOf = new Map(rows.map((row) => [row.dataset.link, row]));
const find = document.getElementById("find");
const show = document.getElementById("show");
const kind = document.getElementById("kind");
const category = document.getElementById("category");
const reset = document.getElementById("reset");
const help = document.getElementById("help");

// --- sorting

function cellValue(row, column) {
  const cell = row.cells[column];
  return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

function sortBy(heading) {
  const ascending = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const column = heading.cellIndex;
  rows.sort((a, b) => (ascending ? 1 : -1) * compare(cellValue(a, column), cellValue(b, column)));
  for (const row of rows) {
    const detail = detailOf(row);
    body.append(row);
    if (detail) body.append(detail);
  }
}

// --- filtering

const shares = {
  "": () => true,
  never: (row) => row.dataset.rate === "0.0",
  some: (row) => Number(row.dataset.rate) > 0 && Number(row.dataset.rate) < 1,
  always: (row) => row.dataset.rate === "1.0",
  up: (row) => "first" in row.dataset && Number(row.dataset.rate) > Number(row.dataset.first),
  down: (row) => "first" in row.dataset && Number(row.dataset.rate) < Number(row.dataset.first),
  defect: (row) => "defect" in row.dataset,
  erratum: (row) => "erratum" in row.dataset,
};

function isWanted(outcome, letter) {
  if (kind.value === "failing") return outcome !== "PASS";
  return kind.value.startsWith("=") ? letter === kind.value.slice(1) : !kind.value || outcome === kind.value;
}

function outcomeOf(cell) {
  return cell.className.split(" ")[0].slice(2);
}

function filterSamples(detail) {
  for (const sample of detail.querySelectorAll("[data-key]")) {
    sample.hidden = !isWanted(sample.dataset.outcome, sample.dataset.letter);
  }
}

function filter() {
  const wanted = find.value.trim().toLowerCase();
  let count = 0;
  let numSamples = 0;
  for (const row of rows) {
    const line = mapRows.get(row.dataset.row);
    let numWanted = 0;
    for (const cell of line ? line.querySelectorAll(".cells > *") : []) {
      const isGood = isWanted(outcomeOf(cell), cell.textContent);
      cell.classList.toggle("dim", !isGood);
      numWanted += isGood;
    }
    const name = row.cells[0].textContent.toLowerCase() + " " + row.dataset.category.toLowerCase();
    row.hidden = !(
      name.includes(wanted) && shares[show.value](row) && (numWanted || !kind.value) &&
      (!category || !category.value || row.dataset.category === category.value)
    );
    if (line) line.hidden = row.hidden;
    const detail = detailOf(row);
    if (detail) {
      detail.hidden = row.hidden;
      filterSamples(detail);
    }
    count += !row.hidden;
    numSamples += row.hidden ? 0 : numWanted;
  }
  for (const group of map.querySelectorAll(".rows")) {
    const isEmpty = !group.querySelector("[data-row]:not([hidden])");
    group.hidden = isEmpty;
    if (group.previousElementSibling && group.previousElementSibling.tagName === "H3") group.previousElementSibling.hidden = isEmpty;
  }
  reset.hidden = !isFiltered();
  document.getElementById("shown").textContent = `${count} of ${rows.length} problems, ${numSamples.toLocaleString("en")} samples`;
}

function isFiltered() {
  return Boolean(find.value || show.value || kind.value || (category && category.value));
}

function showAll() {
  for (const field of [find, show, kind, category]) if (field) field.value = "";
  filter();
}

// --- opening

function detailOf(row) {
  const next = row.nextElementSibling;
  return next && next.classList.contains("detail") ? next : null;
}

function contentOf(row) {
  const holder = document.createElement("template");
  holder.innerHTML = document.getElementById("t" + row.dataset.row).textContent;
  return holder.content;
}

function toggle(row, open) {
  const detail = detailOf(row);
  row.querySelector("a").setAttribute("aria-expanded", String(open));
  if (!open && detail) detail.remove();
  if (!open || detail) return;
  const inserted = document.createElement("tr");
  inserted.className = "detail";
  const cell = inserted.insertCell();
  cell.colSpan = row.cells.length;
  cell.append(contentOf(row));
  filterSamples(inserted);
  row.after(inserted);
}

function closeAll() {
  for (const row of rows) if (detailOf(row)) toggle(row, false);
}

// "#problem" or "#problem/sample", each part encoded; anything else is a section, which the browser finds by itself.
function target() {
  const [problem, key] = location.hash.split("/");
  const row = rowOf.get(problem);
  return row && !document.getElementById(problem.slice(1)) ? { row, key } : null;
}

function openFromAddress() {
  const found = target();
  if (!found) return;
  if (found.row.hidden) showAll();
  toggle(found.row, true);
  const sample = found.key && detailOf(found.row).querySelector(`[data-keys~="${CSS.escape(found.key)}"]`);
  if (sample && sample.hidden) showAll();
  const bar = document.querySelector(".filter");
  const height = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
  document.documentElement.style.setProperty("--bar", `${height}px`);
  const place = sample || found.row;
  place.scrollIntoView({ block: "start" });
  (sample || found.row.querySelector("a")).focus({ preventScroll: true });
}

// --- keys

function wantedSamples() {
  const found = [];
  for (const row of rows) {
    if (row.hidden) continue;
    for (const sample of row.dataset.samples.split(" ").filter(Boolean)) {
      const [key, letter, outcome] = sample.split(":");
      if (isWanted(outcome, letter)) found.push({ row, link: `${row.dataset.link}/${key}` });
    }
  }
  return found;
}

function step(by) {
  const found = wantedSamples();
  if (!found.length) return;
  const focused = document.activeElement.closest("[data-key]");
  const problem = focused ? focused.closest(".detail").previousElementSibling.dataset.link : location.hash.split("/")[0];
  const here = focused ? `${problem}/${focused.dataset.key}` : location.hash;
  let place = found.findIndex((each) => each.link === here);
  if (place < 0 && rowOf.has(problem)) place = found.findIndex((each) => each.row === rowOf.get(problem)) - (by > 0);
  const next = found[place < 0 && by < 0 ? 0 : Math.min(found.length - 1, Math.max(0, place + by))];
  closeAll();
  history.replaceState(null, "", next.link);
  openFromAddress();
}

function moveInMap(key) {
  const here = document.activeElement;
  const line = here.closest("[data-row]");
  const links = (each) => Array.from(each.querySelectorAll("a"));
  const lines = Array.from(map.querySelectorAll("[data-row]")).filter((each) => !each.hidden);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const next = links(line)[links(line).indexOf(here) + (key === "ArrowRight" ? 1 : -1)];
    if (next) next.focus();
    return;
  }
  const other = lines[lines.indexOf(line) + (key === "ArrowDown" ? 1 : -1)];
  if (other) links(other)[Math.min(links(line).indexOf(here), links(other).length - 1)].focus();
}

function escape() {
  if (isFiltered()) showAll();
  else if (rows.some(detailOf)) {
    const open = target();
    closeAll();
    if (location.hash) history.pushState(null, "", "#");
    if (open) open.row.querySelector("a").focus();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "Escape") {
    if (isTyping) event.target.blur();
    escape();
  } else if (isTyping) {
    return;
  } else if (event.key === "j" || event.key === "k") {
    step(event.key === "j" ? 1 : -1);
  } else if (event.key === "/") {
    event.preventDefault();
    find.focus();
    find.select();
    find.scrollIntoView({ block: "nearest" });
  } else if (event.key === "?") {
    help.showModal();
  } else if (event.key.startsWith("Arrow") && event.target.closest("#map a")) {
    event.preventDefault();
    moveInMap(event.key);
  }
});

for (const heading of table.tHead.rows[0].cells) {
  const button = heading.querySelector("[role=button]");
  if (!button) continue;
  button.addEventListener("click", () => sortBy(heading));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    sortBy(heading);
  });
}
body.addEventListener("click", (event) => {
  const link = event.target.closest("a[aria-expanded]");
  if (!link || link.getAttribute("aria-expanded") === "false") return;
  event.preventDefault();
  toggle(link.closest("tr"), false);
  history.pushState(null, "", "#");
});
// A link to where the address already is changes nothing that an event would tell of.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link && !event.defaultPrevented && link.getAttribute("href") === location.hash) openFromAddress();
});
// One stop of the tabulator for the whole map; arrows go on from there.
const firstInMap = map.querySelector("a");
if (firstInMap) firstInMap.tabIndex = 0;
map.addEventListener("focusin", (event) => {
  for (const link of map.querySelectorAll("a[tabindex='0']")) link.tabIndex = -1;
  event.target.closest("a").tabIndex = 0;
});
document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
for (const field of [show, kind, category]) if (field) field.addEventListener("change", filter);
find.addEventListener("input", filter);
reset.addEventListener("click", showAll);
document.getElementById("keys").addEventListener("click", () => help.showModal());
window.addEventListener("hashchange", openFromAddress);
filter();
openFromAddress();
