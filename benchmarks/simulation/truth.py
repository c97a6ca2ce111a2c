"""What is true in a simulated shop: how demand answers promotions, and what they move.

The planner works with the demand model's point estimates, made before its as-of date. The truth
is drawn around another fit: that on more weeks, those of the plan included, by another estimator
(one Newton step from the model's estimates on the residuals, weeks clustered, pooled over
products). Where both agree nothing is lost; where the model is wrong the plan pays for it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.demand.data.panel import Panel
from ml.promotions.spillovers.regression import fit
from ml.promotions.spillovers.series import make_series
from ml.promotions.spillovers.shrinkage import pool

TERMS = ("elasticity", "display_lift", "mailer_lift")
PRIOR_SD = 1.0  # of the products' common correction
LEAST_ELASTIC = -8.0


@dataclass(frozen=True)
class Truth:
    """Means and standard deviations; `responses` (products,) has the columns of RESPONSES."""

    responses: pd.DataFrame
    effects: pd.DataFrame

    def draw(self, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
        """One shop: RESPONSES known for sure, and EFFECTS' shares, one draw a row."""
        drawn = {
            name: rng.normal(*(self.responses[c].to_numpy(float) for c in (name, f"{name}_sd")))
            for name in TERMS
        }
        drawn["elasticity"] = np.clip(drawn["elasticity"], LEAST_ELASTIC, 0.0)
        certain = dict.fromkeys((f"{name}_sd" for name in TERMS), 0.0)
        shares = rng.normal(*(self.effects[c].to_numpy(float) for c in ("share", "share_sd")))
        return self.responses.assign(**drawn, **certain), self.effects.assign(share=shares)


def refit(panel: Panel, responses: pd.DataFrame) -> pd.DataFrame:
    """`responses` corrected to what `panel` shows, with the correction's spread as their sd.

    A product or term without enough promoted weeks keeps the products' common correction and
    its spread.
    """
    series = make_series(panel, responses)
    has_response = panel.products["product_id"].isin(responses["product_id"]).to_numpy()
    grids = [grid[has_response] for grid in (panel.log_price_ratio, panel.display, panel.mailer)]
    value, se = (np.full((len(series.units), len(TERMS)), np.nan) for _ in range(2))
    for product in range(len(series.units)):
        own = series.only(np.arange(len(series.units)) == product)
        regressors = [own.residual(own.mean * grid[[product]]) for grid in grids]
        fitted = fit(own.left, regressors, own.precision)
        value[product], se[product] = fitted.value, fitted.se
    corrected = (
        responses.set_index("product_id").loc[panel.products["product_id"][has_response]].copy()
    )
    for column, term in enumerate(TERMS):
        pooled = pool(value[:, column], se[:, column], prior=0.0, prior_sd=PRIOR_SD)
        corrected[term] = corrected[term] + pooled.mean
        corrected[f"{term}_sd"] = pooled.sd
    return corrected.reset_index()


def spread(values: Floats) -> tuple[float, float]:
    """The 5th and the 95th percentile."""
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)
