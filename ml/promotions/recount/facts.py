"""What a written plan is counted against: its rows, and the tables of its day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ml import lake
from ml.config.policy import Policy
from ml.contracts.marts import DIM_PRODUCTS
from ml.contracts.outputs import ALTERNATIVES, FORECASTS, NUMBER_TERMS, RESPONSES
from ml.contracts.reasons import Reasons
from ml.promotions.planning.names import named
from ml.releases.schedule import announced, promoted_before, with_weeks

CENT = 0.01
NO_DEAL = -1


@dataclass(frozen=True)
class Promotion:
    """A row of PLAN with its Monday, its reasons, and its deal's place in the policy.

    `deal` is that of the row of ALTERNATIVES with the same terms and price, NO_DEAL for none;
    `ruled_out_by` the limit that rules that deal out.
    """

    row: dict[str, Any]
    week: date
    why: Reasons
    deal: int
    ruled_out_by: str | None

    @property
    def promotion_id(self) -> str:
        return str(self.row["promotion_id"])

    @property
    def product_id(self) -> str:
        return str(self.row["product_id"])

    @property
    def category(self) -> str:
        return str(self.row["category"])

    @property
    def place(self) -> tuple[str, date]:
        """The product and week."""
        return self.product_id, self.week

    @property
    def option(self) -> tuple[int, str]:
        """The deal and its support."""
        return self.deal, str(self.row["support"])


@dataclass(frozen=True)
class DayFacts:
    """The tables of a day; rows of their contracts.

    `announced` is the schedule that was live before the day, with its weeks, `promoted` the
    product_id and week of what was on promotion in the weeks before those that are planned.
    """

    stock: pd.DataFrame
    alternatives: pd.DataFrame
    products: pd.DataFrame
    forecasts: pd.DataFrame
    responses: pd.DataFrame
    announced: pd.DataFrame
    promoted: pd.DataFrame

    @cached_property
    def weeks(self) -> list[date]:
        """The planned weeks' Mondays, in order."""
        return sorted(self.forecasts["week_start_date"].unique())

    @cached_property
    def baseline(self) -> dict[tuple[str, date], float]:
        """Units expected without promotion, by product and week."""
        return _by_place(self.forecasts, "mean_units")

    @cached_property
    def available(self) -> dict[tuple[str, date], float]:
        """Units in stock, by product and week."""
        return _by_place(self.stock, "available_units")

    @cached_property
    def dispersion(self) -> dict[str, float]:
        """The size parameter of the negative binomial, by product."""
        return dict(zip(self.responses["product_id"], self.responses["dispersion"], strict=True))

    def gaps(self, policy: Policy) -> dict[str, int]:
        """Weeks that must lie between two promotions, by product: until stock is replenished."""
        refill = self.stock.groupby("product_id")["replenishment_weeks"].max()
        gaps = (refill - 1).clip(policy.minimum_gap_weeks)
        return {str(key): int(weeks) for key, weeks in gaps.items()}

    def eligible(self, policy: Policy) -> set[str]:
        """The products that may be planned at all."""
        sold = self.products.loc[self.products["is_merchandise"].astype(bool), "product_id"]
        modelled = set(self.forecasts["product_id"]) & set(self.responses["product_id"])
        return (modelled & set(sold)) - set(named(self.products, policy.exclude, "exclude"))


def read_day_facts(as_of: date, stock: pd.DataFrame) -> DayFacts:
    """Read what a plan of as_of is counted against; `stock` are the rows of STOCK.

    Raises:
        LakeError: a table of as_of is missing.
    """
    forecasts = lake.read(FORECASTS, as_of, ["product_id", "week_start_date", "mean_units"])
    return DayFacts(
        stock=stock,
        alternatives=lake.read(ALTERNATIVES, as_of),
        products=lake.read(DIM_PRODUCTS, as_of),
        forecasts=forecasts,
        responses=lake.read(RESPONSES, as_of, ["product_id", "dispersion"]),
        announced=announced(as_of),
        promoted=promoted_before(as_of, forecasts["week_start_date"].min()),
    )


def promotions(plan: pd.DataFrame, alternatives: pd.DataFrame) -> list[Promotion]:
    """PLAN's rows, each with the row of ALTERNATIVES that has its terms and price.

    Raises:
        ContractError: a row's reasons do not fit their contract.
    """
    others = {str(key): rows for key, rows in alternatives.groupby("promotion_id")}
    return [
        Promotion(row, row["week"], Reasons.from_json(row["reasons"]), *_deal(row, others))
        for row in records(with_weeks(plan))
    ]


def records(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Each row by its column names."""
    yield from ({str(key): value for key, value in row.items()} for row in rows.to_dict("records"))


def _deal(row: dict[str, Any], others: dict[str, pd.DataFrame]) -> tuple[int, str | None]:
    rows = others.get(str(row["promotion_id"]))
    if rows is None:
        return NO_DEAL, None
    same = (rows["mechanic"] == row["mechanic"]) & (rows["audience_id"] == row["audience_id"])
    for name in ("promo_price", *NUMBER_TERMS):
        values, own = rows[name].astype(float), row[name]
        same &= values.isna() if pd.isna(own) else (values - float(own)).abs() < CENT / 2
    if not same.any():
        return NO_DEAL, None
    deal = rows[same].iloc[0]
    return int(deal["offer"]), deal["ruled_out_by"] or None


def _by_place(rows: pd.DataFrame, column: str) -> dict[tuple[str, date], float]:
    keys = zip(rows["product_id"], rows["week_start_date"], strict=True)
    return dict(zip(keys, rows[column].to_numpy(np.float64).tolist(), strict=True))
