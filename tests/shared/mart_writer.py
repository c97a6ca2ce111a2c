"""A panel written back as the marts it could have been read from."""

from datetime import date

import numpy as np
import pandas as pd

from ml import lake
from ml.contracts.marts import DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS
from ml.demand.data.panel import WEEK, Panel


def write_marts(panel: Panel) -> date:
    """Write products, dates and product-weeks; returns the Monday after the panel's last week."""
    as_of: date = (panel.weeks[-1] + WEEK).item()
    lake.write(FCT_PRODUCT_WEEKS, as_of, _product_weeks(panel))
    lake.write(DIM_PRODUCTS, as_of, _products(panel, as_of))
    lake.write(DIM_DATES, as_of, _dates(panel))
    return as_of


def _product_weeks(panel: Panel) -> pd.DataFrame:
    row, week = np.nonzero(panel.started)
    at = (row, week)
    depth = -np.expm1(panel.log_price_ratio[at])
    price = panel.regular_price[at]
    return pd.DataFrame(
        {
            "product_id": panel.products["product_id"].to_numpy()[row],
            "week_start_date": panel.weeks[week].astype("O"),
            "units": panel.units[at].astype("int64"),
            "sales": (panel.units[at] * price * (1 - depth)).round(2),
            "regular_price": price,
            "shelf_price": price * (1 - depth),
            "depth": depth,
            "display_share": panel.display[at],
            "mailer_share": panel.mailer[at],
            "stores_selling": 1,
            "baskets": panel.units[at].astype("int64"),
            "days_out_of_stock": (~panel.in_stock[at]).astype("int64"),
        }
    )


def _products(panel: Panel, as_of: date) -> pd.DataFrame:
    return panel.products.assign(
        brand="National",
        manufacturer_id="1",
        package_size="unknown",
        unit_cost=None,
        list_price=None,
        is_merchandise=True,
        exclusion_reason=None,
        first_sold_on=panel.weeks[0].item(),
        last_sold_on=as_of,
    )


def _dates(panel: Panel) -> pd.DataFrame:
    days = pd.date_range(panel.weeks[0].item(), periods=7 * len(panel.holiday))
    return pd.DataFrame(
        {
            "date_day": days.date,
            "week_start_date": (days - pd.to_timedelta(days.dayofweek, unit="D")).date,
            "day_of_week": days.dayofweek + 1,
            "week_of_year": days.isocalendar().week.to_numpy("int64"),
            "month": days.month,
            "holiday": np.where(np.repeat(panel.holiday > 0, 7), "holiday", None),
        }
    )
