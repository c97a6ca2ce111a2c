with

lines as (

    select distinct
        basket_id,
        product_id
    from {{ ref('int_merchandise_lines') }}
    where sold_on >= {{ as_of() }} - 91

),

products as (

    select
        product_id,
        count(*) as baskets
    from lines
    group by product_id
    having count(*) >= 30

),

known as (

    select
        lines.basket_id,
        products.*
    from lines
    inner join products on lines.product_id = products.product_id

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
    having count(*) >= 10

),

closest as (

    select *
    from pairs
    qualify
        row_number() over (
            partition by product_id
            order by baskets_together desc, partner_id asc
        ) <= 5

)

select * from closest
