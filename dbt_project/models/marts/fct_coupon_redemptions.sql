with

redemptions as (

    select * from {{ ref('stg_coupon_redemptions') }}
    where redeemed_on < {{ as_of() }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where landed_on < {{ as_of() }}

),

final as (

    select
        redemptions.customer_id,
        redemptions.coupon_id,
        redemptions.campaign_id,
        redemptions.redeemed_on,
        campaigns.campaign_type,
        redemptions.redeemed_on - campaigns.starts_on as days_since_start
    from redemptions
    left join campaigns on redemptions.campaign_id = campaigns.campaign_id

)

select * from final
