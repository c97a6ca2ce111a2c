with

transactions as (

    select * from {{ ref('stg_transactions') }}

),

products as (

    select * from {{ ref('int_products') }}

),

final as (

    select
        ---------- ids
        transactions.basket_id,
        transactions.customer_id,
        transactions.product_id,
        transactions.store_id,

        ---------- strings
        products.department,
        products.category,

        ---------- numerics
        transactions.units,
        transactions.net_sales,
        transactions.coupon_discount,
        transactions.shelf_discount + transactions.coupon_match as shelf_discount,

        ---------- booleans
        products.brand ilike 'private%' as is_private_label,

        ---------- dates
        transactions.sold_on

    from transactions

    inner join products on transactions.product_id = products.product_id

    where
        products.is_merchandise
        and transactions.sold_on >= {{ history_start() }}
        and transactions.sold_on < {{ as_of() }}

)

select * from final
