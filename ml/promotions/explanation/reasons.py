"""Why a promotion is in the plan: what a category manager would ask."""

from typing import Any

import numpy as np

from ml.promotions.economics.value import Economics
from ml.promotions.planning.proposal import Proposal
from ml.solver.problem import FREE, NOTHING

DIGITS = 4
LEAST_UNITS = 1e-6  # below, a logarithm says nothing


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
        "audience": _audience(proposal, item, option),
        "moves": moves(proposal, item, week, option),
        "multiplier": _number(economics.mean_demand[at] / proposal.items.baseline[item, week]),
        "incremental_margin_sd": _number(economics.margin_sd[at]),
        "supplier_funding_share": _number(product["funding"]),
        "displaces": displaces(proposal, item, week, option),
        "limits": limits(proposal, item, week, option),
        "next_best": next_best(proposal, item, week, option),
        "assumed": assumed(proposal, item, option),
    }


def moves(proposal: Proposal, item: int, week: int, option: int) -> dict[str, float]:
    """What the offer, display, mailer and stock each add to the log of the week's units.

    Together they lead from the baseline's units to the expected ones. Where only some take the
    offer, what it adds to all is shared out as it is among those who do.
    """
    at, economics = (item, week, option), proposal.economics
    among_takers = economics.response.parts[:, item, option]
    of_all = np.log(economics.response.mean[item, option])
    nothing = np.array([1.0, 0.0, 0.0])  # supports alone move nobody: the offer does
    total = among_takers.sum()
    offer, display, mailer = of_all * (among_takers / total if total else nothing)
    sold = np.log(max(economics.sales.expected[at], LEAST_UNITS))
    sold -= np.log(max(economics.baseline_sales[item, week], LEAST_UNITS))
    parts = {"offer": offer, "display": display, "mailer": mailer, "stock": sold - of_all}
    return {name: _number(part) for name, part in parts.items()}


def displaces(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any]:
    """What the promotion takes from other sales, and from another product's promotion.

    `units_of_other_sales` are extra units that other sales lose, in money `margin_of_other_sales`;
    `instead_of` is the product that would take its category's place in the week, None where the
    places are not all taken.
    """
    at, economics = (item, week, option), proposal.economics
    extra = max(float(economics.sales.expected[at] - economics.baseline_sales[item, week]), 0.0)
    return {
        "units_of_other_sales": _number(proposal.displaced.units[item] * extra),
        "margin_of_other_sales": _number(proposal.displaced.money[item] * extra),
        "instead_of": _instead_of(proposal, item, week),
    }


def _instead_of(proposal: Proposal, item: int, week: int) -> dict[str, Any] | None:
    """The product of the category without promotion in the week that would earn most there."""
    category = proposal.problem.category
    if round(float(proposal.solution.slot_prices[category[item], week]), DIGITS) <= 0:
        return None
    idle = proposal.solution.choice[:, week] == NOTHING
    rivals = np.flatnonzero((category == category[item]) & idle)
    worth = np.where(
        proposal.problem.allowed[rivals, week], _worth(proposal, rivals, week), -np.inf
    )
    if not (worth > 0).any():
        return None
    row, option = np.unravel_index(int(worth.argmax()), worth.shape)
    product = proposal.items.table["product_id"].iloc[rivals[row]]
    return {"product_id": str(product)} | _option(proposal, int(rivals[row]), week, int(option))


def limits(proposal: Proposal, item: int, week: int, option: int) -> list[dict[str, Any]]:
    """The limits that bind here: shared ones with their shadow price, own ones with the loss."""
    binding = [
        {"limit": name, "shadow_price": _number(price)}
        for name, price in _shared(proposal, item, week, option).items()
        if round(float(price), DIGITS) > 0
    ]
    economics = proposal.economics
    worth = _worth(proposal, item, week)
    barred = economics.on_ladder[item, week] & ~economics.allowed[item, week]
    rival = np.where(barred, worth, -np.inf)
    better = int(rival.argmax())
    if rival[better] > worth[option]:
        name = _barring(economics, (item, week, better))
        binding.append({"limit": name, "rules_out": _option(proposal, item, week, better)})
    return binding + _demands(proposal, item, week)


def _shared(proposal: Proposal, item: int, week: int, option: int) -> dict[str, float]:
    """The shadow price of each shared limit that the promotion uses."""
    prices, problem = proposal.solution.prices, proposal.problem
    category = problem.category[item]
    mine = [at for at, rivals in enumerate(problem.exclusive) if item in rivals]
    return {
        "budget": prices.budget,
        "week_budget": prices.week_budget[week],
        "category_budget": prices.category_budget[category],
        "category_week_slots": prices.slots[category, week],
        "week_slots": prices.week_slots[week],
        "never_together": sum((prices.exclusive[at, week] for at in mine), 0.0),
        "companion_stock": _drawn(proposal, item, week)[option],
    }


def _demands(proposal: Proposal, item: int, week: int) -> list[dict[str, Any]]:
    """What the policy, a person or the live schedule asks of the product in the week."""
    problem = proposal.problem
    pinned = problem.pinned is not None and problem.pinned[item, week] not in (FREE, NOTHING)
    must = problem.must is not None and bool(problem.must[item])
    together = problem.group is not None and np.sum(problem.group == problem.group[item]) > 1
    told = {"pinned": pinned, "must_promote": must, "move_together": together}
    return [{"limit": name} for name, holds in told.items() if holds]


def next_best(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any] | None:
    """The other allowed option that would come next in this week; null when there is none.

    `gives_up`: how much less it is worth, once what either takes of the budgets is paid for.
    """
    worth = _worth(proposal, item, week)
    rival = np.where(proposal.problem.allowed[item, week], worth, -np.inf)
    rival[option] = -np.inf
    best = int(rival.argmax())
    if not np.isfinite(rival[best]):
        return None
    given_up = {"gives_up": _number(worth[option] - worth[best])}
    return _option(proposal, item, week, best) | given_up


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


def _audience(proposal: Proposal, item: int, option: int) -> dict[str, Any] | None:
    """Who may have the offer and what is known of them; None where all may."""
    audience = proposal.options.offers[proposal.options.offer[option]].audience
    if audience.is_everybody:
        return None
    product = proposal.items.table["product_id"].iloc[item]
    return {
        "audience": audience.name,
        "share_of_units": _number(audience.of_units[product]),
        "share_of_customers": _number(audience.of_customers),
        "response": _number(audience.response),
    }


def _barring(economics: Economics, at: tuple[int, int, int]) -> str:
    """The first limit that rules an option out."""
    if not economics.above_floor[at]:
        return "margin_floor"
    return "stock" if not economics.in_stock[at] else "most_from_priors"


def _worth(proposal: Proposal, item: int | np.ndarray, week: int) -> np.ndarray:
    """Each option's value less the priced budgets and shared stock; slots cost all the same."""
    prices, category = proposal.solution.prices, proposal.problem.category[item]
    money = prices.budget + prices.week_budget[week] + prices.category_budget[category]
    priced = np.asarray(money)[..., None] * proposal.problem.cost[item, week]
    return np.asarray(proposal.problem.value[item, week] - priced - _drawn(proposal, item, week))


def _drawn(proposal: Proposal, item: int | np.ndarray, week: int) -> np.ndarray:
    """What each option takes of companions' stock at its price, (options,) or (items, options)."""
    problem = proposal.problem
    _, weeks, options = problem.value.shape
    if problem.shared_stock_use is None:
        return np.zeros((*np.shape(item), options))
    row = (np.asarray(item)[..., None] * weeks + week) * options + np.arange(options)
    charged = problem.shared_stock_use[row.ravel()] @ proposal.solution.prices.shared_stock.ravel()
    return np.asarray(charged).reshape(row.shape)


def _option(proposal: Proposal, item: int, week: int, option: int) -> dict[str, Any]:
    at = (item, week, option)
    offer = proposal.options.offers[proposal.options.offer[option]]
    return {
        "mechanic": offer.mechanic,
        "depth": _number(proposal.options.depth[item, option]),
        "support": str(proposal.options.support[option]),
        "audience_id": offer.audience.audience_id,
        "incremental_margin": _number(proposal.economics.margin[at]),
        "cost": _number(proposal.economics.cost[at]),
    }


def _number(value: float) -> float:
    return round(float(value), DIGITS)
