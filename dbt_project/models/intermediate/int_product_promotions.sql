{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='starts_on',
    )
}}

with

promotions as (

    select * from {{ ref('stg_promotions') }}
    where {{ is_new_batch('promotions', 'starts_on', 'starts_on') }}

),

promoting as (

    select
        starts_on,
        count(distinct store_id) as stores
    from promotions
    group by starts_on

),

counted as (

    select
        product_id,
        starts_on,
        any_value(batch_id) as batch_id,
        count(distinct store_id) filter (where is_on_display) as display_stores,
        count(distinct store_id) filter (where is_in_mailer) as mailer_stores
    from promotions
    group by product_id, starts_on

),

final as (

    select
        counted.*,
        promoting.stores as promoting_stores
    from counted
    inner join promoting on counted.starts_on = promoting.starts_on

)

select * from final
