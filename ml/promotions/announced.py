"""Promotions that shoppers were already told of: the weeks of the live schedule that stay."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ml.contracts.outputs import PLAN
from ml.promotions import releases
from ml.promotions.economics import Economics, Items
from ml.promotions.options import Options
from ml.promotions.problem import FREE, NOTHING, PlanProblem
from ml.settings import settings

MADE_LIVE = ("publish", "roll_back")
PRICED = ("percent_off", "bundle", "flash")  # their terms are the price itself
CENT = 0.01
DAY = timedelta(days=1)
LOOK_BACK = 12  # weeks, beyond which no promotion keeps its product from another


@dataclass(frozen=True)
class Frozen:
    """`pinned` int (items, weeks); `withdrawn` says which promotions could not stay, and why."""

    pinned: np.ndarray | None
    withdrawn: list[dict[str, str]]


def live_before(as_of: date) -> list[str]:
    """The versions planned before as_of that were live, the one that went live last first."""
    history = settings().published / releases.HISTORY
    if not history.is_file():
        return []
    steps = [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
    known = set(releases.versions())
    live = [
        step["plan_version"]
        for step in steps
        if step["action"] in MADE_LIVE and step["plan_version"] in known
    ]
    return [v for v in dict.fromkeys(reversed(live)) if date.fromisoformat(v[:10]) < as_of]


def announced(as_of: date) -> pd.DataFrame:
    """The schedule that was live before as_of, rows of PLAN with their `week`, a Monday."""
    versions = live_before(as_of)
    if not versions:
        return pd.DataFrame(columns=[*PLAN.column_names, "week"])
    return _schedule(versions[0])


def promoted_before(as_of: date, first: date) -> pd.DataFrame:
    """product_id and week of what was on promotion in the LOOK_BACK weeks before `first`.

    Each week, a Monday, as the schedule that went live last among those that reach it had it.
    """
    since, known = first - timedelta(weeks=LOOK_BACK), first
    found = [pd.DataFrame(columns=["product_id", "week"])]
    for version in live_before(as_of):
        if known <= since:
            break
        lines = _schedule(version)
        found.append(lines.loc[lines["week"].between(since, known - DAY), ["product_id", "week"]])
        known = min(lines["week"].min(), known) if len(lines) else known
    return pd.concat(found[1:] or found, ignore_index=True)


def rest(problem: PlanProblem, items: Items, promoted: pd.DataFrame) -> PlanProblem:
    """Rule out weeks in which a product's gap since a promotion in `promoted` is not over.

    Promotions that are pinned stay: they were announced, or a person asked for them.
    """
    last = items.table["product_id"].map(promoted.groupby("product_id")["week"].max())
    weeks = [[(week - day).days // 7 for week in items.weeks] for day in last.fillna(date.min)]
    resting = np.array(weeks) <= items.gap[:, None]
    if problem.pinned is not None:
        resting &= problem.pinned < 0
    return replace(problem, allowed=problem.allowed & ~resting[:, :, None])


def _schedule(version: str) -> pd.DataFrame:
    return with_weeks(pd.read_parquet(releases.folder(version) / "schedule.parquet"))


def with_weeks(lines: pd.DataFrame) -> pd.DataFrame:
    """Rows of PLAN with the Monday of the week in which each starts."""
    starts = pd.to_datetime(lines["starts_at"])
    return lines.assign(week=starts.dt.to_period("W").dt.start_time.dt.date)


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
    pinned = np.full((len(items.table), len(items.weeks)), FREE)
    pinned[:, covered] = NOTHING
    rows = {product: row for row, product in enumerate(items.table["product_id"])}
    withdrawn = []
    for line in live[live["week"].isin(items.weeks[covered])].to_dict("records"):
        item, week = (
            rows.get(line["product_id"]),
            int(np.flatnonzero(items.weeks == line["week"])[0]),
        )
        option = None if item is None else option_of(line, item, options)
        if item is not None and option is not None and economics.allowed[item, week, option]:
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
        offer = options.offers[options.offer[option]]
        if offer.audience.audience_id != line["audience_id"]:
            continue
        if offer.mechanic != line["mechanic"] or not np.isfinite(options.price[item, option]):
            continue
        same = all(_same(value, line[name], item) for name, value in offer.terms.items())
        off = abs(options.price[item, option] - line["promo_price"])
        if same and (offer.mechanic not in PRICED or off < CENT / 2):
            return int(option)
    return None


def _same(term: Any, told: Any, item: int) -> bool:
    value = term[item] if isinstance(term, np.ndarray) else term
    return bool(str(value) == told if isinstance(told, str) else abs(value - told) < CENT / 2)
