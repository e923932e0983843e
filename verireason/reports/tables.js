"use strict";
// Sort a table by a heading. Rows only ever move as nodes, never as markup.
function cellValue(row, column) {
  const cell = row.cells[column];
  return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a < b ? -1 : 1;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

function sortBy(heading) {
  const body = heading.closest("table").tBodies[0];
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const column = heading.cellIndex;
  const rows = Array.from(body.rows);
  rows.sort((a, b) => (descending ? -1 : 1) * compare(cellValue(a, column), cellValue(b, column)));
  body.append(...rows);
}

for (const button of document.querySelectorAll("th [role=button]")) {
  const heading = button.parentNode;
  button.addEventListener("click", () => sortBy(heading));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    sortBy(heading);
  });
}
