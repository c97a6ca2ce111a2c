"""Numbers that dbt and Python share: vars of dbt_project.yml, with their units and reasons."""

from typing import Any

import yaml

from ml.settings import PROJECT

DBT_PROJECT = PROJECT / "dbt_project" / "dbt_project.yml"

_VARS: dict[str, Any] = yaml.safe_load(DBT_PROJECT.read_text(encoding="utf-8"))["vars"]

RECENT_DAYS: int = _VARS["recent_days"]
PURCHASE_HALF_LIFE_DAYS: int = _VARS["purchase_half_life_days"]
EVENT_HALF_LIFE_DAYS: int = _VARS["event_half_life_days"]
ON_PROMOTION_DEPTH: float = _VARS["on_promotion_depth"]
UNITS_HISTOGRAM_MAX: int = _VARS["units_histogram_max"]
SALES_HISTOGRAM_STEP: int = _VARS["sales_histogram_step"]
SALES_HISTOGRAM_MAX: int = _VARS["sales_histogram_max"]
PAIR_PRODUCT_BASKETS_MIN: int = _VARS["pair_product_baskets_min"]
PAIR_BASKETS_MIN: int = _VARS["pair_baskets_min"]
PAIRS_PER_PRODUCT: int = _VARS["pairs_per_product"]
SCORE_LEVELS: int = _VARS["score_levels"]
GAPS_PER_CUSTOMER: int = _VARS["gaps_per_customer"]
PRIOR_GAP_DAYS: int = _VARS["prior_gap_days"]
