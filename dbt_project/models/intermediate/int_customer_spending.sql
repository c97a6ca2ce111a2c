with

lines as (

    select * from {{ ref('int_merchandise_lines') }}

),

priced as (

    select
        *,
        net_sales + shelf_discount as regular_sales
    from lines

),

category_prices as (

    select
        category,
        sum(regular_sales) / sum(units) as mean_price
    from priced
    group by category

),

known as (

    select * from priced
    where customer_id is not null

),

habits as (

    select
        customer_id,
        count(*) as lines,
        cast(sum(net_sales) as decimal(18, 2)) as sales,
        sum(regular_sales) as regular_sales,
        sum(shelf_discount) as saved,
        coalesce(sum(regular_sales) filter (where shelf_discount > 0), 0) as discounted_sales,
        count_if(shelf_discount > 0) / count(*) as promotion_share,
        count_if(is_private_label) / count(*) as private_label_share
    from known
    group by customer_id

),

departments as (

    select
        customer_id,
        department,
        cast(sum(net_sales) as double) as sales
    from known
    group by customer_id, department

),

top_departments as (

    select * from departments
    qualify row_number() over (partition by customer_id order by sales desc, department asc) = 1

),

categories as (

    select
        customer_id,
        category,
        sum(units) as units
    from known
    group by customer_id, category

),

usual_prices as (

    -- Decimals add up exactly, in any order.
    select
        categories.customer_id,
        sum(cast(categories.units * category_prices.mean_price as decimal(28, 6))) as usual_sales
    from categories
    inner join category_prices on categories.category = category_prices.category
    group by categories.customer_id

),

final as (

    select
        habits.customer_id,
        habits.lines,
        habits.sales,
        habits.promotion_share,
        habits.private_label_share,
        cast(habits.discounted_sales as double)
        / cast(habits.regular_sales as double) as discounted_share,
        cast(habits.saved as double) / cast(habits.regular_sales as double) as saved_share,
        cast(habits.regular_sales as double)
        / cast(usual_prices.usual_sales as double) as price_level,
        top_departments.department as top_department,
        top_departments.sales / cast(habits.sales as double) as top_department_share
    from habits
    inner join top_departments on habits.customer_id = top_departments.customer_id
    inner join usual_prices on habits.customer_id = usual_prices.customer_id

)

select * from final
