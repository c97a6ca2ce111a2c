"""What baskets show about a product's buyers: how many they take, what else, when."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.arrays import Floats
from ml.contracts.dbt_vars import SALES_HISTOGRAM_MAX, SALES_HISTOGRAM_STEP, UNITS_HISTOGRAM_MAX

WORTH_OF_PRIOR = 50  # baskets that the share in the wider group counts for


@dataclass(frozen=True)
class Habits:
    """Rows are the plan's products; each row of a share array adds up to 1.

    quantities: share of baskets holding 1 .. UNITS_HISTOGRAM_MAX of the product when it is below
                its regular price, (products, UNITS_HISTOGRAM_MAX).
    spend:      share of baskets with the product's category by sales bracket,
                (products, SALES_HISTOGRAM_MAX / SALES_HISTOGRAM_STEP + 1).
    partner:    row of the product most often in the same basket, -1 for none, (products,).
    together:   share of the product's baskets that hold the partner too, (products,).
    weekdays:   share of baskets on Monday .. Sunday, (7,).
    """

    quantities: Floats
    spend: Floats
    partner: NDArray[np.int64]
    together: Floats
    weekdays: Floats

    @property
    def units(self) -> Floats:
        """Units of the product in a basket that holds it, (products,)."""
        return self.quantities @ np.arange(1, UNITS_HISTOGRAM_MAX + 1)


def observe(
    product_ids: NDArray[np.object_],
    categories: NDArray[np.object_],
    quantities: pd.DataFrame,
    spend: pd.DataFrame,
    pairs: pd.DataFrame,
    sold_on: pd.Series,
) -> Habits:
    """Habits of products, with their categories, from the marts' rows.

    Few baskets say little: a product's shares are drawn to its category's, and those to the
    shop's, as if WORTH_OF_PRIOR baskets had shown them (the posterior mean under a Dirichlet
    prior; Gelman et al., "Bayesian Data Analysis", 3rd ed. 2013, ch. 3.4).
    """
    partner, together = _partners(product_ids, pairs)
    return Habits(
        quantities=_quantity_shares(product_ids, categories, quantities),
        spend=_spend_shares(categories, spend),
        partner=partner,
        together=together,
        weekdays=_weekday_shares(sold_on),
    )


def _quantity_shares(ids: np.ndarray, categories: np.ndarray, rows: pd.DataFrame) -> Floats:
    cut = rows[rows["on_promotion"]]
    counts = cut.pivot_table("baskets", "product_id", "units", "sum", 0)
    counts = counts.reindex(columns=range(1, UNITS_HISTOGRAM_MAX + 1), fill_value=0)
    own = counts.reindex(ids, fill_value=0).to_numpy(float)
    by_category = pd.DataFrame(own).groupby(categories).transform("sum").to_numpy()
    single = np.eye(UNITS_HISTOGRAM_MAX)[0]
    return _shrunk(own, _shrunk(by_category, _shrunk(own.sum(axis=0), single)))


def _spend_shares(categories: np.ndarray, rows: pd.DataFrame) -> Floats:
    brackets = range(0, SALES_HISTOGRAM_MAX + SALES_HISTOGRAM_STEP, SALES_HISTOGRAM_STEP)
    counts = rows.pivot_table("baskets", "category", "sales_from", "sum", 0)
    counts = counts.reindex(columns=brackets, fill_value=0)
    lowest = np.eye(len(brackets))[0]
    everywhere = _shrunk(counts.to_numpy(float).sum(axis=0), lowest)
    return _shrunk(counts.reindex(categories, fill_value=0).to_numpy(float), everywhere)


def _shrunk(counts: Floats, prior: Floats) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    return (counts + WORTH_OF_PRIOR * prior) / (total + WORTH_OF_PRIOR)


def _partners(ids: np.ndarray, pairs: pd.DataFrame) -> tuple[NDArray[np.int64], Floats]:
    """The closest partner among `ids`; a share of few baskets is drawn to none."""
    row = pd.Series(np.arange(len(ids)), index=ids)
    both = pairs["product_id"].isin(row.index) & pairs["partner_id"].isin(row.index)
    order = pairs[both].sort_values(["baskets_together", "partner_id"], ascending=[False, True])
    best = order.drop_duplicates("product_id").set_index("product_id").reindex(ids)
    partner = best["partner_id"].map(row).fillna(-1).to_numpy(np.int64)
    share = best["baskets_together"] / (best["baskets"] + WORTH_OF_PRIOR)
    return partner, share.fillna(0.0).to_numpy(float)


def _weekday_shares(sold_on: pd.Series) -> Floats:
    days = pd.to_datetime(sold_on).dt.weekday.to_numpy()
    counts = np.bincount(days, minlength=7).astype(float)
    return _shrunk(counts, np.full(7, 1 / 7))
