"""Which products may be promoted, with what is known of each."""

import numpy as np
import pandas as pd

from ml.assumptions import Assumptions
from ml.promotions.economics import Items, unit_costs

NO_RECORD = "no product record"
BARRED = "excluded by name"
NO_RESPONSE = "no regular price or response"


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
