// The drawer's and the budget's charts: plain numbers to SVG.
import { count, esc, money, percent } from "./dom.js";
import { day } from "./words.js";

const WIDTH = 440, LEFT = 40, RIGHT = 10, TOP = 16, BOTTOM = 22;

function frame(height, high, label, body, marks = []) {
  const y = scale(0, high, height - BOTTOM, TOP);
  const lines = ticks(high).map((at) => `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(at)}" y2="${y(at)}"/>
    <text class="tick" x="${LEFT - 6}" y="${y(at) + 4}" text-anchor="end">${count(at, high < 5 ? 1 : 0)}</text>`);
  const below = marks.map(([x, text]) => `<text class="tick" x="${x}" y="${height - 6}" text-anchor="middle">${esc(text)}</text>`);
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${esc(label)}">${lines.join("")}${below.join("")}${body(y)}</svg>`;
}

const scale = (low, high, from, to) => (value) => Number((from + ((value - low) / (high - low || 1)) * (to - from)).toFixed(1));

function ticks(high) {
  const step = [1, 2, 5].map((k) => k * 10 ** Math.floor(Math.log10(high || 1) - 0.3)).find((s) => high / s <= 5) ?? high / 4;
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, k) => k * step);
}

const path = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${x} ${y}`).join("");
const area = (upper, lower) => `${path(upper)}${path(lower.slice().reverse()).replace("M", "L")}Z`;

/** History, then the forecast's quantiles; what each promotion is expected to sell on top. */
export function fan(product, label) {
  const { history, forecast, promotions } = product;
  const place = scale(0, history.length + forecast.length - 1, LEFT + 8, WIDTH - RIGHT - 8);
  const planned = new Map(promotions.map((row) => [row.week, row]));
  const tops = [...history.map((w) => w.units), ...forecast.map((w) => w.p90), ...promotions.map((p) => p.expected_units_p90)];
  const marks = [0, Math.floor(history.length / 2)].filter((k) => k < history.length).map((k) => [place(k), day(history[k].week_start_date)]);
  if (forecast.length) marks.push([place(history.length), day(forecast[0].week_start_date)]);
  return frame(190, Math.max(1, ...tops) * 1.08, label, (y) => {
    const at = (name) => forecast.map((week, k) => [place(history.length + k), y(week[name])]);
    const sold = history.map((week, k) => [place(k), y(week.units)]);
    const dots = sold.filter((_, k) => history[k].promoted).map(([x, v]) => `<circle class="sold" cx="${x}" cy="${v}" r="2.6"/>`);
    const lifts = forecast.map((week, k) => [planned.get(week.week_start_date), place(history.length + k)]).filter(([row]) => row)
      .map(([row, x]) => `<line class="whisker" x1="${x}" x2="${x}" y1="${y(row.expected_units_p10)}" y2="${y(row.expected_units_p90)}"/>
        <circle class="lift" cx="${x}" cy="${y(row.expected_units)}" r="4"/>`);
    return `<path class="band outer" d="${area(at("p90"), at("p10"))}"/><path class="band inner" d="${area(at("p70"), at("p30"))}"/>
      <path class="line past" d="${path(sold)}"/><path class="line" d="${path(at("p50"))}"/>${dots.join("")}${lifts.join("")}`;
  }, marks);
}

/** Units by depth with an interval of 8 in 10, and where the promotion stands. */
export function priceResponse(product, row, label) {
  const { elasticity, elasticity_sd: sd } = product.response;
  const base = row.baseline_units, depths = Array.from({ length: 26 }, (_, k) => k / 50);
  const alone = row.baseline_units * Math.exp(elasticity * Math.log(1 - row.depth));
  const support = row.support === "none" || !alone ? 1 : row.expected_units / alone; // what display and mailer add
  const at = (e, depth, lift = support) => base * lift * Math.exp(e * Math.log(1 - depth));
  const sides = [elasticity - 1.2816 * sd, Math.min(0, elasticity + 1.2816 * sd)];
  const place = scale(0, 0.5, LEFT + 8, WIDTH - RIGHT - 8);
  const high = Math.max(at(sides[0], 0.5), row.expected_units, 1) * 1.05;
  const marks = [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((depth) => [place(depth), percent(depth)]);
  return frame(180, high, label, (y) => {
    const curve = (e, lift) => depths.map((depth) => [place(depth), y(at(e, depth, lift))]);
    return `<path class="band outer" d="${area(curve(sides[0]), curve(sides[1]))}"/><path class="line plain" d="${path(curve(elasticity, 1))}"/><path class="line" d="${path(curve(elasticity))}"/>
      <line class="whisker" x1="${place(row.depth)}" x2="${place(row.depth)}" y1="${y(0)}" y2="${y(row.expected_units)}"/>
      <circle class="lift" cx="${place(row.depth)}" cy="${y(row.expected_units)}" r="4"/>`;
  }, marks);
}

/** Stock and demand by week, with the chance of running out above. */
export function stockPath(product, label) {
  const planned = new Map(product.promotions.map((row) => [row.week, row]));
  const mean = new Map(product.forecast.map((week) => [week.week_start_date, week.mean_units]));
  const weeks = product.stock.map((week) => {
    const row = planned.get(week.week_start_date);
    return { ...week, demand: row ? row.expected_units : mean.get(week.week_start_date) ?? 0,
      risk: row ? row.stockout_probability : week.stockout_probability, promoted: Boolean(row) };
  });
  const step = (WIDTH - LEFT - RIGHT) / weeks.length, wide = Math.min(46, step * 0.5);
  const middle = (k) => Number((LEFT + step * (k + 0.5)).toFixed(1));
  const high = Math.max(1, ...weeks.map((w) => Math.max(w.available_units, w.demand))) * 1.18;
  return frame(170, high, label, (y) => weeks.map((week, k) => `
    <rect class="bar-stock" x="${middle(k) - wide / 2}" width="${wide}" y="${y(week.available_units)}" height="${y(0) - y(week.available_units)}"/>
    <rect class="bar-demand${week.promoted ? " promoted" : ""}" x="${middle(k) - wide / 4}" width="${wide / 2}" y="${y(week.demand)}" height="${y(0) - y(week.demand)}"/>
    <text class="risk${week.risk > 0.05 ? " high" : ""}" x="${middle(k)}" y="${y(Math.max(week.available_units, week.demand)) - 4}" text-anchor="middle">${percent(week.risk, week.risk && week.risk < 0.01 ? 1 : 0)}</text>`).join(""),
  weeks.map((week, k) => [middle(k), day(week.week_start_date)]));
}

/** Margin by budget; the plan's own budget is marked. */
export function frontier(points, budget, label) {
  const most = Math.max(...points.map((p) => p.budget));
  const place = scale(0, most, LEFT + 14, WIDTH - RIGHT - 30);
  const high = Math.max(...points.map((p) => p.incremental_margin), 1) * 1.12;
  return frame(230, high, label, (y) => `<path class="line" d="${path([[place(0), y(0)], ...points.map((p) => [place(p.budget), y(p.incremental_margin)])])}"/>
    ${points.map((p) => `<circle class="${p.budget === budget ? "lift" : "sold"}" cx="${place(p.budget)}" cy="${y(p.incremental_margin)}" r="${p.budget === budget ? 5 : 3}"/>
    <text class="value" x="${place(p.budget)}" y="${y(p.incremental_margin) - 9}" text-anchor="middle">${esc(money(p.incremental_margin, 0))}</text>`).join("")}`,
  points.map((p) => [place(p.budget), money(p.budget, 0)]));
}
