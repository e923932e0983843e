"use strict";
// The table of problems: sort by a heading, filter, open a row. Text only ever moves as nodes, never as markup.
const table = document.getElementById("table");
const body = table.tBodies[0];
const rows = Array.from(body.rows);
const find = document.getElementById("find");
const show = document.getElementById("show");

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

const kinds = {
  "": () => true,
  never: (row) => row.dataset.rate === "0.0",
  some: (row) => Number(row.dataset.rate) > 0 && Number(row.dataset.rate) < 1,
  always: (row) => row.dataset.rate === "1.0",
  up: (row) => "first" in row.dataset && Number(row.dataset.rate) > Number(row.dataset.first),
  down: (row) => "first" in row.dataset && Number(row.dataset.rate) < Number(row.dataset.first),
  defect: (row) => "defect" in row.dataset,
};

function filter() {
  const wanted = find.value.trim().toLowerCase();
  let count = 0;
  for (const row of rows) {
    const words = Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase();
    row.hidden = !(words.includes(wanted) && kinds[show.value](row));
    const detail = detailOf(row);
    if (detail) detail.hidden = row.hidden;
    count += !row.hidden;
  }
  document.getElementById("shown").textContent = `${count} of ${rows.length} problems`;
}

function detailOf(row) {
  const next = row.nextElementSibling;
  return next && next.classList.contains("detail") ? next : null;
}

function toggle(row, open) {
  const link = row.querySelector("a");
  const detail = detailOf(row);
  if (open === undefined) open = !detail;
  link.setAttribute("aria-expanded", String(open));
  if (!open && detail) detail.remove();
  if (!open || detail) return;
  const inserted = document.createElement("tr");
  inserted.className = "detail";
  const cell = inserted.insertCell();
  cell.colSpan = row.cells.length;
  cell.append(document.getElementById("t" + row.id.slice(1)).content.cloneNode(true));
  row.after(inserted);
}

function openFromAddress() {
  const row = /^#p\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (row) {
    toggle(row, true);
    row.scrollIntoView();
  }
}

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
for (const row of rows) {
  row.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    toggle(row);
  });
}
document.querySelector(".filter").addEventListener("submit", (event) => event.preventDefault());
find.addEventListener("input", filter);
show.addEventListener("change", filter);
window.addEventListener("hashchange", openFromAddress);
filter();
openFromAddress();
