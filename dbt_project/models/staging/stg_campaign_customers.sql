{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='landed_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'campaign_customers') }}
    where {{ is_new_batch('campaign_customers', 'landed_on') }}

),

renamed as (

    select
        ---------- ids
        campaign_id,
        customer_id,

        ---------- dates
        starts_on,

        ---------- batches
        day as landed_on,
        batch_id

    from source

)

select * from renamed
