{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='starts_on',
    )
}}

with

source as (

    select * from {{ source('landing', 'campaigns') }}
    where {{ is_new_batch('campaigns', 'starts_on') }}

),

renamed as (

    select
        ---------- ids
        campaign_id,

        ---------- strings
        campaign_type,

        ---------- dates
        day as starts_on,
        ends_on,

        ---------- batches
        batch_id

    from source

)

select * from renamed
