{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='week_start_date',
    )
}}

with

transactions as (

    select * from {{ ref('stg_transactions') }}
    where sold_on < date_trunc('week', {{ as_of() }})

),

dated as (

    select
        *,
        cast(date_trunc('week', sold_on) as date) as week_start_date
    from transactions

),

new_weeks as (

    select * from dated
    where {{ is_new_week('transactions') }}

),

batches as (

    select
        week_start_date,
        {{ batch_of_week('batch_id') }} as batch_id
    from new_weeks
    group by week_start_date

),

summed as (

    select
        product_id,
        week_start_date,
        cast(sum(units) as bigint) as units,
        sum(net_sales + coupon_match) as shelf_sales,
        sum(net_sales + coupon_match + shelf_discount) as regular_sales,
        count(distinct store_id) as stores,
        count(distinct basket_id) as baskets
    from new_weeks
    group by product_id, week_start_date

),

final as (

    select
        summed.*,
        batches.batch_id
    from summed
    inner join batches on summed.week_start_date = batches.week_start_date

)

select * from final
