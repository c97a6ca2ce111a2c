with

products as (

    select * from {{ ref('int_products') }}

),

transactions as (

    select * from {{ ref('stg_transactions') }}
    where sold_on >= {{ history_start() }} and sold_on < {{ as_of() }}

),

sold as (

    select
        product_id,
        min(sold_on) as first_sold_on,
        max(sold_on) as last_sold_on
    from transactions
    group by product_id

),

final as (

    select
        products.product_id,
        products.brand,
        products.manufacturer_id,
        products.department,
        products.category,
        products.subcategory,
        products.package_size,
        products.unit_cost,
        products.list_price,
        products.is_merchandise,
        products.exclusion_reason,
        sold.first_sold_on,
        sold.last_sold_on
    from products
    left join sold on products.product_id = sold.product_id

)

select * from final
