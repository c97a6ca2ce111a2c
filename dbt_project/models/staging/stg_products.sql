with

source as (

    select * from {{ source('landing', 'products') }}

),

renamed as (

    select
        ---------- ids
        product_id,
        coalesce(manufacturer_id, 'unknown') as manufacturer_id,

        ---------- strings
        coalesce(brand, 'unknown') as brand,
        coalesce(department, 'UNKNOWN') as department,
        coalesce(category, 'UNKNOWN') as category,
        coalesce(subcategory, 'UNKNOWN') as subcategory,
        coalesce(package_size, 'unknown') as package_size,

        ---------- numerics
        unit_cost,
        list_price

    from source

)

select * from renamed
