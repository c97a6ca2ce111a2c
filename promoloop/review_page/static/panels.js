// The other tabs: changes against what is live, the budget, customer segments, the history.
import { frontier } from "./charts.js";
import { byId, count, esc, money, percent, signed } from "./dom.js";
import { editKey, rowsOf } from "./calendar.js";
import { day, terms, word } from "./words.js";

const HALF_A_CENT = 0.005;
const sum = (rows, name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);
const before = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => name.endsWith("_before"))
  .map(([name, value]) => [name.slice(0, -"_before".length), value]));

/** What differs from the live schedule, in promotions and in money. */
export function differences(plan) {
  const removed = rowsOf(plan.removed);
  const of = (change) => plan.rows.filter((row) => row.change === change);
  const changed = of("changed"), added = of("added");
  const more = (name) => sum([...added, ...changed], name) - sum([...removed, ...changed], `${name}_before`);
  return { added, changed, removed, margin: more("incremental_margin"), cost: more("cost") };
}

export function drawTotals(plan) {
  const { summary } = plan, diff = differences(plan);
  const tiles = [
    [word("promotions"), count(summary.promotions), word("products")(count(summary.products))],
    [word("margin"), money(summary.incremental_margin), word("nineInTen")(money(summary.incremental_margin_p10))],
    [word("cost"), money(summary.cost), word("ofBudget")(percent(summary.budget ? summary.cost / summary.budget : null, 1), money(summary.budget, 0))],
    plan.live_version && !plan.is_live
      ? [word("againstLive"), `${signed(diff.margin)} <small>${word("margins")}</small>`, word("changeCount")(diff.added.length, diff.removed.length, diff.changed.length)]
      : [word("againstLive"), "–", word(plan.is_live ? "isLive" : "noLive")],
  ];
  byId("totals").innerHTML = tiles.map(([name, value, note]) => `<div><span>${name}</span><strong>${value}</strong><small>${esc(note)}</small></div>`).join("");
}

export function drawChanges(plan) {
  const diff = differences(plan);
  const name = (row) => `${esc(plan.names[row.product_id] ?? row.product_id)} <span class="id">${esc(row.product_id)}</span>`;
  const line = (row, what, margin, cost) => `<tr><td>${name(row)}</td><td>${day(row.week)}</td><td>${esc(what)}</td><td class="number">${signed(margin)}</td><td class="number">${signed(cost)}</td></tr>`;
  const groups = [
    ["added", diff.added.map((row) => line(row, terms(row, plan.names), row.incremental_margin, row.cost))],
    ["removed", diff.removed.map((row) => line(row, terms(before(row), plan.names), -row.incremental_margin_before, -row.cost_before))],
    ["changed", diff.changed.map((row) => line(row, `${terms(row, plan.names)}, ${word("instead")} ${terms(before(row), plan.names)}`,
      row.incremental_margin - row.incremental_margin_before, row.cost - row.cost_before))],
  ].filter(([, rows]) => rows.length);
  const head = `<tr><th>${word("product")}</th><th>${word("week")}</th><th>${word("what")}</th><th class="number">${word("margins")}</th><th class="number">${word("cost")}</th></tr>`;
  byId("changes-panel").innerHTML = groups.length
    ? `<p>${esc(word("againstLive"))}: <strong>${signed(diff.margin)}</strong> ${word("margins")}, ${signed(diff.cost)} ${word("cost").toLowerCase()}</p>
       <div class="scroll">${groups.map(([change, rows]) => `<table class="list"><caption>${word(change)} (${rows.length})</caption><thead>${head}</thead><tbody>${rows.join("")}</tbody></table>`).join("")}</div>`
    : `<p class="quiet">${word(plan.live_version ? "noChanges" : "noLive")}</p>`;
}

export function drawBudget(plan) {
  const { frontier: points, limits, budget } = plan.summary;
  const shared = (limits ?? []).filter((each) => each.shadow_price >= HALF_A_CENT).map((each) => {
    const where = [each.category, each.products, each.week_start_date && `${word("week")} ${day(each.week_start_date)}`];
    const name = [word("limits")[each.limit] ?? each.limit, ...where].filter(Boolean).join(", ");
    return `<li>${esc(name)}: ${word("shadow")} ${money(each.shadow_price)}</li>`;
  });
  byId("budget-panel").innerHTML = `<figure><figcaption>${word("frontier")}</figcaption>${frontier(points, budget, word("frontier"))}<p class="quiet">${word("frontierNote")}</p></figure><ul>${shared.join("")}</ul>`;
}

export function drawSegments(plan) {
  const rows = plan.segments.map((each) => `<tr><td>${esc(each.segment)}</td><td class="number">${count(each.customers)}</td><td class="number">${count(each.reached)}</td><td class="number">${count(each.offers)}</td><td class="wide">${each.most_offered.map((m) => `${esc(m.category)} ${count(m.offers)}`).join(" · ")}</td></tr>`);
  byId("segments-panel").innerHTML = rows.length
    ? `<div class="scroll"><table class="list"><thead><tr><th>${word("segment")}</th><th class="number">${word("customers")}</th><th class="number">${word("reached")}</th><th class="number">${word("offers")}</th><th>${word("mostOffered")}</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`
    : `<p class="quiet">${word("noSegments")}</p>`;
}

export function drawHistory(plan, entry, { edits, me }) {
  const steps = entry.steps.map((step) => `<tr><td class="when">${esc(step.at.slice(0, 16).replace("T", " "))}</td><td class="when">${esc(word("steps")[step.action] ?? step.action)}</td><td>${esc(step.by)}</td><td>${esc(step.comment ?? "")}</td></tr>`);
  const made = (plan.summary.edits ?? []).map((edit) => `<li>${esc(plan.names[edit.product_id] ?? edit.product_id)} <span class="id">${esc(edit.product_id)}</span>, ${day(edit.week)}: ${esc(edit.choice ? word("pinned")(terms(edit.choice, plan.names)) : word("vetoed"))} ${
    edits.get(editKey(edit.product_id, edit.week))?.made ? undo(edit, me) : `<strong>${word("takenBack")}</strong>`}</li>`);
  byId("history-panel").innerHTML = `<div class="scroll"><table class="list"><thead><tr><th>${word("when")}</th><th>${word("what")}</th><th>${word("who")}</th><th>${word("comment")}</th></tr></thead><tbody>${steps.join("")}</tbody></table></div>
    ${made.length ? `<h3>${word("editsMade")}</h3><ul class="edits">${made.join("")}</ul>` : ""}
    <p class="quiet">${word("seal")} <code>${esc(plan.seal)}</code></p>`;
}

const undo = (edit, me) => (me.may_revise
  ? `<button type="button" class="undo" data-product="${esc(edit.product_id)}" data-week="${edit.week}">${word("undo")}</button>` : "");
