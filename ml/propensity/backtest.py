"""Judge the model on the four weeks before the as-of date, which it did not learn from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ml.propensity.examples import Span, at_origins, customers, labels
from ml.propensity.fitting import PropensityFit, PropensityFitting, fit
from ml.propensity.histories import HORIZONS, Histories
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.propensity.metrics import measures
from ml.propensity.model import Propensity
from ml.propensity.rates import Rates, fit_rates

WINDOW = max(HORIZONS)
TEST = Span(-WINDOW, 0)
JUDGED = Span(-2 * WINDOW, -WINDOW)  # ends the training
LEARNT = Span(-10_000, -2 * WINDOW)
EVERYTHING = Span(-10_000, 0)
OURS, USUAL_OFFERS = "lstm", "lstm, usual offers"
OWN, POPULARITY = "own_rate", "popularity"


@dataclass(frozen=True)
class Outcomes:
    """Of one horizon, rows are customers, origins and categories of the test weeks.

    `bought` (rows,), `category` codes (rows,), and chances (rows,) by method.
    """

    bought: np.ndarray
    category: np.ndarray
    chances: dict[str, np.ndarray]

    def table(self) -> pd.DataFrame:
        """A row of measures for each method."""
        rows = {m: measures(self.bought, p, self.category) for m, p in self.chances.items()}
        return pd.DataFrame(rows).T


@dataclass(frozen=True)
class PropensityBacktest:
    """What a model trained before the test weeks predicted for them, by days ahead."""

    fit: PropensityFit
    rates: Rates
    outcomes: dict[int, Outcomes]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Measures, one row for each horizon (days) and method."""
        tables = [
            parts_by_horizon.table().rename_axis("method").reset_index().assign(days=days)
            for days, parts_by_horizon in self.outcomes.items()
        ]
        return pd.concat(tables).set_index(["days", "method"])

    def scores(self, days: int, method: str) -> dict[str, float]:
        """The measures of one horizon and method."""
        row = self.table.xs((days, method))
        return {str(name): float(value) for name, value in row.items()}


def backtest(histories: Histories, fitting: PropensityFitting) -> PropensityBacktest:
    """Learn from early windows, stop on the next, judge on the last four weeks."""
    hyperparameters = fitting.hyperparameters
    trained = fit(histories, LEARNT, fitting, JUDGED)
    rates = fit_rates(histories, JUDGED, hyperparameters)
    outcomes = judge(trained.model, rates, histories, hyperparameters)
    return PropensityBacktest(trained, rates, outcomes)


def judge(
    model: Propensity, rates: Rates, histories: Histories, chosen: PropensityHyperparameters
) -> dict[int, Outcomes]:
    """Chances of the test weeks, given the depth that came; and with each category's usual one."""
    places = histories.between(TEST.since, TEST.until)
    usual_depth = histories.depth[histories.between(LEARNT.since, LEARNT.until)].mean(0)
    parts_by_horizon: dict[int, list[Outcomes]] = {days: [] for days in HORIZONS}
    for baskets, _ in customers(histories, chosen):
        inputs = at_origins(histories, baskets, places)
        bought = labels(histories, baskets, places, TEST.until)
        usual = inputs | {"depth": np.broadcast_to(usual_depth, inputs["depth"].shape)}
        chances = {
            OURS: probabilities(model, inputs),
            USUAL_OFFERS: probabilities(model, usual),
            OWN: rates.own(inputs),
            POPULARITY: rates.popularity(inputs),
        }
        category = np.broadcast_to(np.arange(bought.shape[2]), bought.shape[:3])
        for k, days in enumerate(HORIZONS):
            observed = bought[..., k] >= 0
            rows = {name: p[..., k][observed] for name, p in chances.items()}
            parts_by_horizon[days].append(
                Outcomes(bought[..., k][observed], category[observed], rows)
            )
    return {days: _joined(parts) for days, parts in parts_by_horizon.items()}


def probabilities(model: Propensity, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """(n, O, K, horizons) at the inputs' depth."""
    logits = model.predict_on_batch(inputs)[..., : len(HORIZONS)].astype(np.float64)
    return 1 / (1 + np.exp(-logits))


def _joined(parts: list[Outcomes]) -> Outcomes:
    return Outcomes(
        np.concatenate([part.bought for part in parts]),
        np.concatenate([part.category for part in parts]),
        {name: np.concatenate([part.chances[name] for part in parts]) for name in parts[0].chances},
    )
