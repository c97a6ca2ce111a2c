"""Plan the promotions of the weeks ahead: forecasts, responses and stock to a plan."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from ml import lake
from ml.assumptions import load_assumptions
from ml.contracts.marts import (
    DIM_PRODUCTS,
    FCT_BASKET_QUANTITIES,
    FCT_BASKETS,
    FCT_CATEGORY_BASKETS,
    FCT_PRODUCT_PAIRS,
    FCT_PRODUCT_WEEKS,
)
from ml.contracts.outputs import ALTERNATIVES, EFFECTS, FORECASTS, PLAN, RESPONSES, STOCK
from ml.errors import InfeasibleError
from ml.promotions.alternatives import alternatives
from ml.promotions.announced import announced, freeze, live_before, promoted_before, rest
from ml.promotions.audiences import READ as AUDIENCES
from ml.promotions.audiences import read_audiences
from ml.promotions.checker import require_kept
from ml.promotions.companions import shared_stock
from ml.promotions.economics import Economics, evaluate
from ml.promotions.edits import Edit, pin
from ml.promotions.effects.displaced import displaced
from ml.promotions.items import exclusions, make_items
from ml.promotions.lines import plan_lines
from ml.promotions.mechanics.catalogue import make_offers
from ml.promotions.mechanics.habits import Habits, observe
from ml.promotions.mechanics.offer import Audience, Shop
from ml.promotions.options import make_options, support_shares
from ml.promotions.policy import Policy, load_policy
from ml.promotions.proposal import Draft, Proposal
from ml.promotions.retention import BUYERS, read_late_share
from ml.promotions.risk import solve_worst
from ml.promotions.rules import make_problem, named, require_known
from ml.promotions.solver import solve
from ml.promotions.summary import summarise
from ml.promotions.targeting import targeted
from ml.settings import settings

log = logging.getLogger(__name__)

INPUTS = (
    FORECASTS,
    RESPONSES,
    STOCK,
    DIM_PRODUCTS,
    FCT_PRODUCT_WEEKS,
    FCT_BASKETS,
    FCT_BASKET_QUANTITIES,
    FCT_CATEGORY_BASKETS,
    FCT_PRODUCT_PAIRS,
    EFFECTS,
)
NOBODY = pd.Index([], dtype=object)
NONE_LATE = pd.Series(dtype=float)
SHARES = ["product_id", "week_start_date", "display_share", "mailer_share"]


@dataclass(frozen=True)
class Known:
    """The tables of one as-of date that a plan is made from, and the schedule live before it.

    `promoted` is what was on promotion before the weeks that are planned (`promoted_before`);
    `late` is `retention.late_share` and `audiences` those of the day where the policy asks.
    """

    forecasts: pd.DataFrame
    responses: pd.DataFrame
    stock: pd.DataFrame
    products: pd.DataFrame
    weeks: pd.DataFrame
    baskets: pd.DataFrame
    quantities: pd.DataFrame
    spend: pd.DataFrame
    pairs: pd.DataFrame
    announced: pd.DataFrame
    promoted: pd.DataFrame
    effects: pd.DataFrame
    late: pd.Series
    audiences: tuple[Audience, ...] = ()

    def habits(self, products: pd.DataFrame) -> Habits:
        """What baskets show of `products`, in their order."""
        return observe(products, self.quantities, self.spend, self.pairs, self.baskets["sold_on"])


def read_known(as_of: date, policy: Policy) -> Known:
    """Read the tables of as_of that a plan under the policy needs.

    Raises:
        LakeError: a table is missing.
    """
    forecasts = lake.read(FORECASTS, as_of)
    return Known(
        forecasts=forecasts,
        responses=lake.read(RESPONSES, as_of),
        stock=lake.read(STOCK, as_of),
        products=lake.read(DIM_PRODUCTS, as_of),
        weeks=lake.read(FCT_PRODUCT_WEEKS, as_of, columns=SHARES),
        baskets=lake.read(FCT_BASKETS, as_of, columns=["sold_on"]),
        quantities=lake.read(FCT_BASKET_QUANTITIES, as_of),
        spend=lake.read(FCT_CATEGORY_BASKETS, as_of),
        pairs=lake.read(FCT_PRODUCT_PAIRS, as_of),
        announced=announced(as_of),
        promoted=promoted_before(as_of, forecasts["week_start_date"].min()),
        effects=lake.read(EFFECTS, as_of),
        late=read_late_share(as_of) if policy.objective.retention else NONE_LATE,
        audiences=(
            read_audiences(as_of, policy.audiences, policy.holdout_share)
            if policy.audiences
            else ()
        ),
    )


def write_plan(as_of: date, budget: float | None = None, edits: Sequence[Edit] = ()) -> str:
    """Write the PLAN partition of as_of and its summary; return the plan's version.

    `budget` replaces the policy's; `edits` are what a person decided, and are kept as told.

    Raises:
        LakeError: a table of as_of is missing.
        PolicyError: policy.yml or assumptions.yml holds an unusable value.
        InfeasibleError: a limit is negative, or rules every option of every product out.
    """
    policy = load_policy()
    proposal, reason = propose(
        read_known(as_of, policy), policy, policy.budget if budget is None else budget, edits=edits
    )
    models = lake.manifest(FORECASTS, as_of).models
    lines = plan_lines(proposal, as_of, models)
    tables = [*INPUTS, *(BUYERS if policy.objective.retention else ())]
    tables += AUDIENCES if policy.audiences else ()
    inputs = {table.name: lake.manifest(table, as_of).content_hash for table in tables}
    if live := live_before(as_of):
        inputs["published_schedule"] = live[0]
    summary = summarise(proposal, lines, reason) | {
        "edits": [edit.model_dump(mode="json") for edit in edits]
    }
    lake.write(ALTERNATIVES, as_of, alternatives(proposal, lines), inputs, models)
    lake.write(PLAN, as_of, lines, inputs, models)
    lake.replace_text(summary_path(as_of), lake.to_json(summary))
    log.info(
        "plan %s: %d promotions, cost %.2f of %.2f, incremental margin %.2f, gap %.4f %%",
        summary["plan_version"],
        summary["promotions"],
        summary["cost"],
        summary["budget"],
        summary["incremental_margin"],
        100 * summary["optimality_gap"],
    )
    return str(summary["plan_version"])


def summary_path(as_of: date) -> Path:
    """Where the summary of as_of's plan lies, as JSON."""
    return settings().lake / PLAN.layer / "summary" / f"as_of={as_of.isoformat()}.json"


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
    require_kept(problem, solution.choice)
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
