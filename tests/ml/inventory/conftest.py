"""A shop of two products, four planned weeks, on a Wednesday and on a Monday."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from ml import lake
from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.contracts.outputs import FORECASTS, QUANTILES, RESPONSES


def forecast_rows(as_of: date, products: list[str], units: float) -> pd.DataFrame:
    first = as_of + timedelta(days=-as_of.weekday() % 7)
    last_complete = as_of - timedelta(days=as_of.weekday() + 7)
    weeks = [first + timedelta(days=7 * k) for k in range(4)]
    rows = [
        {"product_id": p, "week_start_date": w, "horizon": (w - last_complete).days // 7}
        for p in products
        for w in weeks
    ]
    levels = {f"p{int(q * 100)}": units for q in QUANTILES}
    return pd.DataFrame(rows).assign(mean_units=units, model_version="1", **levels)


@pytest.fixture
def shop(home):
    """Write the tables that the stock of a date is made from: 4 units sold each week."""

    def write(as_of: date) -> None:
        products = ["a", "b"]
        last = as_of - timedelta(days=as_of.weekday() + 7)
        weeks = [last - timedelta(days=7 * k) for k in range(8)]
        sales = pd.DataFrame(
            [{"product_id": p, "week_start_date": w, "units": 4} for p in products for w in weeks]
        ).assign(sales=Decimal("8.00"), regular_price=2.0, shelf_price=2.0, depth=0.0)
        sales = sales.assign(
            display_share=0.0, mailer_share=0.0, stores_selling=1, baskets=4, days_out_of_stock=0
        )
        lake.write(FCT_PRODUCT_WEEKS, as_of, sales)
        lake.write(FORECASTS, as_of, forecast_rows(as_of, products, 4.0), models={"demand": "1"})
        responses = {
            "product_id": products,
            "regular_price": 2.0,
            "elasticity": -1.5,
            "elasticity_sd": 0.3,
            "display_lift": 0.9,
            "display_lift_sd": 0.1,
            "mailer_lift": 0.2,
            "mailer_lift_sd": 0.1,
            "dispersion": 5.0,
            "promoted_weeks": 3,
            "price_identified": True,
            "model_version": "1",
        }
        lake.write(RESPONSES, as_of, pd.DataFrame(responses))

    return write
