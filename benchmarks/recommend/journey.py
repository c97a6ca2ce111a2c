"""Complete Journey's merchandise, read from the installed package."""

from datetime import date

import pandas as pd

from ml.contracts import sources
from ml.settings import PROJECT
from ml.sources.complete_journey import CompleteJourney

LAST_DAY = date(2018, 1, 1)
NOT_MERCHANDISE = PROJECT / "dbt_project" / "seeds" / "non_merchandise.csv"


def read_journey() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines (customer_id, product_id, sold_on, units, sales, is_discounted) and products.

    Left out, as the platform does: what is not sold by the item (the seed
    `non_merchandise`), and lines without a quantity or a price.
    """
    journey = CompleteJourney()
    first = journey.first_day()
    products = journey.read(sources.PRODUCTS, first, LAST_DAY).df()
    sold = journey.read(sources.TRANSACTIONS, first, LAST_DAY)
    lines = sold.filter("quantity > 0 and net_sales > 0").project(
        "customer_id, product_id, sold_on, cast(quantity as bigint) as units, net_sales as sales, "
        "shelf_discount + coupon_discount + coupon_match_discount > 0 as is_discounted"
    )
    merchandise = products[~_excluded(products)]
    rows = lines.order("all").df()
    return rows[rows["product_id"].isin(merchandise["product_id"])], merchandise


def _excluded(products: pd.DataFrame) -> pd.Series:
    names = pd.read_csv(NOT_MERCHANDISE)
    names = names.assign(name=names["name"].str.upper())
    by_level = {level: set(rows["name"]) for level, rows in names.groupby("level")}
    return pd.Series(False, products.index) | (
        products["department"].str.upper().isin(by_level.get("department", set()))
        | products["category"].str.upper().isin(by_level.get("category", set()))
    )
