"""What is known of each customer, and the groups that plans and offers speak to."""

from ml.contracts.table import Column, Table

EVERYBODY = "all"  # the audience of all customers
SEGMENT_WORDS = {  # column: what a segment far above, or below, the mean is called
    "recency_days": ("lapsing", "recent"),
    "visits": ("frequent", "occasional"),
    "sales": ("high spend", "low spend"),
    "mean_basket_sales": ("large baskets", "small baskets"),
    "discounted_share": ("promotion seekers", "regular-price buyers"),
    "coupon_share": ("coupon users", "no coupons"),
    "price_level": ("premium", "low price"),
    "private_label_share": ("private label", "national brands"),
    "concentration": ("few categories", "whole shop"),
}

CUSTOMER_VALUES = Table(
    name="customer_values",
    layer="affinity",
    grain="One row per customer.",
    key=("customer_id",),
    columns=(
        Column("customer_id", "string"),
        Column("churn_probability", "double", "Of 56 days without a visit.", minimum=0, maximum=1),
        Column("expected_visits", "double", "In the next 52 weeks.", minimum=0),
        Column("lifetime_value", "double", "Expected net sales of the next 52 weeks.", minimum=0),
    ),
)

CUSTOMER_SEGMENTS = Table(
    name="customer_segments",
    layer="affinity",
    grain="One row per customer.",
    key=("customer_id",),
    columns=(
        Column("customer_id", "string"),
        Column("audience_id", "string", "Of dim_audiences."),
        Column("segment_id", "int64", "Kept while the segment goes on.", minimum=0),
        Column("segment", "string", "A name from what sets the segment apart."),
    ),
)

SEGMENT_CENTRES = Table(
    name="segment_centres",
    layer="affinity",
    grain="One row per segment: whom it is nearest to belongs to it.",
    key=("segment_id",),
    columns=(
        Column("segment_id", "int64", minimum=0),
        Column("segment", "string", "A name from what sets the segment apart."),
        Column("centre", "factors", "Profile, in the order of names, then ALS factors; in scales."),
        Column("scale", "factors", "Of each column in its own unit, the same in every row."),
    ),
)

DIM_AUDIENCES = Table(
    name="dim_audiences",
    layer="affinity",
    grain="One row per segment, and one for all customers: whom a plan or an offer speaks to.",
    key=("audience_id",),
    columns=(
        Column("audience_id", "string", "all, or segment-0 and so on."),
        Column("audience", "string", "What sets it apart."),
        Column("customers", "int64", minimum=1),
        Column("may_be_targeted", "int64", "Of the customers.", minimum=0),
        Column("sales_share", "double", "Of all known customers' sales.", minimum=0, maximum=1),
        Column("recency_days", "double", "Mean, as are those that follow.", minimum=0),
        Column("visits_per_week", "double", minimum=0),
        Column("mean_basket_sales", "double", minimum=0),
        Column("discounted_share", "double", minimum=0, maximum=1),
        Column("saved_share", "double", minimum=0, maximum=1),
        Column("price_level", "double", minimum=0),
        Column("churn_probability", "double", minimum=0, maximum=1),
        Column("lifetime_value", "double", minimum=0),
        Column("traits", "string", "JSON: trait to standard deviations from all customers' mean."),
        Column(
            "silhouette",
            "double",
            "Of the segments, -1 to 1: how well apart.",
            minimum=-1,
            maximum=1,
        ),
        Column(
            "stability",
            "double",
            "Adjusted Rand index with the segments of the run before; null without one.",
            True,
            maximum=1.000001,
        ),
    ),
)
