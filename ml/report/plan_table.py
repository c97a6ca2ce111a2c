"""The plan's table: one line a promotion, and why it is there."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import exp
from typing import Any

from ml.contracts.profiles import EVERYBODY
from ml.contracts.reasons import Binding, Effects, OptionTerms, Reasons, Takers
from ml.report.calendar import badges, shade
from ml.report.facts import Facts
from ml.report.numbers import count, percent, period, price
from ml.report.wording import short, terms

IN_SENTENCES = {
    "offer",
    "elasticity",
    "elasticity_sd",
    "price_identified",
    "effects",
    "limits",
    "next_best",
}


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
            reasons=reasons(Reasons.from_json(row["reasons"])),
        )
        for row in rows
    ]


def reasons(why: Reasons) -> list[tuple[str, str]]:
    """A promotion's reasons in words: what, and its value."""
    pairs = [("price elasticity", _elasticity(why))]
    if why.offer.takers < 1:
        pairs.append(("who takes it", _takers(why.offer)))
    pairs += [
        ("units", _effects(why.effects)),
        ("limits", "; ".join(map(_limit, why.limits)) or "none holds it back"),
        ("next best", "no promotion" if why.next_best is None else _option(why.next_best)),
    ]
    rest = sorted(why.to_dict().items())
    return pairs + [
        (_words(key), text_of(value))
        for key, value in rest
        if key not in IN_SENTENCES and not (key == "audience" and value is None)
    ]


def text_of(value: Any) -> str:
    """Any JSON value in a few words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return count(value, 2)
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {text_of(inner)}" for key, inner in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(text_of(inner) for inner in value) or "none"
    return "none" if value is None else _words(str(value))


def _elasticity(why: Reasons) -> str:
    source = "" if why.price_identified else ", borrowed from similar products"
    return f"{count(why.elasticity, 2)} ± {count(why.elasticity_sd, 2)}{source}"


def _takers(offer: Takers) -> str:
    everyone = f"{percent(offer.takers)} of usual buyers"
    joiners = f", {percent(offer.joiners, 1)} more join" if offer.joiners else ""
    rests = offer.margin_from_priors
    prior = f"; {price(rests)} of the margin is assumed" if rests else ""
    return everyone + joiners + prior


def _effects(effects: Effects) -> str:
    """Factors that lead from the usual units to the expected ones."""
    factors = [f"{count(exp(log), 2)} {name}" for name, log in vars(effects).items() if log]
    return " \N{MULTIPLICATION SIGN} ".join(factors) or "as usual"


def _limit(limit: Binding) -> str:
    name = _words(limit.limit)
    if limit.rules_out is not None:
        return f"{name} rules out {_option(limit.rules_out)}"
    if limit.shadow_price is not None:
        return f"{name}, one more is worth {price(limit.shadow_price)}"
    return f"limit {name}"


def _option(option: OptionTerms) -> str:
    support = "" if option.support == "none" else f" with {_support(option.support)}"
    earns = f", margin {price(option.incremental_margin)} for {price(option.cost)}"
    how = "" if option.mechanic == "percent_off" else f" by {_words(option.mechanic)}"
    whose = "" if option.audience_id == EVERYBODY else f" for {option.audience_id}"
    return f"{percent(option.depth)} off{how}{support}{whose}{earns}"


def _support(name: str) -> str:
    return name.replace("+", " and ")


def _words(key: str) -> str:
    return str(key).replace("_", " ")
