"""The plan in the columns of Google Merchant Center's promotions data source.

Source: Google, "Promotions data specification" (Merchant Center Help, answer 2906014) and
the pages of its attributes: promotion_id is at most 60 characters without spaces or
symbols, long_title at most 60 characters, percent_off a whole number, and
promotion_effective_dates two ISO 8601 times with their UTC offset around a slash.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from ml.errors import ContractError

COLUMNS = (
    "promotion_id",
    "product_applicability",
    "offer_type",
    "long_title",
    "promotion_effective_dates",
    "redemption_channel",
    "coupon_value_type",
    "percent_off",
    "item_id",
)
LONGEST = 60
LAST_INSTANT = timedelta(seconds=1)


def merchant_feed(schedule: pd.DataFrame, names: dict[str, str], time_zone: str) -> str:
    """Tab-separated text, one row per promotion, for `promotions.tsv`.

    Args:
        schedule: rows of the PLAN contract.
        names: what a shopper reads, by product_id.
        time_zone: the shop's, in which starts_at and ends_at are written.

    Depths are rounded down to whole percents: the feed must not promise more than the till.
    """
    zone = ZoneInfo(time_zone)
    rows = schedule.to_dict("records")
    lines = [COLUMNS, *(_row(row, names[row["product_id"]], zone) for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _row(promotion: dict, name: str, zone: ZoneInfo) -> tuple[str, ...]:
    percent = int(promotion["depth"] * 100 + 1e-9)
    return (
        _identifier(promotion["promotion_id"]),
        "specific_products",
        "no_code",
        _title(f"{percent}% off {name}"),
        f"{_instant(promotion['starts_at'], zone)}/"
        f"{_instant(promotion['ends_at'] - LAST_INSTANT, zone)}",
        "in_store, online",
        "percent_off",
        str(percent),
        promotion["product_id"],
    )


def _identifier(promotion_id: str) -> str:
    if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}", promotion_id):
        raise ContractError(
            f"promotion_id {promotion_id!r}: Merchant Center takes up to {LONGEST} letters, "
            "digits, '_' and '-'; change how the plan names its promotions"
        )
    return promotion_id


def _title(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1].rstrip() + "…"


def _instant(local: datetime, zone: ZoneInfo) -> str:
    return local.replace(tzinfo=zone).isoformat(timespec="seconds")
