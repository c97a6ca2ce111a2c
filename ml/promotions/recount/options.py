"""Whether each planned promotion is one that the policy offers, at its own price and cost."""

from collections.abc import Iterator
from datetime import date
from math import ceil
from typing import Any

import pandas as pd

from ml.config.mechanics import Mechanics
from ml.config.policy import Policy
from ml.contracts.profiles import EVERYBODY
from ml.inventory.distribution import coverage
from ml.promotions.planning.names import named
from ml.promotions.recount.facts import CENT, NO_DEAL, DayFacts, Promotion

OFF_THE_LADDER = 0.05  # of the regular price, that a price may lie from an asked depth
ROUNDING = 5e-5  # the plan's figures and shares are rounded to four digits


def option_faults(planned: list[Promotion], facts: DayFacts, policy: Policy) -> Iterator[str]:
    """Rows that are none of the day's options, or not at their option's price, cost or stock."""
    eligible, seen = facts.eligible(policy), set[tuple[str, date]]()
    for each in planned:
        why = _not_offered(each, facts, policy, eligible)
        if why:
            yield f"{each.promotion_id} is none of the day's options: {why}"
            continue
        if each.place in seen:
            yield f"{each.promotion_id} is a second promotion of its product and week"
        seen.add(each.place)
        yield from _figures(each, facts, policy)


def _not_offered(
    each: Promotion, facts: DayFacts, policy: Policy, eligible: set[str]
) -> str | None:
    if each.product_id not in eligible or each.week not in facts.weeks:
        return "its product or week is not planned"
    if each.deal == NO_DEAL:
        return "no deal has these terms at this price"
    if each.ruled_out_by:
        return f"{each.ruled_out_by} rules it out"
    if each.row["support"] not in policy.supports:
        return f"support {each.row['support']} is not in the policy"
    if not _has_terms(each.row, policy):
        return "the policy has no such terms"
    return None if _is_for(each, facts, policy) else "the policy lets that audience not have it"


def _has_terms(row: dict[str, Any], policy: Policy) -> bool:
    mechanics: Mechanics = policy.mechanics
    match row["mechanic"]:
        case "percent_off":
            return _on_ladder(row, mechanics.percent_off.depths, policy)
        case "bundle" if mechanics.bundle:
            return _on_ladder(row, mechanics.bundle.depths, policy)
        case "flash" if mechanics.flash:
            terms, start = mechanics.flash, row["week"]
            opens = pd.Timestamp(start) + pd.Timedelta(
                days=terms.weekday - 1, hours=terms.from_hour
            )
            lasts = pd.Timedelta(hours=terms.to_hour - terms.from_hour)
            on_time = row["starts_at"] == opens and row["ends_at"] - row["starts_at"] == lasts
            return on_time and _on_ladder(row, terms.depths, policy)
        case "buy_get" if mechanics.buy_get:
            own = (row["buy_qty"], row["get_qty"], row["get_depth"])
            return own in [(each.buy, each.get, each.depth) for each in mechanics.buy_get.offers]
        case "spend_save" if mechanics.spend_save:
            money = (row["threshold_amount"], row["discount_amount"])
            return money in [(each.spend, each.save) for each in mechanics.spend_save.offers]
        case "gift" if mechanics.gift:
            return row["buy_qty"] in mechanics.gift.buy
    return False


def _on_ladder(row: dict[str, Any], depths: list[float], policy: Policy) -> bool:
    """Whether the price ends as the policy says, near a depth that it asks for."""
    price, regular = float(row["promo_price"]), float(row["regular_price"])
    given = policy.price_ending
    cents = round(price * 100)
    ends = [round(100 * ending) for ending in (given if isinstance(given, list) else [given])]
    ending = any((cents - end) % (10 if end < 10 else 100) == 0 for end in ends)
    off = min(abs(1 - price / regular - depth) for depth in depths)
    return ending and off <= OFF_THE_LADDER + ROUNDING


def _is_for(each: Promotion, facts: DayFacts, policy: Policy) -> bool:
    """Whether the policy's targeting lets the audience have the promotion."""
    covering = [
        rule
        for rule in policy.audiences
        if rule.covers(str(each.row["mechanic"]))
        and (
            not rule.products
            or each.product_id in named(facts.products, rule.products, "audiences.products")
        )
    ]
    if each.row["audience_id"] == EVERYBODY:
        return not any(rule.only for rule in covering)
    name = each.why.audience.audience if each.why.audience else ""
    return any(rule.names(str(each.row["audience_id"]), name) for rule in covering)


def _figures(each: Promotion, facts: DayFacts, policy: Policy) -> Iterator[str]:
    """The cost, the audience's share and the chance of running out, counted again."""
    row, audience = each.row, each.why.audience
    due, slack = _cost(each, policy)
    if abs(row["cost"] - due) > slack:
        yield f"{each.promotion_id}: cost is {row['cost']}, expected {due:.2f}"
    share = 1.0 if row["audience_id"] == EVERYBODY or audience is None else audience.share_of_units
    is_for_all = row["audience_id"] == EVERYBODY
    if abs(row["audience_share"] - share) > ROUNDING or is_for_all != (audience is None):
        yield f"{each.promotion_id}: audience_share is {row['audience_share']}, expected {share}"
    low, high = mean_demand(each, facts)
    stock, dispersion = facts.available[each.place], facts.dispersion[each.product_id]
    least, most = (1 - float(coverage(stock, mean, dispersion)) for mean in (low, high))
    if not least - ROUNDING * 2 <= row["stockout_probability"] <= most + ROUNDING * 2:
        yield (
            f"{each.promotion_id}: stockout_probability is {row['stockout_probability']}, "
            f"expected {most:.4f}"
        )


def mean_demand(each: Promotion, facts: DayFacts) -> tuple[float, float]:
    """The least and the largest mean demand that the row's rounded multiplier stands for."""
    baseline, multiplier = facts.baseline[each.place], each.why.multiplier
    return baseline * max(multiplier - ROUNDING, 0.0), baseline * (multiplier + ROUNDING)


def _cost(each: Promotion, policy: Policy) -> tuple[float, float]:
    """Markdown and support in whole cents, and how far rounded figures may put it off."""
    row, taken = each.row, each.why.offer.share_of_units
    markdown, units = row["regular_price"] - row["promo_price"], row["expected_units"]
    customers = each.why.audience.share_of_customers if each.why.audience else 1.0
    support = policy.support_cost_per_product_week[row["support"]] * customers
    due = ceil((units * taken * markdown + support) * 100 - 1e-6) / 100
    return due, CENT + ROUNDING * (units * taken + units * markdown + markdown + support)
