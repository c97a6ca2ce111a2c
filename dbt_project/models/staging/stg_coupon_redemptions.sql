{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='landed_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'coupon_redemptions') }}
    where {{ is_new_batch('coupon_redemptions') }}

),

renamed as (

    select
        ---------- ids
        customer_id,
        coupon_id,
        campaign_id,

        ---------- dates
        redeemed_on,

        ---------- batches
        day as landed_on,
        batch_id

    from source

)

select * from renamed
