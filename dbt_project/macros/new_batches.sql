{# True for the rows of landed batches that the incremental model does not hold yet.

   The days are literals, so that DuckDB opens no file of another day. A batch is known by its
   day and content: a day that lands again with other rows is loaded again. #}
{% macro is_new_batch(table, loaded_day, day='day') -%}
    {{ is_unknown(day, loaded_day, "select day, batch_id from landing.batches where table_name = '"
        ~ table ~ "'") }}
{%- endmacro %}


{# The same for weeks: those complete before the as-of date whose days changed. #}
{% macro is_new_week(table, week='week_start_date') -%}
    {{ is_unknown(week, week, "select cast(date_trunc('week', day) as date) as week, "
        ~ batch_of_week('batch_id') ~ " from landing.batches where table_name = '" ~ table
        ~ "' group by 1 having week + 7 <= " ~ as_of()) }}
{%- endmacro %}


{% macro batch_of_week(batch_id) -%}
    left(md5(string_agg(distinct {{ batch_id }}, ',' order by {{ batch_id }})), 16)
{%- endmacro %}


{% macro is_unknown(day, loaded_day, landed) -%}
    {%- if not is_incremental() -%}
        true
    {%- else -%}
        {%- set query = 'from (' ~ landed ~ ') except select ' ~ loaded_day ~ ', batch_id from '
            ~ this -%}
        {%- set days = run_query(query).columns[0].values() | sort -%}
        {{ day }} in (
            {%- for day in days %}date '{{ day }}'{{ ', ' if not loop.last }}{% else %}null{% endfor -%}
        )
    {%- endif -%}
{%- endmacro %}
