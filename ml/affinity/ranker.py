"""Weigh the signals: the probability that a customer buys a product in the coming four weeks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import lightgbm as lgb
import numpy as np
from scipy.special import expit

from ml.affinity.logistic import READ, Curves

SIGNALS = {  # name: +1 where more can only speak for a purchase, 0 where it may go either way
    "als": 0,
    "item_item": 0,
    "item_cosine": 0,
    "customers_alike": 0,
    "content": 0,
    "days": 0,
    "lines_112": 1,
    "decayed_14": 0,
    "decayed_42": 0,
    "decayed_112": 0,
    "decayed_280": 1,
    "last_age": 0,
    "first_age": 0,
    "own_discounted": 0,
    "gap": 0,
    "due": 0,
    "due_for_others": 0,
    "popularity": 0,
    "popularity_7": 0,
    "popularity_28": 0,
    "popularity_84": 0,
    "bought_again": 1,
    "days_a_buyer": 0,
    "product_gap": 0,
    "not_sold_for": -1,
    "product_discounted": 0,
    "log_price": 0,
    "habit_subcategory": 0,
    "habit_category": 0,
    "habit_manufacturer_id": 0,
    "activity_112": 0,
    "activity_42": 0,
    "products_bought": 0,
    "repeats": 0,
    "buys_discounted": 0,
    "buys_private_label": 0,
}
NAMES = tuple(SIGNALS)
TREES = 250
LEARNING = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # the same bytes on every machine, and Spark gives a task one core
    "verbosity": -1,
    "monotone_constraints": list(SIGNALS.values()),
}


SIMPLE = ("lines_112", "item_item")  # their sum is the best ranking that needs no learning
SLOPE, LEVEL, FLOOR = 0.8, -2.0, 0.01
LIKELY, LEAST = 5.0, 0.15  # of what was not bought, what is learned from


@dataclass(frozen=True)
class Ranker:
    """Gradient boosted trees on `NAMES`, and curves of own and of new products; as text.

    Text travels and is read by people. Trees and curves each correct the log odds that a simple
    ranking gives, so that a season unlike those learned from costs little: LEVEL + SLOPE *
    log(max(FLOOR, lines_112 + item_item)). A propensity is the mean of the two probabilities.
    Curves read none of the signals whose direction is given: those speak through the trees alone.
    """

    text: str
    own: Curves
    new: Curves

    @classmethod
    def fit(cls, signals: np.ndarray, bought: np.ndarray, weights: np.ndarray, seed: int) -> Self:
        """Learn from candidates of past four-week windows.

        Args:
            signals: float32 (rows, len(NAMES)), NaN where unknown.
            bought: 1 where the customer bought the product in the window, else 0.
            weights: of rows, > 0: one over the share of such rows that was kept.
            seed: of the rows and signals that each tree sees.

        A probability of each pair ranks better here than a loss of whole lists: see
        docs/experiments/affinity.md. Source: Ke et al. (2017), "LightGBM".
        """
        odds, is_own = simple(signals), _is_own(signals)
        own, new = (
            Curves.fit(_named(signals, rows), bought[rows], weights[rows], odds[rows])
            for rows in (is_own, ~is_own)
        )
        data = lgb.Dataset(
            signals, bought, weight=weights, init_score=odds, feature_name=list(NAMES)
        )
        fitted = lgb.train(LEARNING | {"seed": seed}, data, TREES)
        return cls(fitted.model_to_string(), own, new)

    def predict(self, signals: np.ndarray) -> np.ndarray:
        """The probability of a purchase, float64 (rows,)."""
        trees = np.asarray(self.booster().predict(signals, raw_score=True, num_threads=1))
        odds, is_own, curves = simple(signals), _is_own(signals), np.empty(len(signals))
        for part, rows in ((self.own, is_own), (self.new, ~is_own)):
            curves[rows] = part.predict(_named(signals, rows))
        return np.asarray(expit(odds + trees) + expit(odds + curves)) / 2

    def importances(self) -> dict[str, float]:
        """Each signal's share of the fall in loss by the trees, largest first."""
        gains = self.booster().feature_importance("gain")
        shares = dict(zip(NAMES, gains / max(gains.sum(), 1e-12), strict=True))
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    def save(self, folder: Path, name: str) -> None:
        """Write trees to NAME.lgb, curves to NAME_own.json and NAME_new.json."""
        (folder / f"{name}.lgb").write_text(self.text)
        (folder / f"{name}_own.json").write_text(self.own.text)
        (folder / f"{name}_new.json").write_text(self.new.text)

    @classmethod
    def read(cls, folder: Path, name: str) -> Self:
        """What `save` wrote."""
        own, new = (Curves((folder / f"{name}_{part}.json").read_text()) for part in ("own", "new"))
        return cls((folder / f"{name}.lgb").read_text(), own, new)

    def booster(self) -> lgb.Booster:
        return lgb.Booster(model_str=self.text)


def simple(signals: np.ndarray) -> np.ndarray:
    """Log odds before anything is learned, float64 (rows,), from signals as `Ranker.fit` reads."""
    total = sum(signals[:, NAMES.index(name)].astype(np.float64) for name in SIMPLE)
    return LEVEL + SLOPE * np.log(np.fmax(FLOOR, total))  # unknown counts as nothing


def negative_sampling_rate(signals: np.ndarray, least: float = LEAST) -> np.ndarray:
    """Share of the rows that were not bought which is drawn for training, float64 (rows,).

    Lists are decided among likely products, so more of those are drawn: LIKELY times the
    probability that the simple ranking gives, between `least` and 1.
    """
    return np.clip(LIKELY * expit(simple(signals)), least, 1.0)


def _is_own(signals: np.ndarray) -> np.ndarray:
    return signals[:, NAMES.index("days")] > 0


def _named(signals: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: signals[rows, NAMES.index(name)] for name in READ}
