"""What a till is asked and what it answers: a basket's lines, and its quote."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

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


@dataclass(frozen=True)
class Line:
    """Units of one product in a basket; the regular price is per item."""

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
    """One product of the basket: `amount` is what its units cost in all."""

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
