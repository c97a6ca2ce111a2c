with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where customer_id is not null

),

final as (

    select
        customer_id,
        product_id,
        count(*) as purchases,
        cast(sum(units) as bigint) as units,
        cast(sum(net_sales) as decimal(18, 2)) as sales,
        -- Decimals add up exactly, in any order: doubles would differ between two runs.
        cast(
            sum(
                cast(
                    pow(2, -({{ as_of() }} - sold_on) / {{ var('purchase_half_life_days') }})
                    as decimal(28, 10)
                )
            ) as double
        ) as decayed_purchases,
        min(sold_on) as first_bought_on,
        max(sold_on) as last_bought_on
    from lines
    group by customer_id, product_id

)

select * from final
