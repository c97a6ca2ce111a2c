// Small helpers: escaped markup, and numbers as the page writes them.

export const byId = (id) => document.getElementById(id);

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const esc = (text) => String(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]);

let currency = "";
export const useCurrency = (sign) => { currency = sign; };

// Made once: a formatter a cell would take most of the time of drawing thousands.
const WRITERS = [0, 1, 2].map((digits) =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));

export function count(value, digits = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const rounded = Number(value.toFixed(digits)) + 0;
  return (rounded < 0 ? "−" : "") + WRITERS[digits].format(Math.abs(rounded));
}

export function money(value, digits = 2) {
  const text = count(value, digits);
  return text.startsWith("−") ? `−${currency}${text.slice(1)}` : text === "–" ? text : currency + text;
}

export const signed = (value, write = money) => (value > 0 ? "+" : "") + write(value);
export const percent = (share, digits = 0) => (share === null ? "–" : `${count(100 * share, digits)}%`);

export async function getJson(path, options = {}) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const detail = typeof body.detail === "string" ? body.detail : JSON.stringify(body.detail ?? answer.statusText);
  throw Object.assign(new Error(detail), { status: answer.status });
}

export const sendJson = (method, path, body) =>
  getJson(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const pause = (ms) => new Promise((resume) => { setTimeout(resume, ms); });
