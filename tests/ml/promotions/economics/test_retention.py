from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from small_shop import AS_OF, GOOD, plan

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS
from ml.contracts.outputs import PLAN
from ml.promotions.economics.retention import late_share
from ml.promotions.plan import write_plan

CUSTOMERS = pd.DataFrame(
    {
        "customer_id": ["late", "usual", "once"],
        "recency_days": [21, 20, 300],
        "mean_days_between_visits": [10.0, 10.0, None],
    }
)
PURCHASES = pd.DataFrame(
    [
        ("late", "tea", 3.0),
        ("usual", "tea", 1.0),
        ("usual", "cup", 2.0),
        ("once", "cup", 2.0),
        ("late", "jam", 0.5),
    ],
    columns=["customer_id", "product_id", "decayed_purchases"],
)


def test_a_customer_is_late_after_twice_their_own_gap():
    found = late_share(CUSTOMERS, PURCHASES)

    assert found.to_dict() == pytest.approx({"tea": 0.75, "cup": 0.0, "jam": 1.0})


def write_buyers(missed):
    """Everybody buys all of the shop's good products; who buys `missed` has stayed away."""
    people = pd.DataFrame(
        {"customer_id": ["here", "away"], "recency_days": [3, 60], "visits": 5}
    ).assign(
        first_visit_on=date(2017, 1, 2),
        last_visit_on=date(2017, 10, 2),
        sales=Decimal("10.00"),
        top_department="GROCERY",
        top_category="TEA",
        mean_days_between_visits=10.0,
        may_be_targeted=True,
    )
    for column in DIM_CUSTOMERS.columns:
        if column.name not in people:
            filled = 3 if column.kind == "int64" else 0.5
            people[column.name] = None if column.nullable else filled
    bought = pd.DataFrame({"customer_id": "here", "product_id": GOOD})
    bought = pd.concat([bought, pd.DataFrame({"customer_id": ["away"], "product_id": [missed]})])
    bought = bought.assign(
        purchases=2,
        units=2,
        sales=Decimal("20.00"),
        decayed_purchases=1.5,
        first_bought_on=date(2017, 9, 4),
        last_bought_on=date(2017, 10, 2),
    )
    lake.write(DIM_CUSTOMERS, AS_OF, people)
    lake.write(FCT_CUSTOMER_PRODUCTS, AS_OF, bought)


def planned(shop, **objective):
    shop(budget=40.0, objective=objective)
    write_plan(AS_OF)
    return plan()["product_id"].value_counts()


@pytest.mark.parametrize("missed", ["p3", "p4"])
def test_what_late_customers_used_to_buy_is_promoted_when_the_policy_asks_for_it(shop, missed):
    write_buyers(missed)

    for_margin = planned(shop)
    assert "fct_customer_products" not in lake.manifest(PLAN, AS_OF).inputs
    for_retention = planned(shop, retention=20.0)

    assert for_retention[missed] == 2  # as often as a product may be
    assert for_margin.get(missed, 0) < 2
    assert lake.manifest(PLAN, AS_OF).inputs["fct_customer_products"]
