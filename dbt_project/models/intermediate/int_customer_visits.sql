with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where customer_id is not null

),

baskets as (

    select
        customer_id,
        basket_id,
        min(sold_on) as sold_on,
        bool_or(coupon_discount > 0) as has_coupon
    from lines
    group by customer_id, basket_id

),

visits as (

    select
        customer_id,
        min(sold_on) as first_visit_on,
        max(sold_on) as last_visit_on,
        count(*) as visits,
        count_if(has_coupon) / count(*) as coupon_share
    from baskets
    group by customer_id

),

visit_days as (

    select distinct
        customer_id,
        sold_on
    from baskets

),

gaps as (

    select
        customer_id,
        sold_on - lag(sold_on) over (partition by customer_id order by sold_on) as gap
    from visit_days

),

rhythm as (

    -- The standard deviation from whole-number sums, which are exact in any order.
    select
        customer_id,
        sum(gap) / count(gap) as mean_days_between_visits,
        sqrt(
            (count(gap) * sum(gap * gap) - sum(gap) * sum(gap))
            / nullif(count(gap) * (count(gap) - 1), 0)
        ) as sd_days_between_visits
    from gaps
    group by customer_id

),

final as (

    select
        visits.*,
        rhythm.mean_days_between_visits,
        rhythm.sd_days_between_visits
    from visits
    inner join rhythm on visits.customer_id = rhythm.customer_id

)

select * from final
