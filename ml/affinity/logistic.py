"""What signals say smoothly: a logistic regression on their logarithms, squares and products."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

LOGS = {  # a signal taken as log(signal + this): its noise floor
    "item_item": 0.02,
    "customers_alike": 0.02,
    "days": 0.5,
    "decayed_14": 0.02,
    "decayed_42": 0.05,
    "decayed_112": 0.05,
    "last_age": 3.0,
    "first_age": 3.0,
    "gap": 3.0,
    "due": 0.1,
    "due_for_others": 0.1,
    "days_a_buyer": 0.1,
    "product_gap": 3.0,
    "habit_subcategory": 0.1,
    "habit_category": 0.3,
    "habit_manufacturer_id": 0.3,
    "activity_112": 5.0,
    "activity_42": 2.0,
    "products_bought": 10.0,
}
PLAIN = (
    "als",
    "own_discounted",
    "popularity",
    "popularity_7",
    "popularity_28",
    "product_discounted",
    "log_price",
    "repeats",
    "buys_discounted",
    "buys_private_label",
)
READ = (*LOGS, *PLAIN)
CROSSED = (  # squared, and multiplied by one another
    "item_item",
    "days",
    "decayed_14",
    "decayed_42",
    "decayed_112",
    "last_age",
    "first_age",
    "due",
    "due_for_others",
    "days_a_buyer",
    "habit_subcategory",
    "activity_112",
    "activity_42",
    "products_bought",
    "popularity",
    "popularity_28",
    "repeats",
)
PAIRS = np.triu_indices(len(CROSSED))
TERMS = 1 + len(READ) + len(PAIRS[0])
RIDGE = 20.0
FARTHEST = 3.0  # standard deviations that count: nothing is extrapolated far beyond the seen
STILL = 1e-6  # a smaller standard deviation is none
ROWS = 20_000  # made into terms at once
DIGITS = 6


@dataclass(frozen=True)
class Curves:
    """Means, scales and coefficients of the terms, as JSON text that travels."""

    text: str

    @classmethod
    def fit(
        cls,
        signals: dict[str, np.ndarray],
        bought: np.ndarray,
        weights: np.ndarray,
        odds: np.ndarray,
    ) -> Self:
        """What to add to log odds so that they are of what was bought.

        Args:
            signals: float32 (rows,) by name, at least `READ`; NaN where unknown.
            bought: bool (rows,), perhaps no rows.
            weights: of rows, > 0.
            odds: log odds before anything is learned, (rows,).

        Minimises the weighted log loss plus RIDGE / 2 times the squared coefficients. Sources:
        Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", 4.4 and
        5.2; the trust region of Conn, Gould and Toint (2000), in scipy.
        """
        read = _read(signals)
        mean, scale = _moments(read)
        rows = _Rows(read, mean, scale, bought, weights, odds)
        optimum = minimize(
            rows.loss,
            np.zeros(TERMS),
            jac=True,
            hess=rows.curvature,
            method="trust-exact",
            options={"gtol": 1e-5, "maxiter": 30},
        )
        learned = {"mean": mean, "scale": scale, "coefficients": optimum.x}
        return cls(json.dumps({k: v.round(DIGITS).tolist() for k, v in learned.items()}))

    def predict(self, signals: dict[str, np.ndarray]) -> np.ndarray:
        """What to add to the log odds, float64 (rows,)."""
        learned = {name: np.array(values) for name, values in json.loads(self.text).items()}
        read = _read(signals)
        added = np.empty(len(read))
        for start in range(0, len(read), ROWS):
            rows = slice(start, start + ROWS)
            terms = _terms(read[rows], learned["mean"], learned["scale"])
            added[rows] = terms @ learned["coefficients"]
        return added


@dataclass(frozen=True)
class _Rows:
    """What is learned from, made into terms a block of rows at a time."""

    read: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    bought: np.ndarray
    weights: np.ndarray
    odds: np.ndarray

    def blocks(self, at: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """Terms, log odds with the coefficients `at`, what was bought, and weights."""
        for start in range(0, len(self.read), ROWS):
            rows = slice(start, start + ROWS)
            terms = _terms(self.read[rows], self.mean, self.scale)
            yield terms, self.odds[rows] + terms @ at, self.bought[rows], self.weights[rows]

    def loss(self, at: np.ndarray) -> tuple[float, np.ndarray]:
        """A row's mean loss with the coefficients `at`, and its slope."""
        value, slope = RIDGE / 2 * (at @ at), RIDGE * at
        for terms, odds, bought, weights in self.blocks(at):
            value += weights @ (np.logaddexp(0, odds) - bought * odds)
            slope = slope + terms.T @ (weights * (expit(odds) - bought))
        return value / self._total, slope / self._total

    def curvature(self, at: np.ndarray) -> np.ndarray:
        """The loss's second derivatives, (TERMS, TERMS)."""
        hessian = RIDGE * np.eye(TERMS)
        for terms, odds, _, weights in self.blocks(at):
            bend = weights * expit(odds) * expit(-odds)
            hessian += (terms * bend[:, None].astype(np.float32)).T @ terms
        return hessian / self._total

    @property
    def _total(self) -> float:
        return float(self.weights.sum()) + RIDGE


def _read(signals: dict[str, np.ndarray]) -> np.ndarray:
    """Float32 (rows, len(READ)), a column at a time: they are many; what is unknown is zero."""
    read = np.empty((len(signals[READ[0]]), len(READ)), np.float32)
    for place, name in enumerate(READ):
        values = signals[name]
        read[:, place] = np.log(np.maximum(values, 0) + LOGS[name]) if name in LOGS else values
    return np.nan_to_num(read, copy=False)


def _moments(read: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations of what was read; 0 and 1 where nothing varies."""
    if not len(read):
        return np.zeros(len(READ)), np.ones(len(READ))
    mean, scale = (
        np.array([moment(column, dtype=np.float64) for column in read.T])
        for moment in (np.mean, np.std)
    )
    return mean, np.where(scale > STILL, scale, 1.0)


def _terms(read: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """One, each signal in standard deviations, and products of the crossed: (rows, TERMS)."""
    usual = np.clip((read - mean) / scale, -FARTHEST, FARTHEST).astype(np.float32)
    crossed = usual[:, [READ.index(name) for name in CROSSED]]
    products = crossed[:, PAIRS[0]] * crossed[:, PAIRS[1]]
    return np.hstack([np.ones((len(read), 1), np.float32), usual, products])
