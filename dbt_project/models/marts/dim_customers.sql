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

habits as (

    select
        customer_id,
        count(*) as lines,
        cast(sum(net_sales) as decimal(18, 2)) as sales,
        count_if(shelf_discount > 0) / count(*) as promotion_share,
        count_if(is_private_label) / count(*) as private_label_share
    from lines
    group by customer_id

),

departments as (

    select
        customer_id,
        department,
        cast(sum(net_sales) as double) as sales
    from lines
    group by customer_id, department

),

top_departments as (

    select * from departments
    qualify row_number() over (partition by customer_id order by sales desc, department asc) = 1

),

final as (

    select
        visits.customer_id,
        visits.first_visit_on,
        visits.last_visit_on,
        {{ as_of() }} - visits.last_visit_on as recency_days,
        visits.visits,
        habits.sales,
        cast(habits.sales as double) / visits.visits as mean_basket_sales,
        habits.lines / visits.visits as mean_basket_lines,
        rhythm.mean_days_between_visits,
        rhythm.sd_days_between_visits,
        habits.promotion_share,
        visits.coupon_share,
        habits.private_label_share,
        top_departments.department as top_department,
        top_departments.sales / cast(habits.sales as double) as top_department_share,
        customers.age_band,
        customers.income_band,
        customers.household_size,
        coalesce(customers.may_be_targeted, true) as may_be_targeted
    from visits
    inner join rhythm on visits.customer_id = rhythm.customer_id
    inner join habits on visits.customer_id = habits.customer_id
    inner join top_departments on visits.customer_id = top_departments.customer_id
    left join {{ ref('stg_customers') }} as customers on visits.customer_id = customers.customer_id

)

select * from final
