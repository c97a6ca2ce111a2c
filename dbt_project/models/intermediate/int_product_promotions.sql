{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='landed_on',
    )
}}

with

promotions as (

    select * from {{ ref('stg_promotions') }}
    where {{ is_new_batch('promotions', 'landed_on') }}

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
        landed_on,
        batch_id,
        count(distinct store_id) filter (where is_on_display) as display_stores,
        count(distinct store_id) filter (where is_in_mailer) as mailer_stores
    from promotions
    group by all

),

final as (

    select
        counted.*,
        promoting.stores as promoting_stores
    from counted
    inner join promoting using (starts_on)

)

select * from final
