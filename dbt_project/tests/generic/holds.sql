{# Every row satisfies the condition; a null counts as satisfied, as in a check constraint. #}
{% test holds(model, condition) %}

    select * from {{ model }}
    where not ({{ condition }})

{% endtest %}
