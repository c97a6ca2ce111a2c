from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from ml import lake
from ml.contracts.marts import DIM_PRODUCTS, FCT_BASKETS, FCT_PRODUCT_WEEKS
from ml.errors import GateError
from ml.gates import marts
from ml.gates.marts import gate_marts

AS_OF = date(2026, 3, 10)  # a Tuesday: the last complete week starts on 2026-03-02


@pytest.fixture
def export(home, monkeypatch):
    monkeypatch.setattr(marts, "MARTS", (DIM_PRODUCTS, FCT_PRODUCT_WEEKS, FCT_BASKETS))

    def write(as_of=AS_OF, products=4, newest=date(2026, 3, 2), sold_on=date(2026, 3, 9), **week):
        ids = [f"p{n}" for n in range(products)]
        text = dict.fromkeys(["brand", "manufacturer_id", "department", "category"], "x")
        text |= {"subcategory": "x", "package_size": "x", "is_merchandise": True}
        product = text | dict.fromkeys(["unit_cost", "list_price", "first_sold_on", "last_sold_on"])
        rows = [product | {"product_id": i, "exclusion_reason": None} for i in ids]
        lake.write(DIM_PRODUCTS, as_of, pd.DataFrame(rows))
        row = {"week_start_date": newest, "units": 1, "sales": Decimal(1), "regular_price": 1.0}
        row |= {"shelf_price": 1.0, "depth": 0.0, "display_share": 0.0, "mailer_share": 0.0}
        row |= {"stores_selling": 1, "baskets": 1, "days_out_of_stock": 0} | week
        lake.write(FCT_PRODUCT_WEEKS, as_of, pd.DataFrame([row | {"product_id": i} for i in ids]))
        basket = {"basket_id": "b", "customer_id": "c", "store_id": "s", "sold_on": sold_on}
        basket |= {"lines": 1, "units": 1, "sales": Decimal(1)}
        basket |= {"shelf_discount": Decimal(0), "coupon_discount": Decimal(0)}
        lake.write(FCT_BASKETS, as_of, pd.DataFrame([basket]))

    return write


def test_marts_that_keep_their_contracts_pass_and_each_is_judged(export, caplog):
    export()

    with caplog.at_level("INFO", "ml.gates.marts"):
        gate_marts(AS_OF)

    judged = [record.args[0] for record in caplog.records]
    assert judged == ["dim_products", "fct_product_weeks", "fct_baskets"]


def test_one_broken_row_stops_the_run_and_is_shown(export):
    export(depth=1.2)

    with pytest.raises(GateError, match=r"depth: below 0 or above 1: 4 of 4 rows.*'p0'"):
        gate_marts(AS_OF)


def test_a_mart_that_lost_half_its_rows_stops_the_run(export):
    export(as_of=AS_OF - timedelta(days=1), products=9)
    export(products=4)

    with pytest.raises(GateError, match="4 rows on 2026-03-10 after 9 on 2026-03-09"):
        gate_marts(AS_OF)


def test_marts_without_the_last_complete_week_are_stale(export):
    export(newest=date(2026, 2, 23))

    with pytest.raises(GateError, match="the last complete week, 2026-03-02, was expected"):
        gate_marts(AS_OF)


@pytest.mark.parametrize("sold_on", [date(2026, 3, 5), AS_OF])
def test_a_newest_sale_too_old_or_of_the_as_of_day_stops_the_run(export, sold_on):
    export(sold_on=sold_on)

    with pytest.raises(GateError, match=f"the newest sale is of {sold_on}"):
        gate_marts(AS_OF)


def test_three_quiet_days_are_still_fresh_and_a_fourth_is_not(export):
    export(sold_on=date(2026, 3, 6))
    gate_marts(AS_OF)

    export(sold_on=date(2026, 3, 5))
    with pytest.raises(GateError, match="the newest sale is of 2026-03-05"):
        gate_marts(AS_OF)
