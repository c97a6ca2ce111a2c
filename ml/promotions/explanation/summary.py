"""The plan in numbers: totals, limits that bind, and what another budget would earn."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ml.errors import InfeasibleError
from ml.promotions.economics.demand import Z10
from ml.promotions.explanation.tradeoffs import tradeoff_points
from ml.promotions.planning.proposal import Proposal
from ml.solver.settings import SolverSettings
from ml.solver.solve import solve, usage
from ml.weeks import monday_of

BUDGET_SHARES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
FRONTIER = SolverSettings(target_gap=5e-3)


def summarise(proposal: Proposal, lines: pd.DataFrame, excluded: pd.Series) -> dict[str, Any]:
    """What the report and the run's summary show; money rounded to cents."""
    solution = proposal.solution
    depth = lines["depth"].map(lambda d: f"{round(100 * d / 5) * 5:d} %")
    margin = float(lines["incremental_margin"].sum())
    return {
        "plan_version": "" if lines.empty else lines["plan_version"].iloc[0],
        "promotions": len(lines),
        "products": int(lines["product_id"].nunique()),
        "budget": round(proposal.problem.budget, 2),
        "cost": round(float(lines["cost"].sum()), 2),
        "incremental_margin": round(margin, 2),
        "incremental_margin_p10": round(margin - Z10 * _margin_sd(proposal), 2),
        "incremental_units": round(float(lines["incremental_units"].sum()), 2),
        "objective": round(solution.objective, 2),
        "bound": round(solution.bound, 2),
        "optimality_gap": round(solution.gap, 8),
        "promotions_by_mechanic": _counts(lines["mechanic"]),
        "promotions_by_audience": _counts(lines["audience_id"]),
        "promotions_by_support": _counts(lines["support"]),
        "promotions_by_depth": _counts(depth),
        "promotions_by_week": _counts(monday_of(lines["starts_at"]).dt.date),
        "margin_from_priors": round(float(lines["margin_from_priors"].sum()), 2),
        "limits": _limits(proposal),
        "products_considered": len(excluded),
        "products_excluded": _counts(excluded.dropna()),
        "announced_withdrawn": proposal.withdrawn,
        "frontier": frontier(proposal),
        "tradeoffs": tradeoff_points(proposal),
    }


def frontier(proposal: Proposal) -> list[dict[str, float]]:
    """The best plan at shares of the budget, each solved again to within `FRONTIER.target_gap`.

    A share that does not pay for the promotions that are demanded is left out.
    """
    points = []
    for share in BUDGET_SHARES:
        problem = replace(proposal.problem, budget=share * proposal.problem.budget)
        try:
            solution = proposal.solution if share == 1.0 else solve(problem, FRONTIER)
        except InfeasibleError:
            continue
        points.append(_point(replace(proposal, problem=problem, solution=solution)))
    return points


def _point(proposal: Proposal) -> dict[str, float]:
    spent, _ = usage(proposal.problem, proposal.solution.choice)
    return {
        "budget": round(proposal.problem.budget, 2),
        "cost": round(spent, 2),
        "promotions": len(proposal.chosen[0]),
        "incremental_margin": round(float(proposal.economics.margin[proposal.chosen].sum()), 2),
        "shadow_price": round(proposal.solution.budget_price, 4),
    }


def _limits(proposal: Proposal) -> list[dict[str, Any]]:
    """Binding shared limits: the budget first, then each kind by shadow price."""
    prices, problem = proposal.solution.prices, proposal.problem
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
        {"limit": name, "shadow_price": round(float(price[at]), 4)}
        | {axis: labels[k] for (axis, labels), k in zip(axes.items(), at, strict=True)}
        for name, (price, axes) in kinds.items()
        for at in sorted(np.ndindex(price.shape), key=lambda at: -float(price[at]))
        if round(float(price[at]), 4) > 0
    ]


def _margin_sd(proposal: Proposal) -> float:
    """One product's promotions err together, different products' apart."""
    item, _, _ = proposal.chosen
    sd = proposal.economics.margin_sd[proposal.chosen]
    return float(np.sqrt((np.bincount(item, sd, minlength=1) ** 2).sum()))


def _counts(values: pd.Series) -> dict[str, int]:
    return dict(sorted(Counter(values.astype(str)).items()))
