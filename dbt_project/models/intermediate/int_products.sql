with

products as (

    select * from {{ ref('stg_products') }}

),

non_merchandise as (

    select * from {{ ref('non_merchandise') }}

),

reasons as (

    select
        products.product_id,
        min(non_merchandise.reason) as exclusion_reason
    from products
    inner join non_merchandise
        on upper(non_merchandise.name) = upper(
            case non_merchandise.level
                when 'department' then products.department else products.category
            end
        )
    group by products.product_id

),

final as (

    select
        products.product_id,
        products.manufacturer_id,
        products.brand,
        products.department,
        products.category,
        products.subcategory,
        products.package_size,
        products.unit_cost,
        products.list_price,
        reasons.exclusion_reason is null as is_merchandise,
        reasons.exclusion_reason
    from products
    left join reasons on products.product_id = reasons.product_id

)

select * from final
