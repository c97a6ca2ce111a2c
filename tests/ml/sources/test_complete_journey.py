from datetime import date

import pandas as pd
import pytest

from ml.contracts import sources
from ml.errors import SourceError
from ml.sources.complete_journey import FILES, CompleteJourney


@pytest.fixture
def journey(tmp_path, home):
    """A slice in the package's own layout: two sales, promotions of two weeks, a campaign."""
    sale = {"household_id": 900, "store_id": 330, "basket_id": 1, "product_id": 7, "quantity": 1}
    sale |= {"sales_value": 2.5, "retail_disc": 0.5, "coupon_disc": 0.0, "coupon_match_disc": 0.0}
    sale |= {"week": 1}
    started, ended = pd.Timestamp("2016-11-14"), pd.Timestamp("2017-01-16")
    household = dict.fromkeys(["age", "income", "home_ownership", "marital_status"], "x")
    household |= dict.fromkeys(["household_size", "household_comp", "kids_count"], "x")
    promo = {"product_id": 7, "store_id": 330}
    tables = {
        "transactions": [
            sale | {"transaction_timestamp": pd.Timestamp("2017-01-03 04:59:59")},
            sale | {"transaction_timestamp": pd.Timestamp("2017-01-03 05:00:00"), "basket_id": 2},
        ],
        "products": [
            {"product_id": 7, "manufacturer_id": 2, "department": "GROCERY", "brand": "National"}
            | {"product_category": "ICE", "product_type": "CUBED", "package_size": "22 LB"}
        ],
        "demographics": [household | {"household_id": 900}],
        "promotions": [
            promo | {"display_location": "0", "mailer_location": "A", "week": 1},
            promo | {"display_location": "9", "mailer_location": "0", "week": 2},
        ],
        "campaign_descriptions": [
            {"campaign_id": 24, "campaign_type": "Type C", "start_date": started, "end_date": ended}
        ],
        "campaigns": [{"campaign_id": 24, "household_id": 900}],
        "coupons": [{"coupon_upc": 51, "product_id": 7, "campaign_id": 24}] * 2,
        "coupon_redemptions": [
            {"household_id": 900, "coupon_upc": 51, "campaign_id": 24}
            | {"redemption_date": pd.Timestamp("2017-01-02")}
        ],
    }
    for name in FILES:
        pd.DataFrame(tables[name]).to_parquet(tmp_path / f"{name}.parquet")
    return CompleteJourney(tmp_path)


def read(source, table, start, end):
    return source.read(table, start, end).fetchall()


def test_a_sale_before_midnight_in_new_york_belongs_to_the_day_before_in_utc(journey):
    (row,) = read(journey, sources.TRANSACTIONS, date(2017, 1, 2), date(2017, 1, 3))

    assert row[4:6] == (pd.Timestamp("2017-01-03 04:59:59"), date(2017, 1, 2))
    assert row[:4] == ("1", "900", "7", "330")


def test_week_1_is_its_one_day_and_week_2_starts_on_its_monday(journey):
    rows = read(journey, sources.PROMOTIONS, date(2017, 1, 1), date(2017, 1, 9))

    assert [row[2:5] for row in rows] == [
        (date(2017, 1, 1), None, "A"),
        (date(2017, 1, 2), "9", None),
    ]


def test_what_began_before_the_history_is_known_on_its_first_day_only(journey):
    opening = read(journey, sources.CAMPAIGNS, date(2017, 1, 1), date(2017, 1, 2))
    later = read(journey, sources.CAMPAIGNS, date(2017, 1, 2), date(2017, 1, 3))

    assert opening == [("24", "Type C", date(2016, 11, 14), date(2017, 1, 16))]
    assert later == []


def test_a_coupon_listed_twice_is_read_once(journey):
    rows = read(journey, sources.COUPONS, date(2017, 1, 1), date(2017, 1, 2))

    assert rows == [("51", "24", "7", date(2016, 11, 14))]


def test_every_tables_columns_are_the_contracts(journey):
    for table in journey.offers():
        rows = journey.read(table, date(2017, 1, 1), date(2018, 1, 1))
        assert rows.columns == table.column_names


def test_a_truncated_file_of_the_package_is_named(journey):
    path = journey.folder / "promotions.parquet"
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(SourceError, match=r"promotions\.parquet is not a whole Parquet file"):
        CompleteJourney(journey.folder)
