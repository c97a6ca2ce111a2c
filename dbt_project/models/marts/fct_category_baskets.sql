with

lines as (

    select * from {{ ref('int_merchandise_lines') }}

),

baskets as (

    select * from {{ ref('fct_baskets') }}

),

holding as (

    select distinct
        basket_id,
        category
    from lines

),

counted as (

    select
        holding.category,
        cast(5 * floor(least(baskets.sales, 200) / 5) as bigint) as sales_from,
        count(*) as baskets
    from holding
    inner join baskets on holding.basket_id = baskets.basket_id
    group by all

)

select * from counted
