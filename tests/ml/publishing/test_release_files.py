"""What a release holds for customers and for shopping feeds."""

from datetime import date

import pandas as pd
import pytest

from ml.promotions.audiences.holdout import hold_out
from ml.publishing import publish
from ml.publishing.approval import propose
from ml.publishing.feeds.merchant import COLUMNS, merchant_feed
from ml.publishing.feeds.merchant_check import check_feed
from ml.settings import settings

FIRST = date(2017, 12, 4)


def test_offers_reach_only_those_who_may_be_targeted_and_are_not_held_out(plan_day):
    plan_day()
    propose(FIRST, "Ada")
    publish.publish(FIRST, "Ada")
    folder = settings().published / "current" / "offers"
    offers = pd.read_parquet(folder / "offers.parquet")
    people = pd.read_parquet(folder / "assignments.parquet").set_index("customer_id")

    held_out = set(people.index[people["is_held_out"]])
    assert "c0" not in people.index
    assert 0 < len(held_out) < len(people)
    assert set(offers["customer_id"]) == set(people.index) - held_out
    assert offers.groupby("customer_id")["offer_rank"].max().eq(2).all()
    assert set(offers["propensity"]) == {0.75}


def test_the_holdout_is_the_same_in_every_plan_and_near_its_share():
    people = pd.Series([f"customer-{k}" for k in range(20_000)])

    drawn = hold_out(people, 0.1).set_index("customer_id")["is_held_out"]

    assert drawn.mean() == pytest.approx(0.1, abs=0.01)
    assert hold_out(people[::-1], 0.1).set_index("customer_id")["is_held_out"].equals(drawn[::-1])


def test_the_feed_is_what_merchant_center_reads(plan_day):
    plan_day()
    propose(FIRST, "Ada")
    publish.publish(FIRST, "Ada")
    text = (settings().published / "current" / "promotions.tsv").read_text()
    header, tea, cups = [line.split("\t") for line in text.splitlines()]

    assert tuple(header) == COLUMNS
    assert dict(zip(header, tea, strict=True)) == {
        "promotion_id": "100-20171204-percent_off",
        "product_applicability": "specific_products",
        "offer_type": "no_code",
        "long_title": "20% off Tea, 20 ct",
        "promotion_effective_dates": "2017-12-04T00:00:00-05:00/2017-12-10T23:59:59-05:00",
        "redemption_channel": "in_store, online",
        "coupon_value_type": "percent_off",
        "percent_off": "20",
        "money_off_amount": "",
        "minimum_purchase_amount": "",
        "buy_this_quantity": "",
        "get_this_quantity_discounted": "",
        "free_gift_item_id": "",
        "item_id": "100",
    }
    assert cups[3] == "20% off Cups, own brand"


def test_a_long_or_broken_name_still_fits_the_feed():
    row = {
        "promotion_id": "1",
        "product_id": "1",
        "mechanic": "percent_off",
        "depth": 0.29,
        "starts_at": pd.Timestamp("2018-07-02"),
        "ends_at": pd.Timestamp("2018-07-09"),
    }

    feed = merchant_feed(pd.DataFrame([row]), {"1": "tab\there " + "x" * 80}, "America/New_York")

    title, dates, percent = [feed.splitlines()[1].split("\t")[k] for k in (3, 4, 7)]
    assert len(title) == 60
    assert title.startswith("29% off tab here x")
    assert dates == "2018-07-02T00:00:00-04:00/2018-07-08T23:59:59-04:00"
    assert percent == "29"


def offer(mechanic, **terms):
    dates = {
        "starts_at": pd.Timestamp("2018-07-07 10:00"),
        "ends_at": pd.Timestamp("2018-07-07 16"),
    }
    return (
        {"promotion_id": "1", "product_id": "1", "mechanic": mechanic, "depth": 0.25}
        | dates
        | terms
    )


@pytest.mark.parametrize(
    ("row", "title", "value"),
    [
        (
            offer("buy_get", buy_qty=2.0, get_qty=1.0, get_depth=1.0),
            "Buy 2 get 1 free: Tea",
            ["buy_m_get_n_percent_off", "100", "", "", "2", "1", ""],
        ),
        (
            offer("buy_get", buy_qty=1.0, get_qty=1.0, get_depth=0.5),
            "Buy 1 get 1 at 50% off: Tea",
            ["buy_m_get_n_percent_off", "50", "", "", "1", "1", ""],
        ),
        (
            offer("gift", buy_qty=2.0, get_qty=1.0, gift_product_id="2"),
            "Free with 2: Cups: Tea",
            ["free_gift_with_item_id", "", "", "", "", "", "2"],
        ),
        (
            offer("spend_save", threshold_amount=30.0, discount_amount=1.5),
            "$1.50 off in a basket of $30.00: Tea",
            ["money_off", "", "1.50 USD", "30.00 USD", "", "", ""],
        ),
        (
            offer("bundle", bundle_product_id="2"),
            "25% off with Cups: Tea",
            ["no_structured_data", "", "", "", "", "", ""],
        ),
        (offer("flash"), "25% off Tea", ["percent_off", "25", "", "", "", "", ""]),
    ],
)
def test_the_feed_shows_each_mechanic_in_its_own_attributes(row, title, value):
    feed = merchant_feed(pd.DataFrame([row]), {"1": "Tea", "2": "Cups"}, "America/New_York")

    check_feed(feed)
    cells = feed.splitlines()[1].split("\t")
    assert cells[3] == title
    assert cells[4] == "2018-07-07T10:00:00-04:00/2018-07-07T15:59:59-04:00"
    assert cells[6:13] == value
