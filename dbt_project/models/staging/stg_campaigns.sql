{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='landed_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'campaigns') }}
    where {{ is_new_batch('campaigns', 'landed_on') }}

),

renamed as (

    select
        ---------- ids
        campaign_id,

        ---------- strings
        campaign_type,

        ---------- dates
        starts_on,
        ends_on,

        ---------- batches
        day as landed_on,
        batch_id

    from source

)

select * from renamed
