with

source as (

    select * from {{ source('landing', 'customers') }}

),

renamed as (

    select
        ---------- ids
        customer_id,

        ---------- strings
        age_band,
        income_band,
        household_size,

        ---------- booleans
        coalesce(consent, true) and not coalesce(do_not_target, false) as may_be_targeted

    from source

)

select * from renamed
