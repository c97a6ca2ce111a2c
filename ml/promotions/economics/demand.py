"""Demand under an option, in closed form from the demand model's responses.

Under a deal's price a mean is baseline x M, log M = elasticity log(1 - price cut felt) +
display lift x display share + mailer lift x mailer share. Elasticity and lifts are known up to
independent normal errors, so M is log-normal; its mean is set to the model's own M, so that
not knowing a response well never makes a promotion look better. Lifts were learned in weeks
in which every buyer paid the lower price, so who does not take the deal is not lifted: else
a deal to few would be worth its display to all.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.inventory.distribution import expected_sales
from ml.promotions.economics.items import Responses
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
    """Demand over baseline: `share` of it responds to the deal, `rest` does not and has no error.

    Arrays are (products, options). `parts` are what price, display and mailer add to the log of
    `takers`, (3, products, options).
    """

    parts: Floats
    takers: LogNormal
    share: Floats
    rest: Floats

    @property
    def mean(self) -> Floats:
        return self.share * self.takers.mean + self.rest

    def at(self, z: float | Floats) -> Floats:
        return self.share * self.takers.at(z) + self.rest


def multiplier(responses: Responses, shares: pd.DataFrame, options: Options) -> Multiplier:
    """`shares` (display, mailer) holds one row per product, in the order of `responses`."""
    displayed = np.isin(options.support, ("display", "display+mailer"))
    mailed = np.isin(options.support, ("mailer", "display+mailer"))
    display = shares["display"].to_numpy()[:, None] * displayed
    mailer = shares["mailer"].to_numpy()[:, None] * mailed
    log_price = np.log1p(-options.across("felt"))
    parts = np.stack(
        np.broadcast_arrays(
            responses.elasticity[:, None] * log_price,
            responses.display_lift[:, None] * display,
            responses.mailer_lift[:, None] * mailer,
        )
    )
    variance = (
        (responses.elasticity_sd[:, None] * log_price) ** 2
        + (responses.display_lift_sd[:, None] * display) ** 2
        + (responses.mailer_lift_sd[:, None] * mailer) ** 2
    )
    share, joining = options.across("share"), options.across("joining")
    return Multiplier(
        parts=parts,
        takers=LogNormal(np.exp(parts.sum(axis=0)), np.sqrt(variance)),
        share=share,
        rest=1 - share - joining + joining * options.across("bought"),
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
