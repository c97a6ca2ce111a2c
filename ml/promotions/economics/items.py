"""Which products may be promoted, with the prices, costs, demand and stock of each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.arrays import Floats
from ml.config.assumptions import Assumptions

NO_RECORD = "no product record"
EXCLUDED = "excluded by name"
NO_RESPONSE = "no regular price or response"
MONEY_DIGITS = 2  # prices are whole cents

Texts = NDArray[np.object_]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Responses:
    """How demand responds, as RESPONSES estimates it; arrays (products,).

    `elasticity` of units to the price, the two lifts the log of units at full support, each with
    its standard deviation. `price_identified`: the elasticity rests on the product's own prices.
    """

    elasticity: Floats
    elasticity_sd: Floats
    display_lift: Floats
    display_lift_sd: Floats
    mailer_lift: Floats
    mailer_lift_sd: Floats
    price_identified: Flags


@dataclass(frozen=True)
class Items:
    """The products that may be promoted, in one order; arrays (products,) unless another is given.

    regular_price: of a unit, money in whole cents.
    unit_cost:     money; `cost_is_assumed` where it comes from the department's margin.
    funding:       the part of a markdown that the supplier pays, 0 to 1.
    late_share:    of its purchases, by customers who stay away longer than usual, 0 to 1.
    dispersion:    the size parameter of the negative binomial of a week's units.
    weeks:         Mondays, (weeks,).
    baseline:      units expected without promotion, (products, weeks).
    stock:         units available, (products, weeks).
    gap:           weeks between two promotions, int.
    """

    product_id: Texts
    department: Texts
    category: Texts
    regular_price: Floats
    unit_cost: Floats
    cost_is_assumed: Flags
    funding: Floats
    late_share: Floats
    dispersion: Floats
    responses: Responses
    weeks: np.ndarray
    baseline: Floats
    stock: Floats
    stock_is_simulated: Flags
    gap: NDArray[np.int64]

    @property
    def categories(self) -> pd.Categorical:
        """Each product's category; its codes are the rows of the plan problem's slots."""
        return pd.Categorical(self.category)

    @property
    def unit_margin(self) -> Floats:
        """What a unit earns at the regular price, money."""
        return self.regular_price - self.unit_cost

    @property
    def rows(self) -> dict[str, int]:
        """Each product's row, by product_id."""
        return {str(product): row for row, product in enumerate(self.product_id)}


def exclusions(
    products: pd.DataFrame, responses: pd.DataFrame, modelled: pd.Index, excluded: pd.Index
) -> pd.Series:
    """Why each modelled product may not be promoted; null where it may. Indexed by product_id.

    `excluded` products are left out by name.
    """
    records = products.set_index("product_id").reindex(modelled)
    reason = pd.Series(None, index=modelled, dtype=object)
    sold = records["is_merchandise"].fillna(False).astype(bool)
    given = records["exclusion_reason"]
    reason[~sold] = given.where(given.notna(), NO_RECORD)
    reason[sold & ~modelled.isin(responses["product_id"])] = NO_RESPONSE
    reason[reason.isna() & modelled.isin(excluded)] = EXCLUDED
    return reason


def make_items(
    products: pd.DataFrame,
    responses: pd.DataFrame,
    forecasts: pd.DataFrame,
    stock: pd.DataFrame,
    product_ids: pd.Index,
    late: pd.Series,
    assumptions: Assumptions,
    minimum_gap: int,
) -> Items:
    """Line the tables up by product and week; `late` is `retention.late_share` of some products.

    A product rests until its stock is replenished, and at least `minimum_gap` weeks: units
    sold beyond the plan are missing until then.
    """
    rows = responses.merge(products, on="product_id").set_index("product_id").loc[product_ids]
    rows = unit_costs(
        rows.assign(regular_price=rows["regular_price"].round(MONEY_DIGITS)), assumptions
    )
    baseline = _grid(forecasts, "mean_units", product_ids)
    available = _grid(stock, "available_units", product_ids).reindex(columns=baseline.columns)
    by_product = stock.groupby("product_id")
    refill = by_product["replenishment_weeks"].max().reindex(product_ids)
    return Items(
        product_id=product_ids.to_numpy(object),
        department=rows["department"].to_numpy(object),
        category=rows["category"].to_numpy(object),
        regular_price=rows["regular_price"].to_numpy(float),
        unit_cost=rows["unit_cost"].to_numpy(float),
        cost_is_assumed=rows["cost_is_assumed"].to_numpy(bool),
        funding=rows["funding"].to_numpy(float),
        late_share=late.reindex(product_ids).fillna(0.0).to_numpy(float),
        dispersion=rows["dispersion"].to_numpy(float),
        responses=responses_of(rows),
        weeks=baseline.columns.to_numpy(),
        baseline=baseline.to_numpy(),
        stock=available.to_numpy(),
        stock_is_simulated=by_product["is_simulated"].any().reindex(product_ids).to_numpy(bool),
        gap=np.maximum(minimum_gap, refill.to_numpy() - 1),
    )


def responses_of(rows: pd.DataFrame) -> Responses:
    """The responses in rows of RESPONSES, in their order."""
    return Responses(
        elasticity=rows["elasticity"].to_numpy(float),
        elasticity_sd=rows["elasticity_sd"].to_numpy(float),
        display_lift=rows["display_lift"].to_numpy(float),
        display_lift_sd=rows["display_lift_sd"].to_numpy(float),
        mailer_lift=rows["mailer_lift"].to_numpy(float),
        mailer_lift_sd=rows["mailer_lift_sd"].to_numpy(float),
        price_identified=rows["price_identified"].to_numpy(bool),
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
