"""Why a promotion is in the plan: what a category manager would ask."""

from typing import Any

import numpy as np

from ml.promotions.proposal import Proposal

DIGITS = 4


def reasons(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any]:
    """One line's reasons; money in the shop's currency, rounded to DIGITS."""
    product, economics = proposal.items.table.iloc[item], proposal.economics
    at = (item, week, option)
    return {
        "elasticity": _number(product["elasticity"]),
        "elasticity_sd": _number(product["elasticity_sd"]),
        "price_identified": bool(product["price_identified"]),
        "display_lift": _number(product["display_lift"]),
        "mailer_lift": _number(product["mailer_lift"]),
        "multiplier": _number(economics.mean_demand[at] / proposal.items.baseline[item, week]),
        "incremental_margin_sd": _number(economics.margin_sd[at]),
        "supplier_funding_share": _number(product["funding"]),
        "limits": limits(proposal, item, week, option),
        "next_best": next_best(proposal, item, week, option),
        "assumed": assumed(proposal, item),
    }


def limits(proposal: Proposal, item: int, week: int, option: int) -> list[dict[str, Any]]:
    """The limits that bind here: shared ones with their shadow price, own ones with the loss."""
    solution = proposal.solution
    slot = solution.slot_prices[proposal.problem.category[item], week]
    shared = {"budget": solution.budget_price, "category_week_slots": slot}
    binding = [
        {"limit": name, "shadow_price": _number(price)}
        for name, price in shared.items()
        if round(price, DIGITS) > 0
    ]
    economics = proposal.economics
    worth = _worth(proposal, item, week)
    barred = economics.on_ladder[item, week] & ~economics.allowed[item, week]
    rival = np.where(barred, worth, -np.inf)
    better = int(rival.argmax())
    if rival[better] > worth[option]:
        name = "stock" if economics.above_floor[item, week, better] else "margin_floor"
        binding.append({"limit": name, "rules_out": _option(proposal, item, week, better)})
    return binding


def next_best(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any] | None:
    """The other allowed option that would come next in this week; null when there is none."""
    rival = np.where(proposal.economics.allowed[item, week], _worth(proposal, item, week), -np.inf)
    rival[option] = -np.inf
    best = int(rival.argmax())
    return _option(proposal, item, week, best) if np.isfinite(rival[best]) else None


def assumed(proposal: Proposal, item: int) -> list[str]:
    """The entries of assumptions.yml that this line leans on."""
    product = proposal.items.table.iloc[item]
    leans = {
        "displacement": True,
        "margin_by_department": bool(product["cost_is_assumed"]),
        "stock": bool(proposal.items.stock_is_simulated[item]),
        "supplier_funding_by_brand": product["funding"] > 0,
    }
    return [name for name, leaning in leans.items() if leaning]


def _worth(proposal: Proposal, item: int, week: int) -> np.ndarray:
    """Each option's value less the priced budget; the slot costs them all the same."""
    economics = proposal.economics
    priced = proposal.solution.budget_price * economics.cost[item, week]
    return economics.value[item, week] - priced


def _option(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any]:
    at = (item, week, option)
    return {
        "depth": _number(proposal.options.depth[item, option]),
        "support": str(proposal.options.support[option]),
        "incremental_margin": _number(proposal.economics.margin[at]),
        "cost": _number(proposal.economics.cost[at]),
    }


def _number(value: float) -> float:
    return round(float(value), DIGITS)
