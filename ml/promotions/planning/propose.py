"""From the inputs and the policy to the best plan."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pandas as pd

from ml.config.assumptions import load_assumptions
from ml.config.policy import Policy
from ml.errors import InfeasibleError
from ml.promotions.economics.items import exclusions, make_items
from ml.promotions.economics.options import make_options, support_shares
from ml.promotions.economics.value import Economics, evaluate
from ml.promotions.mechanics.catalogue import make_offers
from ml.promotions.mechanics.deal import Shop
from ml.promotions.planning.companion_stock import shared_stock
from ml.promotions.planning.constraints import make_problem
from ml.promotions.planning.edits import Edit, pin
from ml.promotions.planning.frozen import freeze, rest
from ml.promotions.planning.inputs import Known
from ml.promotions.planning.names import named, require_known
from ml.promotions.planning.proposal import Draft, Proposal
from ml.promotions.planning.targeting import targeted
from ml.promotions.spillovers.valuation import displaced
from ml.solver.checker import require_within_limits
from ml.solver.solve import solve
from ml.solver.worst_case import solve_worst

NOBODY = pd.Index([], dtype=object)


def propose(
    known: Known,
    policy: Policy,
    budget: float,
    barred: pd.Index = NOBODY,
    edits: Sequence[Edit] = (),
) -> tuple[Proposal, pd.Series]:
    """The best plan without the products in `barred`, around what `edits` pin.

    Every limit is counted again by the checker. Also returns, by product_id, why a product was
    left out; null where it was not.

    Raises:
        PolicyError: a limit names something unknown or does not fit the horizon.
        InfeasibleError: no plan keeps every limit.
        GateError: the plan found breaks a limit.
    """
    draft, reason = prepare(known, policy, budget, barred, edits)
    problem = draft.problem
    if draft.economics.scenarios:
        problem, solution = solve_worst(problem, draft.economics.scenarios)
    else:
        solution = solve(problem)
    require_within_limits(problem, solution.choice)
    made = {f.name: getattr(draft, f.name) for f in fields(draft)}
    return Proposal(**made | {"problem": problem, "solution": solution}), reason


def prepare(
    known: Known,
    policy: Policy,
    budget: float,
    barred: pd.Index = NOBODY,
    edits: Sequence[Edit] = (),
) -> tuple[Draft, pd.Series]:
    """What `propose` solves, and why products are left out."""
    assumptions = load_assumptions()
    require_known(policy, known.products)
    modelled = pd.Index(sorted(known.forecasts["product_id"].unique()), name="product_id")
    excluded = named(known.products, policy.exclude, "exclude").union(barred)
    reason = exclusions(known.products, known.responses, modelled, excluded)
    items = make_items(
        known.products,
        known.responses,
        known.forecasts,
        known.stock,
        modelled[reason.isna()],
        known.late,
        assumptions,
        policy.minimum_gap_weeks,
    )
    shop = Shop(items.table, known.habits(items.table))
    offers = make_offers(shop, policy.mechanics, assumptions, policy.price_ending)
    offers = targeted(offers, items.table, known.products, known.audiences, policy.audiences)
    options = make_options(shop.regular_price, offers, policy)
    categories = known.products.set_index("product_id")["category"]
    typical = support_shares(known.weeks, categories, policy.supported_share)
    shares = typical.reindex(items.table["category"])
    moved = displaced(items.table, items.baseline.sum(axis=1), known.effects)
    economics = evaluate(items, options, shares, policy, moved)
    reason[items.table["product_id"]] = ruled_out(economics)
    if reason.notna().all():
        raise InfeasibleError(
            f"no product may be promoted: {reason.value_counts().to_dict()}; "
            "loosen the policy or check stock and forecasts"
        )
    frozen = freeze(known.announced, policy.frozen_weeks, items, options, economics)
    draws = shared_stock(items, options, economics, policy, frozen.pinned)
    problem = make_problem(items, economics, policy, budget, frozen.pinned, draws)
    problem = rest(pin(problem, edits, items, options, economics), items, known.promoted)
    return Draft(items, options, economics, problem, policy, moved, frozen.withdrawn), reason


def ruled_out(economics: Economics) -> list[str | None]:
    """Per item, the limit that leaves it no option in any week; None where one is left."""
    on_ladder = economics.on_ladder
    above = on_ladder & economics.above_floor
    layers = (
        ("no price on the ladder", on_ladder),
        ("below the margin floor", above),
        ("stock does not cover a promotion", above & economics.in_stock),
        ("rests on priors", economics.allowed),
    )
    every = [(name, np.any(left, axis=(1, 2))) for name, left in layers]
    return [
        next((name for name, left in every if not left[i]), None) for i in range(len(on_ladder))
    ]
