"""Who was offered what lately, so that nobody is offered too much."""

from datetime import date, timedelta

import pandas as pd

from ml.config.policy import Offers
from ml.releases import store
from ml.releases.schedule import read_schedule
from ml.weeks import monday_of

COLUMNS = ["customer_id", "product_id", "week"]


def recent_offers(as_of: date, weeks: int) -> pd.DataFrame:
    """Offers of promotions that began in the `weeks` weeks before as_of's: COLUMNS, week a Monday.

    A week's offers are those of the version planned last on or before its Monday.
    """
    monday = monday_of(as_of)
    weekly = [_offered(monday - timedelta(weeks=back)) for back in range(1, weeks + 1)]
    return pd.concat([pd.DataFrame(columns=COLUMNS), *weekly], ignore_index=True)


def rested(offers: pd.DataFrame, recent: pd.DataFrame, as_of: date, rules: Offers) -> pd.DataFrame:
    """The rows of `offers` (customer_id, product_id) whose product rested for the customer."""
    since = monday_of(as_of) - timedelta(weeks=rules.product_rest_weeks)
    lately = recent[recent["week"] >= since]
    tired = pd.MultiIndex.from_frame(lately[["customer_id", "product_id"]])
    return offers[~pd.MultiIndex.from_frame(offers[["customer_id", "product_id"]]).isin(tired)]


def caps(customers: pd.Series, recent: pd.DataFrame, rules: Offers) -> pd.Series:
    """How many offers each customer may get now, by customer_id."""
    had = recent["customer_id"].value_counts().reindex(customers, fill_value=0)
    left = (rules.most_in_window - had).clip(0, rules.most_per_customer)
    return pd.Series(left.to_numpy(), customers.to_numpy())


def _offered(monday: date) -> pd.DataFrame:
    before = [v for v in store.versions() if store.as_of_of(v) <= monday]
    if not before:
        return pd.DataFrame(columns=COLUMNS)
    folder = store.folder(max(before))
    schedule = read_schedule(folder)
    begun = schedule.loc[schedule["week"] == pd.Timestamp(monday), "promotion_id"]
    offers = pd.read_parquet(folder / "offers" / "offers.parquet")
    return offers.loc[offers["promotion_id"].isin(begun), COLUMNS[:2]].assign(week=monday)
