"""Why a promotion is in the plan: what a category manager would ask."""

from typing import Any

import numpy as np

from ml.promotions.economics import Economics
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
        "offer": _taking(proposal, item, week, option),
        "multiplier": _number(economics.mean_demand[at] / proposal.items.baseline[item, week]),
        "incremental_margin_sd": _number(economics.margin_sd[at]),
        "supplier_funding_share": _number(product["funding"]),
        "limits": limits(proposal, item, week, option),
        "next_best": next_best(proposal, item, week, option),
        "assumed": assumed(proposal, item, option),
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
        name = _barring(economics, (item, week, better))
        binding.append({"limit": name, "rules_out": _option(proposal, item, week, better)})
    return binding


def next_best(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any] | None:
    """The other allowed option that would come next in this week; null when there is none."""
    rival = np.where(proposal.economics.allowed[item, week], _worth(proposal, item, week), -np.inf)
    rival[option] = -np.inf
    best = int(rival.argmax())
    return _option(proposal, item, week, best) if np.isfinite(rival[best]) else None


def assumed(proposal: Proposal, item: int, option: int) -> list[str]:
    """The entries of assumptions.yml that this line leans on."""
    product = proposal.items.table.iloc[item]
    leans = {
        "displacement": True,
        "margin_by_department": bool(product["cost_is_assumed"]),
        "stock": bool(proposal.items.stock_is_simulated[item]),
        "supplier_funding_by_brand": product["funding"] > 0,
    }
    offer = proposal.options.offers[proposal.options.offer[option]]
    return [*(name for name, leaning in leans.items() if leaning), *offer.priors]


def _taking(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any]:
    """Who takes the offer, and what of the margin the data do not stand behind."""
    offer = proposal.options.offers[proposal.options.offer[option]]
    return {
        "takers": _number(offer.share[item]),
        "joiners": _number(offer.joining[item]),
        "share_of_units": _number(proposal.economics.taken[item, option]),
        "margin_from_priors": _number(proposal.economics.from_priors[item, week, option]),
    }


def _barring(economics: Economics, at: tuple[int, int, int]) -> str:
    """The first limit that rules an option out."""
    if not economics.above_floor[at]:
        return "margin_floor"
    return "stock" if not economics.in_stock[at] else "most_from_priors"


def _worth(proposal: Proposal, item: int, week: int) -> np.ndarray:
    """Each option's value less the priced budget; the slot costs them all the same."""
    priced = proposal.solution.budget_price * proposal.problem.cost[item, week]
    return proposal.problem.value[item, week] - priced


def _option(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any]:
    at = (item, week, option)
    return {
        "mechanic": proposal.options.offers[proposal.options.offer[option]].mechanic,
        "depth": _number(proposal.options.depth[item, option]),
        "support": str(proposal.options.support[option]),
        "incremental_margin": _number(proposal.economics.margin[at]),
        "cost": _number(proposal.economics.cost[at]),
    }


def _number(value: float) -> float:
    return round(float(value), DIGITS)
