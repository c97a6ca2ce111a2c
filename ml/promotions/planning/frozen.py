"""Weeks of the live schedule that stay as announced."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import Economics
from ml.solver.problem import FREE, NOTHING, PlanProblem

PRICED = ("percent_off", "bundle", "flash")  # their terms are the price itself
CENT = 0.01


@dataclass(frozen=True)
class Frozen:
    """`pinned` int (items, weeks); `withdrawn` says which promotions could not stay, and why."""

    pinned: np.ndarray | None
    withdrawn: list[dict[str, str]]


def rest(problem: PlanProblem, items: Items, promoted: pd.DataFrame) -> PlanProblem:
    """Rule out weeks in which a product's gap since a promotion in `promoted` is not over.

    Promotions that are pinned stay: they were announced, or a person asked for them.
    """
    last = pd.Series(items.product_id).map(promoted.groupby("product_id")["week"].max())
    weeks = [[(week - day).days // 7 for week in items.weeks] for day in last.fillna(date.min)]
    resting = np.array(weeks) <= items.gap[:, None]
    if problem.pinned is not None:
        resting &= problem.pinned < 0
    return replace(problem, allowed=problem.allowed & ~resting[:, :, None])


def freeze(
    live: pd.DataFrame, weeks: int, items: Items, options: Options, economics: Economics
) -> Frozen:
    """Pin the first `weeks` of the horizon to `live`, as far as it reaches.

    A promotion that may not be had any more (stock, margin floor, price, product) is withdrawn:
    its product gets none in that week.
    """
    last = max(live["week"], default=date.min)
    covered = [at for at, week in enumerate(items.weeks[:weeks]) if week <= last]
    if not covered:
        return Frozen(None, [])
    pinned = np.full((len(items.product_id), len(items.weeks)), FREE)
    pinned[:, covered] = NOTHING
    rows = items.rows
    withdrawn = []
    for line in live[live["week"].isin(items.weeks[covered])].to_dict("records"):
        item, week = (
            rows.get(line["product_id"]),
            int(np.flatnonzero(items.weeks == line["week"])[0]),
        )
        option = None if item is None else option_of(line, item, options)
        if item is not None and option is not None and economics.limits.allowed[item, week, option]:
            pinned[item, week] = option
            continue
        why = "not planned any more" if item is None else "its terms are not offered any more"
        if option is not None:
            why = "stock, margin floor or priors rule it out now"
        withdrawn.append({"promotion_id": str(line["promotion_id"]), "reason": why})
    return Frozen(pinned, withdrawn)


def option_of(line: Mapping[Hashable, Any], item: int, options: Options) -> int | None:
    """The option that a row of PLAN is, None when it is none of them.

    The terms must be the same, and where the terms are a price, that price.
    """
    for option in np.flatnonzero(options.support == line["support"]).tolist():
        deal = options.deals[options.deal[option]]
        if deal.audience.audience_id != line["audience_id"]:
            continue
        if deal.mechanic != line["mechanic"] or not np.isfinite(options.price[item, option]):
            continue
        same = all(_same(value, line[name], item) for name, value in deal.terms.items())
        off = abs(options.price[item, option] - line["promo_price"])
        if same and (deal.mechanic not in PRICED or off < CENT / 2):
            return int(option)
    return None


def _same(term: Any, other: Any, item: int) -> bool:
    value = term[item] if isinstance(term, np.ndarray) else term
    return bool(str(value) == other if isinstance(other, str) else abs(value - other) < CENT / 2)
