// Airflow's own API, called as the person who is signed in: it checks rights and keeps the audit log.
import { getJson, sendJson } from "./dom.js";

const api = new URL("../api/v2/", document.baseURI);
const at = (path) => new URL(path, api).href;

/** The request that waits for an answer about a version, or null. */
export async function waitingFor(version) {
  const details = await getJson(at("dags/~/dagRuns/~/hitlDetails?response_received=false&limit=100"))
    .catch((error) => { if (error.status === 404) return { hitl_details: [] }; throw error; });
  return details.hitl_details.find((each) => each.subject.includes(version)) ?? null;
}

export function answer(request, option, comment) {
  const task = request.task_instance;
  const run = `dags/${task.dag_id}/dagRuns/${encodeURIComponent(task.dag_run_id)}`;
  return sendJson("PATCH", at(`${run}/taskInstances/${task.task_id}/${task.map_index}/hitlDetails`),
    { chosen_options: [option], params_input: { comment } });
}

/** Start the DAG that plans the day again with the edits; returns its run. */
export const revise = (asOf, edits, budget) =>
  sendJson("POST", at("dags/revise_plan/dagRuns"), { logical_date: null, conf: { as_of: asOf, edits, budget } });

export const runState = async (dagId, runId) =>
  (await getJson(at(`dags/${dagId}/dagRuns/${encodeURIComponent(runId)}`))).state;

export const signInPage = () => new URL(`../auth/login?next=${encodeURIComponent(location.href)}`, document.baseURI).href;
