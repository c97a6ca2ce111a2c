with

source as (

    select * from {{ source('landing', 'calendar') }}

),

renamed as (

    select
        ---------- strings
        event_name,

        ---------- booleans
        is_closed,

        ---------- dates
        date_day

    from source

)

select * from renamed
