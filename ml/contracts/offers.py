"""Who hears of which promotion, and who belongs to which audience: the tables of a release."""

from ml.contracts.table import Column, Table

OFFERS_FILE = "offers/offers.parquet"  # of a release's folder
ASSIGNMENTS_FILE = "offers/assignments.parquet"
MEMBERS_FILE = "offers/audiences.parquet"

OFFERS = Table(
    name="offers",
    layer="promotions",
    grain="One row per targeted customer and promotion.",
    key=("customer_id", "promotion_id"),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string"),
        Column("promotion_id", "string"),
        Column("product_id", "string"),
        Column("audience_id", "string", "Of dim_audiences: why the customer may have it."),
        Column("offer_rank", "int64", "1 = shown first: adds most.", minimum=1),
        Column("affinity_rank", "int64", "Among the customer's candidates.", minimum=1),
        Column("score", "double", "Of the affinity model."),
        Column(
            "chance_without",
            "double",
            "Of a purchase in the promoted week, without the message.",
            minimum=0,
            maximum=1,
        ),
        Column("chance_with", "double", "With it.", minimum=0, maximum=1),
        Column("incremental_margin", "double", "Expected, with the message less without it."),
        Column("cost", "double", "Expected markdown on what is bought more, plus sending."),
        Column("propensity", "double", "Chance of being targeted.", above=0, maximum=1),
    ),
)


ASSIGNMENTS = Table(
    name="assignments",
    layer="promotions",
    grain="One row per customer who may be targeted.",
    key=("customer_id",),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string"),
        Column("is_held_out", "bool", "Gets no offer in any plan."),
        Column("propensity", "double", "Chance of not being held out.", minimum=0, maximum=1),
        Column("offers", "int64", minimum=0),
    ),
)


MEMBERS = Table(
    name="audience_members",
    layer="promotions",
    grain="One row per customer and audience they belong to; all customers belong to all.",
    key=("customer_id", "audience_id"),
    minimum_rows=0,
    columns=(
        Column("customer_id", "string", "May be targeted and is not held out."),
        Column("audience_id", "string", "Of dim_audiences."),
    ),
)
