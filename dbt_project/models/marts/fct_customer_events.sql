with

events as (

    select
        stg_events.customer_id,
        stg_events.product_id,
        stg_events.happened_on,
        -- Who looked for ten seconds looked; a page left at once says little.
        event_weights.purchases
        * coalesce(least(stg_events.dwell_seconds / 10, 1), 1)
        * pow(2, -({{ as_of() }} - stg_events.happened_on) / 28) as interest
    from {{ ref('stg_events') }} as stg_events
    inner join {{ ref('event_weights') }} as event_weights
        on stg_events.event_type = event_weights.event_type
    where
        stg_events.happened_on >= {{ history_start() }}
        and stg_events.happened_on < {{ as_of() }}

),

summed as (

    select
        events.customer_id,
        events.product_id,
        count(*) as events,
        -- Decimals add up exactly, in any order: doubles would differ between two runs.
        cast(sum(cast(events.interest as decimal(28, 10))) as double) as decayed_interest,
        max(events.happened_on) as last_event_on
    from events
    inner join {{ ref('dim_customers') }} as dim_customers
        on events.customer_id = dim_customers.customer_id
    inner join {{ ref('dim_products') }} as dim_products
        on events.product_id = dim_products.product_id
    where dim_products.is_merchandise
    group by events.customer_id, events.product_id

)

select * from summed
