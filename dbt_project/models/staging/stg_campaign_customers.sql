{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='starts_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'campaign_customers') }}
    where {{ is_new_batch('campaign_customers', 'starts_on') }}

),

renamed as (

    select
        ---------- ids
        campaign_id,
        customer_id,

        ---------- dates
        day as starts_on,

        ---------- batches
        batch_id

    from source

)

select * from renamed
