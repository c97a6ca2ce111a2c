with

lines as (

    select * from {{ ref('int_merchandise_lines') }}
    where customer_id is not null

),

visit_days as (

    select distinct
        customer_id,
        sold_on
    from lines

),

numbered as (

    select
        customer_id,
        sold_on as started_on,
        lead(sold_on) over by_day as ended_on,
        row_number() over by_day as visit_days,
        sold_on - first_value(sold_on) over by_day as days_known
    from visit_days
    window by_day as (partition by customer_id order by sold_on)

),

newest as (

    select * from numbered
    qualify
        row_number() over (partition by customer_id order by started_on desc)
        <= {{ var('gaps_per_customer') }} + 1

),

final as (

    -- One prior gap, as if seen before the first visit, keeps a new customer's mean gap sane.
    select
        customer_id,
        started_on,
        coalesce(ended_on, {{ as_of() }}) - started_on as days,
        ended_on is null as is_open,
        visit_days,
        (days_known + {{ var('prior_gap_days') }}) / visit_days as usual_days
    from newest

)

select * from final
