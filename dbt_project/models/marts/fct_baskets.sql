with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where sold_on >= {{ as_of() }} - {{ var('recent_days') }}

),

final as (

    select
        basket_id,
        min(customer_id) as customer_id,
        min(store_id) as store_id,
        min(sold_on) as sold_on,
        count(*) as lines,
        cast(sum(units) as bigint) as units,
        cast(sum(net_sales) as decimal(18, 2)) as sales,
        cast(sum(shelf_discount) as decimal(18, 2)) as shelf_discount,
        cast(sum(coupon_discount) as decimal(18, 2)) as coupon_discount
    from lines
    group by basket_id

)

select * from final
