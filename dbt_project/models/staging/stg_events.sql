with

source as (

    select * from {{ source('landing', 'events') }}

),

renamed as (

    select
        ---------- ids
        customer_id,
        product_id,

        ---------- strings
        event_type,

        ---------- numerics
        dwell_seconds,

        ---------- dates
        happened_on

    from source

)

select * from renamed
