"""Numbers that dbt and Python share: vars of dbt_project.yml, with their units and reasons."""

from typing import Any

import yaml

from ml.settings import PROJECT

DBT_PROJECT = PROJECT / "dbt_project" / "dbt_project.yml"

VARS: dict[str, Any] = yaml.safe_load(DBT_PROJECT.read_text(encoding="utf-8"))["vars"]

RECENT_DAYS: int = VARS["recent_days"]
PURCHASE_HALF_LIFE_DAYS: int = VARS["purchase_half_life_days"]
EVENT_HALF_LIFE_DAYS: int = VARS["event_half_life_days"]
ON_PROMOTION_DEPTH: float = VARS["on_promotion_depth"]
UNITS_HISTOGRAM_MAX: int = VARS["units_histogram_max"]
SALES_HISTOGRAM_STEP: int = VARS["sales_histogram_step"]
SALES_HISTOGRAM_MAX: int = VARS["sales_histogram_max"]
PAIR_PRODUCT_BASKETS_MIN: int = VARS["pair_product_baskets_min"]
PAIR_BASKETS_MIN: int = VARS["pair_baskets_min"]
PAIRS_PER_PRODUCT: int = VARS["pairs_per_product"]
SCORE_LEVELS: int = VARS["score_levels"]
GAPS_PER_CUSTOMER: int = VARS["gaps_per_customer"]
PRIOR_GAP_DAYS: int = VARS["prior_gap_days"]
