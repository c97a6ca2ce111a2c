const more = document.getElementById("more");
if (more) {
  const calendar = document.querySelector(".calendar");
  calendar.classList.add("short");
  more.addEventListener("click", () => {
    calendar.classList.remove("short");
    more.remove();
  });
}

for (const button of document.querySelectorAll(".calendar .group button")) {
  button.addEventListener("click", () => {
    const open = button.closest("tbody").classList.toggle("open");
    button.setAttribute("aria-expanded", open);
  });
}

const table = document.getElementById("lines");
const body = table.tBodies[0];
const heads = [...table.tHead.rows[0].cells];
const shown = document.getElementById("shown");
const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));

function key(row, column) {
  const text = row.cells[column].dataset.k ?? row.cells[column].textContent.trim();
  return text !== "" && !isNaN(text) ? Number(text) : text;
}

function sort(column) {
  const descending = heads[column].getAttribute("aria-sort") !== "descending";
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  const sign = descending ? -1 : 1;
  const rows = [...body.rows].map((row) => [key(row, column), row]);
  rows.sort(([a], [b]) => sign * (typeof a === "number" ? a - b : a.localeCompare(b)));
  body.append(...rows.map(([, row]) => row));
}

function filter(words) {
  let count = 0;
  for (const [row, text] of texts) {
    row.hidden = !words.every((word) => text.includes(word));
    count += !row.hidden;
  }
  shown.textContent = `${count} of ${texts.size} promotions`;
}

heads.forEach((head, column) => {
  head.tabIndex = 0;
  head.addEventListener("click", () => sort(column));
  head.addEventListener("keydown", (event) => event.key === "Enter" && sort(column));
});
document.getElementById("filter").addEventListener("input", (event) => {
  filter(event.target.value.toLowerCase().split(/\s+/).filter(Boolean));
});
filter([]);
