with

visits as (

    select * from {{ ref('int_customer_visits') }}

),

spending as (

    select * from {{ ref('int_customer_spending') }}

),

customer_categories as (

    select * from {{ ref('fct_customer_categories') }}

),

customers as (

    select * from {{ ref('stg_customers') }}

),

breadth as (

    -- Decimals add up exactly, in any order.
    select
        customer_id,
        count(*) as categories,
        max_by(category, (sales_share, category)) as top_category,
        max(sales_share) as top_category_share,
        cast(sum(cast(sales_share * sales_share as decimal(28, 12))) as double) as concentration
    from customer_categories
    group by customer_id

),

ranks as (

    select
        visits.customer_id,
        percent_rank() over (order by visits.last_visit_on) as recency,
        percent_rank() over (order by visits.visits) as frequency,
        percent_rank() over (order by spending.sales) as monetary
    from visits
    inner join spending on visits.customer_id = spending.customer_id

),

final as (

    select
        visits.customer_id,

        ---------- visits
        visits.first_visit_on,
        visits.last_visit_on,
        {{ as_of() }} - visits.last_visit_on as recency_days,
        visits.visits,
        7 * visits.visits
        / cast({{ as_of() }} - visits.first_visit_on as double) as visits_per_week,
        visits.mean_days_between_visits,
        visits.sd_days_between_visits,
        ({{ as_of() }} - visits.last_visit_on) / visits.mean_days_between_visits as overdue,

        ---------- spending
        spending.sales,
        cast(spending.sales as double) / visits.visits as mean_basket_sales,
        spending.lines / visits.visits as mean_basket_lines,
        cast(
            least(1 + floor({{ var('score_levels') }} * ranks.recency), {{ var('score_levels') }})
            as bigint
        ) as recency_score,
        cast(
            least(1 + floor({{ var('score_levels') }} * ranks.frequency), {{ var('score_levels') }})
            as bigint
        ) as frequency_score,
        cast(
            least(1 + floor({{ var('score_levels') }} * ranks.monetary), {{ var('score_levels') }})
            as bigint
        ) as monetary_score,

        ---------- prices and promotions
        spending.promotion_share,
        spending.discounted_share,
        spending.saved_share,
        visits.coupon_share,
        spending.price_level,
        spending.private_label_share,

        ---------- breadth
        spending.top_department,
        spending.top_department_share,
        breadth.categories,
        breadth.top_category,
        breadth.top_category_share,
        breadth.concentration,

        ---------- attributes
        customers.age_band,
        customers.income_band,
        customers.household_size,
        coalesce(customers.may_be_targeted, true) as may_be_targeted
    from visits
    inner join spending on visits.customer_id = spending.customer_id
    inner join breadth on visits.customer_id = breadth.customer_id
    inner join ranks on visits.customer_id = ranks.customer_id
    left join customers on visits.customer_id = customers.customer_id

)

select * from final
