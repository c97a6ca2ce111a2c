"""The tables a retailer lands. Only transactions and products are required.

Times are UTC; `sold_on` and the other dates are business days in the shop's own
timezone, which the adapter knows. Money is in the shop's currency.
"""

from ml.contracts.table import Column, Table

MAXIMUM_UNIT_PRICE = 10_000.0  # dearer lines are typing errors, not groceries

TRANSACTIONS = Table(
    name="transactions",
    layer="landing",
    grain="One row per product per basket.",
    key=("basket_id", "product_id"),
    partition="day",
    day_column="sold_on",
    bad_share=0.03,
    known_in={"product_id": ("products", "product_id")},
    columns=(
        Column("basket_id", "string"),
        Column("customer_id", "string", "Loyalty card; null when the buyer is unknown.", True),
        Column("product_id", "string"),
        Column("store_id", "string"),
        Column("sold_at", "timestamp", "UTC."),
        Column("sold_on", "date", "Business day in the shop's timezone."),
        Column("quantity", "int64", "Items.", above=0),
        Column("net_sales", "double", "Paid to the shop, after every discount.", above=0),
        Column("shelf_discount", "double", "Off the regular price, at the shelf.", minimum=0),
        Column("coupon_discount", "double", "Manufacturer's coupon.", minimum=0),
        Column("coupon_match_discount", "double", "Coupon match by the shop.", minimum=0),
    ),
)

PRODUCTS = Table(
    name="products",
    layer="landing",
    grain="One row per product.",
    key=("product_id",),
    columns=(
        Column("product_id", "string"),
        Column("brand", "string", "National or private label, or the brand's name.", True),
        Column("manufacturer_id", "string", nullable=True),
        Column("department", "string", nullable=True),
        Column("category", "string", nullable=True),
        Column("subcategory", "string", nullable=True),
        Column("package_size", "string", nullable=True),
        Column("unit_cost", "double", "Per item; null when not known.", True, above=0),
        Column(
            "list_price",
            "double",
            "Per item; with it a product that never sold is forecast.",
            True,
            above=0,
        ),
    ),
)

PROMOTIONS = Table(
    name="promotions",
    layer="landing",
    grain="One row per product, store, week and placement.",
    key=("product_id", "store_id", "starts_on", "display", "mailer"),
    partition="day",
    day_column="starts_on",
    required=False,
    bad_share=0.01,
    columns=(
        Column("product_id", "string"),
        Column("store_id", "string"),
        Column("starts_on", "date", "First day of the promotion's week."),
        Column("display", "string", "Where in the shop; null when not on display.", True),
        Column("mailer", "string", "Where in the mailer; null when not in it.", True),
        Column("mechanic", "string", nullable=True),
        Column("depth", "double", "Share off the regular price.", True, minimum=0, maximum=1),
    ),
)

CAMPAIGNS = Table(
    name="campaigns",
    layer="landing",
    grain="One row per campaign, known from the day it starts.",
    key=("campaign_id",),
    partition="day",
    day_column="starts_on",
    required=False,
    columns=(
        Column("campaign_id", "string"),
        Column("campaign_type", "string"),
        Column("starts_on", "date"),
        Column("ends_on", "date"),
    ),
)

CAMPAIGN_CUSTOMERS = Table(
    name="campaign_customers",
    layer="landing",
    grain="One row per customer a campaign was sent to.",
    key=("campaign_id", "customer_id"),
    partition="day",
    day_column="starts_on",
    required=False,
    columns=(
        Column("campaign_id", "string"),
        Column("customer_id", "string"),
        Column("starts_on", "date"),
    ),
)

COUPONS = Table(
    name="coupons",
    layer="landing",
    grain="One row per coupon, campaign and product it is valid for.",
    key=("coupon_id", "campaign_id", "product_id"),
    partition="day",
    day_column="starts_on",
    required=False,
    bad_share=0.01,
    columns=(
        Column("coupon_id", "string"),
        Column("campaign_id", "string"),
        Column("product_id", "string"),
        Column("starts_on", "date"),
    ),
)

COUPON_REDEMPTIONS = Table(
    name="coupon_redemptions",
    layer="landing",
    grain="One row per coupon redeemed by a customer on a day in a campaign.",
    key=("customer_id", "coupon_id", "campaign_id", "redeemed_on"),
    partition="day",
    day_column="redeemed_on",
    required=False,
    bad_share=0.05,
    columns=(
        Column("customer_id", "string"),
        Column("coupon_id", "string"),
        Column("campaign_id", "string"),
        Column("redeemed_on", "date"),
    ),
)

CUSTOMERS = Table(
    name="customers",
    layer="landing",
    grain="One row per customer whose attributes are known.",
    key=("customer_id",),
    required=False,
    columns=(
        Column("customer_id", "string"),
        Column("age_band", "string", nullable=True),
        Column("income_band", "string", nullable=True),
        Column("home_ownership", "string", nullable=True),
        Column("marital_status", "string", nullable=True),
        Column("household_size", "string", nullable=True),
        Column("household_composition", "string", nullable=True),
        Column("kids_count", "string", nullable=True),
        Column("consent", "bool", "May be targeted; null when never asked.", True),
        Column("do_not_target", "bool", "Asked to be left alone, whatever the consent.", True),
    ),
)

EVENTS = Table(
    name="events",
    layer="landing",
    grain="One row per thing a customer did on the site.",
    key=("customer_id", "product_id", "happened_at", "event_type"),
    partition="day",
    day_column="happened_on",
    required=False,
    bad_share=0.05,
    columns=(
        Column("customer_id", "string"),
        Column("product_id", "string"),
        Column("happened_at", "timestamp", "UTC."),
        Column("happened_on", "date"),
        Column("event_type", "string", allowed=("view", "click", "add_to_cart", "favourite")),
        Column("dwell_seconds", "double", nullable=True, minimum=0),
    ),
)

INVENTORY = Table(
    name="inventory",
    layer="landing",
    grain="One row per product per stock count day.",
    key=("product_id", "counted_on"),
    partition="day",
    day_column="counted_on",
    required=False,
    bad_share=0.01,
    columns=(
        Column("product_id", "string"),
        Column("counted_on", "date"),
        Column("on_hand", "double", "Items.", minimum=0),
        Column("on_order", "double", "Items.", True, minimum=0),
        Column("lead_time_days", "double", nullable=True, minimum=0),
    ),
)

COMPETITOR_PRICES = Table(
    name="competitor_prices",
    layer="landing",
    grain="One row per product, competitor and day seen.",
    key=("product_id", "competitor", "seen_on"),
    partition="day",
    day_column="seen_on",
    required=False,
    bad_share=0.05,
    columns=(
        Column("product_id", "string"),
        Column("competitor", "string"),
        Column("seen_on", "date"),
        Column("price", "double", above=0),
    ),
)

CALENDAR = Table(
    name="calendar",
    layer="landing",
    grain="One row per named event per day.",
    key=("date_day", "event_name"),
    required=False,
    columns=(
        Column("date_day", "date"),
        Column("event_name", "string"),
        Column("is_closed", "bool", "The shop did not open."),
    ),
)

REVIEWS = Table(
    name="reviews",
    layer="landing",
    grain="One row per review.",
    key=("product_id", "customer_id", "reviewed_at"),
    partition="day",
    day_column="reviewed_on",
    required=False,
    bad_share=0.05,
    columns=(
        Column("product_id", "string"),
        Column("customer_id", "string"),
        Column("reviewed_at", "timestamp", "UTC."),
        Column("reviewed_on", "date"),
        Column("rating", "double", minimum=0, maximum=5),
        Column("review_text", "string", nullable=True),
    ),
)

SOURCES = (
    TRANSACTIONS,
    PRODUCTS,
    PROMOTIONS,
    CAMPAIGNS,
    CAMPAIGN_CUSTOMERS,
    COUPONS,
    COUPON_REDEMPTIONS,
    CUSTOMERS,
    EVENTS,
    INVENTORY,
    COMPETITOR_PRICES,
    CALENDAR,
    REVIEWS,
)
