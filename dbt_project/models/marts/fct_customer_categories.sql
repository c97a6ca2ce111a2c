with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where customer_id is not null

),

summed as (

    select
        customer_id,
        category,
        count(*) as lines,
        cast(sum(net_sales) as decimal(18, 2)) as sales
    from lines
    group by customer_id, category

),

final as (

    select
        *,
        cast(sales as double)
        / cast(sum(sales) over (partition by customer_id) as double) as sales_share
    from summed

)

select * from final
