// The bar below: pending edits with what they cost, and the answer to a plan that waits.
import { answer, revise, runState, waitingFor } from "./airflow.js";
import { byId, esc, getJson, money, pause, sendJson, signed } from "./dom.js";
import { word } from "./words.js";

const SOLVING = ["waiting", "solving"];
const LOOK_AGAIN = 700; // milliseconds

/** Draw what can be done now; `show` shows a version anew. */
export function drawBar(state, show) {
  const bar = byId("bar");
  const pending = changedEdits(state);
  bar.hidden = !(pending || state.request);
  if (bar.hidden) return;
  bar.innerHTML = pending ? editing(state) : answering(state);
  const on = (id, act) => byId(id)?.addEventListener("click", () => act(state, show).catch((error) => notify(error.message)));
  on("resolve", solve);
  on("propose", propose);
  on("discard", (_, again) => again(state.plan.version));
  on("approve", (...all) => respond(...all, "Approve"));
  on("reject", (...all) => respond(...all, "Reject"));
}

function editing(state) {
  return `<strong>${word("edits")(state.edits.size)}</strong>
    <label class="field"><span>${word("budgetField")}</span><input id="new-budget" type="number" min="0" step="any" value="${state.plan.summary.budget}"></label>
    <button id="resolve" type="button" class="main">${word("resolve")}</button>
    <button id="discard" type="button">${word("discard")}</button><output id="outcome"></output>`;
}

function answering(state) {
  if (!state.me.may_answer) return `<span class="quiet">${word("notYours")}</span>`;
  const { proposed_by: proposer } = state.plans.find((each) => each.version === state.plan.version);
  const own = !state.me.own_proposals && proposer === state.me.name;
  return `<label class="field grow"><span>${word("comment")}</span><input id="comment" type="text" maxlength="500"></label>
    ${own ? `<span class="quiet">${word("ownPlan")}</span>` : `<button id="approve" type="button" class="main">${word("approve")}</button>`}
    <button id="reject" type="button">${word("reject")}</button>`;
}

/** Whether the edits differ from those the plan was made with. */
function changedEdits(state) {
  const initial = (state.plan.summary.edits ?? []).length;
  const unchanged = [...state.edits.values()].filter((edit) => edit.made).length;
  return unchanged !== initial || state.edits.size !== initial;
}

const sent = (edits) => [...edits.values()].map(({ product_id, week, choice }) => ({ product_id, week, choice }))
  .sort((a, b) => (a.product_id + a.week < b.product_id + b.week ? -1 : 1));

function notify(text) {
  const place = byId("outcome") ?? byId("notice");
  place.textContent = text;
}

async function solve(state, show) {
  const { plan } = state, edits = sent(state.edits), budget = Number(byId("new-budget").value);
  byId("resolve").disabled = true;
  const started = Date.now();
  const { preview } = await sendJson("POST", `api/plans/${plan.version}/previews`, { edits, budget });
  let solved = await getJson(`api/previews/${preview}`);
  while (SOLVING.includes(solved.state)) {
    notify(solved.state === "solving" ? word("solving")(Math.round((Date.now() - started) / 1000)) : word("waiting"));
    await pause(LOOK_AGAIN);
    solved = await getJson(`api/previews/${preview}`);
  }
  byId("resolve").disabled = false;
  if (solved.state === "failed") return notify(solved.error);
  state.preview = { edits, budget, version: solved.result.version };
  return drawOutcome(solved.result, plan, state, show);
}

function drawOutcome(result, plan, state, show) {
  const place = byId("outcome");
  if (result.version === plan.version) return notify(word("same"));
  const more = (name) => signed(result.money[`${name}_more`], money);
  place.innerHTML = `<strong>${esc(word("result")(more("incremental_margin"), more("cost"), result.come.length, result.gone.length))}</strong>
    <span class="id">${esc(result.version)}</span> <button id="propose" type="button" class="main">${word("propose")}</button>`;
  byId("propose").addEventListener("click", () => propose(state, show).catch((error) => notify(error.message)));
  return null;
}

/** Plan the day again with the edits; the version that was waiting is answered with a no. */
async function propose(state, show) {
  const { plan, request, preview } = state;
  notify(word("proposing"));
  const run = await revise(plan.as_of, preview.edits, preview.budget);
  if (request) await answer(request, "Reject", word("replaced"));
  let runs = "running";
  while (!(await waitingFor(preview.version))) {
    runs = await runState("revise_plan", run.dag_run_id);
    if (runs === "failed") return notify(word("runFailed")(run.dag_run_id));
    if (runs === "success") break; // the policy approves by itself
    await pause(LOOK_AGAIN);
  }
  await show(preview.version);
  byId("notice").textContent = word("proposed")(preview.version);
  return null;
}

async function respond(state, show, option) {
  const { plan, request } = state, comment = byId("comment").value;
  for (const button of byId("bar").querySelectorAll("button")) button.disabled = true;
  await answer(request, option, comment);
  byId("notice").textContent = word(option === "Approve" ? "approved" : "rejected");
  const task = request.task_instance;
  let runs = "running";
  while (!["success", "failed"].includes(runs)) {
    await pause(LOOK_AGAIN);
    runs = await runState(task.dag_id, task.dag_run_id);
  }
  const shown = await show(plan.version);
  if (runs === "failed") byId("notice").textContent = word("runFailed")(task.dag_run_id);
  else if (shown.is_live) byId("notice").textContent = word("nowLive")(plan.version);
}
