"""What each option earns, costs and may not do; all arrays (products, weeks, options)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.assumptions import Assumptions
from ml.inventory.distribution import Floats, coverage, expected_sales
from ml.promotions.options import Options
from ml.promotions.policy import Policy
from ml.promotions.response import Multiplier, Sales, promoted_sales


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


@dataclass(frozen=True)
class Economics:
    """Per option: demand, money, and which limit rules it out."""

    mean_demand: Floats
    sales: Sales
    baseline_sales: Floats
    margin: Floats
    margin_sd: Floats
    margin_low: Floats
    cost: Floats
    value: Floats
    on_ladder: np.ndarray
    above_floor: np.ndarray
    in_stock: np.ndarray

    @property
    def allowed(self) -> np.ndarray:
        return self.on_ladder & self.above_floor & self.in_stock


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


def evaluate(
    items: Items,
    options: Options,
    response: Multiplier,
    policy: Policy,
    displaced: float,
) -> Economics:
    """Value every option.

    Margin over no promotion = promo units x (promo price - unit cost + funded markdown)
    - baseline units x (regular price - unit cost) - support
    - displaced x extra units x (regular price - unit cost).
    Cost = promo units x markdown + support: what must be laid out, funded or not, in whole cents.
    Value = margin - risk_aversion x its standard deviation under the response's errors.
    """
    column = {c: items.table[c].to_numpy(float)[:, None, None] for c in MONEY_COLUMNS}
    size = items.table["dispersion"].to_numpy(float)
    regular, unit_cost = column["regular_price"], column["unit_cost"]
    price = options.price[:, None, :]
    markdown, usual = regular - price, regular - unit_cost
    kept = price - unit_cost + column["funding"] * markdown
    stock, wide = items.stock[:, :, None], size[:, None, None]
    before = expected_sales(stock, items.baseline[:, :, None], wide)
    sales = promoted_sales(items.baseline, items.stock, size, response)
    demand = items.baseline[:, :, None] * response.mean[:, None, :]

    def margin(units: Floats) -> Floats:
        moved = displaced * (units - before) * usual
        return units * kept - before * usual - moved - options.support_cost

    expected = margin(sales.expected)
    sd = np.abs(kept - displaced * usual) * sales.sd
    floor = policy.margin_floor * price
    return Economics(
        mean_demand=demand,
        sales=sales,
        baseline_sales=before[:, :, 0],
        margin=expected,
        margin_sd=sd,
        margin_low=np.minimum(margin(sales.low), margin(sales.high)),
        cost=np.ceil((sales.expected * markdown + options.support_cost) * 100 - 1e-6) / 100,
        value=expected - policy.risk_aversion * sd,
        on_ladder=np.broadcast_to(np.isfinite(price), demand.shape),
        above_floor=np.broadcast_to(price - unit_cost >= floor - 1e-9, demand.shape),
        in_stock=coverage(stock, demand, wide) >= policy.stock_service_level,
    )


MONEY_COLUMNS = ("regular_price", "unit_cost", "funding")
