"""What is known of each customer, and the groups that plans and offers speak to."""

from ml.contracts.table import Column, Table

DIM_CUSTOMER_PROFILES = Table(
    name="dim_customer_profiles",
    layer="marts",
    grain="One row per customer of dim_customers.",
    key=("customer_id",),
    columns=(
        Column("customer_id", "string"),
        Column(
            "recency_score", "int64", "Fifth of customers; 5 = seen last.", minimum=1, maximum=5
        ),
        Column("frequency_score", "int64", "5 = most visits.", minimum=1, maximum=5),
        Column("monetary_score", "int64", "5 = highest sales.", minimum=1, maximum=5),
        Column("visits_per_week", "double", "Since the first visit.", above=0),
        Column("overdue", "double", "Silence so far over the mean gap.", True, minimum=0),
        Column(
            "discounted_share",
            "double",
            "Of sales at regular price, bought on shelf discount.",
            minimum=0,
            maximum=1,
        ),
        Column(
            "saved_share",
            "double",
            "Shelf discount over sales at regular price: discounted_share weighted by depth.",
            minimum=0,
            maximum=1,
        ),
        Column(
            "price_level",
            "double",
            "Sales at regular price over the same items at their categories' mean price.",
            above=0,
        ),
        Column("categories", "int64", "Bought from.", minimum=1),
        Column("top_category", "string"),
        Column("top_category_share", "double", "Of sales.", minimum=0, maximum=1),
        Column(
            "concentration", "double", "Sum of squared category shares.", above=0, maximum=1.000001
        ),
    ),
)

FCT_CUSTOMER_GAPS = Table(
    name="fct_customer_gaps",
    layer="marts",
    grain="One row per customer's time between visit days: the newest ten, and the one under way.",
    key=("customer_id", "started_on"),
    columns=(
        Column("customer_id", "string"),
        Column("started_on", "date", "A visit."),
        Column("days", "int64", "To the next visit, or to the as-of date.", minimum=1),
        Column("is_open", "bool", "No next visit yet."),
        Column("visit_days", "int64", "Up to its start.", minimum=1),
        Column("usual_days", "double", "Mean gap up to its start and one of 14 days.", above=0),
    ),
)
