"""The plan's rows: one per promotion."""

import hashlib
import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.contracts.outputs import PLAN
from ml.inventory.distribution import coverage, quantile
from ml.promotions.explanation.reasons import DIGITS, reasons
from ml.promotions.mechanics.deal import Offer
from ml.promotions.planning.proposal import Proposal

TERMS = (
    "threshold_amount",
    "discount_amount",
    "buy_qty",
    "get_qty",
    "get_depth",
    "gift_product_id",
    "bundle_id",
    "bundle_product_id",
)


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
    offers = [proposal.options.offers[place] for place in proposal.options.offer[option]]
    mechanic = pd.Series([offer.mechanic for offer in offers], dtype=object)
    ids = table["product_id"] + "-" + starts.dt.strftime("%Y%m%d") + "-" + mechanic
    opens = starts + pd.Series([offer.opens for offer in offers], dtype="timedelta64[ns]")
    lasts = pd.Series([offer.lasts for offer in offers], dtype="timedelta64[ns]")
    return table[["product_id", "department", "category", "cost_is_assumed"]].assign(
        promotion_id=ids,
        mechanic=mechanic,
        depth=np.round(proposal.options.depth[item, option], DIGITS),
        support=proposal.options.support[option],
        audience_id=pd.Series([offer.audience.audience_id for offer in offers], dtype=object),
        audience_share=audience_shares(offers, table["product_id"]),
        store_group="all",
        starts_at=opens,
        ends_at=opens + lasts,
        per_customer_limit=proposal.policy.per_customer_limit,
        regular_price=table["regular_price"],
        promo_price=np.round(proposal.options.price[item, option], DIGITS),
        unit_cost=table["unit_cost"].round(DIGITS),
        **{name: term(offers, name, item) for name in TERMS},
    )


def term(offers: list[Offer], name: str, item: np.ndarray) -> list[Any]:
    """One column of terms, null where a mechanic has no such term."""
    values = [offer.terms.get(name) for offer in offers]
    return [
        value[row] if isinstance(value, np.ndarray) else value
        for value, row in zip(values, item, strict=True)
    ]


def audience_shares(offers: list[Offer], product_ids: pd.Series) -> list[float]:
    """The part of each row's demand that its offer's audience buys."""
    return [
        1.0 if offer.audience.is_everybody else round(float(offer.audience.of_units[key]), DIGITS)
        for offer, key in zip(offers, product_ids, strict=True)
    ]


def _figures(proposal: Proposal) -> pd.DataFrame:
    """What each promotion is expected to sell, earn and cost."""
    item, week, option = proposal.chosen
    at, economics = (item, week, option), proposal.economics
    size = proposal.items.table["dispersion"].to_numpy(float)[item]
    stock, demand = proposal.items.stock[item, week], economics.mean_demand[at]
    expected, before = economics.sales.expected[at], economics.baseline_sales[item, week]
    margin, cost = economics.margin[at], economics.cost[at]

    def percentile(share: float, of: np.ndarray) -> np.ndarray:
        return np.minimum(quantile(share, of, size), np.floor(stock))

    figures = pd.DataFrame(
        {
            "baseline_units": before,
            "expected_units": expected,
            "expected_units_p10": percentile(0.1, demand),
            "expected_units_p50": percentile(0.5, demand),
            "expected_units_p90": percentile(0.9, demand),
            "incremental_units": expected - before,
            "incremental_margin": margin,
            "incremental_margin_p10": economics.margin_low[at],
            "margin_from_priors": economics.from_priors[at],
            "cost": cost,
            "roi": margin / cost,
            "stockout_probability": 1 - coverage(stock, demand, size),
        }
    ).round(DIGITS)
    taken = demand * economics.taken[item, option]
    enough = percentile(proposal.policy.stock_service_level, taken)
    return figures.assign(
        max_redemptions=enough.astype("int64"),
        stock_is_simulated=proposal.items.stock_is_simulated[item],
    )
