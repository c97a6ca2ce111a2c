"""The marts of customers, as dbt builds them."""

from ml.contracts.dbt_vars import (
    EVENT_HALF_LIFE_DAYS,
    GAPS_PER_CUSTOMER,
    PRIOR_GAP_DAYS,
    PURCHASE_HALF_LIFE_DAYS,
    SCORE_LEVELS,
)
from ml.contracts.table import Column, Table

KNOWN_CUSTOMERS = {"customer_id": ("dim_customers", "customer_id")}
KNOWN_PRODUCTS = {"product_id": ("dim_products", "product_id")}

DIM_CUSTOMERS = Table(
    name="dim_customers",
    layer="marts",
    description=(
        "Recency, frequency, value, rhythm, sensitivity to price and promotion, and breadth over "
        "the history window, merchandise only."
    ),
    grain="One row per known customer seen in the window before the as-of date.",
    key=("customer_id",),
    row_conditions=(
        "last_visit_on = as_of - recency_days::int",
        "abs(mean_basket_sales * visits - sales) < 0.005",
        "saved_share <= discounted_share + 1e-9",
        "concentration <= top_category_share + 1e-6",
    ),
    columns=(
        Column("customer_id", "string"),
        Column("first_visit_on", "date"),
        Column("last_visit_on", "date"),
        Column("recency_days", "int64", minimum=0),
        Column("visits", "int64", "Baskets in the window.", minimum=1),
        Column("visits_per_week", "double", "Since the first visit.", above=0),
        Column("mean_days_between_visits", "double", "Null after one visit.", True, minimum=0),
        Column("sd_days_between_visits", "double", nullable=True, minimum=0),
        Column("overdue", "double", "recency_days over the mean gap.", True, minimum=0),
        Column("sales", "money", "Net sales in the window."),
        Column("mean_basket_sales", "double", minimum=0),
        Column("mean_basket_lines", "double", minimum=0),
        Column(
            "recency_score",
            "int64",
            f"Quantile group of customers; {SCORE_LEVELS} = seen last.",
            minimum=1,
            maximum=SCORE_LEVELS,
        ),
        Column(
            "frequency_score",
            "int64",
            f"{SCORE_LEVELS} = most visits.",
            minimum=1,
            maximum=SCORE_LEVELS,
        ),
        Column(
            "monetary_score",
            "int64",
            f"{SCORE_LEVELS} = highest sales.",
            minimum=1,
            maximum=SCORE_LEVELS,
        ),
        Column(
            "promotion_share",
            "double",
            "Of lines, bought below regular price.",
            minimum=0,
            maximum=1,
        ),
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
        Column("coupon_share", "double", "Of baskets with a coupon.", minimum=0, maximum=1),
        Column(
            "price_level",
            "double",
            "Sales at regular price over the same items at their categories' mean price.",
            above=0,
        ),
        Column("private_label_share", "double", "Of lines.", minimum=0, maximum=1),
        Column("top_department", "string"),
        Column("top_department_share", "double", "Of sales.", minimum=0, maximum=1),
        Column("categories", "int64", "Bought from.", minimum=1),
        Column("top_category", "string"),
        Column("top_category_share", "double", "Of sales.", minimum=0, maximum=1),
        Column(
            "concentration", "double", "Sum of squared category shares.", above=0, maximum=1.000001
        ),
        Column("age_band", "string", nullable=True),
        Column("income_band", "string", nullable=True),
        Column("household_size", "string", nullable=True),
        Column("may_be_targeted", "bool", "False when consent was refused, or on do_not_target."),
    ),
)

FCT_CUSTOMER_PRODUCTS = Table(
    name="fct_customer_products",
    layer="marts",
    description="Purchases, and the same decayed by age.",
    grain="One row per known customer per merchandise product bought before the as-of date.",
    key=("customer_id", "product_id"),
    known_in=KNOWN_CUSTOMERS | KNOWN_PRODUCTS,
    row_conditions=(
        "decayed_purchases < purchases",
        "last_bought_on < as_of",
    ),
    columns=(
        Column("customer_id", "string"),
        Column("product_id", "string"),
        Column("purchases", "int64", "Baskets with the product.", minimum=1),
        Column("units", "int64", minimum=1),
        Column("sales", "money"),
        Column(
            "decayed_purchases",
            "double",
            f"Sum over baskets of 2^(-age/{PURCHASE_HALF_LIFE_DAYS} days), age at the as-of date.",
            above=0,
        ),
        Column("first_bought_on", "date"),
        Column("last_bought_on", "date"),
    ),
)

FCT_CUSTOMER_EVENTS = Table(
    name="fct_customer_events",
    layer="marts",
    description="Events on the site, in purchases, decayed by age; empty where none are landed.",
    grain="One row per known customer per merchandise product with an event.",
    key=("customer_id", "product_id"),
    minimum_rows=0,
    row_conditions=("last_event_on < as_of",),
    columns=(
        Column("customer_id", "string"),
        Column("product_id", "string"),
        Column("events", "int64", minimum=1),
        Column(
            "decayed_interest",
            "double",
            "Sum over events of their weight in purchases, times "
            f"2^(-age/{EVENT_HALF_LIFE_DAYS} days).",
            minimum=0,
        ),
        Column("last_event_on", "date"),
    ),
)

FCT_CUSTOMER_CATEGORIES = Table(
    name="fct_customer_categories",
    layer="marts",
    description="What a customer's sales are made of.",
    grain="One row per known customer per merchandise category bought before the as-of date.",
    key=("customer_id", "category"),
    known_in=KNOWN_CUSTOMERS,
    row_conditions=("sales_share > 0 and sales_share <= 1",),
    columns=(
        Column("customer_id", "string"),
        Column("category", "string"),
        Column("lines", "int64", minimum=1),
        Column("sales", "money"),
        Column("sales_share", "double", "Of the customer's sales.", minimum=0, maximum=1),
    ),
)

FCT_CUSTOMER_GAPS = Table(
    name="fct_customer_gaps",
    layer="marts",
    description="How long customers stay away.",
    grain=(
        f"One row per customer's gap between visit days: the newest {GAPS_PER_CUSTOMER}, and the "
        "one under way."
    ),
    key=("customer_id", "started_on"),
    known_in=KNOWN_CUSTOMERS,
    row_conditions=(
        "started_on + days::int <= as_of",
        "not is_open or started_on + days::int = as_of",
    ),
    columns=(
        Column("customer_id", "string"),
        Column("started_on", "date", "A visit."),
        Column("days", "int64", "To the next visit, or to the as-of date.", minimum=1),
        Column("is_open", "bool", "No next visit yet."),
        Column("visit_days", "int64", "Up to its start.", minimum=1),
        Column(
            "usual_days",
            "double",
            f"Mean of the gaps up to its start and one of {PRIOR_GAP_DAYS} days.",
            above=0,
        ),
    ),
)
