{# True for the rows of landed batches that the incremental model does not hold yet.

   The days are literals, so that DuckDB opens no file of another day. A batch is known by its
   day and content: a day that lands again with other rows is loaded again. #}
{% macro is_new_batch(table, day='day') -%}
    {{ is_one_of(day, 'select day, batch_id from landing.batches where table_name = '
        ~ "'" ~ table ~ "'", 'landed_on') }}
{%- endmacro %}


{# The same for weeks: those complete before the as-of date whose days changed. #}
{% macro is_new_week(table, week='week_start_date') -%}
    {{ is_one_of(week, "select cast(date_trunc('week', day) as date) as week, "
        ~ batch_of_week('batch_id') ~ " from landing.batches where table_name = '" ~ table
        ~ "' group by 1 having week + 7 <= " ~ as_of(), 'week_start_date') }}
{%- endmacro %}


{% macro batch_of_week(batch_id) -%}
    md5(string_agg(distinct {{ batch_id }}, ',' order by {{ batch_id }}))
{%- endmacro %}


{% macro is_one_of(column, landed, loaded_column) -%}
    {%- if not is_incremental() -%}
        true
    {%- else -%}
        {%- set query = 'from (' ~ landed ~ ') except select ' ~ loaded_column
            ~ ', batch_id from ' ~ this -%}
        {%- set days = run_query(query).columns[0].values() | sort -%}
        {{ column }} in (
            {%- for day in days %}date '{{ day }}'{{ ', ' if not loop.last }}{% else %}null{% endfor -%}
        )
    {%- endif -%}
{%- endmacro %}
