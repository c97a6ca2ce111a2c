{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='redeemed_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'coupon_redemptions') }}
    where {{ is_new_batch('coupon_redemptions', 'redeemed_on') }}

),

renamed as (

    select
        ---------- ids
        customer_id,
        coupon_id,
        campaign_id,

        ---------- dates
        day as redeemed_on,

        ---------- batches
        batch_id

    from source

)

select * from renamed
