"""The marts dbt builds, exported as one partition per as-of date D. All rows lie before D."""

from ml.contracts.profiles import DIM_CUSTOMER_PROFILES, FCT_CUSTOMER_GAPS
from ml.contracts.table import Column, Table

DIM_PRODUCTS = Table(
    name="dim_products",
    layer="marts",
    grain="One row per product.",
    key=("product_id",),
    columns=(
        Column("product_id", "string"),
        Column("brand", "string"),
        Column("manufacturer_id", "string"),
        Column("department", "string"),
        Column("category", "string"),
        Column("subcategory", "string"),
        Column("package_size", "string"),
        Column("unit_cost", "double", nullable=True, above=0),
        Column("list_price", "double", nullable=True, above=0),
        Column("is_merchandise", "bool", "Sold by the item and may be promoted."),
        Column("exclusion_reason", "string", "Why it is not merchandise.", True),
        Column("first_sold_on", "date", nullable=True),
        Column("last_sold_on", "date", nullable=True),
    ),
)

DIM_CUSTOMERS = Table(
    name="dim_customers",
    layer="marts",
    grain="One row per customer seen before the as-of date.",
    key=("customer_id",),
    columns=(
        Column("customer_id", "string"),
        Column("first_visit_on", "date"),
        Column("last_visit_on", "date"),
        Column("recency_days", "int64", minimum=0),
        Column("visits", "int64", "Baskets in the window.", minimum=1),
        Column("sales", "money", "Net sales in the window."),
        Column("mean_basket_sales", "double", minimum=0),
        Column("mean_basket_lines", "double", minimum=0),
        Column("mean_days_between_visits", "double", "Null after one visit.", True, minimum=0),
        Column("sd_days_between_visits", "double", nullable=True, minimum=0),
        Column(
            "promotion_share",
            "double",
            "Of lines, bought below regular price.",
            minimum=0,
            maximum=1,
        ),
        Column("coupon_share", "double", "Of baskets with a coupon.", minimum=0, maximum=1),
        Column("private_label_share", "double", "Of lines.", minimum=0, maximum=1),
        Column("top_department", "string"),
        Column("top_department_share", "double", "Of sales.", minimum=0, maximum=1),
        Column("age_band", "string", nullable=True),
        Column("income_band", "string", nullable=True),
        Column("household_size", "string", nullable=True),
        Column("may_be_targeted", "bool", "False when consent was refused, or on do_not_target."),
    ),
)

DIM_DATES = Table(
    name="dim_dates",
    layer="marts",
    grain="One row per calendar day, to one year past the as-of date.",
    key=("date_day",),
    columns=(
        Column("date_day", "date"),
        Column("week_start_date", "date", "The Monday."),
        Column("day_of_week", "int64", "1 = Monday.", minimum=1, maximum=7),
        Column("week_of_year", "int64", "ISO.", minimum=1, maximum=53),
        Column("month", "int64", minimum=1, maximum=12),
        Column("holiday", "string", nullable=True),
    ),
)

FCT_PRODUCT_WEEKS = Table(
    name="fct_product_weeks",
    layer="marts",
    grain="One row per merchandise product per complete week since its first sale.",
    key=("product_id", "week_start_date"),
    columns=(
        Column("product_id", "string"),
        Column("week_start_date", "date", "The Monday."),
        Column("units", "int64", "Items sold; 0 when none.", minimum=0),
        Column("sales", "money", "Net sales plus coupon match: at shelf price.", minimum=0),
        Column(
            "regular_price",
            "double",
            "Per item, before the shelf discount; null unsold.",
            True,
            above=0,
        ),
        Column(
            "shelf_price", "double", "Per item, as paid at the shelf; null unsold.", True, above=0
        ),
        Column("depth", "double", "1 - shelf/regular; null unsold.", True, minimum=0, maximum=1),
        Column(
            "display_share", "double", "Of promoting stores, with a display.", minimum=0, maximum=1
        ),
        Column(
            "mailer_share",
            "double",
            "Of promoting stores, with the product in the mailer.",
            minimum=0,
            maximum=1,
        ),
        Column("stores_selling", "int64", minimum=0),
        Column("baskets", "int64", minimum=0),
        Column(
            "days_out_of_stock",
            "int64",
            "Days on which none was counted; 0 without counts.",
            minimum=0,
            maximum=7,
        ),
    ),
)

FCT_CUSTOMER_PRODUCTS = Table(
    name="fct_customer_products",
    layer="marts",
    grain="One row per known customer per merchandise product bought before the as-of date.",
    key=("customer_id", "product_id"),
    columns=(
        Column("customer_id", "string"),
        Column("product_id", "string"),
        Column("purchases", "int64", "Baskets with the product.", minimum=1),
        Column("units", "int64", minimum=1),
        Column("sales", "money"),
        Column(
            "decayed_purchases",
            "double",
            "Sum over baskets of 2^(-age/112 days), age at the as-of date.",
            above=0,
        ),
        Column("first_bought_on", "date"),
        Column("last_bought_on", "date"),
    ),
)

FCT_CUSTOMER_CATEGORIES = Table(
    name="fct_customer_categories",
    layer="marts",
    grain="One row per known customer per merchandise category bought before the as-of date.",
    key=("customer_id", "category"),
    columns=(
        Column("customer_id", "string"),
        Column("category", "string"),
        Column("lines", "int64", minimum=1),
        Column("sales", "money"),
        Column("sales_share", "double", "Of the customer's sales.", minimum=0, maximum=1),
    ),
)

FCT_BASKETS = Table(
    name="fct_baskets",
    layer="marts",
    grain="One row per basket of the 91 days before the as-of date.",
    key=("basket_id",),
    columns=(
        Column("basket_id", "string"),
        Column("customer_id", "string", nullable=True),
        Column("store_id", "string"),
        Column("sold_on", "date"),
        Column("lines", "int64", minimum=1),
        Column("units", "int64", minimum=1),
        Column("sales", "money", minimum=0),
        Column("shelf_discount", "money", minimum=0),
        Column("coupon_discount", "money", minimum=0),
    ),
)

FCT_BASKET_QUANTITIES = Table(
    name="fct_basket_quantities",
    layer="marts",
    grain="One row per product, price and units, over baskets of the 91 days before the date.",
    key=("product_id", "on_promotion", "units"),
    columns=(
        Column("product_id", "string"),
        Column("on_promotion", "bool", "Bought more than 5 % below the regular price."),
        Column("units", "int64", "12 = 12 or more.", minimum=1, maximum=12),
        Column("baskets", "int64", minimum=1),
    ),
)

FCT_CATEGORY_BASKETS = Table(
    name="fct_category_baskets",
    layer="marts",
    grain="One row per category and sales bracket of 5, over baskets that hold the category.",
    key=("category", "sales_from"),
    columns=(
        Column("category", "string"),
        Column("sales_from", "int64", "200 = 200 or more.", minimum=0, maximum=200),
        Column("baskets", "int64", minimum=1),
    ),
)

FCT_PRODUCT_PAIRS = Table(
    name="fct_product_pairs",
    layer="marts",
    grain="One row per product and each of the five products most often in its baskets.",
    key=("product_id", "partner_id"),
    minimum_rows=0,
    columns=(
        Column("product_id", "string"),
        Column("partner_id", "string"),
        Column("baskets", "int64", "With the product.", minimum=30),
        Column("baskets_together", "int64", "With both.", minimum=10),
    ),
)

FCT_CAMPAIGNS = Table(
    name="fct_campaigns",
    layer="marts",
    grain="One row per campaign that started before the as-of date.",
    key=("campaign_id",),
    minimum_rows=0,
    columns=(
        Column("campaign_id", "string"),
        Column("campaign_type", "string"),
        Column("starts_on", "date"),
        Column("ends_on", "date"),
        Column("customers", "int64", "Sent to.", minimum=0),
        Column("coupons", "int64", minimum=0),
        Column("products", "int64", "With a coupon.", minimum=0),
        Column("redemptions", "int64", minimum=0),
        Column("redeeming_customers", "int64", minimum=0),
    ),
)

FCT_CUSTOMER_EVENTS = Table(
    name="fct_customer_events",
    layer="marts",
    grain="One row per known customer per merchandise product with an event.",
    key=("customer_id", "product_id"),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string"),
        Column("product_id", "string"),
        Column("events", "int64", minimum=1),
        Column(
            "decayed_interest",
            "double",
            "Sum over events of their weight in purchases, times 2^(-age/28 days).",
            minimum=0,
        ),
        Column("last_event_on", "date"),
    ),
)

FCT_COUPON_REDEMPTIONS = Table(
    name="fct_coupon_redemptions",
    layer="marts",
    grain="One row per customer, coupon, campaign and day of redemption.",
    key=("customer_id", "coupon_id", "campaign_id", "redeemed_on"),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string"),
        Column("coupon_id", "string"),
        Column("campaign_id", "string"),
        Column("redeemed_on", "date"),
        Column("campaign_type", "string", nullable=True),
        Column("days_since_start", "int64", nullable=True),
    ),
)

MARTS = (
    DIM_PRODUCTS,
    DIM_CUSTOMERS,
    DIM_CUSTOMER_PROFILES,
    DIM_DATES,
    FCT_PRODUCT_WEEKS,
    FCT_CUSTOMER_PRODUCTS,
    FCT_CUSTOMER_EVENTS,
    FCT_CUSTOMER_CATEGORIES,
    FCT_CUSTOMER_GAPS,
    FCT_BASKETS,
    FCT_BASKET_QUANTITIES,
    FCT_CATEGORY_BASKETS,
    FCT_PRODUCT_PAIRS,
    FCT_CAMPAIGNS,
    FCT_COUPON_REDEMPTIONS,
)
