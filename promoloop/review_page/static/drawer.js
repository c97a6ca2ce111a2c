// A product's drawer: its promotions, forecast, price response and stock, and the way to edit them.
import { fan, priceResponse, stockPath } from "./charts.js";
import { byId, count, esc, money, percent } from "./dom.js";
import { bucket, editKey } from "./calendar.js";
import { day, short, terms, word } from "./words.js";

export function drawDrawer(plan, product, edits, mayEdit) {
  const { response } = product;
  const best = product.promotions.reduce((a, b) => (b.incremental_margin > a.incremental_margin ? b : a));
  byId("drawer").innerHTML = `
    <header><h2 id="drawer-title" tabindex="-1">${esc(plan.names[product.product_id] ?? product.product_id)} <span class="id">${esc(product.product_id)}</span></h2>
      <button id="close" class="plain" type="button" aria-label="${word("close")}">✕</button></header>
    <p class="quiet">${esc(best.category)}</p>
    ${product.promotions.map((row) => promotion(plan, row, edits, mayEdit)).join("")}
    ${figure("forecast", fan(product, word("forecast")), word("forecastNote"))}
    ${figure("response", priceResponse(product, best, word("response")), word("responseNote")(count(response.elasticity, 2), count(response.elasticity_sd, 2), response.price_identified))}
    ${figure("stock", stockPath(product, word("stock")), word("stockNote")(product.stock.some((week) => week.is_simulated)))}`;
}

const figure = (name, chart, note) => `<figure><figcaption>${word(name)}</figcaption>${chart}<p class="quiet">${esc(note)}</p></figure>`;

function promotion(plan, row, edits, mayEdit) {
  const edit = edits.get(editKey(row.product_id, row.week));
  const facts = [
    [word("units"), `${count(row.expected_units, 1)} <small>${word("range")} ${count(row.expected_units_p10)}–${count(row.expected_units_p90)}</small>`],
    [word("margin"), `${money(row.incremental_margin)} <small>${word("nineInTen")(money(row.incremental_margin_p10))}</small>`],
    [word("cost"), money(row.cost)],
    [word("roi"), count(row.roi, 2)],
    [word("stockOut"), percent(row.stockout_probability, 1)],
  ];
  return `<section class="promotion">
    <h3><span class="cell d${bucket(row.depth)}">${percent(row.depth)}${short(row)}</span> ${esc(terms(row, plan.names))}</h3>
    <p class="quiet">${word("week")} ${day(row.week)} · ${money(row.promo_price)} <s>${money(row.regular_price)}</s> · ${word("supports")[row.support]}</p>
    <dl>${facts.map(([name, value]) => `<div><dt>${esc(name)}</dt><dd>${value}</dd></div>`).join("")}</dl>
    <details open><summary>${word("why")}</summary><ul>${reasons(row.reasons).map((text) => `<li>${esc(text)}</li>`).join("")}</ul></details>
    ${mayEdit ? controls(plan, row, edit) : ""}</section>`;
}

function reasons(why) {
  const described = (option) => `${terms(option)} (${word("supports")[option.support]})`;
  const limits = (why.limits ?? []).map((each) => {
    const name = word("limits")[each.limit] ?? each.limit;
    if (each.rules_out) return word("limitRules")(name, described(each.rules_out));
    return each.shadow_price ? word("limitWorth")(name, money(each.shadow_price)) : name;
  });
  const next = why.next_best;
  const assumed = (why.assumed ?? []).map((name) => word("assumptions")[name] ?? word("mechanics")[name.split(".")[1]] ?? name);
  return [
    ...limits,
    next ? word("nextBest")(described(next), money(next.incremental_margin), money(next.cost)) : word("noNext"),
    ...(why.offer ? [word("takers")(percent(why.offer.share_of_units))] : []),
    ...(assumed.length ? [word("rests")(assumed.join(", "))] : []),
  ];
}

function controls(plan, row, edit) {
  const place = `data-product="${esc(row.product_id)}" data-week="${row.week}"`;
  if (edit) {
    const what = edit.choice ? word("pinned")(edit.label) : word("vetoed");
    return `<p class="edit done"><strong>${esc(what)}</strong> <button type="button" class="undo" ${place}>${word("undo")}</button></p>`;
  }
  const choices = row.alternatives.map((other, k) => {
    const limit = other.ruled_out_by ? `, ${word("forbidden")} ${word("limits")[other.ruled_out_by]}` : "";
    const text = `${terms(other, plan.names)} · ${word("supports")[other.support]} · ${word("margins")} ${money(other.incremental_margin)}${limit}`;
    return `<option value="${k}"${limit ? " disabled" : ""}>${esc(text)}</option>`;
  });
  return `<div class="edit"><span>${word("edit")}</span>
    <button type="button" class="veto" ${place}>${word("veto")}</button>
    <label><span class="hidden">${word("other")}</span><select class="choices" ${place}><option value="">${word("pick")}</option>${choices.join("")}</select></label></div>`;
}
