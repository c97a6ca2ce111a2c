// The calendar: category, then product, by week; colour is the depth, a badge the mechanic.
import { byId, count, esc, percent } from "./dom.js";
import { day, short, terms, word } from "./words.js";

export const BUCKETS = [0, 0.1, 0.15, 0.2, 0.3];
export const bucket = (depth) => BUCKETS.filter((from) => depth >= from - 0.005).length;
export const editKey = (productId, week) => `${productId} ${week}`;

const ROW_HEIGHT = 33, HEAD_HEIGHT = 40;
const ROWS_AT_ONCE = 40, ROWS_A_STEP = 400;

/** The plan's columns as one object a line, made once. */
export function rowsOf(columns) {
  const names = Object.keys(columns);
  return columns[names[0]].map((_, k) => Object.fromEntries(names.map((name) => [name, columns[name][k]])));
}

/** The plan's lines; one on other terms than the live schedule's has those too, as `…_before`. */
export function linesOf(plan) {
  const rows = rowsOf(plan.lines);
  rowsOf(plan.before).forEach(({ line, ...before }) => Object.assign(rows[line], before));
  return rows;
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

let drawing = 0; // the latest drawing; an earlier one that still has rows to add stops

/** Draw what fits a screen at once and the rest step by step, so that the page never waits. */
export function drawCalendar(plan, rows, edits) {
  const target = byId("calendar"), mine = ++drawing;
  target.style.setProperty("--weeks", plan.weeks.length);
  target.innerHTML = rows.length ? "" : `<p class="quiet">${word("nothingShown")}</p>`;
  const left = byCategory(rows);
  const step = (atOnce) => {
    if (mine !== drawing || !left.length) return;
    let drawn = 0;
    const html = [];
    while (left.length && drawn < atOnce) {
      const [name, products] = left.shift();
      html.push(section(plan, name, products, edits));
      drawn += products.length;
    }
    const before = target.children.length;
    target.insertAdjacentHTML("beforeend", html.join(""));
    for (const each of [...target.children].slice(before)) {
      each.style.containIntrinsicSize = `auto ${HEAD_HEIGHT + ROW_HEIGHT * each.dataset.rows}px`;
    }
    if (left.length) setTimeout(step, 0, ROWS_A_STEP);
  };
  step(ROWS_AT_ONCE);
  target.querySelector("button.cell")?.setAttribute("tabindex", "0");
}

/** Categories in order, each with its products in order: [name, [[id, rows], …]]. */
function byCategory(rows) {
  const categories = new Map();
  for (const row of rows) {
    if (!categories.has(row.category)) categories.set(row.category, new Map());
    const products = categories.get(row.category);
    if (products.has(row.product_id)) products.get(row.product_id).push(row);
    else products.set(row.product_id, [row]);
  }
  const first = ([a], [b]) => (a < b ? -1 : 1);
  return [...categories].sort(first).map(([name, products]) => [name, [...products].sort(first)]);
}

function section(plan, category, products, edits) {
  const heads = plan.weeks.map((week) => `<th scope="col">${day(week)}</th>`).join("");
  const body = products.map(([id, rows]) => {
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
  const label = `${name}, ${word("week")} ${day(row.week)}: ${terms(row, plan.names)}${sign ? `, ${word(row.change)}` : ""}`;
  return `<button type="button" tabindex="-1" class="cell d${bucket(row.depth)}${edited ? " edited" : ""}" data-product="${esc(row.product_id)}" data-week="${row.week}" aria-label="${esc(label)}">${percent(row.depth)}${short(row)}${sign ? `<span class="mark">${sign}</span>` : ""}</button>`;
}

const cellAt = (productId, week) => byId("calendar").querySelector(`button[data-product="${CSS.escape(productId)}"][data-week="${week}"]`);
export const focusCell = (productId, week) => cellAt(productId, week)?.focus();
export const markEdited = (productId, week, edited) => cellAt(productId, week)?.classList.toggle("edited", edited);

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
