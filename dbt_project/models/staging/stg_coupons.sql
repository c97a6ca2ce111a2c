{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='landed_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'coupons') }}
    where {{ is_new_batch('coupons', 'landed_on') }}

),

renamed as (

    select
        ---------- ids
        coupon_id,
        campaign_id,
        product_id,

        ---------- dates
        starts_on,

        ---------- batches
        day as landed_on,
        batch_id

    from source

)

select * from renamed
