"""The marts dbt builds, exported as one partition per as-of date D. All rows lie before D.

dbt enforces these columns and tests these rules: `make contracts` writes its yml.
"""

from ml.contracts.customer_marts import (
    DIM_CUSTOMERS,
    FCT_CUSTOMER_CATEGORIES,
    FCT_CUSTOMER_EVENTS,
    FCT_CUSTOMER_GAPS,
    FCT_CUSTOMER_PRODUCTS,
    KNOWN_PRODUCTS,
)
from ml.contracts.dbt_vars import (
    ON_PROMOTION_DEPTH,
    PAIR_BASKETS_MIN,
    PAIR_PRODUCT_BASKETS_MIN,
    PAIRS_PER_PRODUCT,
    RECENT_DAYS,
    SALES_HISTOGRAM_MAX,
    SALES_HISTOGRAM_STEP,
    UNITS_HISTOGRAM_MAX,
)
from ml.contracts.table import Column, Table

DIM_PRODUCTS = Table(
    name="dim_products",
    layer="marts",
    description="What is sold, with the reason when it is not merchandise.",
    grain="One row per product.",
    key=("product_id",),
    row_conditions=(
        "is_merchandise = (exclusion_reason is null)",
        "first_sold_on <= last_sold_on",
    ),
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

DIM_DATES = Table(
    name="dim_dates",
    layer="marts",
    description="Days with their holidays and the shop's own events.",
    grain="One row per calendar day, from the first sale to one year past the as-of date.",
    key=("date_day",),
    row_conditions=(
        "date_day - week_start_date = day_of_week - 1",
        "day_of_week between 1 and 7",
    ),
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
    description="Sales, prices and support; a week without a sale has zero units.",
    grain="One row per merchandise product per complete week since its first sale.",
    key=("product_id", "week_start_date"),
    known_in=KNOWN_PRODUCTS,
    row_conditions=(
        "(units = 0) = (shelf_price is null) and (units = 0) = (baskets = 0)",
        "abs(shelf_price * units - sales) < 0.005",
        "abs(regular_price * (1 - depth) - shelf_price) < 1e-6",
        "depth >= 0 and display_share <= 1 and mailer_share <= 1",
        "week_start_date + 7 <= as_of",
    ),
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

FCT_BASKETS = Table(
    name="fct_baskets",
    layer="marts",
    description="Merchandise in recent baskets.",
    grain=f"One row per basket of the {RECENT_DAYS} days before the as-of date.",
    key=("basket_id",),
    row_conditions=(
        "units >= lines and sold_on < as_of",
        f"sold_on >= as_of - {RECENT_DAYS}",
    ),
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

AGG_PRODUCT_BASKET_UNITS_HISTOGRAM = Table(
    name="agg_product_basket_units_histogram",
    layer="marts",
    description="Units of a product in a recent basket, at the regular price and on promotion.",
    grain=(
        "One row per product, price and units in a basket, over the baskets of the "
        f"{RECENT_DAYS} days before the as-of date."
    ),
    key=("product_id", "on_promotion", "units"),
    row_conditions=(f"units between 1 and {UNITS_HISTOGRAM_MAX} and baskets >= 1",),
    columns=(
        Column("product_id", "string"),
        Column(
            "on_promotion",
            "bool",
            f"Bought more than {ON_PROMOTION_DEPTH:.0%} below the regular price.",
        ),
        Column(
            "units",
            "int64",
            f"{UNITS_HISTOGRAM_MAX} = that many or more.",
            minimum=1,
            maximum=UNITS_HISTOGRAM_MAX,
        ),
        Column("baskets", "int64", minimum=1),
    ),
)

AGG_CATEGORY_BASKET_SALES_HISTOGRAM = Table(
    name="agg_category_basket_sales_histogram",
    layer="marts",
    description="What the recent baskets that hold a category come to.",
    grain=(
        f"One row per category and bracket of basket sales, over the baskets of the {RECENT_DAYS} "
        "days before the as-of date that hold the category."
    ),
    key=("category", "sales_from"),
    row_conditions=(
        f"sales_from between 0 and {SALES_HISTOGRAM_MAX}",
        f"sales_from % {SALES_HISTOGRAM_STEP} = 0",
    ),
    columns=(
        Column("category", "string"),
        Column(
            "sales_from",
            "int64",
            f"Bracket of {SALES_HISTOGRAM_STEP} from here; {SALES_HISTOGRAM_MAX} = this or more.",
            minimum=0,
            maximum=SALES_HISTOGRAM_MAX,
        ),
        Column("baskets", "int64", minimum=1),
    ),
)

FCT_PRODUCT_PAIRS = Table(
    name="fct_product_pairs",
    layer="marts",
    description="What is bought together.",
    grain=(
        f"One row per product and each of the {PAIRS_PER_PRODUCT} products most often in its "
        f"baskets of the {RECENT_DAYS} days before the as-of date."
    ),
    key=("product_id", "partner_id"),
    minimum_rows=0,
    row_conditions=(
        f"baskets_together between {PAIR_BASKETS_MIN} and baskets",
        "product_id != partner_id",
    ),
    columns=(
        Column("product_id", "string"),
        Column("partner_id", "string"),
        Column("baskets", "int64", "With the product.", minimum=PAIR_PRODUCT_BASKETS_MIN),
        Column("baskets_together", "int64", "With both.", minimum=PAIR_BASKETS_MIN),
    ),
)

FCT_CAMPAIGNS = Table(
    name="fct_campaigns",
    layer="marts",
    description="Coupon campaigns and what came of them until the as-of date.",
    grain="One row per campaign that started before the as-of date.",
    key=("campaign_id",),
    minimum_rows=0,
    row_conditions=(
        "starts_on <= ends_on and starts_on < as_of",
        "redeeming_customers <= redemptions",
    ),
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

FCT_COUPON_REDEMPTIONS = Table(
    name="fct_coupon_redemptions",
    layer="marts",
    description="Coupons used.",
    grain="One row per customer, coupon, campaign and day of redemption.",
    key=("customer_id", "coupon_id", "campaign_id", "redeemed_on"),
    minimum_rows=0,
    row_conditions=("redeemed_on < as_of",),
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
    DIM_DATES,
    FCT_PRODUCT_WEEKS,
    FCT_CUSTOMER_PRODUCTS,
    FCT_CUSTOMER_EVENTS,
    FCT_CUSTOMER_CATEGORIES,
    FCT_CUSTOMER_GAPS,
    FCT_BASKETS,
    AGG_PRODUCT_BASKET_UNITS_HISTOGRAM,
    AGG_CATEGORY_BASKET_SALES_HISTOGRAM,
    FCT_PRODUCT_PAIRS,
    FCT_CAMPAIGNS,
    FCT_COUPON_REDEMPTIONS,
)
