with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where sold_on >= {{ as_of() }} - {{ var('recent_days') }}

),

in_baskets as (

    select distinct
        basket_id,
        product_id
    from lines

),

products as (

    select
        product_id,
        count(*) as baskets
    from in_baskets
    group by product_id
    having count(*) >= {{ var('pair_product_baskets_min') }}

),

known as (

    select
        in_baskets.basket_id,
        products.*
    from in_baskets
    inner join products on in_baskets.product_id = products.product_id

),

pairs as (

    select
        known.product_id,
        partners.product_id as partner_id,
        any_value(known.baskets) as baskets,
        count(*) as baskets_together
    from known
    inner join known as partners
        on
            known.basket_id = partners.basket_id
            and known.product_id != partners.product_id
    group by known.product_id, partners.product_id
    having count(*) >= {{ var('pair_baskets_min') }}

),

final as (

    select *
    from pairs
    qualify
        row_number() over (
            partition by product_id
            order by baskets_together desc, partner_id asc
        ) <= {{ var('pairs_per_product') }}

)

select * from final
