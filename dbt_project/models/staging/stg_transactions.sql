{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='sold_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'transactions') }}
    where {{ is_new_batch('transactions', 'sold_on') }}

),

renamed as (

    select
        ---------- ids
        basket_id,
        customer_id,
        product_id,
        store_id,

        ---------- numerics
        quantity as units,
        cast(net_sales as decimal(18, 2)) as net_sales,
        cast(shelf_discount as decimal(18, 2)) as shelf_discount,
        cast(coupon_discount as decimal(18, 2)) as coupon_discount,
        cast(coupon_match_discount as decimal(18, 2)) as coupon_match,

        ---------- dates
        day as sold_on,

        ---------- batches
        batch_id

    from source

)

select * from renamed
