"""Many noisy estimates of one kind, drawn to their common mean and that to what is published."""

from dataclasses import dataclass

import numpy as np

from ml.arrays import Floats

LEAST_SPREAD = 0.02  # sd between groups: no two categories are quite alike


@dataclass(frozen=True)
class Pooled:
    """Posterior mean and sd of each group, (groups,), of their common mean, and `between`.

    `between` is the sd of the groups' truths around the common mean; `is_identified` (groups,)
    whether a group's own data weigh more than those of the others and the prior.
    """

    mean: Floats
    sd: Floats
    common: float
    common_sd: float
    between: float
    is_identified: np.ndarray


def pool(value: Floats, se: Floats, prior: float, prior_sd: float) -> Pooled:
    """Shrink estimates with their standard errors; nan: a group without any data.

    Normal at every level: estimate ~ truth ~ common mean ~ prior. `between` solves the moment
    equation of Paule and Mandel ("Consensus values and weighting factors", Journal of Research
    of the NBS 87, 1982), at most `prior_sd`: groups differ no more than that; the rest is Gelman
    et al., "Bayesian Data Analysis", 3rd ed., sec. 5.4.
    """
    measured = np.isfinite(value) & np.isfinite(se) & (se > 0)
    between = min(_between(value[measured], se[measured]), prior_sd)
    weight = 1 / (se[measured] ** 2 + between**2)
    precision = weight.sum() + 1 / prior_sd**2
    common = float(((weight * value[measured]).sum() + prior / prior_sd**2) / precision)
    common_sd = float(precision**-0.5)
    mean = np.full(len(value), common)
    sd = np.full(len(value), np.hypot(between, common_sd))
    own = 1 / (1 + se[measured] ** 2 / between**2)
    mean[measured] = own * value[measured] + (1 - own) * common
    sd[measured] = np.sqrt(own * se[measured] ** 2 + ((1 - own) * common_sd) ** 2)
    is_identified = np.zeros(len(value), bool)
    is_identified[measured] = se[measured] ** 2 < between**2 + 1 / (precision - weight)
    return Pooled(mean, sd, common, common_sd, between, is_identified)


def _between(value: Floats, se: Floats) -> float:
    """The spread at which the estimates scatter as much as they should, by bisection."""

    def excess(spread: float) -> float:
        weight = 1 / (se**2 + spread**2)
        centre = (weight * value).sum() / weight.sum()
        return float((weight * (value - centre) ** 2).sum() - (len(value) - 1))

    if len(value) < 2 or excess(LEAST_SPREAD) <= 0:
        return LEAST_SPREAD
    low, high = LEAST_SPREAD, LEAST_SPREAD
    while excess(high) > 0:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high
