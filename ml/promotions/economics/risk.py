"""What an option is worth when the responses are uncertain."""

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from ml.arrays import Floats
from ml.config.policy import Risk


def value_of(risk: Risk, mean: Floats, sd: Floats, margin_at: Callable[[float], Floats]) -> Floats:
    """What an option is worth: its expected margin, or a cautious one.

    mean: the mean margin. spread: less `aversion` of its standard deviations. quantile: the
    margin that the responses' errors leave with probability 1 - `quantile`; margin rises or
    falls with them throughout, so it lies at one end. worst: the mean, as a plan has one worst
    scenario and an option has none (`solve_worst`). `margin_at` takes standard deviations.
    """
    if risk.measure == "spread":
        return mean - risk.aversion * sd
    if risk.measure == "quantile":
        low = float(norm.ppf(risk.quantile))
        return np.minimum(margin_at(low), margin_at(-low))
    return mean
