"""Whether `promotions.tsv` is what Google Merchant Center takes, attribute by attribute.

Source: Google, "Promotions data specification" (Merchant Center Help, answer 2906014), and the
attributes that each coupon_value_type needs (answer 13861986).
"""

import csv
import re
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from ml.errors import ContractError

LONGEST = timedelta(days=183)  # six months
SHOWN = 5  # problems named in one message


def _two_moments(value: str) -> str:
    moments = [datetime.fromisoformat(part) for part in value.split("/")]
    if len(moments) != 2 or any(moment.tzinfo is None for moment in moments):
        raise ValueError("expected two ISO 8601 times with their UTC offset and a / between")
    if not timedelta() < moments[1] - moments[0] <= LONGEST:
        raise ValueError("expected an end after the start, at most six months later")
    return value


def _channels(value: str) -> str:
    if not set(re.split(", ?", value)) <= {"in_store", "online"}:
        raise ValueError("expected in_store, online, or both with a comma between")
    return value


def _amount(value: str) -> str:
    if Decimal(value.split()[0]) <= 0:
        raise ValueError("expected an amount above 0")
    return value


Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$")]
Money = Annotated[str, Field(pattern=r"^\d+(\.\d{1,2})? [A-Z]{3}$"), AfterValidator(_amount)]
NEEDED: dict[str, set[str]] = {
    "no_structured_data": set(),
    "percent_off": {"percent_off"},
    "money_off": {"money_off_amount"},
    "buy_m_get_n_percent_off": {
        "percent_off",
        "buy_this_quantity",
        "get_this_quantity_discounted",
    },
    "free_gift_with_item_id": {"free_gift_item_id"},
}


class Promotion(BaseModel):
    """One line; an empty cell is an attribute that is not given."""

    model_config = ConfigDict(extra="forbid")

    promotion_id: Identifier
    product_applicability: Literal["specific_products", "all_products"]
    offer_type: Literal["no_code", "generic_code"]
    long_title: str = Field(min_length=1, max_length=60)
    promotion_effective_dates: Annotated[str, AfterValidator(_two_moments)]
    redemption_channel: Annotated[str, AfterValidator(_channels)]
    coupon_value_type: str = Field(pattern=f"^({'|'.join(NEEDED)})$")
    percent_off: int | None = Field(None, ge=1, le=100)
    money_off_amount: Money | None = None
    minimum_purchase_amount: Money | None = None
    buy_this_quantity: int | None = Field(None, ge=1)
    get_this_quantity_discounted: int | None = Field(None, ge=1)
    free_gift_item_id: str | None = Field(None, max_length=50)
    item_id: str | None = Field(None, max_length=50)

    @model_validator(mode="after")
    def _has_what_its_type_needs(self) -> "Promotion":
        missing = {name for name in NEEDED[self.coupon_value_type] if getattr(self, name) is None}
        if missing:
            raise ValueError(f"{self.coupon_value_type} needs {sorted(missing)}")
        if self.product_applicability == "specific_products" and self.item_id is None:
            raise ValueError("specific_products needs item_id")
        return self


def check_feed(text: str) -> None:
    """Check every line of a feed.

    Raises:
        ContractError: names each line, attribute, rule and value received, and the remedy.
    """
    lines = csv.DictReader(StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    wrong, ids = [], set()
    for number, line in enumerate(lines, 2):
        wrong += [f"line {number}, {problem}" for problem in _problems(line)]
        if line["promotion_id"] in ids:
            wrong.append(f"line {number}, promotion_id: {line['promotion_id']!r} is there twice")
        ids.add(line["promotion_id"])
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" * (len(wrong) > SHOWN)
        raise ContractError(
            f"promotions.tsv is not what Merchant Center takes: {'; '.join(wrong[:SHOWN])}{more}. "
            "Correct the product's name or the terms in policy.yml and plan that day again"
        )


def _problems(line: dict[str, Any]) -> list[str]:
    given = {name: value for name, value in line.items() if value}
    try:
        Promotion.model_validate(given)
    except ValidationError as error:
        return [
            f"{'.'.join(map(str, e['loc'])) or 'attributes'}: {e['msg']}"
            + (f" (received {e['input']!r})" if e["loc"] and e["type"] != "missing" else "")
            for e in error.errors()
        ]
    return []
