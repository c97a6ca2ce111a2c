"""Candidates of a block of customers, and every signal on them."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ml.affinity.catalog import Catalog
from ml.affinity.content import content_scores

PROPOSERS = ("als", "item_item", "customers_alike")
PER_SOURCE = 100  # products that each source proposes to a customer beside those bought before
OWN = (  # of one customer and product; absent where never bought
    "days",  # on which it was bought
    "lines_112",  # lines, each halved every 112 days
    "decayed_14",  # days, each halved every 14 days; and so on
    "decayed_42",
    "decayed_112",
    "decayed_280",
    "last_age",  # days since it was bought last
    "first_age",
    "own_discounted",  # share of lines bought below the regular price
)
AMOUNTS = OWN[:6]  # zero where never bought; the others are unknown there


@dataclass(frozen=True)
class Purchases:
    """What the customers of a block bought: entry k is customer[k]'s history of product[k].

    `customer` and `product` are positions, ordered by both; `own` float32 by name of `OWN`;
    `lines` counts lines. `ids` are all customers of the block, with or without purchases.
    """

    ids: np.ndarray
    customer: np.ndarray
    product: np.ndarray
    lines: np.ndarray
    own: dict[str, np.ndarray]

    @property
    def customers(self) -> int:
        return len(self.ids)

    def log_lines(self, products: int) -> sparse.csr_array:
        """log(1 + lines), float32 (customers, products)."""
        shape = (self.customers, products)
        values = np.log1p(self.lines, dtype=np.float32)
        return sparse.coo_array((values, (self.customer, self.product)), shape=shape).tocsr()


@dataclass(frozen=True)
class Candidates:
    """Row k is product[k] for customer[k]: float32 signals by name, and whether it is new."""

    customer: np.ndarray
    product: np.ndarray
    is_new: np.ndarray
    signals: dict[str, np.ndarray]

    def matrix(self, names: tuple[str, ...]) -> np.ndarray:
        return np.column_stack([self.signals[name] for name in names])


def candidates(bought: Purchases, tastes: np.ndarray, catalog: Catalog) -> Candidates:
    """Everything a customer bought, and what `PROPOSERS` and popularity propose.

    `tastes` is float32 (customers, rank): ALS factors of the block's customers, in order.
    """
    scored = _scored(bought, tastes, catalog)
    chosen = np.zeros((bought.customers, len(catalog.ids)), bool)
    chosen[bought.customer, bought.product] = True
    is_bought = chosen.copy()
    for name in PROPOSERS:
        _propose(chosen, np.where(is_bought, -np.inf, scored[name]))
    chosen[:, _largest(catalog.features["popularity_28"][None])[0]] = True
    customer, product = np.nonzero(chosen)
    signals = {name: scores[customer, product] for name, scores in scored.items()}
    signals |= _own(bought, customer, product, chosen.shape)
    signals |= {name: values[product] for name, values in catalog.features.items()}
    signals |= {name: values[customer] for name, values in _customer(bought, catalog).items()}
    signals |= _group_habits(bought, customer, product, catalog)
    signals |= _rhythm(signals)
    return Candidates(customer, product, ~is_bought[customer, product], signals)


def _scored(bought: Purchases, tastes: np.ndarray, catalog: Catalog) -> dict[str, np.ndarray]:
    """Each recommender's scores of every product, float32 (customers, products)."""
    purchases = bought.log_lines(len(catalog.ids))
    return {
        "als": tastes @ catalog.factors.T,
        "item_item": catalog.item_item.scores(purchases),
        "item_cosine": catalog.item_cosine.scores(purchases),
        "customers_alike": catalog.neighbourhood.scores(bought.ids, purchases),
        "content": content_scores(purchases, catalog.content),
    }


def _propose(chosen: np.ndarray, scores: np.ndarray) -> None:
    np.put_along_axis(chosen, _largest(scores), True, axis=1)


def _largest(scores: np.ndarray) -> np.ndarray:
    count = min(PER_SOURCE, scores.shape[1])
    return np.argpartition(-scores, count - 1, axis=1)[:, :count]


def _own(
    bought: Purchases, customer: np.ndarray, product: np.ndarray, shape: tuple[int, int]
) -> dict[str, np.ndarray]:
    """`OWN` of each candidate, from the block's purchases."""
    place = np.full(shape, -1, np.int32)
    place[bought.customer, bought.product] = np.arange(len(bought.customer))
    positions = place[customer, product]
    return {
        name: np.where(
            positions < 0,
            np.float32(0.0 if name in AMOUNTS else np.nan),
            np.append(bought.own[name], np.float32(0))[positions],
        )
        for name in OWN
    }


def _customer(bought: Purchases, catalog: Catalog) -> dict[str, np.ndarray]:
    """How much, how repeatedly, how cheaply each customer of the block buys."""

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(bought.customer, values, bought.customers)

    products = np.maximum(total(np.ones(len(bought.customer))), 1)
    lines = np.maximum(total(bought.lines), 1)
    columns = {
        "activity_112": total(bought.own["lines_112"]),
        "activity_42": total(bought.own["decayed_42"]),
        "products_bought": products,
        "repeats": total(bought.own["days"] > 1) / products,
        "buys_discounted": total(bought.own["own_discounted"] * bought.lines) / lines,
        "buys_private_label": total(catalog.private_label[bought.product] * bought.lines) / lines,
    }
    return {name: values.astype(np.float32) for name, values in columns.items()}


def _group_habits(
    bought: Purchases, customer: np.ndarray, product: np.ndarray, catalog: Catalog
) -> dict[str, np.ndarray]:
    """What the customer buys of the candidate's subcategory, category and manufacturer."""
    columns = {}
    for name, group in catalog.groups.items():
        width = int(group.max()) + 1
        cell = bought.customer.astype(np.int64) * width + group[bought.product]
        sums = np.bincount(cell, bought.own["lines_112"], bought.customers * width)
        wanted = customer.astype(np.int64) * width + group[product]
        columns[f"habit_{name}"] = sums[wanted].astype(np.float32)
    return columns


def _rhythm(signals: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """How long the customer waits between purchases, and how due the next one is."""
    again = signals["days"] > 1
    waits = (signals["first_age"] - signals["last_age"]) / np.maximum(signals["days"] - 1, 1)
    gap = np.where(again, waits, np.float32(np.nan))
    return {
        "gap": gap,
        "due": signals["last_age"] / np.maximum(gap, 1),
        "due_for_others": signals["last_age"] / np.maximum(signals["product_gap"], 1),
    }
