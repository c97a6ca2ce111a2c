{# The run's date as SQL. Every row that a mart uses lies before it. #}
{% macro as_of() -%}
    {%- if execute and not var('as_of') -%}
        {%- do exceptions.raise_compiler_error(
            "the variable as_of is missing; expected --vars '{as_of: YYYY-MM-DD}'"
        ) -%}
    {%- endif -%}
    date '{{ var("as_of") or "1970-01-01" }}'
{%- endmacro %}


{# The Monday on which the history that marts carry begins. #}
{% macro history_start() -%}
    cast(date_trunc('week', {{ as_of() }}) as date) - {{ 7 * var('history_weeks') }}
{%- endmacro %}
