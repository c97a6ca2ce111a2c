"""What is on hand and on order: counted where there is a count, else simulated from sales."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml import lake
from ml.config.assumptions import StockAssumptions
from ml.contracts.sources import INVENTORY
from ml.inventory.replenishment import base_stock

SALES_WEEKS = 26
DAYS = 7


@dataclass(frozen=True)
class Ledger:
    """Stock positions of products, in `products`' order; arrays are (products,).

    `stands_on` is the day each position holds at its start; `receipts` (products, k) are the
    items on order that arrive k weeks after it. `order_up_to` covers demand over review and
    `lead_time_weeks`.
    """

    products: pd.Index
    stands_on: np.ndarray
    on_hand: np.ndarray
    receipts: np.ndarray
    order_up_to: np.ndarray
    lead_time_weeks: np.ndarray
    is_simulated: np.ndarray


def make_ledger(
    sales: pd.DataFrame,
    counts: pd.DataFrame,
    products: pd.Index,
    stands_on: date,
    stock: StockAssumptions,
) -> Ledger:
    """The counted position where there is a count, else that of a base-stock policy.

    `sales` is FCT_PRODUCT_WEEKS up to `stands_on`, of which weeks in which a product ran out do
    not tell how much of it to keep, unless there is no other; `counts` is INVENTORY. With an
    order-up-to level S every sale is reordered at the next review, so what sold in the last lead
    time is on order and the rest of S is on hand.
    """
    recent, days_out = (
        sales.pivot_table(column, "product_id", "week_start_date", aggfunc="sum")
        .reindex(products)
        .sort_index(axis=1)
        .iloc[:, -SALES_WEEKS:]
        for column in ("units", "days_out_of_stock")
    )
    telling = recent.mask(days_out > 0)
    telling = telling.where(telling.notna().any(axis=1), recent, axis=0)
    mean = telling.mean(axis=1).fillna(0.0).to_numpy()
    variance = telling.var(axis=1).fillna(0.0).to_numpy()
    counted_rows = counts.set_index("product_id").reindex(products)
    counted = counted_rows["on_hand"].notna().to_numpy()
    lead_days = counted_rows["lead_time_days"].astype(float).fillna(DAYS * stock.lead_time_weeks)
    lead = np.ceil(lead_days.to_numpy() / DAYS).astype(int)
    level = base_stock(mean, variance, stock.review_weeks, lead, stock.service_level)
    reordered = recent.fillna(0.0).to_numpy()[:, recent.shape[1] - stock.lead_time_weeks :]
    receipts = np.zeros((len(products), 1 + max(lead.max(initial=0), reordered.shape[1])))
    receipts[:, 1 : 1 + reordered.shape[1]] = reordered
    receipts[counted] = 0.0
    on_order = counted_rows["on_order"].astype(float).fillna(0.0).to_numpy()
    receipts[counted, lead[counted]] = on_order[counted]
    on_hand = np.maximum(level - reordered.sum(axis=1), 0.0)
    return Ledger(
        products=products,
        stands_on=counted_rows["counted_on"].where(counted, stands_on).to_numpy(),
        on_hand=np.where(counted, counted_rows["on_hand"].astype(float), on_hand),
        receipts=receipts,
        order_up_to=level,
        lead_time_weeks=lead,
        is_simulated=~counted,
    )


def read_counts(as_of: date, valid_days: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Each product's latest count of the `valid_days` before as_of, and the partitions read."""
    oldest = as_of - timedelta(days=valid_days)
    days = [day for day in lake.partitions(INVENTORY) if oldest <= day < as_of]
    read = {f"{INVENTORY.uri}/{d}": lake.manifest(INVENTORY, d).content_hash for d in days}
    frames = [lake.read(INVENTORY, day) for day in days]
    if not frames:
        return pd.DataFrame(columns=INVENTORY.column_names), read
    counts = pd.concat(frames).sort_values(["product_id", "counted_on"], kind="stable")
    return counts.drop_duplicates("product_id", keep="last"), read
