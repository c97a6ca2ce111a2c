with

transactions as (

    select * from {{ ref('stg_transactions') }}

),

public_holidays as (

    select * from {{ ref('holidays') }}

),

calendar as (

    select * from {{ ref('stg_calendar') }}

),

spans as (

    select
        greatest(min(sold_on), {{ history_start() }}) as first_day,
        cast({{ as_of() }} + interval 1 year as date) as last_day
    from transactions

),

days as (

    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as date_day
    from spans

),

named as (

    select
        date_day,
        holiday as day_name
    from public_holidays
    union
    select
        date_day,
        event_name as day_name
    from calendar

),

holidays as (

    select
        date_day,
        string_agg(day_name, '; ' order by day_name) as holiday
    from named
    group by date_day

),

final as (

    select
        days.date_day,
        cast(date_trunc('week', days.date_day) as date) as week_start_date,
        isodow(days.date_day) as day_of_week,
        week(days.date_day) as week_of_year,
        month(days.date_day) as month,
        holidays.holiday
    from days
    left join holidays on days.date_day = holidays.date_day

)

select * from final
