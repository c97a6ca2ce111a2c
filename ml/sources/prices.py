"""The regular price, inferred where the data has no shelf discount.

A product's regular price on a day is the 90th percentile of its daily prices over the 56
days that end with it. Only that day and earlier ones are used, and a window of fixed
length, so a day lands the same alone as with the whole history.
"""

import duckdb

WINDOW_DAYS = 56
PERCENTILE = 0.9

INFERRED = f"""
with daily as (
    select
        product_id,
        sold_on,
        sum(cast(net_sales + coupon_match_discount as decimal(18, 4))) / sum(quantity) as price
    from lines
    where quantity > 0 and net_sales > 0
    group by all
),

regular as (
    select
        product_id,
        sold_on,
        quantile_disc(price, {PERCENTILE}) over (
            partition by product_id
            order by sold_on
            range between interval {WINDOW_DAYS - 1} day preceding and current row
        ) as price
    from daily
)

select
    lines.* replace (
        greatest(
            0,
            round(regular.price * lines.quantity
                - lines.net_sales - lines.coupon_match_discount, 2)
        ) as shelf_discount
    )
from lines
left join regular using (product_id, sold_on)
order by position
"""


def infer_shelf_discount(lines: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """`lines` with shelf_discount = regular price x quantity - paid, at least 0.

    `lines` are transactions of the days wanted and the 55 days before, with `position`.
    """
    return lines.query("lines", INFERRED)
