"""What a person calls a product, from the columns every catalog has."""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

NAMING = ("category", "subcategory", "package_size")


def product_names(products: pd.DataFrame) -> dict[str, str]:
    """Names by product_id: what it is, its size, and whose brand it is.

    The catalog carries no product title, so the id stays beside the name wherever two
    products could be mixed up.
    """
    return {row["product_id"]: _name(row) for row in products.to_dict("records")}


def products_named(plan: pd.DataFrame) -> pd.Series:
    """Every product_id that a plan speaks of, gifts and partners too."""
    spoken = ("product_id", "gift_product_id", "bundle_product_id")
    return pd.concat([plan[name].dropna().astype(str) for name in spoken])


def _name(row: Mapping[Hashable, Any]) -> str:
    category, subcategory, size = (_known(row[c]) for c in NAMING)
    kind = subcategory or category
    if category and not _words(category) & _words(kind):
        kind = f"{category}: {kind.lower()}"
    own = "own brand" if str(row["brand"]).lower() == "private" else ""
    parts = [kind.capitalize() or f"Product {row['product_id']}", size.lower(), own]
    return ", ".join(part for part in parts if part)


def _known(value: str | None) -> str:
    text = str(value or "").strip()
    text = re.sub(r":(?=\S)", ": ", text)
    return "" if text.lower() in {"unknown", "none", "nan"} else text


def _words(text: str) -> set[str]:
    """The first four letters of each word: enough to see that PEARS ANJOU are PEARS."""
    return {word[:4] for word in re.findall(r"[a-z]{3,}", text.lower())}
