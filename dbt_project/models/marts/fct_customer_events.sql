with

events as (

    select * from {{ ref('stg_events') }}
    where happened_on >= {{ history_start() }} and happened_on < {{ as_of() }}

),

event_weights as (

    select * from {{ ref('event_weights') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

products as (

    select * from {{ ref('dim_products') }}
    where is_merchandise

),

weighted as (

    select
        events.customer_id,
        events.product_id,
        events.happened_on,
        -- A view of less than the full time counts in proportion.
        event_weights.purchases
        * coalesce(least(events.dwell_seconds / {{ var('event_full_dwell_seconds') }}, 1), 1)
        * pow(
            2, -({{ as_of() }} - events.happened_on) / {{ var('event_half_life_days') }}
        ) as interest
    from events
    inner join event_weights on events.event_type = event_weights.event_type

),

final as (

    select
        weighted.customer_id,
        weighted.product_id,
        count(*) as events,
        -- Decimals add up exactly, in any order: doubles would differ between two runs.
        cast(sum(cast(weighted.interest as decimal(28, 10))) as double) as decayed_interest,
        max(weighted.happened_on) as last_event_on
    from weighted
    inner join customers on weighted.customer_id = customers.customer_id
    inner join products on weighted.product_id = products.product_id
    group by weighted.customer_id, weighted.product_id

)

select * from final
