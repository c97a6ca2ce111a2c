"""The plan in the columns of Google Merchant Center's promotions data source.

Source: Google, "Promotions data specification" (Merchant Center Help, answer 2906014) and
the pages of its attributes: promotion_id is at most 60 characters without spaces or
symbols, long_title at most 60 characters, percent_off a whole number, and
promotion_effective_dates two ISO 8601 times with their UTC offset around a slash. Buy N get M,
gifts and money off from a purchase amount have attributes of their own (answers 13861986,
13838182 and 13857152); a bundle has none that fits, and stands in the title.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from ml.errors import ContractError
from ml.report.wording import terms
from ml.settings import settings

COLUMNS = (
    "promotion_id",
    "product_applicability",
    "offer_type",
    "long_title",
    "promotion_effective_dates",
    "redemption_channel",
    "coupon_value_type",
    "percent_off",
    "money_off_amount",
    "minimum_purchase_amount",
    "buy_this_quantity",
    "get_this_quantity_discounted",
    "free_gift_item_id",
    "item_id",
)
VALUE_TYPES = {
    "percent_off": "percent_off",
    "flash": "percent_off",
    "buy_get": "buy_m_get_n_percent_off",
    "gift": "free_gift_with_item_id",
    "spend_save": "money_off",
    "bundle": "no_structured_data",
}
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
    lines = [COLUMNS, *(_row(row, names, zone) for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _row(promotion: dict, names: dict[str, str], zone: ZoneInfo) -> tuple[str, ...]:
    mechanic = promotion["mechanic"]
    value_type = VALUE_TYPES[mechanic]
    bought, saved = mechanic == "buy_get", mechanic == "spend_save"
    percent = _percent(promotion["get_depth"] if bought else promotion["depth"])
    return (
        _identifier(promotion["promotion_id"]),
        "specific_products",
        "no_code",
        _title(_description(promotion, names)),
        f"{_instant(promotion['starts_at'], zone)}/"
        f"{_instant(promotion['ends_at'] - LAST_INSTANT, zone)}",
        "in_store, online",
        value_type,
        percent if value_type.endswith("percent_off") else "",
        _money(promotion["discount_amount"]) if saved else "",
        _money(promotion["threshold_amount"]) if saved else "",
        f"{promotion['buy_qty']:.0f}" if bought else "",
        f"{promotion['get_qty']:.0f}" if bought else "",
        promotion["gift_product_id"] if mechanic == "gift" else "",
        promotion["product_id"],
    )


def _description(promotion: dict, names: dict[str, str]) -> str:
    off = f"{_percent(promotion['depth'])}% off"
    name = names[promotion["product_id"]]
    if promotion["mechanic"] in ("percent_off", "flash"):
        return f"{off} {name}"
    words = terms(promotion, off, names)
    return f"{words[0].upper()}{words[1:]}: {name}"


def _money(amount: float) -> str:
    return f"{amount:.2f} {settings().currency_code}"


def _percent(share: float) -> str:
    return str(int(share * 100 + 1e-9))


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
