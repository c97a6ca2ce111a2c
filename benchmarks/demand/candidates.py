"""How fast candidate prices are forecast: the closed form against a network pass for each."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from benchmarks.demand.synthetic import synthetic_panel
from ml.demand.data.covariates import EFFECTS, covariates
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.fitting.fit import DemandFitting, fit, predict
from ml.demand.forecasting.responses import responses
from ml.settings import settings

WEEKS, HORIZON, STEPS = 50, 8, 20
DEPTHS = np.linspace(0.025, 0.5, 20)
PASSES = 2
PRICE = EFFECTS.index("price")


@dataclass(frozen=True)
class Speed:
    """Seconds for all products, weeks and candidates.

    `s_closed_form` gives means and nine quantiles each from one pass and the responses, of which
    `s_means` are without quantiles. `s_network` is `PASSES` network passes, reckoned up to one a
    candidate, without quantiles; `network_over_means` compares like with like, and
    `largest_difference` is between the means of both, as a share.
    """

    products: int
    weeks: int
    candidates: int
    s_means: float
    s_closed_form: float
    s_network: float
    network_over_means: float
    largest_difference: float


def candidate_speed(products: int) -> Speed:
    """Time a model of `products` synthetic products, trained for a few steps."""
    panel = synthetic_panel(products, WEEKS, settings().seed)
    model = fit(panel, WEEKS, DemandFitting(HORIZON, STEPS, settings().seed)).model
    known = covariates(panel, HORIZON)
    elasticity = responses(model, panel)["elasticity"].to_numpy()

    began = perf_counter()
    baseline, size = predict(model, panel, known, WEEKS)
    lift = np.exp(elasticity[:, None] * np.log1p(-DEPTHS))
    means = baseline[..., None] * lift[:, None, :]
    s_means = perf_counter() - began
    quantiles(means, np.broadcast_to(size[..., None], means.shape))
    s_closed_form = perf_counter() - began

    began = perf_counter()
    passes = np.linspace(0, len(DEPTHS) - 1, PASSES).astype(int)
    effects = known["effects"].copy()
    far = []
    for candidate in passes:
        effects[:, WEEKS:, PRICE] = np.log1p(-DEPTHS[candidate])
        passed, _ = predict(model, panel, known | {"effects": effects}, WEEKS)
        far.append(np.abs(passed / means[..., candidate] - 1).max())
    s_network = (perf_counter() - began) / PASSES * len(DEPTHS)
    return Speed(
        products=products,
        weeks=HORIZON,
        candidates=len(DEPTHS),
        s_means=round(s_means, 2),
        s_closed_form=round(s_closed_form, 2),
        s_network=round(s_network, 1),
        network_over_means=round(s_network / s_means, 1),
        largest_difference=float(f"{max(far):.2g}"),
    )
