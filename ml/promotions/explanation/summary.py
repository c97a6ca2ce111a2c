"""The plan in numbers: totals and the limits that bind. It counts and solves nothing."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ml.contracts.plan_summary import (
    BindingLimit,
    FrontierPoint,
    PlanSummary,
    SharedStock,
    TradeoffPoint,
    Withdrawn,
)
from ml.promotions.economics.demand import Z10
from ml.promotions.explanation.rows import promotion_ids
from ml.promotions.planning.edits import Edit
from ml.promotions.planning.proposal import Proposal
from ml.weeks import monday_of

STOCK_DIGITS = 6


def summarise(
    proposal: Proposal,
    rows: pd.DataFrame,
    frontier: list[FrontierPoint],
    tradeoffs: list[TradeoffPoint],
    edits: Sequence[Edit],
) -> PlanSummary:
    """What the report, the gate and the run's summary show of PLAN's `rows`."""
    solution, draft = proposal.solution, proposal.draft
    depth = rows["depth"].map(lambda d: f"{round(100 * d / 5) * 5:d} %")
    margin = float(rows["incremental_margin"].sum())
    return PlanSummary(
        plan_version="" if rows.empty else str(rows["plan_version"].iloc[0]),
        promotions=len(rows),
        products=int(rows["product_id"].nunique()),
        budget=round(draft.problem.budget, 2),
        cost=round(float(rows["cost"].sum()), 2),
        incremental_margin=round(margin, 2),
        incremental_margin_p10=round(margin - Z10 * _margin_sd(proposal), 2),
        incremental_units=round(float(rows["incremental_units"].sum()), 2),
        objective=round(solution.objective, 2),
        bound=round(solution.bound, 2),
        optimality_gap=round(solution.gap, 8),
        promotions_by_mechanic=_counts(rows["mechanic"]),
        promotions_by_audience=_counts(rows["audience_id"]),
        promotions_by_support=_counts(rows["support"]),
        promotions_by_depth=_counts(depth),
        promotions_by_week=_counts(monday_of(rows["starts_at"]).dt.date),
        margin_from_priors=round(float(rows["margin_from_priors"].sum()), 2),
        limits=_limits(proposal),
        products_considered=len(draft.excluded),
        products_excluded=_counts(draft.excluded.dropna()),
        announced_withdrawn=[Withdrawn(**each) for each in draft.withdrawn],
        shared_stock=_shared_stock(proposal),
        frontier=frontier,
        tradeoffs=tradeoffs,
        edits=[edit.model_dump(mode="json") for edit in edits],
    )


def _limits(proposal: Proposal) -> list[BindingLimit]:
    """Binding shared limits: the budget first, then each kind by shadow price."""
    prices, problem = proposal.solution.prices, proposal.draft.problem
    categories, weeks = problem.names.categories, problem.names.weeks
    sets = [", ".join(problem.names.items[item] for item in rivals) for rivals in problem.exclusive]
    owners = (
        []
        if problem.shared_stock is None
        else [problem.names.items[k] for k in problem.shared_stock.owner]
    )
    kinds: dict[str, tuple[np.ndarray, dict[str, Sequence[str]]]] = {
        "budget": (np.array(prices.budget), {}),
        "week_budget": (prices.week_budget, {"week_start_date": weeks}),
        "category_budget": (prices.category_budget, {"category": categories}),
        "category_week_slots": (
            prices.slots,
            {"category": categories, "week_start_date": weeks},
        ),
        "week_slots": (prices.week_slots, {"week_start_date": weeks}),
        "companion_stock": (prices.shared_stock, {"product_id": owners, "week_start_date": weeks}),
        "never_together": (prices.exclusive, {"products": sets, "week_start_date": weeks}),
    }
    return [
        BindingLimit(
            name,
            round(float(price[at]), 4),
            **{axis: labels[k] for (axis, labels), k in zip(axes.items(), at, strict=True)},
        )
        for name, (price, axes) in kinds.items()
        for at in sorted(np.ndindex(price.shape), key=lambda at: -float(price[at]))
        if round(float(price[at]), 4) > 0
    ]


def _shared_stock(proposal: Proposal) -> list[SharedStock]:
    """What the planned promotions take of stock that several lean on."""
    draft = proposal.draft
    shared = draft.problem.shared_stock
    if shared is None:
        return []
    ids = promotion_ids(proposal)
    entries: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for entry, key in enumerate(zip(shared.item, shared.option, strict=True)):
        entries[key].append(entry)
    taken: list[dict[str, float]] = [{} for _ in shared.owner]
    for promotion, item, week, option in zip(ids, *proposal.chosen, strict=True):
        for entry in entries[item, option]:
            units = round(float(shared.units[entry, week]), STOCK_DIGITS)
            if units > 0:
                taken[shared.stock[entry]][promotion] = units
    return [
        SharedStock(
            product_id=str(draft.items.product_id[owner]),
            lasts=int(lasts),
            room=[round(float(r), STOCK_DIGITS) if np.isfinite(r) else None for r in room],
            taken=by_promotion,
        )
        for owner, lasts, room, by_promotion in zip(
            shared.owner, shared.lasts, shared.room, taken, strict=True
        )
    ]


def _margin_sd(proposal: Proposal) -> float:
    """One product's promotions err together, different products' apart."""
    item, _, _ = proposal.chosen
    sd = proposal.draft.economics.money.margin_sd[proposal.chosen]
    return float(np.sqrt((np.bincount(item, sd, minlength=1) ** 2).sum()))


def _counts(values: pd.Series) -> dict[str, int]:
    return dict(sorted(Counter(values.astype(str)).items()))
