with

all_product_weeks as (

    select * from {{ ref('int_product_weeks') }}
    where
        week_start_date >= {{ history_start() }}
        and week_start_date + 7 <= {{ as_of() }}

),

products as (

    select * from {{ ref('dim_products') }}
    where is_merchandise

),

transactions as (

    select * from {{ ref('stg_transactions') }}

),

product_promotions as (

    select * from {{ ref('int_product_promotions') }}
    where starts_on >= {{ history_start() }} and starts_on < {{ as_of() }}

),

stock_counts as (

    select * from {{ ref('stg_inventory') }}
    where counted_on >= {{ history_start() }} and counted_on < {{ as_of() }}

),

product_weeks as (

    -- The first week counts when its Monday was a day of the source.
    select all_product_weeks.*
    from all_product_weeks
    inner join products on all_product_weeks.product_id = products.product_id
    where
        all_product_weeks.week_start_date >= (
            select min(transactions.sold_on) from transactions
        )

),

first_sales as (

    select
        product_id,
        first_sold_on
    from products
    where first_sold_on is not null

),

weeks as (

    select distinct week_start_date from product_weeks

),

promotions as (

    select
        product_id,
        cast(date_trunc('week', starts_on) as date) as week_start_date,
        max(display_stores / promoting_stores) as display_share,
        max(mailer_stores / promoting_stores) as mailer_share
    from product_promotions
    group by product_id, week_start_date

),

stockouts as (

    select
        product_id,
        cast(date_trunc('week', counted_on) as date) as week_start_date,
        count(*) as days_out_of_stock
    from stock_counts
    where on_hand = 0
    group by product_id, week_start_date

),

dense as (

    select
        first_sales.product_id,
        weeks.week_start_date
    from first_sales
    inner join weeks on weeks.week_start_date > first_sales.first_sold_on - 7

),

final as (

    select
        dense.product_id,
        dense.week_start_date,
        coalesce(product_weeks.units, 0) as units,
        cast(coalesce(product_weeks.shelf_sales, 0) as decimal(18, 2)) as sales,
        cast(product_weeks.regular_sales as double) / product_weeks.units as regular_price,
        cast(product_weeks.shelf_sales as double) / product_weeks.units as shelf_price,
        1 - cast(product_weeks.shelf_sales as double)
        / cast(product_weeks.regular_sales as double) as depth,
        coalesce(promotions.display_share, 0) as display_share,
        coalesce(promotions.mailer_share, 0) as mailer_share,
        coalesce(product_weeks.stores, 0) as stores_selling,
        coalesce(product_weeks.baskets, 0) as baskets,
        coalesce(stockouts.days_out_of_stock, 0) as days_out_of_stock
    from dense
    left join product_weeks
        on
            dense.product_id = product_weeks.product_id
            and dense.week_start_date = product_weeks.week_start_date
    left join promotions
        on
            dense.product_id = promotions.product_id
            and dense.week_start_date = promotions.week_start_date
    left join stockouts
        on
            dense.product_id = stockouts.product_id
            and dense.week_start_date = stockouts.week_start_date

)

select * from final
