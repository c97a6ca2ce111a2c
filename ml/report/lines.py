"""The plan's table: one line a promotion, and why it is there."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import exp
from typing import Any

from ml.contracts.profiles import EVERYBODY
from ml.report.calendar import badges, shade
from ml.report.facts import Facts
from ml.report.numbers import count, percent, period, price
from ml.report.wording import short, terms

OWN = {"offer", "elasticity", "elasticity_sd", "price_identified", "moves", "limits", "next_best"}
MOVES = ("offer", "display", "mailer", "stock")


@dataclass(frozen=True)
class Line:
    row: Mapping[Hashable, Any]
    name: str
    when: str
    terms: str
    off: str
    shade: int
    badges: str
    reasons: list[tuple[str, str]]


def plan_lines(facts: Facts) -> list[Line]:
    """In the order of the weeks, the largest expected margin first."""
    order = ["starts_at", "incremental_margin", "promotion_id"]
    rows = facts.plan.sort_values(order, ascending=[True, False, True]).to_dict("records")
    return [
        Line(
            row=row,
            name=facts.names[row["product_id"]],
            when=period(row["starts_at"], row["ends_at"]),
            terms=terms(row, f"{percent(row['depth'])} off", facts.names),
            off=short(row, percent(row["depth"])),
            shade=shade(row["depth"]),
            badges=badges(row["support"]),
            reasons=reasons(row["reasons"]),
        )
        for row in rows
    ]


def reasons(text: str) -> list[tuple[str, str]]:
    """The JSON of a promotion's reasons as words: what, and its value.

    What this version of the plan writes is put in a sentence; anything else is shown as it is.
    """
    found = json.loads(text)
    told = []
    if found.get("audience") is None:
        found.pop("audience", None)
    if "elasticity" in found:
        told.append(("price elasticity", _elasticity(found)))
    if "offer" in found and found["offer"]["takers"] < 1:
        told.append(("who takes it", _takers(found["offer"])))
    if "moves" in found:
        told.append(("units", _moves(found["moves"])))
    if "limits" in found:
        told.append(("limits", "; ".join(map(_limit, found["limits"])) or "none holds it back"))
    if "next_best" in found:
        told.append(("next best", _next_best(found["next_best"])))
    return told + [(_words(key), said(value)) for key, value in found.items() if key not in OWN]


def said(value: Any) -> str:
    """Any JSON value in a few words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return count(value, 2)
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {said(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(said(inner) for inner in value) or "none"
    return "none" if value is None else _words(str(value))


def _elasticity(found: dict[str, Any]) -> str:
    spread = f" ± {count(found['elasticity_sd'], 2)}" if "elasticity_sd" in found else ""
    source = "" if found.get("price_identified", True) else ", borrowed from similar products"
    return f"{count(found['elasticity'], 2)}{spread}{source}"


def _takers(offer: dict[str, Any]) -> str:
    everyone = f"{percent(offer['takers'])} of usual buyers"
    joiners = f", {percent(offer['joiners'], 1)} more join" if offer["joiners"] else ""
    rests = offer["margin_from_priors"]
    prior = f"; {price(rests)} of the margin is assumed" if rests else ""
    return everyone + joiners + prior


def _moves(moves: dict[str, float]) -> str:
    """Factors that lead from the usual units to the expected ones."""
    factors = [f"{count(exp(moves[name]), 2)} {name}" for name in MOVES if moves[name]]
    return " \N{MULTIPLICATION SIGN} ".join(factors) or "as usual"


def _limit(limit: dict[str, Any]) -> str:
    name = _words(limit["limit"])
    if "rules_out" in limit:
        return f"{name} rules out {_option(limit['rules_out'])}"
    if "shadow_price" in limit:
        return f"{name}, one more is worth {price(limit['shadow_price'])}"
    return said(limit)


def _next_best(option: dict[str, Any] | None) -> str:
    return "no promotion" if option is None else _option(option)


def _option(option: dict[str, Any]) -> str:
    support = "" if option["support"] == "none" else f" with {_support(option['support'])}"
    earns = f", margin {price(option['incremental_margin'])}"
    cost = f" for {price(option['cost'])}" if "cost" in option else ""
    mechanic = option.get("mechanic", "percent_off")
    how = "" if mechanic == "percent_off" else f" by {_words(mechanic)}"
    audience = option.get("audience_id", EVERYBODY)
    whose = "" if audience == EVERYBODY else f" for {audience}"
    return f"{percent(option['depth'])} off{how}{support}{whose}{earns}{cost}"


def _support(name: str) -> str:
    return name.replace("+", " and ")


def _words(key: str) -> str:
    return str(key).replace("_", " ")
