"""The policy's limits as the arrays of a plan problem."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.errors import InfeasibleError, PolicyError
from ml.inventory.distribution import quantile
from ml.promotions.economics.items import Items
from ml.promotions.economics.value import Economics
from ml.promotions.planning.names import REMEDY
from ml.solver.problem import Names, PlanProblem
from ml.solver.shared_stock import SharedStock


def make_problem(
    items: Items,
    economics: Economics,
    policy: Policy,
    budget: float,
    pinned: np.ndarray | None = None,
    draws: SharedStock | None = None,
) -> PlanProblem:
    """The plan problem under every limit of the policy.

    `pinned` holds frozen promotions, `draws` what offers take of stock that they share.

    Raises:
        PolicyError: a limit does not fit the horizon or the products.
        InfeasibleError: a product that must be promoted may not be.
    """
    shape = (len(items.categories.categories), len(items.weeks))
    per_category = _by_category(items, policy.slots_by_category, policy.slots_per_category_week)
    units, stock = _stock(items, economics, policy)
    least, most = policy.duration_weeks.least, policy.duration_weeks.most
    if least > len(items.weeks):
        raise PolicyError(
            f"duration_weeks.least is {least}, but {len(items.weeks)} weeks are planned; "
            f"{REMEDY} or plan more weeks"
        )
    return PlanProblem(
        value=economics.money.value,
        cost=economics.money.cost,
        allowed=economics.limits.allowed,
        category=items.categories.codes.astype(np.int64),  # pandas: int8 for a few categories
        slots=np.broadcast_to(per_category[:, None], shape),
        gap=items.gap,
        max_promotions=policy.maximum_per_product,
        budget=budget,
        week_budget=_week_budget(items, policy),
        category_budget=_category_budget(items, policy),
        week_slots=_week_slots(items, policy),
        exclusive=tuple(rows for rows in _rows(items, policy.never_together) if len(rows) > 1),
        duration=(least, most),
        units=units,
        stock=stock,
        shared_stock=draws,
        group=_groups(items, policy),
        must=_must(items, economics, policy),
        pinned=pinned,
        names=Names(
            items=items.product_id.tolist(),
            categories=items.categories.categories.tolist(),
            weeks=[str(week) for week in items.weeks],
        ),
    )


def _by_category(items: Items, limits: Mapping[str, float], otherwise: float) -> Floats:
    """A number for each category; names in any case."""
    upper = {name.upper(): number for name, number in limits.items()}
    return np.array([upper.get(c.upper(), otherwise) for c in items.categories.categories], float)


def _category_budget(items: Items, policy: Policy) -> Floats | None:
    limits = policy.category_budgets
    return _by_category(items, limits, limits.get("default", np.inf)) if limits else None


def _week_budget(items: Items, policy: Policy) -> Floats | None:
    limits: Mapping[Any, float] = policy.week_budgets
    if not limits:
        return None
    rest = limits.get("default", np.inf)
    return np.array([limits.get(week, rest) for week in items.weeks], float)


def _week_slots(items: Items, policy: Policy) -> Floats | None:
    most = policy.slots_per_week
    return None if most is None else np.full(len(items.weeks), float(most))


def _rows(items: Items, groups: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """The rows of each group's products, as far as they may be planned at all."""
    ids = pd.Index(items.product_id)
    return [np.flatnonzero(ids.isin(group)) for group in groups]


def _groups(items: Items, policy: Policy) -> np.ndarray | None:
    if not policy.move_together:
        return None
    group = np.arange(len(items.product_id))
    for rows in _rows(items, policy.move_together):
        group[rows] = rows[0] if len(rows) else 0
    return group


def _must(items: Items, economics: Economics, policy: Policy) -> np.ndarray | None:
    if not policy.must_promote:
        return None
    must = np.asarray(pd.Index(items.product_id).isin(policy.must_promote))
    barred = must & ~economics.limits.allowed.any(axis=(1, 2))
    left_out = {*policy.must_promote} - {*items.product_id[must & ~barred]}
    if left_out:
        raise InfeasibleError(
            f"must_promote: no week and option is left for products {sorted(left_out)}: each is "
            "not modelled, excluded, below the margin floor, short of stock or off the price "
            f"ladder; {REMEDY}"
        )
    return must


def _stock(
    items: Items, economics: Economics, policy: Policy
) -> tuple[Floats | None, Floats | None]:
    """What promotions sell beyond the baseline, and what may go, where they last for weeks.

    Promotions of one week are a replenishment apart (`Items.gap`), and each fits alone. In
    longer ones a week finds less than planned: only receipts already planned count.
    """
    if policy.duration_weeks.most == 1:
        return None, None
    size = items.dispersion[:, None, None]
    most = quantile(policy.stock_service_level, economics.demand.mean, size)
    before = items.baseline
    return np.maximum(most - before[:, :, None], 0.0), np.maximum(items.stock - before, 0.0)
