"""A small shop, planned end to end: ten products that sell well and respond to promotion."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

from ml import lake
from ml.contracts.marts import (
    AGG_CATEGORY_BASKET_SALES_HISTOGRAM,
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    DIM_PRODUCTS,
    FCT_BASKETS,
    FCT_PRODUCT_PAIRS,
    FCT_PRODUCT_WEEKS,
)
from ml.contracts.outputs import EFFECTS, FORECASTS, PLAN, QUANTILES, RESPONSES, STOCK
from ml.promotions.plan import read_summary, summary_path
from ml.promotions.recount.count import broken_limits
from ml.promotions.recount.facts import read_day_facts

AS_OF = date(2017, 12, 4)
WEEKS = [AS_OF + timedelta(days=7 * k) for k in range(4)]
SUPPORT_COST = {"none": 0.0, "display": 0.5, "mailer": 0.5, "display+mailer": 1.0}
GOOD = [f"p{k}" for k in range(10)]
POLICY = {
    "mechanics": {"percent_off": {"depths": [0.1, 0.2, 0.3]}},
    "most_from_priors": 0.25,
    "supports": ["none", "display", "mailer", "display+mailer"],
    "support_cost_per_product_week": dict(SUPPORT_COST),
    "supported_share": 0.1,
    "budget": 250.0,
    "margin_floor": 0.05,
    "slots_per_category_week": 4,
    "minimum_gap_weeks": 1,
    "maximum_per_product": 2,
    "stock_service_level": 0.9,
    "risk": {"measure": "spread", "aversion": 0.5, "quantile": 0.1, "scenarios": [-1, 0, 1]},
    "price_ending": 0.09,
    "per_customer_limit": 6,
    "holdout_share": 0.1,
    "review": {"plans": {"auto_approve": True}, "models": {"auto_approve": True}},
}
MODELLED = [*GOOD, "fuel", "mute", "gone", "cheap"]


def products():
    rows = pd.DataFrame({"product_id": MODELLED})
    rows = rows.assign(
        brand="Private",
        manufacturer_id="1",
        department="DELI",
        category=["HAM"] * 5 + ["SALAMI"] * 9,
        subcategory="x",
        package_size="1 LB",
        unit_cost=[1.5, *[None] * 13],
        list_price=None,
        is_merchandise=True,
        exclusion_reason=None,
        first_sold_on=date(2017, 1, 2),
        last_sold_on=date(2017, 12, 1),
    )
    rows.loc[rows["product_id"] == "fuel", "is_merchandise"] = False
    rows.loc[rows["product_id"] == "fuel", "exclusion_reason"] = "sold by the gallon"
    return rows


def by_week(**columns):
    keys = [{"product_id": p, "week_start_date": w} for p in MODELLED for w in WEEKS]
    return pd.DataFrame(keys).assign(horizon=np.tile([1, 2, 3, 4], len(MODELLED)), **columns)


def write_effects():
    """A third of the extra units come from later weeks; nothing else moves."""
    shares = {"dip": 0.33, "cannibalisation": 0.0, "halo": 0.0}
    rows = pd.DataFrame({"effect": shares.keys(), "share": shares.values()})
    same = {"category": "all", "onto": "all", "share_sd": 0.0, "share_p05": 0.0, "share_p95": 0.0}
    none = {"estimate": None, "estimate_se": None, "is_identified": False}
    lake.write(EFFECTS, AS_OF, rows.assign(**same, **none))


def write_baskets():
    """Two ham baskets in three hold 2, one salami basket in four more than 50 worth."""
    basket = {"basket_id": "b", "store_id": "s", "sold_on": date(2017, 12, 2), "lines": 1}
    money = dict.fromkeys(("sales", "shelf_discount", "coupon_discount"), Decimal(1))
    one = pd.DataFrame([basket | {"customer_id": "c", "units": 1} | money])
    held = pd.DataFrame({"product_id": [p for p in GOOD for _ in (1, 2)], "units": [1, 2] * 10})
    spent = pd.DataFrame({"category": ["HAM", "SALAMI"] * 2, "sales_from": [10, 10, 50, 50]})
    pairs = pd.DataFrame({"product_id": GOOD, "partner_id": [*GOOD[1:], GOOD[0]]})
    lake.write(FCT_BASKETS, AS_OF, one)
    quantities = held.assign(on_promotion=True, baskets=100 * held["units"])
    lake.write(AGG_PRODUCT_BASKET_UNITS_HISTOGRAM, AS_OF, quantities)
    lake.write(
        AGG_CATEGORY_BASKET_SALES_HISTOGRAM, AS_OF, spent.assign(baskets=[100, 300, 100, 100])
    )
    lake.write(FCT_PRODUCT_PAIRS, AS_OF, pairs.assign(baskets=200, baskets_together=100))


def write_shop():
    """Write the tables of AS_OF that a plan is made from."""
    quantiles = {f"p{int(q * 100)}": 20.0 for q in QUANTILES}
    forecasts = by_week(mean_units=20.0, model_version="7", **quantiles)
    stock = by_week(
        receipts=0.0,
        available_units=120.0,
        stockout_probability=0.0,
        days_of_cover=40.0,
        replenishment_weeks=2,
        is_simulated=True,
    )
    stock.loc[stock["product_id"] == "gone", "available_units"] = 0.0
    stock.loc[stock["product_id"].isin(GOOD[5:]), "available_units"] = 60.0
    responses = pd.DataFrame({"product_id": [p for p in MODELLED if p != "mute"]}).assign(
        regular_price=3.99,
        elasticity=-3.0,
        elasticity_sd=0.3,
        display_lift=0.9,
        display_lift_sd=0.1,
        mailer_lift=0.3,
        mailer_lift_sd=0.1,
        dispersion=6.0,
        promoted_weeks=12,
        price_identified=True,
        model_version="7",
    )
    responses.loc[responses["product_id"] == "cheap", "regular_price"] = 0.05
    weeks = by_week(units=20, regular_price=3.99, shelf_price=3.99, depth=0.0)
    weeks = weeks.assign(
        display_share=0.3, mailer_share=1.0, stores_selling=1, baskets=9, days_out_of_stock=0
    )
    weeks["week_start_date"] = [w - timedelta(days=28) for w in weeks["week_start_date"]]
    lake.write(FORECASTS, AS_OF, forecasts, models={"demand": "7"})
    lake.write(RESPONSES, AS_OF, responses)
    lake.write(STOCK, AS_OF, stock)
    lake.write(DIM_PRODUCTS, AS_OF, products())
    lake.write(FCT_PRODUCT_WEEKS, AS_OF, weeks.assign(sales=Decimal("9.00")))
    write_baskets()
    write_effects()


def plan():
    return lake.read(PLAN, AS_OF)


def summary():
    return json.loads(summary_path(AS_OF).read_text())


def broken(rows, policy, **changed):
    """What the gate finds wrong with rows under a policy; `changed` fields of the summary."""
    facts = read_day_facts(AS_OF, lake.read(STOCK, AS_OF))
    return broken_limits(rows, facts, policy, replace(read_summary(AS_OF), **changed))
