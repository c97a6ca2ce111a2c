with

source as (

    select * from {{ source('landing', 'inventory') }}

),

renamed as (

    select
        ---------- ids
        product_id,

        ---------- numerics
        on_hand,

        ---------- dates
        counted_on

    from source

)

select * from renamed
