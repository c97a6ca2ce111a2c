// Puts the page together: which plan is shown, which edits are pending, what was clicked.
import { drawCalendar, drawLegend, editKey, filtered, focusCell, linesOf, markEdited, walk } from "./calendar.js";
import { byId, esc, getJson, percent, useCurrency } from "./dom.js";
import { drawBar } from "./bar.js";
import { drawDrawer } from "./drawer.js";
import { drawBudget, drawChanges, drawHistory, drawSegments, drawTotals } from "./panels.js";
import { signInPage, waitingFor } from "./airflow.js";
import { current, terms, useLanguage, word } from "./words.js";

const state = { me: null, plans: [], plan: null, request: null, edits: new Map(), product: null, opener: null, tab: "calendar" };
const TABS = ["calendar", "changes", "budget", "segments", "history"];

/** Show a plan: `version`, or else one that waits, the live one, the newest. */
export async function show(version) {
  const asked = version && getJson(planAt(version)).catch(() => null); // while the list is on its way
  state.plans = await getJson("api/plans");
  if (!state.plans.length) return problem(word("noPlans"));
  const chosen = state.plans.find((p) => p.version === version) ?? state.plans.find((p) => p.state === "proposed")
    ?? state.plans.find((p) => p.live) ?? state.plans[0];
  const waits = waitingFor(chosen.version);
  const plan = (chosen.version === version && await asked) || await getJson(planAt(chosen.version));
  state.me ??= await me;
  useCurrency(plan.currency);
  Object.assign(state, { plan: { ...plan, rows: linesOf(plan) }, request: null, edits: new Map(), product: null });
  for (const edit of plan.summary.edits ?? []) {
    state.edits.set(editKey(edit.product_id, edit.week), { ...edit, label: edit.choice ? terms(edit.choice, plan.names) : "", made: true });
  }
  location.replace(`#${chosen.version}`);
  closeDrawer();
  draw();
  const request = await waits;
  if (state.plan.version !== chosen.version) return state.plan; // another was chosen meanwhile
  state.request = request;
  drawBar(state, show);
  return state.plan;
}

const planAt = (version) => `api/plans/${encodeURIComponent(version)}`;

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
  drawLegend();
  byId("main").hidden = false;
  drawShown();
  drawTab();
}

/** A tab beside the calendar is drawn when it is opened. */
function drawTab() {
  const { plan, plans, tab } = state;
  if (tab === "changes") drawChanges(plan);
  if (tab === "budget") drawBudget(plan);
  if (tab === "segments") drawSegments(plan);
  if (tab === "history") drawHistory(plan, plans.find((p) => p.version === plan.version), state);
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
  focusCell(product, week);
}

function setEdit(target, edit) {
  const { product, week } = target.dataset;
  const key = editKey(product, week);
  if (edit) state.edits.set(key, { product_id: product, week, ...edit });
  else state.edits.delete(key);
  markEdited(product, week, Boolean(edit));
  drawBar(state, show);
  drawTab();
  if (!byId("drawer").hidden) drawDrawer(state.plan, state.product, state.edits, state.me.may_revise);
}

function choose(select) {
  const { product, week } = select.dataset;
  const row = state.product.promotions.find((r) => r.product_id === product && r.week === week);
  const { offer, mechanic, depth, support, audience_id, ...rest } = row.alternatives[Number(select.value)];
  setEdit(select, { choice: { offer, mechanic, depth, support, audience_id }, label: terms({ ...rest, mechanic, depth, audience_id }, state.plan.names) });
}

function openTab(name, focus = false) {
  for (const tab of TABS) {
    const chosen = tab === name;
    byId(`tab-${tab}`).setAttribute("aria-selected", chosen);
    byId(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    byId(`${tab}-panel`).hidden = !chosen;
  }
  state.tab = name;
  if (state.plan) drawTab();
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
byId("history-panel").addEventListener("click", (event) => {
  const button = event.target.closest("button.undo");
  if (button) setEdit(button, null);
});
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
const me = getJson("api/me");
show(location.hash.slice(1)).catch(failed);
