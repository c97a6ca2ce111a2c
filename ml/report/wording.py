"""A promotion's terms as people say them; `row` is one of PLAN, as a mapping."""

from collections.abc import Hashable, Mapping
from typing import Any

from ml.contracts.profiles import EVERYBODY
from ml.settings import settings

Row = Mapping[Hashable, Any]


def terms(row: Row, off: str, names: Mapping[str, str]) -> str:
    """What a shopper gets, and who: `off` is the depth in words, `names` by product_id."""
    audience = row.get("audience_id", EVERYBODY)
    return _what(row, off, names) + ("" if audience == EVERYBODY else f", {audience} only")


def _what(row: Row, off: str, names: Mapping[str, str]) -> str:
    mechanic = row["mechanic"]
    if mechanic == "buy_get":
        return f"buy {row['buy_qty']:.0f} get {row['get_qty']:.0f} {_got(row['get_depth'])}"
    if mechanic == "spend_save":
        save, spend = _money(row["discount_amount"]), _money(row["threshold_amount"])
        return f"{save} off in a basket of {spend}"
    if mechanic == "bundle":
        return f"{off} with {_name(row['bundle_product_id'], names)}"
    if mechanic == "gift":
        return f"free with {row['buy_qty']:.0f}: {_name(row['gift_product_id'], names)}"
    return f"{off} for some hours" if mechanic == "flash" else off


def short(row: Row, off: str) -> str:
    """The same in a few characters."""
    sizes = {
        "percent_off": lambda: off,
        "buy_get": lambda: f"{row['buy_qty']:.0f}+{row['get_qty']:.0f}",
        "spend_save": lambda: f"from {settings().currency}{row['threshold_amount']:.0f}",
        "bundle": lambda: f"{off} set",
        "gift": lambda: "gift",
        "flash": lambda: f"{off} flash",
    }
    return sizes[row["mechanic"]]()


def _got(depth: float) -> str:
    return "free" if depth >= 1 else f"at {100 * depth:.0f}% off"


def _money(amount: float) -> str:
    return f"{settings().currency}{amount:.2f}"


def _name(product_id: str, names: Mapping[str, str]) -> str:
    return names.get(product_id, f"product {product_id}")
