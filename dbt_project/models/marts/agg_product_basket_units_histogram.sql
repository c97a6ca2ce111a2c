with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where sold_on >= {{ as_of() }} - {{ var('recent_days') }}

),

in_baskets as (

    select
        basket_id,
        product_id,
        sum(units) as units,
        sum(shelf_discount)
        > {{ var('on_promotion_depth') }} * sum(net_sales + shelf_discount) as on_promotion
    from lines
    group by basket_id, product_id

),

final as (

    select
        product_id,
        on_promotion,
        cast(least(units, {{ var('units_histogram_max') }}) as bigint) as units,
        count(*) as baskets
    from in_baskets
    group by all

)

select * from final
