"""What the business decides about promotions: policy.yml, checked."""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from ml.config.approval import Review
from ml.config.documents import Document, read_document
from ml.config.mechanics import Mechanics
from ml.contracts.profiles import SEGMENT_WORDS
from ml.settings import settings

Support = Literal["none", "display", "mailer", "display+mailer"]
Mechanic = Literal["percent_off", "buy_get", "spend_save", "bundle", "gift", "flash"]
Money = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
ProductId = Annotated[str, BeforeValidator(lambda name: str(name) if type(name) is int else name)]
Several = Annotated[list[ProductId], Field(min_length=2)]
Ending = Annotated[float, Field(ge=0, lt=1)]
WORDS = sorted(word for words in SEGMENT_WORDS.values() for word in words)


def _audience_name(name: str) -> str:
    if name not in WORDS and not re.fullmatch(r"segment-\d+", name):
        raise ValueError(
            f"received {name!r}; expected segment-0, segment-1 ... or a word of segments' names: "
            f"{', '.join(WORDS)}"
        )
    return name


class Risk(Document):
    """`scenarios`: where every response stands, in standard deviations from its middle."""

    measure: Literal["mean", "spread", "quantile", "worst"]
    aversion: float = Field(ge=0)
    quantile: float = Field(gt=0, le=0.5)
    scenarios: list[float] = Field(min_length=2)


class Reviews(Document):
    plans: Review
    models: Review


class Duration(Document):
    """Weeks of one promotion."""

    least: int = Field(1, ge=1)
    most: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _check_range(self) -> "Duration":
        if self.least > self.most:
            raise ValueError(f"least must be <= most; received {self.least} and {self.most}")
        return self


class Objective(Document):
    """What is sought beside margin, as money for each unit of it."""

    revenue: float = Field(0.0, ge=0)
    units: float = Field(0.0, ge=0)
    retention: float = Field(0.0, ge=0)


class Offers(Document):
    """Messages to customers about promotions; see policy.yml."""

    budget: Money = 500.0
    cost_each: Money = 0.01
    most_per_customer: int = Field(8, ge=1)
    product_rest_weeks: Count = 1
    window_weeks: Count = 4
    most_in_window: Count = 16

    @model_validator(mode="after")
    def _window_covers_the_rest(self) -> "Offers":
        if self.product_rest_weeks > self.window_weeks:
            raise ValueError(
                f"product_rest_weeks is {self.product_rest_weeks}, but offers are remembered for "
                f"window_weeks, {self.window_weeks}; expected no more"
            )
        return self


class Targeting(Document):
    """Who may have promotions of their own, beside or instead of all customers.

    `audience` is an audience_id, or a word of segments' names.
    """

    audience: Annotated[str, AfterValidator(_audience_name)]
    mechanics: list[Mechanic] = Field(default_factory=list)
    products: list[ProductId] = Field(default_factory=list)
    only: bool = False

    def names(self, audience_id: str, name: str) -> bool:
        """Whether it speaks of the segment of this id and name."""
        return self.audience == audience_id or self.audience in name

    def covers(self, mechanic: str) -> bool:
        return not self.mechanics or mechanic in self.mechanics


class Policy(Document):
    """See policy.yml for each value's meaning and unit."""

    mechanics: Mechanics
    most_from_priors: float = Field(ge=0, le=1)
    supports: list[Support] = Field(min_length=1)
    support_cost_per_product_week: dict[Support, Annotated[float, Field(ge=0)]]
    supported_share: float = Field(gt=0, le=1)
    budget: Money
    week_budgets: dict[Literal["default"] | date, Money] = Field(default_factory=dict)
    category_budgets: dict[str, Money] = Field(default_factory=dict)
    margin_floor: float = Field(ge=0, lt=1)
    slots_per_category_week: Count
    slots_by_category: dict[str, Count] = Field(default_factory=dict)
    slots_per_week: Count | None = None
    minimum_gap_weeks: Count
    maximum_per_product: Count
    duration_weeks: Duration = Duration()
    audiences: list[Targeting] = Field(default_factory=list)
    move_together: list[Several] = Field(default_factory=list)
    never_together: list[Several] = Field(default_factory=list)
    exclude: list[ProductId] = Field(default_factory=list)
    must_promote: list[ProductId] = Field(default_factory=list)
    frozen_weeks: Count = 0
    stock_service_level: float = Field(gt=0, lt=1)
    objective: Objective = Objective()
    risk: Risk
    price_ending: Ending | Annotated[list[Ending], Field(min_length=1)]
    per_customer_limit: int = Field(ge=1)
    holdout_share: float = Field(ge=0, lt=1)
    offers: Offers = Offers()
    review: Reviews

    @model_validator(mode="after")
    def _every_support_has_a_cost(self) -> "Policy":
        missing = set(self.supports) - set(self.support_cost_per_product_week)
        if missing:
            raise ValueError(f"support_cost_per_product_week lacks {sorted(missing)}")
        return self

    @field_validator("week_budgets")
    @classmethod
    def _begin_on_mondays(cls, budgets: dict[Any, float]) -> dict[Any, float]:
        wrong = [str(day) for day in budgets if isinstance(day, date) and day.weekday()]
        if wrong:
            raise ValueError(f"{wrong} are no Mondays; a week is named by its Monday")
        return budgets

    @field_validator("move_together")
    @classmethod
    def _are_in_one_group(cls, groups: list[list[str]]) -> list[list[str]]:
        counted = Counter(product for group in groups for product in group)
        twice = sorted(product for product, count in counted.items() if count > 1)
        if twice:
            raise ValueError(f"{twice} are named twice; a product belongs to one group")
        return groups

    @model_validator(mode="after")
    def _wishes_agree(self) -> "Policy":
        both = sorted(set(self.must_promote) & set(self.exclude))
        if both:
            raise ValueError(f"must_promote and exclude both name {both}; keep one")
        if self.must_promote and not self.maximum_per_product:
            raise ValueError("must_promote needs maximum_per_product of at least 1")
        if self.duration_weeks.most > 1 and not self.minimum_gap_weeks:
            raise ValueError("duration_weeks.most above 1 needs minimum_gap_weeks of at least 1")
        for apart in self.never_together:
            if any(len(set(apart) & set(group)) > 1 for group in self.move_together):
                raise ValueError(f"move_together and never_together contradict each other: {apart}")
        return self


def load_policy(path: Path | None = None) -> Policy:
    """The policy in `path`, by default the settings' `policy_path`."""
    return read_document(path or settings().policy_path, Policy)
