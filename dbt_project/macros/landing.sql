{# Show the landed tables to dbt: schema `landing`, one view per source table.

   Only files that a manifest names are read. A run for date D sees the event partitions of
   the days before D and the last snapshot on or before D; no later file is opened. A table
   that never landed is an empty view of the declared types, and its features are off; a column
   that a batch landed without is null. #}
{% macro read_landing() -%}
    {%- if execute -%}
        {%- set batches = landed_batches() -%}
        create schema if not exists landing;
        create or replace table landing.batches as {{ batches }};
        {%- set paths = paths_by_table(batches) -%}
        {%- set tables = graph.sources.values() | selectattr('source_name', 'equalto', 'landing')
            | rejectattr('name', 'in', ['batches', 'features']) | list -%}
        {%- for table in tables %}
        create or replace view landing.{{ table.name }} as
        {{ landed_rows(table, paths.get(table.name, [])) }};
        {%- endfor %}
        create or replace table landing.features (table_name varchar, features varchar, is_on boolean);
        {%- for table in tables %}
        insert into landing.features values (
            '{{ table.name }}', '{{ table.config.meta.features | replace("'", "''") }}', {{ table.name in paths }}
        );
        {%- if table.name not in paths %}
            {%- do announce_absence(table) %}
        {%- endif %}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{% macro landed_batches() -%}
    {%- set manifests = env_var('PROMOLOOP_HOME', 'var') ~ '/lake/landing/*/*/manifest.json' -%}
    {%- if run_query("select count(*) from glob('" ~ manifests ~ "')").columns[0][0] == 0 -%}
        {%- do exceptions.raise_compiler_error('no landed batch found at ' ~ manifests
            ~ '; expected the landing stage to have run: land the source first') -%}
    {%- endif -%}
    with manifests as (
        select
            "table" as table_name,
            split_part("partition", '=', 1) as partitioned_by,
            cast(split_part("partition", '=', 2) as date) as day,
            left(content_hash, 16) as batch_id,
            "rows",
            list_transform(files, lambda f: regexp_replace(filename, 'manifest.json$', f.name)) as paths
        from read_json(
            '{{ manifests }}',
            filename = true,
            columns = {
                'table': 'varchar', 'partition': 'varchar', 'content_hash': 'varchar',
                'rows': 'bigint', 'files': 'struct(name varchar)[]'
            }
        )
    )
    select * from manifests
    where partitioned_by = 'day' and day < {{ as_of() }}
    union all
    select * from manifests
    where partitioned_by = 'as_of' and day <= {{ as_of() }}
    qualify row_number() over (partition by table_name order by day desc) = 1
    order by table_name, day
{%- endmacro %}


{% macro paths_by_table(batches) -%}
    {%- set paths = {} -%}
    {%- set query = 'select table_name, unnest(paths) from (' ~ batches ~ ') order by all' -%}
    {%- for table_name, path in run_query(query).rows -%}
        {%- do paths.setdefault(table_name, []).append(path) -%}
    {%- endfor -%}
    {%- do return(paths) -%}
{%- endmacro %}


{% macro landed_rows(table, paths) -%}
    select
        {% for column in table.columns.values() -%}
        cast(null as {{ column.data_type }}) as {{ column.name }},
        {% endfor -%}
        cast(null as date) as {{ table.config.meta.partition }},
        cast(null as varchar) as batch_id
    where false
    {%- if paths %}
        union all by name
        select landed.*, batches.batch_id
        from read_parquet(
            ['{{ paths | join("', '") }}'],
            hive_partitioning = true,
            hive_types = {'{{ table.config.meta.partition }}': date}
        ) as landed
        inner join landing.batches
            on batches.table_name = '{{ table.name }}'
            and batches.day = landed.{{ table.config.meta.partition }}
    {%- endif -%}
{%- endmacro %}


{% macro announce_absence(table) -%}
    {%- if table.config.meta.required -%}
        {%- do exceptions.raise_compiler_error('no batch of ' ~ table.name ~ ' landed before '
            ~ as_of_day() ~ '; it is required: land it first') -%}
    {%- endif -%}
    {%- do log('OFF: ' ~ table.config.meta.features ~ ' (' ~ table.name ~ ' never landed)', info=true) -%}
{%- endmacro %}
