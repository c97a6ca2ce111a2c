with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where sold_on >= {{ as_of() }} - 91

),

in_baskets as (

    select
        basket_id,
        product_id,
        sum(units) as units,
        sum(shelf_discount) > 0.05 * sum(net_sales + shelf_discount) as on_promotion
    from lines
    group by basket_id, product_id

),

counted as (

    select
        product_id,
        on_promotion,
        cast(least(units, 12) as bigint) as units,
        count(*) as baskets
    from in_baskets
    group by all

)

select * from counted
