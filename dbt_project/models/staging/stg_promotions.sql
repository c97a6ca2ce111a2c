with

source as (

    select * from {{ source('landing', 'promotions') }}

),

renamed as (

    select
        ---------- ids
        product_id,
        store_id,

        ---------- booleans
        display is not null as is_on_display,
        mailer is not null as is_in_mailer,

        ---------- dates
        day as starts_on,

        ---------- batches
        batch_id

    from source

)

select * from renamed
