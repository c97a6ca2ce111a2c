"""From the inputs and the policy to the best plan."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from ml.config.assumptions import Assumptions, load_assumptions
from ml.config.policy import Policy
from ml.errors import InfeasibleError
from ml.promotions.economics.items import Items, exclusions, make_items
from ml.promotions.economics.options import Options, make_options, support_shares
from ml.promotions.economics.value import Economics, evaluate
from ml.promotions.mechanics.catalog import make_deals
from ml.promotions.mechanics.deal import Shop
from ml.promotions.planning.companion_stock import shared_stock
from ml.promotions.planning.constraints import make_problem
from ml.promotions.planning.edits import Edit, pin
from ml.promotions.planning.frozen import freeze, rest
from ml.promotions.planning.inputs import PlanInputs
from ml.promotions.planning.names import named, require_in_catalog
from ml.promotions.planning.proposal import Draft, Proposal
from ml.promotions.planning.targeting import targeted
from ml.promotions.spillovers.valuation import Spillovers, value_spillovers
from ml.solver.checker import require_within_limits
from ml.solver.solve import solve
from ml.solver.worst_case import solve_worst

NO_PRODUCTS = pd.Index([], dtype=object)


def propose(
    inputs: PlanInputs,
    policy: Policy,
    budget: float,
    excluded: pd.Index = NO_PRODUCTS,
    edits: Sequence[Edit] = (),
) -> Proposal:
    """The best plan without the `excluded` products, around what `edits` pin.

    Every limit is counted again by the checker.

    Raises:
        PolicyError: a limit names something unknown or does not fit the horizon.
        InfeasibleError: no plan keeps every limit.
        GateError: the solver's plan breaks a limit.
    """
    draft = prepare(inputs, policy, budget, excluded, edits)
    if draft.economics.money.scenarios:
        problem, solution = solve_worst(draft.problem, draft.economics.money.scenarios)
        draft = replace(draft, problem=problem)
    else:
        solution = solve(draft.problem)
    require_within_limits(draft.problem, solution.choice)
    return Proposal(draft, solution)


def prepare(
    inputs: PlanInputs, policy: Policy, budget: float, excluded: pd.Index, edits: Sequence[Edit]
) -> Draft:
    """What `propose` solves, and why products are left out."""
    assumptions = load_assumptions()
    require_in_catalog(policy, inputs.products)
    modelled = pd.Index(sorted(inputs.forecasts["product_id"].unique()), name="product_id")
    by_name = named(inputs.products, policy.exclude, "exclude").union(excluded)
    reason = exclusions(inputs.products, inputs.responses, modelled, by_name)
    items = make_items(
        inputs.products,
        inputs.responses,
        inputs.forecasts,
        inputs.stock,
        modelled[reason.isna()],
        inputs.late,
        assumptions,
        policy.minimum_gap_weeks,
    )
    options, economics, spillovers = value_options(inputs, items, policy, assumptions)
    reason.loc[items.product_id.tolist()] = economics.limits.ruling_out()
    if reason.notna().all():
        raise InfeasibleError(
            f"no product may be promoted: {reason.value_counts().to_dict()}; "
            "loosen the policy or check stock and forecasts"
        )
    frozen = freeze(inputs.announced, policy.frozen_weeks, items, options, economics)
    shared = shared_stock(items, options, economics, policy, frozen.pinned)
    problem = make_problem(items, economics, policy, budget, frozen.pinned, shared)
    problem = rest(pin(problem, edits, items, options, economics), items, inputs.promoted)
    return Draft(
        items=items,
        options=options,
        economics=economics,
        problem=problem,
        policy=policy,
        spillovers=spillovers,
        withdrawn=frozen.withdrawn,
        excluded=reason,
    )


def value_options(
    inputs: PlanInputs, items: Items, policy: Policy, assumptions: Assumptions
) -> tuple[Options, Economics, Spillovers]:
    """Every deal and support that the policy lets the items have, and what each is worth."""
    shop = Shop(items.product_id, items.regular_price, items.unit_cost, inputs.habits(items))
    deals = make_deals(shop, policy.mechanics, assumptions, policy.price_ending)
    deals = targeted(deals, items.product_id, inputs.products, inputs.audiences, policy.audiences)
    options = make_options(items.regular_price, deals, policy)
    categories = inputs.products.set_index("product_id")["category"]
    typical = support_shares(inputs.weeks, categories, policy.supported_share)
    shares = typical.reindex(items.category)
    usual = items.baseline.sum(axis=1)
    spillovers = value_spillovers(items.category, items.unit_margin, usual, inputs.effects)
    return options, evaluate(items, options, shares, policy, spillovers), spillovers
