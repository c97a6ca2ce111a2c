"""What is known of products at a date, the same for every customer."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Neighbourhood

GROUPS = ("subcategory", "category", "manufacturer_id")


@dataclass(frozen=True)
class Catalog:
    """Row i of every array belongs to `ids[i]`.

    `features` are float32 (products,) by name; `groups` int codes (products,) by name of the
    attribute; `factors` float32 (products, rank) of ALS; `content` (products, terms).
    """

    ids: list[str]
    features: dict[str, np.ndarray]
    groups: dict[str, np.ndarray]
    private_label: np.ndarray
    factors: np.ndarray
    item_item: ItemItem
    item_cosine: ItemItem
    neighbourhood: Neighbourhood
    content: sparse.csr_array


def product_features(sums: pd.DataFrame, customers: int) -> dict[str, np.ndarray]:
    """Popularity, rhythm and price of each product.

    Args:
        sums: one row a product: buyers (and buyers_7, _28, _84 in so many days), repeaters
            (buyers on two days or more), days (of purchase, all buyers), gap_days (first to
            last, summed over buyers), last_age (days since anybody bought it), lines,
            discounted, sales, units.
        customers: of whom buyers are a share.
    """
    totals = {name: sums[name].to_numpy(np.float64) for name in sums.columns}
    gaps = totals["days"] - totals["buyers"]
    shares = {
        f"popularity{suffix}": np.log((totals[f"buyers{suffix}"] + 0.5) / customers)
        for suffix in ("", "_7", "_28", "_84")
    }
    features = shares | {
        "bought_again": (totals["repeaters"] + 0.5) / (totals["buyers"] + 5),
        "days_a_buyer": totals["days"] / totals["buyers"],
        "product_gap": totals["gap_days"] / np.maximum(gaps, 1),
        "not_sold_for": totals["last_age"],
        "product_discounted": totals["discounted"] / totals["lines"],
        "log_price": np.log(totals["sales"] / totals["units"]),
    }
    return {name: values.astype(np.float32) for name, values in features.items()}


def group_codes(products: pd.DataFrame) -> dict[str, np.ndarray]:
    """Codes of each product's groups; a missing name is a group of its own."""
    return {name: pd.factorize(products[name].fillna(""), sort=True)[0] for name in GROUPS}
