// The calendar: category, then product, by week; colour is the depth, a badge the mechanic.
import { byId, count, esc, percent } from "./dom.js";
import { day, short, terms, word } from "./words.js";

export const BUCKETS = [0, 0.1, 0.15, 0.2, 0.3];
export const bucket = (depth) => BUCKETS.filter((from) => depth >= from - 0.005).length;
export const editKey = (productId, week) => `${productId} ${week}`;

const ROW_HEIGHT = 33, HEAD_HEIGHT = 40;

/** The plan's columns as one object a line, made once. */
export function rowsOf(columns) {
  const names = Object.keys(columns);
  return columns[names[0]].map((_, k) => Object.fromEntries(names.map((name) => [name, columns[name][k]])));
}

export function filtered(plan, filters) {
  const asked = filters.search.trim().toLowerCase();
  return plan.rows.filter((row) =>
    (!filters.category || row.category === filters.category) &&
    (!filters.mechanic || row.mechanic === filters.mechanic) &&
    row.depth >= filters.depth - 0.005 &&
    (!filters.changed || row.change !== "kept") &&
    (!asked || `${plan.names[row.product_id] ?? ""} ${row.product_id} ${row.category}`.toLowerCase().includes(asked)));
}

export function drawCalendar(plan, rows, edits) {
  const target = byId("calendar");
  const categories = new Map();
  for (const row of rows) {
    const products = categories.get(row.category) ?? new Map();
    products.set(row.product_id, [...(products.get(row.product_id) ?? []), row]);
    categories.set(row.category, products);
  }
  target.innerHTML = rows.length ? [...categories].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, products]) =>
    section(plan, name, products, edits)).join("") : `<p class="quiet">${word("nothingShown")}</p>`;
  target.style.setProperty("--weeks", plan.weeks.length);
  for (const each of target.children) {
    const lines = each.dataset.rows ?? 1;
    each.style.containIntrinsicSize = `auto ${HEAD_HEIGHT + ROW_HEIGHT * lines}px`;
  }
  target.querySelector("button.cell")?.setAttribute("tabindex", "0");
}

function section(plan, category, products, edits) {
  const heads = plan.weeks.map((week) => `<th scope="col">${day(week)}</th>`).join("");
  const body = [...products].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, rows]) => {
    const byWeek = new Map(rows.map((row) => [row.week, row]));
    const cells = plan.weeks.map((week) => `<td>${byWeek.has(week) ? cell(plan, byWeek.get(week), edits) : ""}</td>`).join("");
    return `<tr><th scope="row"><span class="name">${esc(plan.names[id] ?? id)}</span> <span class="id">${esc(id)}</span></th>${cells}</tr>`;
  });
  return `<section class="category" data-rows="${body.length}"><table><thead><tr><th scope="col">${esc(category)} <span class="id">${body.length}</span></th>${heads}</tr></thead><tbody>${body.join("")}</tbody></table></section>`;
}

function cell(plan, row, edits) {
  const name = plan.names[row.product_id] ?? row.product_id;
  const edited = edits.has(editKey(row.product_id, row.week));
  const sign = { added: "＋", changed: "Δ" }[row.change];
  const said = `${name}, ${word("week")} ${day(row.week)}: ${terms(row, plan.names)}${sign ? `, ${word(row.change)}` : ""}`;
  return `<button type="button" tabindex="-1" class="cell d${bucket(row.depth)}${edited ? " edited" : ""}" data-product="${esc(row.product_id)}" data-week="${row.week}" aria-label="${esc(said)}">${percent(row.depth)}${short(row)}${sign ? `<span class="mark">${sign}</span>` : ""}</button>`;
}

export function drawLegend() {
  const steps = BUCKETS.map((from, k) => `<span class="cell d${k + 1}">${k === 0 ? `&lt;${count(100 * BUCKETS[1])}%` : `${count(100 * from)}%${k === BUCKETS.length - 1 ? "+" : ""}`}</span>`);
  byId("legend").innerHTML = `${steps.join("")}<span>＋ ${word("added")}</span><span>Δ ${word("changed")}</span><span><i class="cell edited sample"></i> ${word("edited")}</span>`;
}

/** Arrow keys walk over the promotions that are shown: sideways in reading order, up and down by row. */
export function walk(event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const here = event.target.closest("button.cell");
  if (!steps || !here) return;
  event.preventDefault();
  const all = [...byId("calendar").querySelectorAll("button.cell")];
  const next = steps[1] ? all[all.indexOf(here) + steps[1]] : inRow(here, steps[0], all);
  if (!next) return;
  here.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

function inRow(here, step, all) {
  const rows = [...new Set(all.map((each) => each.closest("tr")))];
  const row = rows[rows.indexOf(here.closest("tr")) + step];
  if (!row) return null;
  const column = here.parentElement.cellIndex;
  return [...row.querySelectorAll("button.cell")].sort((a, b) =>
    Math.abs(a.parentElement.cellIndex - column) - Math.abs(b.parentElement.cellIndex - column))[0];
}
