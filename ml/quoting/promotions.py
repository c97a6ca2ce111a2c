"""The promotions a till gives: one class for each mechanic, read from the rows of a schedule."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, get_args
from zoneinfo import ZoneInfo

from ml.contracts.profiles import EVERYBODY
from ml.errors import ContractError
from ml.quoting.money import cents


@dataclass(frozen=True, kw_only=True)
class _Planned:
    """What every promotion has; PLAN describes each column."""

    mechanic: ClassVar[str]

    promotion_id: str
    product_id: str
    starts_at: datetime
    ends_at: datetime
    regular_price: Decimal
    promo_price: Decimal
    max_redemptions: int
    per_customer_limit: int
    audience_id: str = EVERYBODY
    store_group: str = EVERYBODY

    def is_for(self, audiences: Collection[str]) -> bool:
        """Whether a member of these audiences may have it; everybody may where it is for all."""
        return self.store_group == EVERYBODY and self.audience_id in (EVERYBODY, *audiences)


@dataclass(frozen=True, kw_only=True)
class PercentOff(_Planned):
    """Each unit at the promo price."""

    mechanic: ClassVar[str] = "percent_off"


@dataclass(frozen=True, kw_only=True)
class Flash(_Planned):
    """Each unit at the promo price, for some hours."""

    mechanic: ClassVar[str] = "flash"


@dataclass(frozen=True, kw_only=True)
class Bundle(_Planned):
    """Each unit at the promo price in a basket with a paid unit of another product."""

    mechanic: ClassVar[str] = "bundle"

    bundle_product_id: str


@dataclass(frozen=True, kw_only=True)
class BuyGet(_Planned):
    """Of `buy_qty` + `get_qty` units `get_qty` are cheaper by `get_depth`, 0 to 1."""

    mechanic: ClassVar[str] = "buy_get"

    buy_qty: int
    get_qty: int
    get_depth: Decimal


@dataclass(frozen=True, kw_only=True)
class SpendSave(_Planned):
    """`discount_amount` off a basket of `threshold_amount` or more, both money."""

    mechanic: ClassVar[str] = "spend_save"

    threshold_amount: Decimal
    discount_amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Gift(_Planned):
    """`get_qty` units of another product free with `buy_qty` units."""

    mechanic: ClassVar[str] = "gift"

    gift_product_id: str
    buy_qty: int
    get_qty: int


Promotion = PercentOff | Flash | Bundle | BuyGet | SpendSave | Gift
MECHANICS: Mapping[str, type[Promotion]] = {kind.mechanic: kind for kind in get_args(Promotion)}


def read_promotion(row: Mapping[str, Any], zone: ZoneInfo) -> Promotion:
    """A promotion from PLAN's columns; `starts_at` and `ends_at` are ISO 8601 in `zone`.

    Raises:
        ContractError: the mechanic is none of MECHANICS, or one of its terms is missing.
    """
    name = row["mechanic"]
    if name not in MECHANICS:
        raise ContractError(
            f"promotion {row['promotion_id']} has the mechanic {name!r}; expected one of "
            f"{', '.join(MECHANICS)}: plan and publish its day again"
        )
    terms = {field.name: row[field.name] for field in fields(MECHANICS[name])}
    if missing := [term for term, value in terms.items() if value is None]:
        raise ContractError(
            f"promotion {row['promotion_id']} of mechanic {name} has no {', '.join(missing)}; "
            "expected a value: plan and publish its day again"
        )
    types: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(("regular_price", "promo_price"), cents),
        **dict.fromkeys(("threshold_amount", "discount_amount"), cents),
        **dict.fromkeys(("starts_at", "ends_at"), lambda text: instant(text, zone)),
        "get_depth": lambda share: Decimal(str(share)),
    }
    typed = {term: types[term](value) for term, value in terms.items() if term in types}
    return MECHANICS[name](**terms | typed)


def instant(text: str, zone: ZoneInfo) -> datetime:
    """An ISO 8601 time; one without an offset is the shop's local time."""
    return localised(datetime.fromisoformat(text), zone)


def localised(at: datetime, zone: ZoneInfo) -> datetime:
    """A time with its zone; one without an offset is the shop's local time."""
    return at if at.tzinfo else at.replace(tzinfo=zone)
