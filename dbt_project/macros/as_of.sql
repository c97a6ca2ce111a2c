{# The run's date as SQL. Every row that a mart uses lies before it. #}
{% macro as_of() -%}
    date '{{ as_of_day() or "1970-01-01" }}'
{%- endmacro %}


{# The run's date, YYYY-MM-DD: an environment variable, because another --vars would make dbt
   parse the whole project again. Unit tests set the variable. #}
{% macro as_of_day() -%}
    {%- set day = var('as_of') or env_var('PROMOLOOP_AS_OF', '') -%}
    {%- if execute and not day -%}
        {%- do exceptions.raise_compiler_error(
            "the run's date is missing; expected PROMOLOOP_AS_OF=YYYY-MM-DD in the environment"
        ) -%}
    {%- endif -%}
    {{- day -}}
{%- endmacro %}


{# The Monday on which the history that marts carry begins. #}
{% macro history_start() -%}
    {%- set weeks = var('history_weeks') or env_var('PROMOLOOP_HISTORY_WEEKS', '104') -%}
    cast(date_trunc('week', {{ as_of() }}) as date) - {{ 7 * weeks | int }}
{%- endmacro %}
