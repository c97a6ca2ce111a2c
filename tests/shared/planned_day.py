"""A shop small enough to read: two products, three customers, a plan for one week."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_shop import POLICY, write_shop

from ml import lake
from ml.contracts.marts import (
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    DIM_CUSTOMERS,
    DIM_PRODUCTS,
    FCT_CUSTOMER_CATEGORIES,
    FCT_CUSTOMER_PRODUCTS,
    FCT_PRODUCT_WEEKS,
)
from ml.contracts.outputs import (
    ALTERNATIVES,
    CANDIDATES,
    DEAL_TERMS,
    FORECASTS,
    PLAN,
    QUANTILES,
    RESPONSES,
    STOCK,
)
from ml.contracts.plan_summary import BindingLimit, FrontierPoint, PlanSummary, TradeoffPoint
from ml.contracts.profiles import CUSTOMER_SEGMENTS
from ml.contracts.reasons import Binding, Effects, NextBest, Reasons, SpilloverFacts, Takers
from ml.files import replace_text, to_json
from ml.promotions.gate_verdict import write_verdict
from ml.promotions.plan import summary_path
from ml.settings import settings

MONDAY = date(2017, 12, 4)
PRODUCTS = ("100", "200")
REASONS = Reasons(
    elasticity=-1.5,
    elasticity_sd=0.25,
    price_identified=True,
    display_lift=0.5,
    mailer_lift=0.2,
    offer=Takers(takers=1.0, joiners=0.0, share_of_units=1.0, margin_from_priors=0.0),
    audience=None,
    effects=Effects(offer=0.3365, display=0.2, mailer=0.1766, stock=-0.02),
    multiplier=2.04,
    incremental_margin_sd=1.5,
    supplier_funding_share=0.0,
    spillovers=SpilloverFacts(0.4, 1.2, None),
    limits=[Binding("budget", shadow_price=0.4)],
    next_best=NextBest("percent_off", 0.1, "none", "all", 2.0, 3.0, gives_up=1.0),
    assumed=["stock"],
)


@pytest.fixture
def shop(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write the small shop; call it with policy values to change."""

    def write(**policy: object) -> None:
        write_shop()
        path = tmp_path / "policy.yml"
        path.write_text(yaml.safe_dump(POLICY | policy))
        monkeypatch.setenv("PROMOLOOP_POLICY_PATH", str(path))
        settings.cache_clear()

    return write


@pytest.fixture
def plan_day(home: Path) -> Callable[..., str]:
    """Write everything a publication reads for a day; returns the plan's version."""
    return _plan_day


def _plan_day(as_of: date = MONDAY, promo_price: float = 7.99, subcategory: str = "TEA") -> str:
    version = f"{as_of}-{int(promo_price * 100):08x}"
    lake.write(DIM_PRODUCTS, as_of, _products(subcategory))
    lake.write(DIM_CUSTOMERS, as_of, _customers())
    lake.write(FCT_PRODUCT_WEEKS, as_of, _history())
    lake.write(FORECASTS, as_of, _forecasts())
    lake.write(RESPONSES, as_of, _responses())
    lake.write(STOCK, as_of, _stock())
    lake.write(CANDIDATES, as_of, _candidates())
    lake.write(FCT_CUSTOMER_PRODUCTS, as_of, _bought())
    lake.write(ALTERNATIVES, as_of, _alternatives())
    lake.write(PLAN, as_of, _plan(as_of, version, promo_price), models={"demand": "3"})
    summary = PlanSummary(
        plan_version=version,
        promotions=2,
        products=2,
        budget=50.0,
        cost=5 * promo_price,
        incremental_margin=10.0,
        incremental_margin_p10=6.0,
        optimality_gap=0.0,
        promotions_by_mechanic={"percent_off": 2},
        limits=[BindingLimit("budget", 0.4)],
        products_excluded={"below the margin floor": 3},
        frontier=[FrontierPoint(25.0, 20.0, 1, 7.0, 0.5), FrontierPoint(50.0, 40.0, 2, 10.0, 0.4)],
        tradeoffs=[
            TradeoffPoint(8.0, 30.0, 20.0, 1, is_plan=False),
            TradeoffPoint(10.0, 25.0, 40.0, 2, is_plan=True),
        ],
    )
    replace_text(summary_path(as_of), to_json(summary.to_dict()))
    write_verdict(as_of, version, passed=True)
    return version


@pytest.fixture
def segmented(home: Path) -> Callable[..., None]:
    """Write the day's segments: c1 alone is a coupon user, everybody else frequent."""
    return _segments


def _segments(as_of: date = MONDAY) -> None:
    own = pd.DataFrame({"customer_id": [f"c{k}" for k in range(40)]})
    alone = own["customer_id"] == "c1"
    names = alone.map({True: "coupon users", False: "frequent"})
    place = alone.astype(int)
    rows = own.assign(segment_id=place, segment=names, audience_id="segment-" + place.astype(str))
    tea = own.assign(category="TEA", lines=1, sales=Decimal("10.00"), sales_share=1.0)
    cups = tea[alone].assign(category="CUPS", sales=Decimal("30.00"))
    baskets = {"on_promotion": [True, False] * 2, "units": 1, "baskets": 10}
    bought = pd.DataFrame({"product_id": [p for p in PRODUCTS for _ in (0, 1)]} | baskets)
    lake.write(CUSTOMER_SEGMENTS, as_of, rows)
    lake.write(FCT_CUSTOMER_CATEGORIES, as_of, pd.concat([tea, cups]))
    lake.write(AGG_PRODUCT_BASKET_UNITS_HISTOGRAM, as_of, bought)


def _per_product(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"product_id": PRODUCTS, **columns})


def _products(subcategory: str) -> pd.DataFrame:
    return _per_product(
        brand=["National", "Private"],
        manufacturer_id="1",
        department="GROCERY",
        category=["TEA", "CUPS"],
        subcategory=[subcategory, "CUPS"],
        package_size=["20 CT", None],
        unit_cost=None,
        list_price=None,
        is_merchandise=True,
        exclusion_reason=None,
        first_sold_on=date(2017, 1, 2),
        last_sold_on=date(2017, 12, 1),
    ).fillna({"package_size": "unknown"})


def _customers() -> pd.DataFrame:
    required = [c for c in DIM_CUSTOMERS.columns if not c.nullable]
    shares = {c.name: 0.5 for c in required if c.kind == "double"}
    scores = {c.name: 3 for c in required if c.kind == "int64"}
    unknown = {c.name: None for c in DIM_CUSTOMERS.columns if c.nullable}
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{k}" for k in range(40)],
            **shares,
            **scores,
            **unknown,
            "first_visit_on": date(2017, 1, 2),
            "last_visit_on": date(2017, 12, 1),
            "recency_days": 3,
            "visits": 2,
            "sales": Decimal("10.00"),
            "top_department": "GROCERY",
            "top_category": "TEA",
        }
    )
    return frame.assign(may_be_targeted=frame["customer_id"] != "c0")


def _history() -> pd.DataFrame:
    weeks = [MONDAY - timedelta(weeks=k) for k in range(1, 9)]
    rows = pd.MultiIndex.from_product([PRODUCTS, weeks], names=["product_id", "week_start_date"])
    return rows.to_frame(index=False).assign(
        units=4,
        sales=Decimal("40.00"),
        regular_price=10.0,
        shelf_price=10.0,
        depth=0.0,
        display_share=0.0,
        mailer_share=0.0,
        stores_selling=1,
        baskets=4,
        days_out_of_stock=0,
    )


def _forecasts() -> pd.DataFrame:
    quantiles = {f"p{int(q * 100)}": 8.0 * q for q in QUANTILES}
    return _per_product(
        week_start_date=MONDAY, horizon=1, mean_units=4.0, **quantiles, model_version="3"
    )


def _responses() -> pd.DataFrame:
    return _per_product(
        regular_price=10.0,
        elasticity=-1.5,
        elasticity_sd=0.25,
        display_lift=0.5,
        display_lift_sd=0.1,
        mailer_lift=0.2,
        mailer_lift_sd=0.1,
        dispersion=3.0,
        promoted_weeks=5,
        price_identified=[True, False],
        model_version="3",
    )


def _stock() -> pd.DataFrame:
    return _per_product(
        week_start_date=MONDAY,
        horizon=1,
        receipts=4.0,
        available_units=20.0,
        stockout_probability=0.01,
        days_of_cover=35.0,
        replenishment_weeks=2,
        is_simulated=True,
    )


def _candidates() -> pd.DataFrame:
    customers = [f"c{k}" for k in range(40)]
    rows = pd.MultiIndex.from_product([customers, PRODUCTS], names=["customer_id", "product_id"])
    ranked = rows.to_frame(index=False).assign(
        rank=lambda f: f.groupby("customer_id").cumcount() + 1, score=0.5
    )
    return ranked.reindex(columns=CANDIDATES.column_names)


def _bought() -> pd.DataFrame:
    customers = [f"c{k}" for k in range(40)]
    rows = pd.MultiIndex.from_product([customers, PRODUCTS], names=["customer_id", "product_id"])
    return rows.to_frame(index=False).assign(
        purchases=2,
        units=2,
        sales=Decimal("20.00"),
        decayed_purchases=1.5,
        first_bought_on=date(2017, 10, 2),
        last_bought_on=date(2017, 11, 20),
    )


def _plan(as_of: date, version: str, promo_price: float) -> pd.DataFrame:
    start = pd.Timestamp(MONDAY)
    return _per_product(
        plan_version=version,
        as_of=as_of,
        promotion_id=[f"{p}-20171204-percent_off" for p in PRODUCTS],
        department="GROCERY",
        category=["TEA", "CUPS"],
        mechanic="percent_off",
        depth=1 - promo_price / 10.0,
        **dict.fromkeys(DEAL_TERMS),
        support=["display+mailer", "none"],
        audience_id="all",
        audience_share=1.0,
        store_group="all",
        starts_at=start,
        ends_at=start + pd.Timedelta(days=7),
        max_redemptions=12,
        per_customer_limit=4,
        regular_price=10.0,
        promo_price=promo_price,
        unit_cost=5.0,
        cost_is_assumed=True,
        baseline_units=4.0,
        expected_units=8.0,
        expected_units_p10=4.0,
        expected_units_p50=8.0,
        expected_units_p90=12.0,
        incremental_units=4.0,
        incremental_margin=5.0,
        incremental_margin_p10=3.0,
        margin_from_priors=0.0,
        cost=20.0,
        roi=0.25,
        stockout_probability=0.05,
        stock_is_simulated=True,
        reasons=REASONS.to_json(),
        model_versions='{"demand": "3"}',
        experiment_id=None,
        holdout_share=0.25,
    )


def _alternatives() -> pd.DataFrame:
    """Ten percent off TEA is allowed, a fourth item free is not."""
    return pd.DataFrame(
        {
            "promotion_id": f"{PRODUCTS[0]}-20171204-percent_off",
            "offer": [0, 1],
            "audience_id": "all",
            "mechanic": ["percent_off", "buy_get"],
            "depth": [0.1, 0.25],
            "support": "none",
            "promo_price": [9.0, 7.5],
            "buy_qty": [None, 3],
            "get_qty": [None, 1],
            "get_depth": [None, 1.0],
            "threshold_amount": None,
            "discount_amount": None,
            "expected_units": [5.0, 6.0],
            "incremental_margin": [2.0, 1.0],
            "cost": [3.0, 4.0],
            "ruled_out_by": [None, "most_from_priors"],
        }
    )
