with

campaigns as (

    select * from {{ ref('stg_campaigns') }}
    where landed_on < {{ as_of() }}

),

campaign_customers as (

    select * from {{ ref('stg_campaign_customers') }}
    where landed_on < {{ as_of() }}

),

coupons as (

    select * from {{ ref('stg_coupons') }}
    where landed_on < {{ as_of() }}

),

redemptions as (

    select * from {{ ref('stg_coupon_redemptions') }}
    where redeemed_on < {{ as_of() }}

),

reach as (

    select
        campaign_id,
        count(distinct customer_id) as customers
    from campaign_customers
    group by campaign_id

),

offers as (

    select
        campaign_id,
        count(distinct coupon_id) as coupons,
        count(distinct product_id) as products
    from coupons
    group by campaign_id

),

redeemed as (

    select
        campaign_id,
        count(*) as redemptions,
        count(distinct customer_id) as redeeming_customers
    from redemptions
    group by campaign_id

),

final as (

    select
        campaigns.campaign_id,
        campaigns.campaign_type,
        campaigns.starts_on,
        campaigns.ends_on,
        coalesce(reach.customers, 0) as customers,
        coalesce(offers.coupons, 0) as coupons,
        coalesce(offers.products, 0) as products,
        coalesce(redeemed.redemptions, 0) as redemptions,
        coalesce(redeemed.redeeming_customers, 0) as redeeming_customers
    from campaigns
    left join reach on campaigns.campaign_id = reach.campaign_id
    left join offers on campaigns.campaign_id = offers.campaign_id
    left join redeemed on campaigns.campaign_id = redeemed.campaign_id

)

select * from final
