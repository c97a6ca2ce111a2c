"""How demand answers price, display and mailer, and how sure of it we are.

The model's effects are a posterior mode. Their spread is Laplace's (Gelman et al., "Bayesian Data
Analysis", 3rd ed., sec. 4.1): each product's own information on a term, the others profiled out
under their priors, combined exactly over the tree department > category > subcategory > product,
whose steps have the priors' sds. The effects are learnt as if units were Poisson, and they vary
more: the information is that of such an estimate (White, "Maximum Likelihood Estimation of
Misspecified Models", Econometrica 50, 1982). docs/training.md says how often such intervals held
the truth.
"""

import numpy as np
import pandas as pd
from keras import ops

from ml.contracts.dbt_vars import ON_PROMOTION_DEPTH
from ml.demand.data.covariates import EFFECTS, covariates
from ml.demand.data.panel import STATIC, Panel
from ml.demand.forecasting.expected_demand import expected_demand
from ml.demand.network.effects import INFORMATION
from ml.demand.network.priors import PRIOR_SD
from ml.demand.network.structured import StructuredDemand, coefficients

PROMOTED = np.log(1 - ON_PROMOTION_DEPTH)  # of the log price ratio
IDENTIFIED = 0.5  # of the prior variance: above it the data hold little information
STEPS = np.array(list(PRIOR_SD.values()))  # sds, department first


def responses(
    model: StructuredDemand, panel: Panel, dispersions: np.ndarray | None = None
) -> pd.DataFrame:
    """One row per product of the panel, without the model's version.

    The dispersion is the geometric mean of `dispersions` (N, horizon), by default the model's own
    for the weeks ahead at regular price. A history without promotions leaves the groups' effects.
    """
    terms = ops.convert_to_numpy(model.effects(model.codes(panel.products))).astype("float64")
    effects_of_products = ops.convert_to_numpy(coefficients(terms)).astype("float64")
    slope = np.concatenate([1 / (1 + np.exp(-terms[:, :2])), np.ones((len(terms), 2))], axis=1)
    if dispersions is None:
        dispersions = expected_demand(model, panel).dispersion
    dispersion = np.exp(np.log(dispersions).mean(axis=1))
    information = term_information(panel, effects_of_products, slope, dispersion)
    variance = pooled_variance(information, panel.products)
    sd = np.sqrt(variance) * slope
    effect = dict(zip(EFFECTS, effects_of_products.T, strict=True))
    spread = dict(zip(EFFECTS, sd.T, strict=True))
    sold_promoted = (panel.units > 0) & (panel.log_price_ratio < PROMOTED)
    return pd.DataFrame(
        {
            "product_id": panel.products["product_id"],
            "regular_price": panel.regular_price[:, -1],
            "elasticity": effect["price"],
            "elasticity_sd": spread["price"],
            "display_lift": effect["display"],
            "display_lift_sd": spread["display"],
            "mailer_lift": effect["mailer"],
            "mailer_lift_sd": spread["mailer"],
            "dispersion": dispersion,
            "promoted_weeks": sold_promoted.sum(axis=1),
            "price_identified": variance[:, 0] < IDENTIFIED * (STEPS**2).sum(),
        }
    )


def term_information(
    panel: Panel, effects_of_products: np.ndarray, slope: np.ndarray, dispersion: np.ndarray
) -> np.ndarray:
    """(N, 4) information on each product's terms, the level and other terms unknown.

    The estimate's error is (H + P)^-1 (J + P) (H + P)^-1 with H the Poisson information that
    was counted, J the variance of its slopes under negative binomial units and P the prior's
    precision; what is returned plus P is the inverse of its diagonal.
    """
    effects = covariates(panel)["effects"].astype("float64")
    lift = np.exp((effects * effects_of_products[:, None]).sum(-1)) * panel.is_demand
    mean = lift * ((panel.units * panel.is_demand).sum(axis=1) / lift.sum(axis=1))[:, None]
    design = effects * slope[:, None]
    centre = (mean[..., None] * design).sum(1) / np.maximum(mean.sum(1), 1e-9)[:, None]
    design = design - centre[:, None]
    curvature = INFORMATION * np.einsum("nw,nwi,nwj->nij", mean, design, design)
    variance = mean + mean**2 / dispersion[:, None]
    noise = INFORMATION**2 * np.einsum("nw,nwi,nwj->nij", variance, design, design)
    prior = 1 / (STEPS**2).sum()
    inverse = np.linalg.inv(curvature + prior * np.eye(len(EFFECTS)))
    joint = inverse @ (noise + prior * np.eye(len(EFFECTS))) @ inverse
    return np.maximum(1 / np.diagonal(joint, axis1=1, axis2=2) - prior, 0.0)


def pooled_variance(information: np.ndarray, products: pd.DataFrame) -> np.ndarray:
    """Posterior variance of each product's terms given every product's information.

    Exact for Gaussian terms on a tree: precisions are summed upwards, each step to a
    parent adding its prior variance, then each child gets what its parent knows from
    elsewhere. The top is a global term without a prior of its own.
    """
    groups = [products.groupby(list(STATIC[:depth])).ngroup().to_numpy() for depth in range(1, 5)]
    parents = [
        np.zeros(g.max() + 1, int) if d == 0 else _parents(groups[d], groups[d - 1])
        for d, g in enumerate(groups)
    ]
    below = [np.empty(0)] * 4
    below[3] = np.zeros((groups[3].max() + 1, information.shape[1]))
    np.add.at(below[3], groups[3], information)
    messages = [np.empty(0)] * 4
    for depth in range(3, -1, -1):
        messages[depth] = below[depth] / (1 + below[depth] * STEPS[depth] ** 2)
        above = np.zeros((parents[depth].max() + 1, information.shape[1]))
        np.add.at(above, parents[depth], messages[depth])
        if depth:
            below[depth - 1] = above
    precision = above
    for depth in range(4):
        elsewhere = np.maximum(precision[parents[depth]] - messages[depth], 1e-12)
        precision = below[depth] + 1 / (1 / elsewhere + STEPS[depth] ** 2)
    return 1 / precision[groups[3]]


def _parents(child: np.ndarray, parent: np.ndarray) -> np.ndarray:
    """Of each child group, the number of its parent group."""
    of = np.zeros(child.max() + 1, int)
    of[child] = parent
    return of
