"""What a till knows: the promotions in force, the basket, and what was redeemed before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ml.contracts.profiles import EVERYBODY

CENT = Decimal("0.01")
Reason = Literal[
    "no_promotion",
    "not_for_all",
    "customer_limit",
    "sold_out",
    "quantity",
    "partner_missing",
    "basket_total",
    "price_not_lower",
    "given_free",
]


def cents(amount: float | Decimal) -> Decimal:
    """Money to the cent, half a cent up. A price of the plan's ladder stays what it is."""
    return Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Promotion:
    """One line of the plan, as far as it is told to a shopper; see PLAN for each term."""

    promotion_id: str
    product_id: str
    mechanic: str
    starts_at: datetime
    ends_at: datetime
    regular_price: Decimal
    promo_price: Decimal
    max_redemptions: int
    per_customer_limit: int
    audience_id: str = EVERYBODY
    store_group: str = EVERYBODY
    threshold_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    buy_qty: int | None = None
    get_qty: int | None = None
    get_depth: Decimal | None = None
    gift_product_id: str | None = None
    bundle_product_id: str | None = None

    def is_for(self, audiences: Collection[str]) -> bool:
        """Whether a member of these audiences may have it; for all everybody may."""
        return self.store_group == EVERYBODY and self.audience_id in (EVERYBODY, *audiences)


MONEY = ("regular_price", "promo_price", "threshold_amount", "discount_amount")


def promotion(row: Mapping[str, Any], zone: ZoneInfo) -> Promotion:
    """A promotion from PLAN's columns; `starts_at` and `ends_at` are ISO 8601 in `zone`."""
    told = {name: row[name] for name in Promotion.__dataclass_fields__}
    told |= {name: cents(told[name]) for name in MONEY if told[name] is not None}
    if told["get_depth"] is not None:
        told["get_depth"] = Decimal(str(told["get_depth"]))
    bounds = {name: instant(told[name], zone) for name in ("starts_at", "ends_at")}
    return Promotion(**told | bounds)


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 time; one without an offset is the shop's local time."""
    return localised(datetime.fromisoformat(text), zone)


def localised(at: datetime, zone: ZoneInfo) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=zone)


@dataclass(frozen=True)
class Line:
    """What a basket holds of one product; the regular price is per item."""

    quantity: int
    regular_price: Decimal


@dataclass(frozen=True)
class Redeemed:
    """Units of a promotion sold before: to this customer, and in all."""

    by_customer: int = 0
    in_all: int = 0


@dataclass(frozen=True)
class Applied:
    """What a promotion did to a line: how many of its units took part, what they saved."""

    promotion_id: str
    mechanic: str
    units: int
    saved: Decimal


@dataclass(frozen=True)
class NotApplied:
    """Why units of a line took no part in a promotion; None where none is in force."""

    promotion_id: str | None
    mechanic: str | None
    units: int
    reason: Reason
    explanation: str


@dataclass(frozen=True)
class QuotedLine:
    product_id: str
    quantity: int
    regular_price: Decimal
    amount: Decimal
    applied: tuple[Applied, ...]
    not_applied: tuple[NotApplied, ...]


@dataclass(frozen=True)
class GiftDue:
    """A gift that the basket does not hold yet, to be added free."""

    promotion_id: str
    product_id: str
    quantity: int


@dataclass(frozen=True)
class Quote:
    """`regular_total` less `saved` is `total`."""

    lines: tuple[QuotedLine, ...]
    gifts: tuple[GiftDue, ...]
    regular_total: Decimal
    saved: Decimal
    total: Decimal
