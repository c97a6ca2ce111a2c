"""What the business decides about promotions: policy.yml, checked."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ml.documents import Document, read_document
from ml.promotions.mechanics.terms import Mechanics
from ml.review import Review
from ml.settings import settings

Support = Literal["none", "display", "mailer", "display+mailer"]


class Risk(Document):
    """`scenarios`: where every response stands, in standard deviations from its middle."""

    measure: Literal["mean", "spread", "quantile", "worst"]
    aversion: float = Field(ge=0)
    quantile: float = Field(gt=0, le=0.5)
    scenarios: list[float] = Field(min_length=2)


class Reviews(Document):
    plans: Review
    models: Review


class Policy(Document):
    """See policy.yml for each value's meaning and unit."""

    mechanics: Mechanics
    most_from_priors: float = Field(ge=0, le=1)
    supports: list[Support] = Field(min_length=1)
    support_cost_per_product_week: dict[Support, Annotated[float, Field(ge=0)]]
    supported_share: float = Field(gt=0, le=1)
    budget: float = Field(ge=0)
    margin_floor: float = Field(ge=0, lt=1)
    slots_per_category_week: int = Field(ge=0)
    minimum_gap_weeks: int = Field(ge=0)
    maximum_per_product: int = Field(ge=0)
    stock_service_level: float = Field(gt=0, lt=1)
    risk: Risk
    price_ending: float = Field(ge=0, lt=1)
    per_customer_limit: int = Field(ge=1)
    holdout_share: float = Field(ge=0, lt=1)
    review: Reviews

    @model_validator(mode="after")
    def _every_support_has_a_cost(self) -> "Policy":
        missing = set(self.supports) - set(self.support_cost_per_product_week)
        if missing:
            raise ValueError(f"support_cost_per_product_week lacks {sorted(missing)}")
        return self


def load_policy(path: Path | None = None) -> Policy:
    """The policy in `path`, by default the settings' `policy_path`."""
    return read_document(path or settings().policy_path, Policy)
