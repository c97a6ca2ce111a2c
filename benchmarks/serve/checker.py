"""Whether an answer is wholly of one version: compared with that version's own files."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from ml.contracts.offers import OFFERS_FILE
from ml.quoting.money import cents
from ml.releases.schedule import SCHEDULE

TERMS = ("promotion_id", "promo_price", "regular_price", "depth", "max_redemptions")
Term = tuple[Any, ...]


@dataclass(frozen=True)
class Expected:
    """What a version's files say of some products and customers.

    products:  each product's lines, the earliest first.
    customers: each customer's offers as (promotion_id, promo_price), by rank.
    quoted:    what one unit of a product costs at the moment that baskets are quoted at.
    """

    version: str
    products: Mapping[str, list[Term]]
    customers: Mapping[str, list[Term]]
    quoted: Mapping[str, Decimal]


def read_expected(
    release: Path, products: list[str], customers: list[str], at: pd.Timestamp
) -> Expected:
    """Read with pandas alone, so that nothing is shared with what is checked."""
    lines = pd.read_parquet(release / SCHEDULE)
    offers = pd.read_parquet(release / OFFERS_FILE)
    chosen = lines[lines["product_id"].isin(products)].sort_values("starts_at")
    shown = offers[offers["customer_id"].isin(customers)].sort_values("offer_rank")
    shown = shown.merge(lines[["promotion_id", "promo_price"]], on="promotion_id")
    now = chosen[(chosen["starts_at"] <= at) & (at < chosen["ends_at"])]
    return Expected(
        version=release.name,
        products=_by(chosen, "product_id", TERMS),
        customers=_by(shown, "customer_id", ("promotion_id", "promo_price")),
        quoted={
            row["product_id"]: cents(row["promo_price"])
            for row in now[now["mechanic"] == "percent_off"].to_dict("records")
        },
    )


def wrong_with(
    published: Mapping[str, Expected], kind: str, key: str, answer: Mapping[str, Any], tag: str
) -> str:
    """What of an answer is not of the version it names; empty for a whole one.

    `kind` is product, customer or quote, `key` what was asked for; a quote's are joined by +.
    """
    version = answer.get("plan_version", "")
    if version not in published:
        return f"names version {version!r}, which was never published"
    if not tag.strip('"').startswith(version):
        return f"is tagged {tag} and names {version}"
    expected = published[version]
    if kind == "product":
        answered = [tuple(row[name] for name in TERMS) for row in answer["promotions"]]
        return _differs(answered, expected.products[key], version)
    if kind == "customer":
        answered = [
            (offer["promotion_id"], offer["promotion"]["promo_price"]) for offer in answer["offers"]
        ]
        return _differs(answered, expected.customers[key], version)
    amounts = [(line["product_id"], cents(line["amount"])) for line in answer["lines"]]
    return _differs(amounts, [(p, expected.quoted[p]) for p in key.split("+")], version)


def _differs(answered: list[Term], expected: list[Term], version: str) -> str:
    return "" if answered == expected else f"says {answered} where {version} says {expected}"


def _by(rows: pd.DataFrame, key: str, names: tuple[str, ...]) -> dict[str, list[Term]]:
    terms = list(rows[list(names)].itertuples(index=False, name=None))
    grouped: dict[str, list[Term]] = {name: [] for name in rows[key]}
    for name, term in zip(rows[key], terms, strict=True):
        grouped[name].append(term)
    return grouped
