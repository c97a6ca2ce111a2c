"""Which products may be promoted, with what is known of each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.config.assumptions import Assumptions

NO_RECORD = "no product record"
BARRED = "excluded by name"
NO_RESPONSE = "no regular price or response"


@dataclass(frozen=True)
class Items:
    """The products that may be promoted, in one order; arrays (products,) or (products, weeks).

    `table` holds product_id, department, category, brand, regular_price, unit_cost,
    cost_is_assumed, funding and the columns of RESPONSES; `baseline` and `stock` are items
    per week, `gap` the weeks between two promotions.
    """

    table: pd.DataFrame
    weeks: np.ndarray
    baseline: Floats
    stock: Floats
    stock_is_simulated: np.ndarray
    gap: np.ndarray

    @property
    def categories(self) -> pd.Categorical:
        """Each product's category; its codes are the rows of the plan problem's slots."""
        return pd.Categorical(self.table["category"])


def exclusions(
    products: pd.DataFrame, responses: pd.DataFrame, modelled: pd.Index, barred: pd.Index
) -> pd.Series:
    """Why each modelled product may not be promoted; null where it may. Indexed by product_id.

    `barred` products are kept out by name.
    """
    known = products.set_index("product_id").reindex(modelled)
    reason = pd.Series(None, index=modelled, dtype=object)
    sold = known["is_merchandise"].fillna(False).astype(bool)
    reason[~sold] = known["exclusion_reason"].where(known["exclusion_reason"].notna(), NO_RECORD)
    reason[sold & ~modelled.isin(responses["product_id"])] = NO_RESPONSE
    reason[reason.isna() & modelled.isin(barred)] = BARRED
    return reason


def make_items(
    products: pd.DataFrame,
    responses: pd.DataFrame,
    forecasts: pd.DataFrame,
    stock: pd.DataFrame,
    kept: pd.Index,
    late: pd.Series,
    assumptions: Assumptions,
    minimum_gap: int,
) -> Items:
    """Line the tables up by product and week; `late` is `retention.late_share` of some products.

    A product rests until its stock is replenished, and at least `minimum_gap` weeks: units
    sold beyond the plan are missing until then.
    """
    table = responses.merge(products, on="product_id").set_index("product_id").loc[kept]
    table = table.assign(
        regular_price=table["regular_price"].round(2), late_share=late.reindex(kept).fillna(0.0)
    )
    table = unit_costs(table, assumptions)
    baseline = _grid(forecasts, "mean_units", kept)
    refill = stock.groupby("product_id")["replenishment_weeks"].max().reindex(kept)
    simulated = stock.groupby("product_id")["is_simulated"].any().reindex(kept)
    return Items(
        table=table.reset_index(),
        weeks=baseline.columns.to_numpy(),
        baseline=baseline.to_numpy(),
        stock=_grid(stock, "available_units", kept).reindex(columns=baseline.columns).to_numpy(),
        stock_is_simulated=simulated.to_numpy(bool),
        gap=np.maximum(minimum_gap, refill.to_numpy() - 1),
    )


def _grid(rows: pd.DataFrame, column: str, products: pd.Index) -> pd.DataFrame:
    grid = rows.pivot_table(column, "product_id", "week_start_date", aggfunc="sum")
    return grid.reindex(products).sort_index(axis=1)


def unit_costs(products: pd.DataFrame, assumptions: Assumptions) -> pd.DataFrame:
    """`products` with unit_cost filled, cost_is_assumed, and funding, the supplier's share.

    A product without a cost gets regular_price x (1 - its department's assumed margin).
    """
    margins, funding = assumptions.margin_by_department, assumptions.supplier_funding_by_brand
    margin = products["department"].map(margins).fillna(margins["default"])
    assumed = products["regular_price"] * (1 - margin)
    return products.assign(
        cost_is_assumed=products["unit_cost"].isna(),
        unit_cost=products["unit_cost"].astype(float).fillna(assumed),
        funding=products["brand"].map(funding).fillna(funding["default"]),
    )
