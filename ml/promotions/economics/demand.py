"""Demand under an option, in closed form from the demand model's responses.

Under an offer's price a mean is baseline x M, log M = elasticity log(1 - price cut felt) +
display lift x display share + mailer lift x mailer share. Elasticity and lifts are known up to
independent normal errors, so M is log-normal; its mean is set to the model's own M, so that
not knowing a response well never makes a promotion look better. Lifts were learned in weeks
in which every buyer paid the lower price, so who does not take the offer is not lifted: else
an offer to few would be worth its display to all.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.inventory.distribution import expected_sales
from ml.promotions.economics.options import Options

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
Z10 = 1.2815515655446004


@dataclass(frozen=True)
class LogNormal:
    """A mean and the standard deviation of the log, (products, options)."""

    mean: Floats
    log_sd: Floats

    def at(self, z: float | Floats) -> Floats:
        """The value where its normal error stands `z` standard deviations from its middle."""
        return self.mean * np.exp(self.log_sd * z - self.log_sd**2 / 2)


@dataclass(frozen=True)
class Multiplier:
    """Demand over baseline: `share` of it responds to the offer, `rest` is known for sure.

    Arrays are (products, options). `parts` are what price, display and mailer add to the log of
    `offered`, (3, products, options).
    """

    parts: Floats
    offered: LogNormal
    share: Floats
    rest: Floats

    @property
    def mean(self) -> Floats:
        return self.share * self.offered.mean + self.rest

    def at(self, z: float | Floats) -> Floats:
        return self.share * self.offered.at(z) + self.rest


def multiplier(responses: pd.DataFrame, shares: pd.DataFrame, options: Options) -> Multiplier:
    """`responses` and `shares` (display, mailer) hold one row per product, in its order."""
    values = {name: responses[name].to_numpy()[:, None] for name in RESPONSE_COLUMNS}
    displayed = np.isin(options.support, ("display", "display+mailer"))
    mailed = np.isin(options.support, ("mailer", "display+mailer"))
    display = shares["display"].to_numpy()[:, None] * displayed
    mailer = shares["mailer"].to_numpy()[:, None] * mailed
    log_price = np.log1p(-options.across("felt"))
    parts = np.stack(
        np.broadcast_arrays(
            values["elasticity"] * log_price,
            values["display_lift"] * display,
            values["mailer_lift"] * mailer,
        )
    )
    variance = (
        (values["elasticity_sd"] * log_price) ** 2
        + (values["display_lift_sd"] * display) ** 2
        + (values["mailer_lift_sd"] * mailer) ** 2
    )
    share, joining = options.across("share"), options.across("joining")
    return Multiplier(
        parts=parts,
        offered=LogNormal(np.exp(parts.sum(axis=0)), np.sqrt(variance)),
        share=share,
        rest=1 - share - joining + joining * options.across("bought"),
    )


RESPONSE_COLUMNS = (
    "elasticity",
    "elasticity_sd",
    "display_lift",
    "display_lift_sd",
    "mailer_lift",
    "mailer_lift_sd",
)


@dataclass(frozen=True)
class Sales:
    """Units sold under each option, cut by the stock, (products, weeks, options).

    `expected` and `sd` are over the response's uncertainty; `low` and `high` are the units
    expected at the tenth and the ninetieth percentile of M.
    """

    expected: Floats
    sd: Floats
    low: Floats
    high: Floats


def sales_at(
    z: float, baseline: Floats, stock: Floats, dispersion: Floats, response: Multiplier
) -> Floats:
    """Units expected where every response stands `z` standard deviations from its middle.

    `baseline` and `stock` are (products, weeks), `dispersion` (products,).
    """
    mean = baseline[:, :, None] * response.at(z)[:, None, :]
    return expected_sales(stock[:, :, None], mean, dispersion[:, None, None])


def promoted_sales(
    baseline: Floats, stock: Floats, dispersion: Floats, response: Multiplier
) -> Sales:
    """`baseline` and `stock` are (products, weeks), `dispersion` (products,)."""

    def sold(z: float) -> Floats:
        return sales_at(z, baseline, stock, dispersion, response)

    nodes = np.stack([sold(float(z)) for z in NODES])
    expected = np.tensordot(WEIGHTS, nodes, axes=1)
    square = np.tensordot(WEIGHTS, (nodes - expected) ** 2, axes=1)
    return Sales(expected, np.sqrt(square), sold(-Z10), sold(Z10))
