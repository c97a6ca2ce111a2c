{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='starts_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'coupons') }}
    where {{ is_new_batch('coupons', 'starts_on') }}

),

renamed as (

    select
        ---------- ids
        coupon_id,
        campaign_id,
        product_id,

        ---------- dates
        day as starts_on,

        ---------- batches
        batch_id

    from source

)

select * from renamed
