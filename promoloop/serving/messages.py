"""What is asked and answered, as OpenAPI describes it. Money is in the shop's currency."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from ml.quoting.basket import Reason


def _iso(value: object) -> object:
    """A number is no time: pydantic would read it as seconds since 1970."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("expected a time in ISO 8601, as 2017-12-05T10:00:00") from None


Money = Annotated[Decimal, PlainSerializer(float, return_type=float)]
Moment = Annotated[
    datetime,
    BeforeValidator(_iso),
    Field(description="Told or sold then: ISO 8601, without an offset the shop's local time."),
]
Name = Annotated[str, Field(max_length=200)]
Units = Annotated[int, Field(ge=0, le=1_000_000_000)]


class When(BaseModel):
    """Which promotions are asked for; a mistyped name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    at: Moment | None = None


class Whose(When):
    """Which promotions of a product are asked for: those for all, and for one more audience."""

    audience_id: Name | None = Field(None, description="An audience of the served version.")
    customer_id: Name | None = Field(None, description="Whose audiences count, by pseudonym.")

    @property
    def names_anybody(self) -> bool:
        return self.audience_id is not None or self.customer_id is not None


class CustomerAudiences(BaseModel):
    plan_version: str
    customer_id: str
    audiences: list[str] = Field(description="`all` first: whose promotions they may have.")


class Promotion(BaseModel):
    """One line of the plan; times are the shop's local ones, `ends_at` is exclusive."""

    promotion_id: str
    product_id: str
    mechanic: str
    depth: float
    threshold_amount: float | None
    discount_amount: float | None
    buy_qty: int | None
    get_qty: int | None
    get_depth: float | None
    gift_product_id: str | None
    bundle_id: str | None
    bundle_product_id: str | None
    support: str
    audience_id: str
    store_group: str
    max_redemptions: int
    per_customer_limit: int
    regular_price: float
    promo_price: float
    starts_at: str
    ends_at: str


class ProductPromotions(BaseModel):
    plan_version: str
    product_id: str
    promotions: list[Promotion]


class Offer(BaseModel):
    offer_rank: int = Field(description="1 = shown first.")
    promotion_id: str
    product_id: str
    promotion: Promotion


class CustomerOffers(BaseModel):
    plan_version: str
    customer_id: str
    offers: list[Offer]


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    quantity: int = Field(ge=1, le=10_000)
    regular_price: float | None = Field(
        None, ge=0.01, le=1_000_000, description="Per item; the plan's when it is left out."
    )


class RedeemedBefore(BaseModel):
    """Units of a promotion that were sold before this basket."""

    model_config = ConfigDict(extra="forbid")

    by_customer: Units = 0
    in_all: Units = 0


class Basket(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: Moment
    customer_id: Name | None = Field(
        None, description="Whose basket, by pseudonym: what is for an audience is for its members."
    )
    items: dict[Name, Item] = Field(
        min_length=1, max_length=500, description="What the basket holds, by product_id."
    )
    redeemed: dict[Name, RedeemedBefore] = Field(
        {}, max_length=500, description="By promotion_id; none was redeemed when left out."
    )


class AppliedPromotion(BaseModel):
    promotion_id: str
    mechanic: str
    units: int
    saved: Money


class LeftOut(BaseModel):
    """Units of a line that took no part in the product's promotion, and why."""

    promotion_id: str | None
    mechanic: str | None
    units: int
    reason: Reason
    explanation: str


class QuotedItem(BaseModel):
    product_id: str
    quantity: int
    regular_price: Money
    amount: Money
    applied: list[AppliedPromotion]
    not_applied: list[LeftOut]


class Gift(BaseModel):
    """To be added to the basket, free."""

    promotion_id: str
    product_id: str
    quantity: int


class QuotedBasket(BaseModel):
    plan_version: str
    lines: list[QuotedItem]
    gifts: list[Gift]
    regular_total: Money
    saved: Money
    total: Money


class Health(BaseModel):
    """ok: the published version is served; stale: an older one is; empty: none yet."""

    status: Literal["ok", "stale", "empty"]
    plan_version: str | None
    lines: int
    problem: str
    seconds_since_check: float = Field(description="Since the server looked what is published.")


class Refusal(BaseModel):
    detail: str
