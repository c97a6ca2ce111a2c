"""Simple propensities to compare with: the category's popularity, the customer's own rate."""

from dataclasses import dataclass

import numpy as np

from ml.contracts.dbt_vars import PURCHASE_HALF_LIFE_DAYS
from ml.propensity.examples import Example, Span, at_origins, customers, labels
from ml.propensity.histories import HORIZONS, Histories
from ml.propensity.hyperparameters import PropensityHyperparameters

PRIOR_DAYS = (3.0, 7.0, 14.0, 28.0, 56.0, 112.0)  # tried


@dataclass(frozen=True)
class Rates:
    """Fitted on the windows of a span: `share` (K, horizons) bought, `prior` days by horizon."""

    share: np.ndarray
    prior: np.ndarray

    def popularity(self, inputs: Example) -> np.ndarray:
        """The share of all customers that bought of the category: (n, O, K, horizons)."""
        shape = (*inputs["usual"].shape, len(HORIZONS))
        return np.broadcast_to(self.share, shape)

    def own(self, inputs: Example) -> np.ndarray:
        """One minus the chance of no purchase at the customer's own rate: (n, O, K, horizons)."""
        return np.stack(
            [own(inputs, days, k) for k, days in enumerate(self.prior)],
            axis=-1,
        )


def fit_rates(histories: Histories, span: Span, chosen: PropensityHyperparameters) -> Rates:
    """The share bought, and the prior whose own rates lose least."""
    places = histories.between(span.since, span.until)
    width = (len(histories.categories), len(HORIZONS))
    sums, counts = np.zeros(width), np.zeros(width)
    losses = np.zeros((len(PRIOR_DAYS), len(HORIZONS)))
    for known, _ in customers(histories, chosen):
        inputs = at_origins(histories, known, places)
        bought = labels(histories, known, places, span.until)
        observed = bought >= 0
        counts += observed.sum((0, 1))
        sums += np.where(observed, bought, 0).sum((0, 1))
        for row, days in enumerate(PRIOR_DAYS):
            for k in range(len(HORIZONS)):
                chance = np.clip(own(inputs, days, k), 1e-6, 1 - 1e-6)
                loss = -np.log(np.where(bought[..., k] > 0, chance, 1 - chance))
                losses[row, k] += loss[observed[..., k]].sum()
    return Rates(sums / np.maximum(counts, 1), np.array(PRIOR_DAYS)[losses.argmin(0)])


def own(inputs: Example, prior_days: float, horizon: int) -> np.ndarray:
    """(n, O, K) chances at decayed own rates, drawn to the shop's by `prior_days` of it.

    A gamma prior on a Poisson rate: Gelman et al., "Bayesian Data Analysis", 3rd ed., ch. 2.6.
    """
    age = inputs["origins"][:, :, None] - inputs["days"][:, None, :] - 1
    decay = np.exp2(-np.maximum(age, 0) / PURCHASE_HALF_LIFE_DAYS)
    weight = np.where(age >= 0, decay, 0).astype(np.float32)
    first = np.maximum(inputs["origins"] - inputs["days"][:, :1], 1)
    known = PURCHASE_HALF_LIFE_DAYS / np.log(2) * (1 - np.exp2(-first / PURCHASE_HALF_LIFE_DAYS))
    bought = np.matmul(weight, inputs["bought"]) + prior_days * np.exp(inputs["usual"])
    return -np.expm1(-HORIZONS[horizon] * bought / (known + prior_days)[..., None])
