"""What is known of each segment's members beside DIM_AUDIENCES: scores, response, what they buy."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from ml import lake
from ml.contracts.marts import (
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    FCT_CUSTOMER_CATEGORIES,
)
from ml.promotions.audiences.segments import SENSITIVITY, relative_responses
from ml.report.shared_tables import SharedTables

SHOWN = 6
SCORES = ["recency_score", "frequency_score", "monetary_score"]


@dataclass(frozen=True)
class Bought:
    """A category's share of the members' sales, and of all customers'."""

    category: str
    share: float
    usual: float


@dataclass(frozen=True)
class People:
    """`scores`: mean fifths of recency, frequency and value; `response`: to price, 1: as all."""

    scores: list[float]
    response: float
    categories: list[Bought]


def read_people(as_of: date, tables: SharedTables) -> dict[str, People]:
    """By audience_id; empty where the day has no segments."""
    if tables.segments.empty:
        return {}
    belong = tables.segments[["customer_id", "audience_id"]]
    customers = tables.customers[["customer_id", *SCORES, *SENSITIVITY]]
    scores = belong.merge(customers, on="customer_id").groupby("audience_id")[SCORES].mean()
    wanted = ["customer_id", "category", "sales"]
    bought = distinctive(lake.read(FCT_CUSTOMER_CATEGORIES, as_of, wanted), belong)
    response = relative_responses(
        tables.purchases,
        belong,
        customers.set_index("customer_id"),
        lake.read(AGG_PRODUCT_BASKET_UNITS_HISTOGRAM, as_of),
        float(tables.responses["elasticity"].mean()),
    )
    return {
        key: People(row, float(response[key]), bought.get(key, []))
        for key, row in zip(scores.index.astype(str), scores.to_numpy().tolist(), strict=True)
    }


def distinctive(bought: pd.DataFrame, belong: pd.DataFrame) -> dict[str, list[Bought]]:
    """By audience_id, the categories that members give more of their spending than all customers.

    Args:
        bought: rows of FCT_CUSTOMER_CATEGORIES.
        belong: customer_id and audience_id.
    """
    sales = bought.assign(sales=bought["sales"].astype(float)).merge(belong, on="customer_id")
    usual = sales.groupby("category")["sales"].sum() / sales["sales"].sum()
    by_audience = {}
    for key, rows in sales.groupby("audience_id"):
        share = rows.groupby("category")["sales"].sum() / rows["sales"].sum()
        more = (share - usual.reindex(share.index)).sort_values(ascending=False, kind="stable")
        most = more[more > 0].head(SHOWN).index
        by_audience[str(key)] = [Bought(str(c), float(share[c]), float(usual[c])) for c in most]
    return by_audience
