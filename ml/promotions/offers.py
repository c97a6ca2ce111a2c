"""Which promotions each customer hears of, and who is kept out so that it can be measured.

The prices of the plan hold for everybody; an offer is the message about one of them. The
holdout is drawn from a keyed hash of the customer before anything is allocated, so it is
the same on every machine and in every plan, and knows nothing of what is on offer.
"""

import hashlib

import pandas as pd

from ml.contracts.table import Column, Table

OFFERS = Table(
    name="offers",
    layer="promotions",
    grain="One row per targeted customer and promotion.",
    key=("customer_id", "promotion_id"),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string"),
        Column("promotion_id", "string"),
        Column("product_id", "string"),
        Column("offer_rank", "int64", "1 = shown first.", minimum=1),
        Column("affinity_rank", "int64", "Among the customer's candidates.", minimum=1),
        Column("score", "double", "Of the affinity model."),
        Column("propensity", "double", "Chance of being targeted.", above=0, maximum=1),
    ),
)

ASSIGNMENTS = Table(
    name="assignments",
    layer="promotions",
    grain="One row per customer who may be targeted.",
    key=("customer_id",),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string"),
        Column("is_held_out", "bool", "Gets no offer in any plan."),
        Column("propensity", "double", "Chance of not being held out.", minimum=0, maximum=1),
        Column("offers", "int64", minimum=0),
    ),
)

HOLDOUT_KEY = "promoloop-offers"
MOST_PER_CUSTOMER = 8


def allocate_offers(
    schedule: pd.DataFrame,
    candidates: pd.DataFrame,
    customers: pd.DataFrame,
    holdout_share: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each customer the promotions of the products they like best.

    Args:
        schedule: rows of the PLAN contract.
        candidates: rows of the CANDIDATES contract.
        customers: rows of DIM_CUSTOMERS; only those who may be targeted get offers.
        holdout_share: of customers, 0 to 1.

    Returns:
        Rows of OFFERS, at most MOST_PER_CUSTOMER a customer and the earliest promotion of
        a product, and rows of ASSIGNMENTS.
    """
    assignments = hold_out(
        customers.loc[customers["may_be_targeted"], "customer_id"], holdout_share
    )
    targeted = assignments.loc[~assignments["is_held_out"], ["customer_id", "propensity"]]
    first = schedule.sort_values(["starts_at", "promotion_id"]).drop_duplicates("product_id")
    offers = candidates.rename(columns={"rank": "affinity_rank"}).merge(
        first[["product_id", "promotion_id"]], on="product_id"
    )
    offers = offers.merge(targeted, on="customer_id")
    offers = offers.sort_values(["customer_id", "affinity_rank", "promotion_id"])
    offers["offer_rank"] = offers.groupby("customer_id").cumcount() + 1
    offers = offers[offers["offer_rank"] <= MOST_PER_CUSTOMER]
    given = offers.groupby("customer_id").size()
    assignments["offers"] = assignments["customer_id"].map(given).fillna(0).astype("int64")
    return offers, assignments


def hold_out(customer_ids: pd.Series, share: float) -> pd.DataFrame:
    """Draw the holdout: customer_id, is_held_out, propensity."""
    draws = customer_ids.map(_uniform).astype(float)
    return pd.DataFrame(
        {
            "customer_id": customer_ids,
            "is_held_out": draws < share,
            "propensity": 1.0 - share,
        }
    ).reset_index(drop=True)


def _uniform(customer_id: str) -> float:
    digest = hashlib.blake2b(customer_id.encode(), key=HOLDOUT_KEY.encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big") / 2**64
