"""What the models and the planner write, one partition per as-of date."""

from ml.contracts.profiles import (
    CUSTOMER_SEGMENTS,
    CUSTOMER_VALUES,
    DIM_AUDIENCES,
    SEGMENT_CENTRES,
)
from ml.contracts.table import Column, Table

ITEM_FACTORS = Table(
    name="item_factors",
    layer="affinity",
    grain="One row per product with factors.",
    key=("product_id",),
    columns=(Column("product_id", "string"), Column("factors", "factors")),
)

CUSTOMER_FACTORS = Table(
    name="customer_factors",
    layer="affinity",
    grain="One row per customer with factors.",
    key=("customer_id",),
    columns=(Column("customer_id", "string"), Column("factors", "factors")),
)

CANDIDATES = Table(
    name="candidates",
    layer="affinity",
    grain="One row per customer and ranked product.",
    key=("customer_id", "product_id"),
    columns=(
        Column("customer_id", "string"),
        Column("product_id", "string"),
        Column("rank", "int64", "1 = best.", minimum=1),
        Column("score", "double", "Ranker: propensity in four weeks; before one serves: blend."),
        # The ranker's; null before one serves.
        Column("new_rank", "int64", "Among what the customer never bought.", True, minimum=1),
        Column("taste", "double", "ALS liking.", nullable=True),
        Column("item_item", "double", "What was bought speaks for it (EASE).", nullable=True),
        Column("item_cosine", "double", "Its buyers bought what was bought.", nullable=True),
        Column("customers_alike", "double", "Log lines of customers alike, mean.", nullable=True),
        Column("content", "double", "Likeness of attributes and words, mean.", nullable=True),
        Column("habit", "double", "Days bought, halved every 112 days.", nullable=True),
        Column("due", "double", "Days since bought over the usual gap.", nullable=True),
        Column("popularity", "double", "Log share of customers in four weeks.", nullable=True),
        Column("category_habit", "double", "Decayed lines in its category.", nullable=True),
        Column("discounted_share", "double", "Of own lines of the product.", nullable=True),
    ),
)

CUSTOMER_PROPENSITY = Table(
    name="customer_propensity",
    layer="affinity",
    grain="One row per customer and category of the propensity model; none before one serves.",
    key=("customer_id", "category"),
    columns=(
        Column("customer_id", "string"),
        Column("category", "string"),
        Column("week_without", "double", "Chance in the coming week.", minimum=0, maximum=1),
        Column("week_with", "double", "With the offer.", minimum=0, maximum=1),
        Column("p_without", "double", "Chance in four weeks.", minimum=0, maximum=1),
        Column("p_with", "double", "With the offer.", minimum=0, maximum=1),
        Column("offer_depth", "double", "Share off, in `_with`.", above=0, maximum=1),
    ),
)

AFFINITY_QUALITY = Table(
    name="affinity_quality",
    layer="affinity",
    grain="One row per ranking, scope and metric, on the four weeks before `evaluated_on`.",
    key=("ranking", "scope", "metric"),
    minimum_rows=0,  # history too short for a holdout
    columns=(
        Column("ranking", "string", allowed=("als", "own_history", "popularity", "blend")),
        Column("scope", "string", "new: what the customer had not bought.", allowed=("all", "new")),
        Column("metric", "string", allowed=("ndcg_at_10", "recall_at_10")),
        Column("value", "double", minimum=0, maximum=1),
        Column("customers", "int64", "Judged.", minimum=1),
        Column("evaluated_on", "date", "The Monday on or before the as-of date."),
    ),
)

QUANTILES = tuple(round(0.1 * k, 1) for k in range(1, 10))

FORECASTS = Table(
    name="forecasts",
    layer="demand",
    grain="One row per modelled product per week ahead, at regular price, not promoted.",
    key=("product_id", "week_start_date"),
    columns=(
        Column("product_id", "string"),
        Column("week_start_date", "date", "The Monday."),
        Column("horizon", "int64", "Weeks ahead, 1 = first.", minimum=1),
        Column("mean_units", "double", "Expected items.", minimum=0),
        *(Column(f"p{int(q * 100)}", "double", minimum=0) for q in QUANTILES),
        Column("model_version", "string"),
    ),
)

LEVEL_FORECASTS = Table(
    name="level_forecasts",
    layer="demand",
    grain="One row per category, and one for the total, per week ahead: products added up.",
    key=("level", "name", "week_start_date"),
    columns=(
        Column("level", "string", allowed=("category", "total")),
        Column("name", "string", "The category; total."),
        Column("week_start_date", "date", "The Monday."),
        Column("products", "int64", "Modelled products added up.", minimum=1),
        Column("mean_units", "double", "The sum of its products' `mean_units`.", minimum=0),
        *(Column(f"p{int(q * 100)}", "double", minimum=0) for q in QUANTILES),
        Column("model_version", "string"),
    ),
)

RESPONSES = Table(
    name="responses",
    layer="demand",
    grain="One row per modelled product.",
    key=("product_id",),
    columns=(
        Column("product_id", "string"),
        Column("regular_price", "double", "Per item, last known.", above=0),
        Column("elasticity", "double", "d log units / d log(price / regular price).", maximum=0),
        Column("elasticity_sd", "double", minimum=0),
        Column("display_lift", "double", "Log lift at display share 1."),
        Column("display_lift_sd", "double", minimum=0),
        Column("mailer_lift", "double", "Log lift at mailer share 1."),
        Column("mailer_lift_sd", "double", minimum=0),
        Column("dispersion", "double", "Negative binomial size r: var = mu + mu^2 / r.", above=0),
        Column("promoted_weeks", "int64", "Weeks sold below 95 % of regular price.", minimum=0),
        Column("price_identified", "bool", "False: the elasticity is mostly its prior."),
        Column("model_version", "string"),
    ),
)

EXPLANATION_PARTS = (
    "level",
    "similar_products",
    "recent_sales",
    "past_promotions",
    "rivals",
    "calendar",
    "price",
    "regular_price",
    "display",
    "mailer",
)

EXPLANATIONS = Table(
    name="explanations",
    layer="demand",
    grain="One row per forecast and part; a forecast's parts sum to the log of its mean.",
    key=("product_id", "week_start_date", "part"),
    columns=(
        Column("product_id", "string"),
        Column("week_start_date", "date", "The Monday."),
        Column("part", "string", allowed=EXPLANATION_PARTS),
        Column("log_units", "double", "What the part adds to the log of expected items."),
        Column("model_version", "string"),
    ),
)

DRIFT = Table(
    name="drift",
    layer="demand",
    grain="One row per measure of whether the demand model still fits.",
    key=("measure",),
    columns=(
        Column("measure", "string"),
        Column(
            "kind",
            "string",
            "forecasts: past ones against sales; inputs: the last weeks against those trained on.",
            allowed=("forecasts", "inputs"),
        ),
        Column("value", "double", "Null: not enough to judge yet.", True),
        Column("minimum", "double", nullable=True),
        Column("maximum", "double", nullable=True),
        Column("product_weeks", "int64", "Judged.", minimum=0),
        Column("drifted", "bool", "The value is outside its bounds."),
        Column("model_version", "string"),
    ),
)

STOCK = Table(
    name="stock",
    layer="inventory",
    grain="One row per modelled product per week ahead.",
    key=("product_id", "week_start_date"),
    columns=(
        Column("product_id", "string"),
        Column("week_start_date", "date"),
        Column("horizon", "int64", minimum=1),
        Column("receipts", "double", "Items arriving at the start of the week.", minimum=0),
        Column(
            "available_units",
            "double",
            "On hand at the start of the week plus receipts, "
            "after baseline demand's median in earlier weeks.",
            minimum=0,
        ),
        Column("stockout_probability", "double", "At baseline demand.", minimum=0, maximum=1),
        Column("days_of_cover", "double", minimum=0),
        Column(
            "replenishment_weeks",
            "int64",
            "Until units sold beyond the plan are back: review plus lead time.",
            minimum=1,
        ),
        Column("is_simulated", "bool", "True: the ledger was simulated from sales."),
    ),
)

EFFECTS = Table(
    name="effects",
    layer="promotions",
    grain="One row per effect of promotions on other sales and category promoted in.",
    key=("effect", "category"),
    columns=(
        Column(
            "effect",
            "string",
            "dip: from the product's next four weeks; cannibalisation: from its category; "
            "halo: added to the category most often bought with it.",
            allowed=("dip", "cannibalisation", "halo"),
        ),
        Column("category", "string", "Promoted in; all: where nothing else is known."),
        Column("onto", "string", "The category whose sales move."),
        Column("share", "double", "Units moved per extra unit, drawn to all categories'."),
        Column("share_sd", "double", minimum=0),
        Column("share_p05", "double"),
        Column("share_p95", "double"),
        Column("estimate", "double", "From the category's own sales alone; null: none.", True),
        Column("estimate_se", "double", nullable=True, minimum=0),
        Column(
            "is_identified", "bool", "Its own sales weigh more than other categories' and prior."
        ),
    ),
)

NUMBER_TERMS = ("threshold_amount", "discount_amount", "buy_qty", "get_qty", "get_depth")
PARTNER_TERMS = ("gift_product_id", "bundle_product_id")  # the other product of a deal
DEAL_TERMS = (*NUMBER_TERMS, "gift_product_id", "bundle_id", "bundle_product_id")
MECHANICS = ("percent_off", "buy_get", "spend_save", "bundle", "gift", "flash")

PLAN = Table(
    name="plan",
    layer="promotions",
    grain="One row per promotion: a product, a week, a mechanic.",
    key=("promotion_id",),
    columns=(
        Column("plan_version", "string"),
        Column("as_of", "date"),
        Column("promotion_id", "string"),
        Column("product_id", "string"),
        Column("department", "string"),
        Column("category", "string"),
        Column("mechanic", "string", allowed=MECHANICS),
        Column(
            "depth",
            "double",
            "Share off the regular price when the whole offer is taken.",
            minimum=0,
            maximum=0.7,
        ),
        Column("threshold_amount", "double", "spend_save: what the basket comes to.", True),
        Column("discount_amount", "double", "spend_save: money off the product.", True),
        Column("buy_qty", "int64", "buy_get, gift: items paid in full.", True, minimum=1),
        Column("get_qty", "int64", "buy_get: items got cheaper; gift: gifts.", True, minimum=1),
        Column("get_depth", "double", "buy_get: share off the items got; 1 = free.", True),
        Column("gift_product_id", "string", "gift: what comes free.", True),
        Column("bundle_id", "string", "bundle: both products, joined by +.", True),
        Column("bundle_product_id", "string", "bundle: bought too, at its own price.", True),
        Column("support", "string", allowed=("none", "display", "mailer", "display+mailer")),
        Column("audience_id", "string", "Of dim_audiences: who may have it."),
        Column(
            "audience_share",
            "double",
            "Of the baseline units, bought by those who may have it; 1 for all.",
            above=0,
            maximum=1,
        ),
        Column("store_group", "string"),
        Column("starts_at", "timestamp", "Shop's local time."),
        Column("ends_at", "timestamp", "Shop's local time, exclusive."),
        Column("max_redemptions", "int64", "Units sold at the offer's price.", minimum=0),
        Column("per_customer_limit", "int64", minimum=1),
        Column("regular_price", "double", above=0),
        Column(
            "promo_price",
            "double",
            "What an item brings in when the whole offer is taken; the till charges it only "
            "under percent_off, bundle and flash.",
            above=0,
        ),
        Column("unit_cost", "double", above=0),
        Column("cost_is_assumed", "bool"),
        Column("baseline_units", "double", minimum=0),
        Column("expected_units", "double", minimum=0),
        Column("expected_units_p10", "double", minimum=0),
        Column("expected_units_p50", "double", minimum=0),
        Column("expected_units_p90", "double", minimum=0),
        Column("incremental_units", "double", "Expected less baseline, in the promoted week."),
        Column("incremental_margin", "double", "Expected, after markdown, support and dip."),
        Column("incremental_margin_p10", "double", "Under response uncertainty."),
        Column("margin_from_priors", "double", "Part of the margin no data stand behind."),
        Column(
            "cost",
            "double",
            "Markdown on expected units, before supplier funding, plus support.",
            minimum=0,
        ),
        Column("roi", "double", "Incremental margin / cost."),
        Column("stockout_probability", "double", minimum=0, maximum=1),
        Column("stock_is_simulated", "bool"),
        Column("reasons", "string", "JSON: elasticity, spillovers, limits, next best."),
        Column("model_versions", "string", "JSON: model name to version."),
        Column("experiment_id", "string", nullable=True),
        Column("holdout_share", "double", minimum=0, maximum=1),
    ),
)

ALTERNATIVES = Table(
    name="alternatives",
    layer="promotions",
    grain="One row per planned promotion and offer it could be, with that offer's best support.",
    key=("promotion_id", "offer"),
    minimum_rows=0,
    columns=(
        Column("promotion_id", "string"),
        Column("offer", "int64", "Its place among the policy's offers.", minimum=0),
        Column("audience_id", "string", "Of dim_audiences: who may have it."),
        Column("mechanic", "string", allowed=MECHANICS),
        Column("depth", "double", "Share off the regular price."),
        Column("support", "string", allowed=("none", "display", "mailer", "display+mailer")),
        Column("promo_price", "double", above=0),
        Column("buy_qty", "int64", nullable=True),
        Column("get_qty", "int64", nullable=True),
        Column("get_depth", "double", nullable=True),
        Column("threshold_amount", "double", nullable=True),
        Column("discount_amount", "double", nullable=True),
        Column("expected_units", "double", minimum=0),
        Column("incremental_margin", "double"),
        Column("cost", "double", minimum=0),
        Column(
            "ruled_out_by",
            "string",
            "The limit of policy.yml that forbids it.",
            True,
            allowed=("margin_floor", "stock", "most_from_priors"),
        ),
    ),
)

OUTPUTS = (
    ITEM_FACTORS,
    CUSTOMER_FACTORS,
    CANDIDATES,
    CUSTOMER_PROPENSITY,
    AFFINITY_QUALITY,
    CUSTOMER_VALUES,
    CUSTOMER_SEGMENTS,
    SEGMENT_CENTRES,
    DIM_AUDIENCES,
    FORECASTS,
    LEVEL_FORECASTS,
    RESPONSES,
    EXPLANATIONS,
    DRIFT,
    STOCK,
    EFFECTS,
    PLAN,
    ALTERNATIVES,
)
