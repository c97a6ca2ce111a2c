with

customers as (

    select * from {{ ref('dim_customers') }}

),

lines as (

    select
        *,
        net_sales + shelf_discount as regular_sales
    from {{ ref('int_merchandise_lines') }}

),

category_prices as (

    select
        category,
        sum(regular_sales) / sum(units) as mean_price
    from lines
    group by category

),

spending as (

    select
        customer_id,
        category,
        sum(units) as units,
        sum(regular_sales) as regular_sales,
        sum(shelf_discount) as saved,
        sum(regular_sales) filter (where shelf_discount > 0) as discounted_sales
    from lines
    where customer_id is not null
    group by customer_id, category

),

prices as (

    -- Decimals add up exactly, in any order.
    select
        spending.customer_id,
        sum(spending.regular_sales) as regular_sales,
        sum(spending.saved) as saved,
        coalesce(sum(spending.discounted_sales), 0) as discounted_sales,
        sum(cast(spending.units * category_prices.mean_price as decimal(28, 6))) as usual_sales
    from spending
    inner join category_prices on spending.category = category_prices.category
    group by spending.customer_id

),

categories as (

    select
        customer_id,
        count(*) as categories,
        max_by(category, (sales_share, category)) as top_category,
        max(sales_share) as top_category_share,
        cast(sum(cast(sales_share * sales_share as decimal(28, 12))) as double) as concentration
    from {{ ref('fct_customer_categories') }}
    group by customer_id

),

scored as (

    select
        customer_id,
        least(1 + floor(5 * percent_rank() over (order by recency_days desc)), 5) as recency,
        least(1 + floor(5 * percent_rank() over (order by visits)), 5) as frequency,
        least(1 + floor(5 * percent_rank() over (order by sales)), 5) as monetary
    from customers

),

final as (

    select
        customers.customer_id,
        cast(scored.recency as bigint) as recency_score,
        cast(scored.frequency as bigint) as frequency_score,
        cast(scored.monetary as bigint) as monetary_score,
        7 * customers.visits
        / cast({{ as_of() }} - customers.first_visit_on as double) as visits_per_week,
        customers.recency_days / customers.mean_days_between_visits as overdue,
        cast(prices.discounted_sales as double)
        / cast(prices.regular_sales as double) as discounted_share,
        cast(prices.saved as double) / cast(prices.regular_sales as double) as saved_share,
        cast(prices.regular_sales as double) / cast(prices.usual_sales as double) as price_level,
        categories.categories,
        categories.top_category,
        categories.top_category_share,
        categories.concentration
    from customers
    inner join scored on customers.customer_id = scored.customer_id
    inner join prices on customers.customer_id = prices.customer_id
    inner join categories on customers.customer_id = categories.customer_id

)

select * from final
