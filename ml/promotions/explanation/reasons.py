"""Why a promotion is in the plan: what a category manager would ask."""

import numpy as np

from ml.contracts.reasons import (
    AudienceFacts,
    Binding,
    Effects,
    NextBest,
    OptionTerms,
    Reasons,
    Replaced,
    SpilloverFacts,
    Takers,
)
from ml.promotions.planning.proposal import Proposal
from ml.solver.problem import FREE, NOTHING

DIGITS = 4
LEAST_UNITS = 1e-6  # below, a logarithm says nothing


def reasons(proposal: Proposal, item: int, week: int, option: int) -> Reasons:
    """One row's reasons; money in the shop's currency, rounded to DIGITS."""
    items, economics = proposal.draft.items, proposal.draft.economics
    at = (item, week, option)
    return Reasons(
        elasticity=_number(items.responses.elasticity[item]),
        elasticity_sd=_number(items.responses.elasticity_sd[item]),
        price_identified=bool(items.responses.price_identified[item]),
        display_lift=_number(items.responses.display_lift[item]),
        mailer_lift=_number(items.responses.mailer_lift[item]),
        offer=_takers(proposal, item, week, option),
        audience=_audience(proposal, item, option),
        effects=effects(proposal, item, week, option),
        multiplier=_number(economics.demand.mean[at] / items.baseline[item, week]),
        incremental_margin_sd=_number(economics.money.margin_sd[at]),
        supplier_funding_share=_number(items.funding[item]),
        spillovers=spillovers(proposal, item, week, option),
        limits=limits(proposal, item, week, option),
        next_best=next_best(proposal, item, week, option),
        assumed=assumed(proposal, item, option),
    )


def effects(proposal: Proposal, item: int, week: int, option: int) -> Effects:
    """What the deal, display, mailer and stock each add to the log of the week's units.

    Together they lead from the baseline's units to the expected ones. Where only some take the
    deal, what it adds to all is shared out as it is among those who do.
    """
    at, demand = (item, week, option), proposal.draft.economics.demand
    among_takers = demand.response.parts[:, item, option]
    of_all = np.log(demand.response.mean[item, option])
    by_deal = np.array([1.0, 0.0, 0.0])  # supports alone change no demand: the deal does
    total = among_takers.sum()
    deal, display, mailer = of_all * (among_takers / total if total else by_deal)
    sold = np.log(max(demand.sales.expected[at], LEAST_UNITS))
    sold -= np.log(max(demand.baseline_sales[item, week], LEAST_UNITS))
    return Effects(
        offer=_number(deal),
        display=_number(display),
        mailer=_number(mailer),
        stock=_number(sold - of_all),
    )


def spillovers(proposal: Proposal, item: int, week: int, option: int) -> SpilloverFacts:
    """What the promotion takes from other sales, and from another product's promotion."""
    extra = max(float(proposal.draft.economics.demand.extra_units[item, week, option]), 0.0)
    return SpilloverFacts(
        units_of_other_sales=_number(proposal.draft.spillovers.units[item] * extra),
        margin_of_other_sales=_number(proposal.draft.spillovers.money[item] * extra),
        instead_of=_instead_of(proposal, item, week),
    )


def _instead_of(proposal: Proposal, item: int, week: int) -> Replaced | None:
    """The product of the category without promotion in the week that would earn most there.

    None where the category's slots are not all taken.
    """
    problem = proposal.draft.problem
    category = problem.category
    if round(float(proposal.solution.slot_prices[category[item], week]), DIGITS) <= 0:
        return None
    idle = proposal.solution.choice[:, week] == NOTHING
    others = np.flatnonzero((category == category[item]) & idle)
    worth = np.where(problem.allowed[others, week], _worth(proposal, others, week), -np.inf)
    if not (worth > 0).any():
        return None
    row, option = np.unravel_index(int(worth.argmax()), worth.shape)
    other = int(others[row])
    terms = _terms(proposal, other, week, int(option))
    return Replaced(**vars(terms), product_id=str(proposal.draft.items.product_id[other]))


def limits(proposal: Proposal, item: int, week: int, option: int) -> list[Binding]:
    """The limits that bind here: shared ones with their shadow price, own ones with the loss."""
    binding = [
        Binding(name, shadow_price=_number(price))
        for name, price in _shared(proposal, item, week, option).items()
        if round(float(price), DIGITS) > 0
    ]
    of_options = proposal.draft.economics.limits
    worth = _worth(proposal, item, week)
    barred = of_options.on_ladder[item, week] & ~of_options.allowed[item, week]
    better = int(np.where(barred, worth, -np.inf).argmax())
    if barred[better] and worth[better] > worth[option]:
        name = str(of_options.first_broken((item, week, better)))
        binding.append(Binding(name, rules_out=_terms(proposal, item, week, better)))
    return binding + _demands(proposal, item, week)


def _shared(proposal: Proposal, item: int, week: int, option: int) -> dict[str, float]:
    """The shadow price of each shared limit that the promotion uses."""
    prices, problem = proposal.solution.prices, proposal.draft.problem
    category = problem.category[item]
    mine = [at for at, rivals in enumerate(problem.exclusive) if item in rivals]
    return {
        "budget": prices.budget,
        "week_budget": prices.week_budget[week],
        "category_budget": prices.category_budget[category],
        "category_week_slots": prices.slots[category, week],
        "week_slots": prices.week_slots[week],
        "never_together": sum((prices.exclusive[at, week] for at in mine), 0.0),
        "companion_stock": _stock_charge(proposal, item, week)[option],
    }


def _demands(proposal: Proposal, item: int, week: int) -> list[Binding]:
    """What the policy, a person or the live schedule asks of the product in the week."""
    problem = proposal.draft.problem
    pinned = problem.pinned is not None and problem.pinned[item, week] not in (FREE, NOTHING)
    must = problem.must is not None and bool(problem.must[item])
    together = problem.group is not None and np.sum(problem.group == problem.group[item]) > 1
    demands = {"pinned": pinned, "must_promote": must, "move_together": together}
    return [Binding(name) for name, holds in demands.items() if holds]


def next_best(proposal: Proposal, item: int, week: int, option: int) -> NextBest | None:
    """The other allowed option that would come next in this week; None when there is none."""
    worth = _worth(proposal, item, week)
    others = np.where(proposal.draft.problem.allowed[item, week], worth, -np.inf)
    others[option] = -np.inf
    best = int(others.argmax())
    if not np.isfinite(others[best]):
        return None
    terms = _terms(proposal, item, week, best)
    return NextBest(**vars(terms), gives_up=_number(worth[option] - worth[best]))


def assumed(proposal: Proposal, item: int, option: int) -> list[str]:
    """The entries of assumptions.yml that this row leans on."""
    items, options = proposal.draft.items, proposal.draft.options
    leans = {
        "displacement": True,
        "margin_by_department": bool(items.cost_is_assumed[item]),
        "stock": bool(items.stock_is_simulated[item]),
        "supplier_funding_by_brand": items.funding[item] > 0,
    }
    deal = options.deals[options.deal[option]]
    return [*(name for name, leaning in leans.items() if leaning), *deal.priors]


def _takers(proposal: Proposal, item: int, week: int, option: int) -> Takers:
    """Who takes the deal, and what of the margin the data do not stand behind."""
    options, economics = proposal.draft.options, proposal.draft.economics
    deal = options.deals[options.deal[option]]
    return Takers(
        takers=_number(deal.share[item]),
        joiners=_number(deal.joining[item]),
        share_of_units=_number(economics.demand.taken[item, option]),
        margin_from_priors=_number(economics.money.from_priors[item, week, option]),
    )


def _audience(proposal: Proposal, item: int, option: int) -> AudienceFacts | None:
    """The segment that may have the deal; None where all customers may."""
    options = proposal.draft.options
    audience = options.deals[options.deal[option]].audience
    if audience.is_everybody:
        return None
    return AudienceFacts(
        audience=audience.name,
        share_of_units=_number(audience.of_units[proposal.draft.items.product_id[item]]),
        share_of_customers=_number(audience.of_customers),
        response=_number(audience.response),
    )


def _worth(proposal: Proposal, item: int | np.ndarray, week: int) -> np.ndarray:
    """Each option's value less the priced budgets and shared stock; slots cost all the same."""
    prices, problem = proposal.solution.prices, proposal.draft.problem
    category = problem.category[item]
    money = prices.budget + prices.week_budget[week] + prices.category_budget[category]
    priced = np.asarray(money)[..., None] * problem.cost[item, week]
    return np.asarray(problem.value[item, week] - priced - _stock_charge(proposal, item, week))


def _stock_charge(proposal: Proposal, item: int | np.ndarray, week: int) -> np.ndarray:
    """What each option takes of companions' stock at its price, (options,) or (items, options)."""
    problem = proposal.draft.problem
    _, weeks, options = problem.value.shape
    if problem.shared_stock_use is None:
        return np.zeros((*np.shape(item), options))
    row = (np.asarray(item)[..., None] * weeks + week) * options + np.arange(options)
    charged = problem.shared_stock_use[row.ravel()] @ proposal.solution.prices.shared_stock.ravel()
    return np.asarray(charged).reshape(row.shape)


def _terms(proposal: Proposal, item: int, week: int, option: int) -> OptionTerms:
    at, options = (item, week, option), proposal.draft.options
    deal = options.deals[options.deal[option]]
    return OptionTerms(
        mechanic=deal.mechanic,
        depth=_number(options.depth[item, option]),
        support=str(options.support[option]),
        audience_id=deal.audience.audience_id,
        incremental_margin=_number(proposal.draft.economics.money.margin[at]),
        cost=_number(proposal.draft.economics.money.cost[at]),
    )


def _number(value: float) -> float:
    return round(float(value), DIGITS)
