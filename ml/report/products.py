"""A closer look at the promotions that matter most: forecast, price response, stock."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import log
from typing import Any

import pandas as pd
from markupsafe import Markup

from ml.contracts.dbt_vars import ON_PROMOTION_DEPTH
from ml.report.charts import Fan, Response, fan_chart, response_chart, stock_chart
from ml.report.drivers import Story, story
from ml.report.facts import Facts
from ml.report.numbers import day, percent
from ml.report.wording import terms

CARDS = 8
WEEKS_SHOWN = 26


@dataclass(frozen=True)
class Card:
    name: str
    terms: str
    best: Mapping[Hashable, Any]
    promotions: int
    fan: Markup
    response: Markup
    stock: Markup
    identified: bool
    simulated_stock: bool
    story: Story | None


def product_cards(facts: Facts) -> list[Card]:
    """The products whose promotions are expected to earn the most."""
    earned = facts.plan.groupby("product_id")["incremental_margin"].sum()
    order = sorted(earned.items(), key=lambda item: (-item[1], item[0]))[:CARDS]
    return [_card(facts, str(product_id)) for product_id, _ in order]


def _card(facts: Facts, product_id: str) -> Card:
    plan = _rows(facts.plan, product_id, "starts_at")
    forecast = _rows(facts.forecasts, product_id, "week_start_date")
    stock = _rows(facts.stock, product_id, "week_start_date")
    response = _rows(facts.responses, product_id, "product_id").iloc[0]
    best = plan.sort_values("incremental_margin", kind="stable").iloc[-1]
    return Card(
        name=facts.names[product_id],
        terms=terms(best.to_dict(), f"{percent(best['depth'])} off", facts.names),
        best=best.to_dict(),
        promotions=len(plan),
        fan=fan_chart(_fan(_rows(facts.history, product_id, "week_start_date"), forecast, plan)),
        response=response_chart(_response(response, best)),
        stock=_stock(stock, forecast, plan),
        identified=bool(response["price_identified"]),
        simulated_stock=bool(stock["is_simulated"].any()),
        story=story(facts, best),
    )


def _rows(frame: pd.DataFrame, product_id: str, order: str) -> pd.DataFrame:
    return frame[frame["product_id"] == product_id].sort_values(order)


def _fan(history: pd.DataFrame, forecast: pd.DataFrame, plan: pd.DataFrame) -> Fan:
    past = history.tail(WEEKS_SHOWN)
    weeks = list(forecast["week_start_date"])
    place = {week: k for k, week in enumerate(weeks)}
    promoted = {
        place[row["week"].date()]: (
            row["expected_units"],
            row["expected_units_p10"],
            row["expected_units_p90"],
        )
        for row in plan.to_dict("records")
        if row["week"].date() in place
    }
    first = [(-len(past), day(past["week_start_date"].iloc[0]))] if len(past) > 6 else []
    middle = -(len(past) // 2)
    half = [(middle, day(weeks[0] + timedelta(weeks=middle)))] if len(past) > 12 else []
    return Fan(
        past=past["units"].tolist(),
        past_promoted=(past["depth"].fillna(0) > ON_PROMOTION_DEPTH).tolist(),
        quantiles={q: forecast[f"p{q}"].tolist() for q in (10, 30, 50, 70, 90)},
        promoted=promoted,
        labels=[*first, *half, (0, day(weeks[0]))],
    )


def _response(response: pd.Series, best: pd.Series) -> Response:
    """The lift is what the planned support adds: the rest of expected over baseline."""
    baseline, expected = float(best["baseline_units"]), float(best["expected_units"])
    elasticity, depth = float(response["elasticity"]), float(best["depth"])
    uplift = log(expected / baseline) if expected > 0 and baseline > 0 else 0.0
    return Response(
        baseline=baseline,
        elasticity=elasticity,
        elasticity_sd=float(response["elasticity_sd"]),
        lift=uplift - elasticity * log(1 - depth),
        depth=depth,
    )


def _stock(stock: pd.DataFrame, forecast: pd.DataFrame, plan: pd.DataFrame) -> Markup:
    planned = {row["week"].date(): row for row in plan.to_dict("records")}
    baseline = dict(zip(forecast["week_start_date"], forecast["mean_units"], strict=True))
    weeks = list(stock["week_start_date"])
    at_baseline = dict(zip(weeks, stock["stockout_probability"], strict=True))
    return stock_chart(
        labels=[day(week) for week in weeks],
        available=stock["available_units"].tolist(),
        demand=[
            planned[w]["expected_units"] if w in planned else baseline.get(w, 0.0) for w in weeks
        ],
        promoted=[week in planned for week in weeks],
        stockout=[
            planned[w]["stockout_probability"] if w in planned else at_baseline[w] for w in weeks
        ],
    )
