"""The plan's rows: one per promotion."""

import hashlib
import json
from datetime import date

import numpy as np
import pandas as pd

from ml.contracts.outputs import PLAN
from ml.inventory.distribution import coverage, quantile
from ml.promotions.options import MECHANIC
from ml.promotions.proposal import Proposal
from ml.promotions.reasons import DIGITS, reasons


def plan_lines(proposal: Proposal, as_of: date, models: dict[str, str]) -> pd.DataFrame:
    """PLAN's rows with their version, which is a hash of all that they say."""
    lines = pd.concat([_offers(proposal), _figures(proposal)], axis=1)
    lines["reasons"] = [
        json.dumps(reasons(proposal, int(i), int(w), int(o)), sort_keys=True)
        for i, w, o in zip(*proposal.chosen, strict=True)
    ]
    lines = lines.assign(
        as_of=as_of,
        model_versions=json.dumps(models, sort_keys=True),
        experiment_id=None,
        holdout_share=proposal.policy.holdout_share,
    )
    lines = lines.sort_values("promotion_id", kind="stable").reset_index(drop=True)
    said = lines[[name for name in PLAN.column_names if name != "plan_version"]].to_csv(index=False)
    digest = hashlib.sha256(said.encode()).hexdigest()[:8]
    return lines.assign(plan_version=f"{as_of.isoformat()}-{digest}")


def _offers(proposal: Proposal) -> pd.DataFrame:
    """What is offered, where and when."""
    item, week, option = proposal.chosen
    table = proposal.items.table.iloc[item].reset_index(drop=True)
    starts = pd.to_datetime(pd.Series(proposal.items.weeks[week], dtype=object))
    ids = table["product_id"] + "-" + starts.dt.strftime("%Y%m%d") + f"-{MECHANIC}"
    return table[["product_id", "department", "category", "cost_is_assumed"]].assign(
        promotion_id=ids,
        mechanic=MECHANIC,
        depth=np.round(proposal.options.depth[item, option], DIGITS),
        support=proposal.options.support[option],
        audience_id="all",
        store_group="all",
        starts_at=starts,
        ends_at=starts + pd.Timedelta(days=7),
        per_customer_limit=proposal.policy.per_customer_limit,
        regular_price=table["regular_price"],
        promo_price=np.round(proposal.options.price[item, option], 2),
        unit_cost=table["unit_cost"].round(DIGITS),
    )


def _figures(proposal: Proposal) -> pd.DataFrame:
    """What each promotion is expected to sell, earn and cost."""
    item, week, option = proposal.chosen
    at, economics = (item, week, option), proposal.economics
    size = proposal.items.table["dispersion"].to_numpy(float)[item]
    stock, demand = proposal.items.stock[item, week], economics.mean_demand[at]
    expected, before = economics.sales.expected[at], economics.baseline_sales[item, week]
    margin, cost = economics.margin[at], economics.cost[at]

    def percentile(share: float) -> np.ndarray:
        return np.minimum(quantile(share, demand, size), np.floor(stock))

    figures = pd.DataFrame(
        {
            "baseline_units": before,
            "expected_units": expected,
            "expected_units_p10": percentile(0.1),
            "expected_units_p50": percentile(0.5),
            "expected_units_p90": percentile(0.9),
            "incremental_units": expected - before,
            "incremental_margin": margin,
            "incremental_margin_p10": economics.margin_low[at],
            "cost": cost,
            "roi": margin / cost,
            "stockout_probability": 1 - coverage(stock, demand, size),
        }
    ).round(DIGITS)
    return figures.assign(
        max_redemptions=percentile(proposal.policy.stock_service_level).astype("int64"),
        stock_is_simulated=proposal.items.stock_is_simulated[item],
    )
