"""The plan's rows: one per promotion."""

import hashlib
import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.contracts.outputs import DEAL_TERMS, PLAN
from ml.inventory.distribution import coverage, quantile
from ml.promotions.explanation.reasons import DIGITS, reasons
from ml.promotions.mechanics.deal import Deal
from ml.promotions.planning.proposal import Proposal


def plan_rows(proposal: Proposal, as_of: date, models: dict[str, str]) -> pd.DataFrame:
    """PLAN's rows with their version, which is a hash of everything in them."""
    rows = pd.concat([_deals(proposal), _figures(proposal)], axis=1)
    rows["reasons"] = [
        reasons(proposal, int(i), int(w), int(o)).to_json()
        for i, w, o in zip(*proposal.chosen, strict=True)
    ]
    rows = rows.assign(
        as_of=as_of,
        model_versions=json.dumps(models, sort_keys=True),
        experiment_id=None,
        holdout_share=proposal.draft.policy.holdout_share,
    )
    rows = rows.sort_values("promotion_id", kind="stable").reset_index(drop=True)
    text = rows[[name for name in PLAN.column_names if name != "plan_version"]].to_csv(index=False)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return rows.assign(plan_version=f"{as_of.isoformat()}-{digest}")


def promotion_ids(proposal: Proposal) -> list[str]:
    """The id of each chosen promotion, in the proposal's order."""
    items, options = proposal.draft.items, proposal.draft.options
    return [
        f"{items.product_id[i]}-{items.weeks[w]:%Y%m%d}-{options.deals[options.deal[o]].mechanic}"
        for i, w, o in zip(*proposal.chosen, strict=True)
    ]


def _deals(proposal: Proposal) -> pd.DataFrame:
    """Which deal each product has, where and when."""
    draft, (item, week, option) = proposal.draft, proposal.chosen
    items, options = draft.items, draft.options
    starts = pd.to_datetime(pd.Series(items.weeks[week], dtype=object))
    deals = [options.deals[place] for place in options.deal[option]]
    opens = starts + pd.Series([deal.opens for deal in deals], dtype="timedelta64[ns]")
    lasts = pd.Series([deal.lasts for deal in deals], dtype="timedelta64[ns]")
    return pd.DataFrame(
        {
            "product_id": items.product_id[item],
            "department": items.department[item],
            "category": items.category[item],
            "cost_is_assumed": items.cost_is_assumed[item],
            "promotion_id": pd.Series(promotion_ids(proposal), dtype=object),
            "mechanic": pd.Series([deal.mechanic for deal in deals], dtype=object),
            "depth": np.round(options.depth[item, option], DIGITS),
            "support": options.support[option],
            "audience_id": pd.Series([deal.audience.audience_id for deal in deals], dtype=object),
            "audience_share": audience_shares(deals, items.product_id[item]),
            "store_group": "all",
            "starts_at": opens,
            "ends_at": opens + lasts,
            "per_customer_limit": draft.policy.per_customer_limit,
            "regular_price": items.regular_price[item],
            "promo_price": np.round(options.price[item, option], DIGITS),
            "unit_cost": np.round(items.unit_cost[item], DIGITS),
            **{name: term(deals, name, item) for name in DEAL_TERMS},
        }
    )


def term(deals: list[Deal], name: str, item: np.ndarray) -> list[Any]:
    """One column of terms, null where a mechanic has no such term."""
    values = [deal.terms.get(name) for deal in deals]
    return [
        value[row] if isinstance(value, np.ndarray) else value
        for value, row in zip(values, item, strict=True)
    ]


def audience_shares(deals: list[Deal], product_ids: np.ndarray) -> list[float]:
    """The part of each row's demand that its deal's audience buys."""
    return [
        1.0 if deal.audience.is_everybody else round(float(deal.audience.of_units[key]), DIGITS)
        for deal, key in zip(deals, product_ids, strict=True)
    ]


def _figures(proposal: Proposal) -> pd.DataFrame:
    """What each promotion is expected to sell, earn and cost."""
    draft, (item, week, option) = proposal.draft, proposal.chosen
    at, demand, money = (item, week, option), draft.economics.demand, draft.economics.money
    dispersion, stock = draft.items.dispersion[item], draft.items.stock[item, week]
    mean, before = demand.mean[at], demand.baseline_sales[item, week]
    expected, margin, cost = demand.sales.expected[at], money.margin[at], money.cost[at]

    def percentile(share: float, of: np.ndarray) -> np.ndarray:
        return np.minimum(quantile(share, of, dispersion), np.floor(stock))

    figures = pd.DataFrame(
        {
            "baseline_units": before,
            "expected_units": expected,
            "expected_units_p10": percentile(0.1, mean),
            "expected_units_p50": percentile(0.5, mean),
            "expected_units_p90": percentile(0.9, mean),
            "incremental_units": expected - before,
            "incremental_margin": margin,
            "incremental_margin_p10": money.margin_low[at],
            "margin_from_priors": money.from_priors[at],
            "cost": cost,
            "roi": margin / cost,
            "stockout_probability": 1 - coverage(stock, mean, dispersion),
        }
    ).round(DIGITS)
    redeemed = mean * demand.taken[item, option]
    enough = percentile(draft.policy.stock_service_level, redeemed)
    return figures.assign(
        max_redemptions=enough.astype("int64"),
        stock_is_simulated=draft.items.stock_is_simulated[item],
    )
