with

products as (

    select * from {{ ref('stg_products') }}

),

transactions as (

    select * from {{ ref('stg_transactions') }}
    where sold_on >= {{ history_start() }} and sold_on < {{ as_of() }}

),

reasons as (

    select
        products.product_id,
        min(non_merchandise.reason) as exclusion_reason
    from products
    inner join {{ ref('non_merchandise') }} as non_merchandise
        on upper(non_merchandise.name) = upper(
            case non_merchandise.level
                when 'department' then products.department else products.category
            end
        )
    group by products.product_id

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
        reasons.exclusion_reason is null as is_merchandise,
        reasons.exclusion_reason,
        sold.first_sold_on,
        sold.last_sold_on
    from products
    left join reasons on products.product_id = reasons.product_id
    left join sold on products.product_id = sold.product_id

)

select * from final
