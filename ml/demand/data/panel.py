"""The demand model's arrays: N products by W weeks, from the marts of one as-of date.

A panel holds what was seen; `covariates` turns it into what the model reads. In unsold weeks
the regular price is carried forward and the depth is an earlier week's; a series starts at its
first sale, and nothing at or after the as-of date is read. Weekly products are ranked on their
sales before a date, so a backtest can rank on what was known at its first origin.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.marts import DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS
from ml.contracts.table import Table
from ml.demand.data.depths import filled_depths, regular_moves
from ml.demand.data.groups import numbered
from ml.demand.data.stockouts import unconstrained
from ml.errors import ContractError
from ml.weeks import monday_of

WEEK = np.timedelta64(7, "D")
RANKING_WEEKS = 52
USUAL_WEEKS = 8
STATIC = ("department", "category", "subcategory", "product_id")
GRIDS = ("units", "started", "in_stock", "regular_price", "log_price_ratio", "display", "mailer")
DEEPEST = 0.95


@dataclass(frozen=True)
class Panel:
    """Products in rows (largest sales first), weeks in columns (oldest first).

    `log_price_ratio` is log(shelf / regular price), at most 0. `holiday` reaches past the last
    week, as calendars do; `started` is False before a product's first sale. `units` are those
    sold. In a week in which none was left on some day they say too little of demand:
    `in_stock` is False then. `derived` is where `covariates` caches what it computes.
    """

    products: pd.DataFrame
    weeks: np.ndarray
    units: np.ndarray
    started: np.ndarray
    in_stock: np.ndarray
    regular_price: np.ndarray
    log_price_ratio: np.ndarray
    display: np.ndarray
    mailer: np.ndarray
    holiday: np.ndarray
    derived: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def is_demand(self) -> np.ndarray:
        """(N, W) whether the week says what demand was."""
        return self.started & self.in_stock

    @property
    def realised(self) -> np.ndarray:
        """(N, W, 4) effects as they turned out, in the order of `EFFECTS`."""
        moved = regular_moves(self.regular_price, self.started)
        return np.stack([self.log_price_ratio, moved, self.display, self.mailer], axis=-1)

    @cached_property
    def unconstrained(self) -> np.ndarray:
        """(N, W) units, estimated where the product ran out; of each week from those before it."""
        return unconstrained(self.units, self.in_stock, self.started, self.realised)

    @property
    def demand(self) -> np.ndarray:
        """(N, W) units; NaN where the product was out of stock and no forecast can be judged."""
        return np.where(self.in_stock, self.units, np.nan)

    def head(self, products: int) -> "Panel":
        """The panel of its largest `products`."""
        return self.rows(slice(products))

    def rows(self, part: slice | np.ndarray) -> "Panel":
        """The panel of some of its products: a slice, or a mask (N,)."""
        grids = {name: getattr(self, name)[part] for name in GRIDS}
        return replace(self, products=self.products.iloc[part].reset_index(drop=True), **grids)

    def joined(self, other: "Panel") -> "Panel":
        """These products, then the other's, of the same weeks."""
        grids: dict[str, Any] = {
            n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in GRIDS
        }
        products = pd.concat([self.products, other.products], ignore_index=True)
        return replace(self, products=products, **grids)

    def until(self, week: int) -> "Panel":
        """The panel of its first `week` weeks; itself where those are all."""
        if week == len(self.weeks):
            return self
        grids = {name: getattr(self, name)[:, :week] for name in GRIDS}
        return replace(self, weeks=self.weeks[:week], **grids)


def read_panel(
    as_of: date,
    products: int,
    ranked_before: date | None = None,
    catalog: pd.DataFrame | None = None,
) -> Panel:
    """The panel of the `products` with the largest sales before `ranked_before`.

    `catalog` holds rows of DIM_PRODUCTS of as_of; None reads them.

    Raises:
        ContractError: no merchandise was sold before that date, or the last weeks are missing.
    """
    weekly = _read(FCT_PRODUCT_WEEKS, as_of)
    weekly = weekly.filter(pc.less_equal(weekly["week_start_date"], as_of - timedelta(days=7)))
    chosen = _largest(weekly, ranked_before or as_of, products)
    if not chosen:
        raise ContractError(
            f"{FCT_PRODUCT_WEEKS.uri} as_of={as_of}: no product sold before "
            f"{ranked_before or as_of}; land at least one complete week of sales"
        )
    rows = weekly.filter(pc.is_in(weekly["product_id"], pa.array(chosen))).to_pandas()
    if catalog is None:
        catalog = lake.read(DIM_PRODUCTS, as_of, list(STATIC))
    return _panel(rows, _products(chosen, catalog, as_of), as_of)


def _read(table: Table, as_of: date) -> pa.Table:
    """A mart as Arrow: the weekly mart is too long for a frame of Python dates."""
    columns = [c for c in table.column_names if c != "sales"]
    return pa.concat_tables([pq.read_table(p, columns=columns) for p in lake.files(table, as_of)])


def _largest(weekly: pa.Table, before: date, products: int) -> list[str]:
    """Product ids by sales in the `RANKING_WEEKS` before a date, ties by id."""
    weeks = weekly["week_start_date"]
    recent = weekly.filter(
        pc.and_(
            pc.less_equal(weeks, before - timedelta(days=7)),
            pc.greater_equal(weeks, before - timedelta(weeks=RANKING_WEEKS)),
        )
    )
    spent = pc.multiply(pc.cast(recent["units"], "double"), recent["shelf_price"])
    sales = recent.append_column("spent", spent).group_by("product_id", use_threads=False)
    ranked = sales.aggregate([("spent", "sum")]).sort_by(
        [("spent_sum", "descending"), ("product_id", "ascending")]
    )
    return (
        ranked.filter(pc.greater(ranked["spent_sum"], 0))
        .slice(0, products)["product_id"]
        .to_pylist()
    )


def _panel(rows: pd.DataFrame, products: pd.DataFrame, as_of: date) -> Panel:
    seen = rows["week_start_date"].to_numpy("datetime64[D]")
    last = np.datetime64(monday_of(as_of)) - WEEK
    if seen.max() < last:
        raise ContractError(
            f"{FCT_PRODUCT_WEEKS.uri} as_of={as_of}: the last week is {seen.max()}, "
            f"expected {last}; land and build the days before the as-of date"
        )
    weeks = np.arange(seen.min(), last + WEEK, WEEK)
    at = (
        pd.Index(products["product_id"]).get_indexer(pd.Index(rows["product_id"])),
        ((seen - weeks[0]) // WEEK).astype(int),
    )

    def spread(values: pd.Series, empty: float) -> np.ndarray:
        grid = np.full((len(products), len(weeks)), empty)
        grid[at] = values.to_numpy("float64")
        return grid

    units = spread(rows["units"], 0.0)
    in_stock = spread(rows["days_out_of_stock"], 0.0) == 0
    display, mailer = spread(rows["display_share"], 0.0), spread(rows["mailer_share"], 0.0)
    depth = np.minimum(spread(rows["depth"], np.nan), DEEPEST)
    depth = filled_depths(depth, display, mailer, numbered(products["category"]))
    return Panel(
        products=products,
        weeks=weeks,
        units=units,
        started=np.cumsum(units, axis=1) > 0,
        in_stock=in_stock,
        regular_price=_carried(spread(rows["regular_price"], np.nan)),
        log_price_ratio=np.log1p(-depth),
        display=display,
        mailer=mailer,
        holiday=_holidays(weeks, as_of),
    )


def _carried(prices: np.ndarray) -> np.ndarray:
    """Fill each unsold week with the last price before it; weeks before the first stay NaN."""
    last = np.where(np.isnan(prices), 0, np.arange(prices.shape[1]))
    return np.take_along_axis(prices, np.maximum.accumulate(last, axis=1), axis=1)


def _products(chosen: list[str], catalog: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """`STATIC` of the chosen products, in their order."""
    attributes = catalog[list(STATIC)].set_index("product_id")
    missing = pd.Index(chosen).difference(attributes.index)
    if len(missing):
        raise ContractError(
            f"{DIM_PRODUCTS.uri} as_of={as_of} lacks {len(missing)} products sold, for example "
            f"{missing[0]}; rebuild the marts"
        )
    return attributes.loc[chosen].reset_index()


def _holidays(weeks: np.ndarray, as_of: date) -> np.ndarray:
    """1.0 for each week with a holiday, to a year past the last one."""
    dates = _read(DIM_DATES, as_of).to_pandas()
    festive = dates.loc[dates["holiday"].notna(), "week_start_date"].to_numpy("datetime64[D]")
    reach = weeks[0] + WEEK * np.arange(len(weeks) + 52)
    return np.isin(reach, festive).astype(float)
