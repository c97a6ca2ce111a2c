"""What is on hand and on order: counted where there is a count, else simulated from sales."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml import lake
from ml.assumptions import Stock
from ml.contracts.sources import INVENTORY
from ml.inventory.replenishment import base_stock

SALES_WEEKS = 26
DAYS = 7


@dataclass(frozen=True)
class Ledger:
    """Stock positions of products, in `products`' order; arrays are (products,).

    `stands_on` is the day each position holds at its start; `receipts` (products, weeks) are
    the items on order by the week, counted from then, at whose start they arrive.
    """

    products: pd.Index
    stands_on: np.ndarray
    on_hand: np.ndarray
    receipts: np.ndarray
    order_up_to: np.ndarray
    lead_time_weeks: np.ndarray
    is_simulated: np.ndarray


def simulate(sales: pd.DataFrame, products: pd.Index, stands_on: date, stock: Stock) -> Ledger:
    """The ledger of a base-stock policy that has met the sales of `stock`'s last weeks.

    `sales` is FCT_PRODUCT_WEEKS. With an order-up-to level S every sale is reordered, so
    what sold in the last lead time is on order and the rest of S is on hand.
    """
    units = sales.pivot_table("units", "product_id", "week_start_date", aggfunc="sum")
    recent = units.reindex(products).sort_index(axis=1).iloc[:, -SALES_WEEKS:]
    mean = recent.mean(axis=1).fillna(0.0).to_numpy()
    variance = recent.var(axis=1).fillna(0.0).to_numpy()
    lead = np.full(len(products), stock.lead_time_weeks)
    level = base_stock(mean, variance, stock.review_weeks, lead, stock.service_level)
    arriving = recent.fillna(0.0).to_numpy()[:, recent.shape[1] - stock.lead_time_weeks :]
    return Ledger(
        products=products,
        stands_on=np.full(len(products), stands_on, dtype=object),
        on_hand=np.maximum(level - arriving.sum(axis=1), 0.0),
        receipts=arriving,
        order_up_to=level,
        lead_time_weeks=lead,
        is_simulated=np.ones(len(products), dtype=bool),
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


def with_counts(ledger: Ledger, counts: pd.DataFrame) -> Ledger:
    """The ledger with the counted products' positions in place of the simulated ones."""
    found = counts.set_index("product_id").reindex(ledger.products)
    counted = found["on_hand"].notna().to_numpy()
    lead_days = found["lead_time_days"].astype(float).to_numpy()
    lead = np.where(np.isnan(lead_days), ledger.lead_time_weeks, np.ceil(lead_days / DAYS))
    lead = lead.astype(int)
    weeks = max(int(lead.max(initial=0)), ledger.receipts.shape[1], 1)
    receipts = np.pad(ledger.receipts, ((0, 0), (0, weeks - ledger.receipts.shape[1])))
    receipts[counted] = 0.0
    arrives = np.maximum(lead, 1) - 1
    on_order = found["on_order"].astype(float).fillna(0.0).to_numpy()
    receipts[counted, arrives[counted]] = on_order[counted]
    return Ledger(
        products=ledger.products,
        stands_on=np.where(counted, found["counted_on"].to_numpy(), ledger.stands_on),
        on_hand=np.where(counted, found["on_hand"].astype(float), ledger.on_hand),
        receipts=receipts,
        order_up_to=ledger.order_up_to,
        lead_time_weeks=lead,
        is_simulated=~counted,
    )
