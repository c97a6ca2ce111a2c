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

final as (

    select
        holding.category,
        cast(
            {{ var('sales_histogram_step') }} * floor(
                least(baskets.sales, {{ var('sales_histogram_max') }})
                / {{ var('sales_histogram_step') }}
            ) as bigint
        ) as sales_from,
        count(*) as baskets
    from holding
    inner join baskets on holding.basket_id = baskets.basket_id
    group by all

)

select * from final
