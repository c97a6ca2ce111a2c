"""Project each product's stock over the planned weeks under its forecast demand."""

import logging
from datetime import date

import numpy as np
import pandas as pd

from ml import lake
from ml.config.assumptions import load_assumptions
from ml.contracts.marts import FCT_PRODUCT_WEEKS
from ml.contracts.outputs import FORECASTS, RESPONSES, STOCK
from ml.errors import ContractError
from ml.inventory.distribution import coverage
from ml.inventory.ledger import DAYS, Ledger, make_ledger, read_counts
from ml.weeks import monday_of

log = logging.getLogger(__name__)

LONGEST_COVER_DAYS = 365.0


def write_stock(as_of: date) -> None:
    """Write the STOCK partition of as_of.

    Raises:
        LakeError: the forecasts, responses or sales of as_of are missing.
        ContractError: a product's forecast weeks are not those of every product.
    """
    stock = load_assumptions().stock
    tables = (FORECASTS, RESPONSES, FCT_PRODUCT_WEEKS)
    inputs = lake.inputs(tables, as_of)
    forecasts, responses = lake.read(FORECASTS, as_of), lake.read(RESPONSES, as_of)
    read = ["product_id", "week_start_date", "units", "days_out_of_stock"]
    sales = lake.read(FCT_PRODUCT_WEEKS, as_of, columns=read)
    counts, counts_read = read_counts(as_of, stock.count_valid_days)
    products = pd.Index(sorted(forecasts["product_id"].unique()), name="product_id")
    this_monday = monday_of(as_of)
    modelled = sales[sales["product_id"].isin(products)]
    ledger = make_ledger(modelled, counts, products, this_monday, stock)
    dispersion = responses.set_index("product_id")["dispersion"].reindex(products)
    rows = project(ledger, forecasts, dispersion, stock.review_weeks)
    lake.write(STOCK, as_of, rows, inputs | counts_read, lake.manifest(FORECASTS, as_of).models)
    log.info("stock: %d products, %d counted", len(products), int((~ledger.is_simulated).sum()))


def project(
    ledger: Ledger, forecasts: pd.DataFrame, dispersion: pd.Series, review_weeks: int
) -> pd.DataFrame:
    """STOCK's rows: `ledger` carried through the forecast weeks, ordering up to its level."""
    median = _by_week(forecasts, "p50", ledger.products)
    mean = _by_week(forecasts, "mean_units", ledger.products)
    available, receipts = stock_path(
        ledger, median.to_numpy(), sorted(forecasts["week_start_date"].unique()), review_weeks
    )
    size = dispersion.to_numpy()[:, None]
    cover = available / np.maximum(mean.to_numpy(), 1e-9) * DAYS
    weeks = len(median.columns)
    rows = pd.DataFrame(
        {
            "product_id": np.repeat(ledger.products.to_numpy(), weeks),
            "week_start_date": np.tile(median.columns.to_numpy(), len(ledger.products)),
            "receipts": receipts.ravel(),
            "available_units": available.ravel(),
            "stockout_probability": (1 - coverage(available, mean.to_numpy(), size)).ravel(),
            "days_of_cover": np.minimum(cover, LONGEST_COVER_DAYS).ravel(),
            "replenishment_weeks": np.repeat(review_weeks + ledger.lead_time_weeks, weeks),
            "is_simulated": np.repeat(ledger.is_simulated, weeks),
        }
    )
    horizons = forecasts[["week_start_date", "horizon"]].drop_duplicates()
    return rows.merge(horizons, on="week_start_date", how="left")


def stock_path(
    ledger: Ledger, demand: np.ndarray, weeks: list[date], review_weeks: int
) -> tuple[np.ndarray, np.ndarray]:
    """What is available and what arrives in each week, items, both (products, weeks).

    `demand` (products, weeks) is sold at each week's end as far as stock reaches. Before
    the first of `weeks` the first week's demand runs since the day the ledger stands on;
    only the orders of the ledger arrive. From then on each review orders up to the level.
    """
    elapsed = np.array([(weeks[0] - day).days / DAYS for day in ledger.stands_on])
    lead, planned, each = ledger.lead_time_weeks, len(weeks), np.arange(len(elapsed))
    arriving = np.zeros((len(each), planned + max(ledger.receipts.shape[1], int(lead.max()) + 1)))
    here = np.zeros(len(each))
    for after, items in enumerate(ledger.receipts.T):
        week = np.ceil(after - elapsed).astype(int)
        here += np.where(week < 0, items, 0.0)
        arriving[each, np.maximum(week, 0)] += np.where(week < 0, 0.0, items)
    on_hand = np.maximum(ledger.on_hand + here - elapsed * demand[:, 0], 0.0)
    available, receipts = np.empty_like(demand), np.empty_like(demand)
    for week in range(planned):
        if week % review_weeks == 0:
            position = on_hand + arriving[:, week:].sum(axis=1)
            order = np.maximum(ledger.order_up_to - position, 0.0)
            arriving[each, week + lead] += order
        receipts[:, week] = arriving[:, week]
        available[:, week] = on_hand + receipts[:, week]
        on_hand = np.maximum(available[:, week] - demand[:, week], 0.0)
    return available, receipts


def _by_week(forecasts: pd.DataFrame, column: str, products: pd.Index) -> pd.DataFrame:
    values = forecasts.pivot_table(column, "product_id", "week_start_date", aggfunc="sum")
    if values.isna().any(axis=None):
        lacking = values.index[values.isna().any(axis=1)][0]
        raise ContractError(
            f"{FORECASTS.uri}: product {lacking} lacks a week that others have; "
            "every product needs every week: write the forecasts again"
        )
    return values.reindex(products).sort_index(axis=1)
