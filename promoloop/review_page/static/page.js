// Puts the page together: which plan is shown, which edits are pending, what was clicked.
import { drawCalendar, drawLegend, editKey, filtered, rowsOf, walk } from "./calendar.js";
import { byId, esc, getJson, percent, useCurrency } from "./dom.js";
import { drawBar } from "./bar.js";
import { drawDrawer } from "./drawer.js";
import { drawBudget, drawChanges, drawHistory, drawSegments, drawTotals } from "./panels.js";
import { signInPage, waitingFor } from "./airflow.js";
import { current, terms, useLanguage, word } from "./words.js";

const state = { me: null, plans: [], plan: null, request: null, edits: new Map(), product: null, opener: null };
const TABS = ["calendar", "changes", "budget", "segments", "history"];

export async function show(version) {
  state.plans = await getJson("api/plans");
  if (!state.plans.length) return problem(word("noPlans"));
  const chosen = state.plans.find((p) => p.version === version) ?? state.plans.find((p) => p.state === "proposed")
    ?? state.plans.find((p) => p.live) ?? state.plans[0];
  const [plan, request] = await Promise.all([getJson(`api/plans/${chosen.version}`), waitingFor(chosen.version)]);
  useCurrency(plan.currency);
  Object.assign(state, { plan: { ...plan, rows: rowsOf(plan.lines) }, request, edits: new Map(), product: null });
  for (const edit of plan.summary.edits ?? []) {
    state.edits.set(editKey(edit.product_id, edit.week), { ...edit, label: edit.choice ? terms(edit.choice, plan.names) : "", made: true });
  }
  location.replace(`#${chosen.version}`);
  closeDrawer();
  draw();
  return state.plan;
}

function draw() {
  const { plan, plans } = state;
  document.documentElement.lang = current();
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
  const entry = plans.find((p) => p.version === plan.version);
  byId("language").textContent = current() === "zh" ? "English" : "中文";
  byId("language").lang = current() === "zh" ? "en" : "zh";
  byId("who").textContent = word("signedIn")(state.me.name);
  byId("version").innerHTML = plans.map((p) => `<option value="${esc(p.version)}"${p === entry ? " selected" : ""}>${esc(p.version)} · ${word("states")[p.state]}${p.live ? ` · ${word("live")}` : ""}</option>`).join("");
  byId("state").textContent = entry.live ? word("live") : word("states")[entry.state];
  byId("state").dataset.state = entry.live ? "live" : entry.state;
  options("category", [...new Set(plan.rows.map((r) => r.category))].sort(), (name) => name, "all");
  options("mechanic", [...new Set(plan.rows.map((r) => r.mechanic))].sort(), (name) => word("mechanics")[name], "all");
  options("depth", [0.1, 0.15, 0.2, 0.25, 0.3, 0.4], (depth) => percent(depth), "any");
  drawTotals(plan);
  drawChanges(plan);
  drawBudget(plan);
  drawSegments(plan);
  drawHistory(plan, entry);
  drawLegend();
  byId("main").hidden = false;
  drawShown();
}

function options(id, values, label, everything) {
  const before = byId(id).value;
  byId(id).innerHTML = `<option value="">${word(everything)}</option>${values.map((v) => `<option value="${esc(v)}">${esc(label(v))}</option>`).join("")}`;
  byId(id).value = values.map(String).includes(before) ? before : "";
}

function drawShown() {
  const filters = { search: byId("search").value, category: byId("category").value, mechanic: byId("mechanic").value,
    depth: Number(byId("depth").value), changed: byId("changed").checked };
  const rows = filtered(state.plan, filters);
  drawCalendar(state.plan, rows, state.edits);
  byId("shown").textContent = word("shown")(rows.length, state.plan.rows.length);
  drawBar(state, show);
}

async function openProduct(cell) {
  state.opener = { product: cell.dataset.product, week: cell.dataset.week };
  state.product = await getJson(`api/plans/${state.plan.version}/products/${encodeURIComponent(cell.dataset.product)}`);
  drawDrawer(state.plan, state.product, state.edits, state.me.may_revise);
  byId("drawer").hidden = false;
  byId("drawer").scrollTop = 0;
  byId("drawer-title").focus();
}

function closeDrawer() {
  if (byId("drawer").hidden) return;
  byId("drawer").hidden = true;
  const { product, week } = state.opener;
  byId("calendar").querySelector(`button[data-product="${CSS.escape(product)}"][data-week="${week}"]`)?.focus();
}

function setEdit(target, edit) {
  const { product, week } = target.dataset;
  const key = editKey(product, week);
  if (edit) state.edits.set(key, { product_id: product, week, ...edit });
  else state.edits.delete(key);
  drawShown();
  drawDrawer(state.plan, state.product, state.edits, state.me.may_revise);
}

function choose(select) {
  const { product, week } = select.dataset;
  const row = state.product.promotions.find((r) => r.product_id === product && r.week === week);
  const { offer, mechanic, depth, support, ...rest } = row.alternatives[Number(select.value)];
  setEdit(select, { choice: { offer, mechanic, depth, support }, label: terms({ ...rest, mechanic, depth }, state.plan.names) });
}

function openTab(name, focus = false) {
  for (const tab of TABS) {
    const chosen = tab === name;
    byId(`tab-${tab}`).setAttribute("aria-selected", chosen);
    byId(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    byId(`${tab}-panel`).hidden = !chosen;
  }
  if (focus) byId(`tab-${name}`).focus();
}

export function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

function failed(error) {
  problem(error.message);
  if (error.status === 401) byId("problem").innerHTML = `<a href="${esc(signInPage())}" target="_top">${word("signIn")}</a>`;
}

const guarded = (act) => (event) => Promise.resolve(act(event)).catch(failed);

byId("filters").addEventListener("input", drawShown);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("version").addEventListener("change", guarded((event) => show(event.target.value)));
byId("language").addEventListener("click", () => {
  useLanguage(current() === "zh" ? "en" : "zh");
  draw();
  if (!byId("drawer").hidden) drawDrawer(state.plan, state.product, state.edits, state.me.may_revise);
});
byId("calendar").addEventListener("click", guarded((event) => {
  const cell = event.target.closest("button.cell");
  return cell ? openProduct(cell) : null;
}));
byId("calendar").addEventListener("keydown", walk);
byId("drawer").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.id === "close") closeDrawer();
  if (button?.classList.contains("veto")) setEdit(button, { choice: null });
  if (button?.classList.contains("undo")) setEdit(button, null);
});
byId("drawer").addEventListener("change", (event) => { if (event.target.matches(".choices")) choose(event.target); });
document.querySelector(".tabs").addEventListener("click", (event) => openTab(event.target.id.replace("tab-", "")));
document.querySelector(".tabs").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const here = TABS.indexOf(event.target.id.replace("tab-", ""));
  if (step) openTab(TABS[(here + step + TABS.length) % TABS.length], true);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeDrawer();
  if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) {
    event.preventDefault();
    openTab("calendar");
    byId("search").focus();
  }
});
window.addEventListener("unhandledrejection", (event) => failed(event.reason));

openTab("calendar");
getJson("api/me").then((me) => { state.me = me; return show(location.hash.slice(1)); }).catch(failed);
