"""The small shop's customers, a quarter of whom seek promotions."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
from small_shop import AS_OF, GOOD

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS
from ml.contracts.profiles import CUSTOMER_SEGMENTS, DIM_AUDIENCES

SEEKERS = {"audience": "promotion seekers"}
NAMES = {"all": "all customers", "segment-0": "high spend", "segment-1": "promotion seekers"}
PEOPLE = [f"c{k}" for k in range(100)]


def segment_of(person):
    return f"segment-{int(person[1:]) % 4 == 0:d}"


def write_customers(seeking=0.5):
    """A quarter of the customers seeks promotions; c0 may not be targeted."""
    seekers = np.array([segment_of(person) == "segment-1" for person in PEOPLE])
    who = pd.DataFrame({"customer_id": PEOPLE})
    facts = who.reindex(columns=DIM_CUSTOMERS.column_names).assign(
        may_be_targeted=who["customer_id"] != "c0",
        first_visit_on=date(2017, 1, 2),
        last_visit_on=date(2017, 12, 1),
        recency_days=3,
        visits=2,
        sales=Decimal("10.00"),
        top_department="DELI",
        **dict.fromkeys(("mean_basket_sales", "mean_basket_lines", "promotion_share"), 0.5),
        **dict.fromkeys(("coupon_share", "private_label_share", "top_department_share"), 0.5),
        **dict.fromkeys(("recency_score", "frequency_score", "monetary_score", "categories"), 1),
        **dict.fromkeys(("visits_per_week", "price_level", "concentration"), 1.0),
        overdue=1.0,
        top_category="HAM",
        top_category_share=1.0,
        discounted_share=np.where(seekers, seeking, 0.5),
        saved_share=0.1,
    )
    segments = who.assign(
        segment_id=seekers.astype(int), audience_id=who["customer_id"].map(segment_of)
    )
    segments["segment"] = segments["audience_id"].map(NAMES)
    pairs = who.merge(pd.DataFrame({"product_id": GOOD}), how="cross").assign(
        purchases=8,
        units=8,
        sales=Decimal("8.00"),
        decayed_purchases=8.0,
        first_bought_on=date(2017, 1, 2),
        last_bought_on=date(2017, 12, 1),
    )
    audiences = pd.DataFrame({"audience_id": NAMES.keys(), "audience": NAMES.values()})
    audiences = audiences.reindex(columns=DIM_AUDIENCES.column_names).fillna(0.5)
    lake.write(DIM_CUSTOMERS, AS_OF, facts)
    lake.write(CUSTOMER_SEGMENTS, AS_OF, segments)
    lake.write(FCT_CUSTOMER_PRODUCTS, AS_OF, pairs)
    lake.write(
        DIM_AUDIENCES, AS_OF, audiences.assign(customers=50, may_be_targeted=50, traits="{}")
    )
