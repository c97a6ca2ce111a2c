"""Whom a promotion brings back: products whose buyers stay away longer than they used to."""

import pandas as pd

from ml.contracts.marts import DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS

LATE = 2.0  # times a customer's own mean gap between visits without one
BUYERS = (DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS)


def late_share(customers: pd.DataFrame, purchases: pd.DataFrame) -> pd.Series:
    """By product_id, the share of its faded purchases that late customers made, 0 to 1.

    A customer is late after `LATE` times their own mean gap; one seen once has no gap yet and is
    not. Rows are those of DIM_CUSTOMERS and FCT_CUSTOMER_PRODUCTS. Source: the recency of a
    customer against their own rhythm, as in Fader, Hardie and Lee (2005), "Counting Your Customers
    the Easy Way".
    """
    late = customers["recency_days"] > LATE * customers["mean_days_between_visits"]
    is_late = late.set_axis(customers["customer_id"]).astype(float)
    faded = purchases["decayed_purchases"]
    missed = faded * purchases["customer_id"].map(is_late).fillna(0.0)
    product = purchases["product_id"]
    return (missed.groupby(product).sum() / faded.groupby(product).sum()).rename("late_share")
