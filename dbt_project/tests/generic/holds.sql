{# Every row satisfies the condition, which may name the date as_of; a null counts as satisfied. #}
{% test holds(model, condition) %}

    select *
    from (select *, {{ as_of() }} as as_of from {{ model }})
    where not ({{ condition }})

{% endtest %}
