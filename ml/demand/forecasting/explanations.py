"""Why a forecast is what it is: an exact split of its log mean into named parts.

    log mean = level + similar products + recent sales + past promotions + rivals + calendar
               + price + regular price + display + mailer

The last four are the model's own formula, coefficient times planned value. `level` is the log
of units sold a week over the whole history, corrected for its promotions and for the starts of
months. What the network adds to it is shared out by occlusion: an input group is replaced by what
says nothing (sales at the level, no promotions, rivals as usual, no holiday or start of a month),
and what the forecast loses is the group's part. Groups interact, so each is taken away in one
order and in the reverse order and both losses are averaged, which gives Shapley values when groups
interact in pairs at most (Mitchell, Cooper, Frank and Holmes, "Sampling Permutations for Shapley
Value Estimation", JMLR 23, 2022, on antithetic sampling). What remains with every group taken away
is what the network adds for products like it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from keras import ops

from ml.contracts.outputs import EXPLANATION_PARTS
from ml.demand.data.covariates import CONTEXT, EFFECTS, covariates, window
from ml.demand.data.panel import Panel
from ml.demand.evaluation.metrics import wape
from ml.demand.forecasting.expected_demand import ExpectedDemand
from ml.demand.network.structured import (
    ALIVE,
    DAYS,
    REGULAR,
    StructuredDemand,
    adjusted_levels,
    coefficients,
)

GROUPS = ("recent_sales", "past_promotions", "rivals", "calendar")
ALL = frozenset(GROUPS)
PROMOTION = [EFFECTS.index(name) for name in ("price", "display", "mailer")]
RIVALS = [k for k, name in enumerate(CONTEXT) if name.startswith("rivals")]
CALENDAR = [k for k, name in enumerate(CONTEXT) if not name.startswith("rivals")]
LEAST_UNITS = 5e-7  # below half a written digit a mean has no logarithm worth splitting
DIGITS = 9
WEEKS_JUDGED = 4

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Occlusion:
    """The model's inputs, and what replaces each group that is taken away before `origin`.

    `weights` (N, 4) are the coefficients of `EFFECTS`, `days` those of `CALENDAR`.
    """

    inputs: Inputs
    origin: int
    weights: np.ndarray
    days: np.ndarray

    def without(self, groups: frozenset[str]) -> Inputs:
        occluded = {name: values.copy() for name, values in self.inputs.items()}
        if "past_promotions" in groups:
            occluded["effects"][:, : self.origin, PROMOTION] = 0.0
        if "recent_sales" in groups:
            flat = (
                np.exp(self.level() + self._effect(occluded))
                * occluded["started"][:, : self.origin]
            )
            occluded["units"][:, : self.origin] = flat
            past = occluded["history"][:, : self.origin]
            past[:] = past.mean(axis=1, keepdims=True)
            past[..., ALIVE] = 0.0
        if "rivals" in groups:
            past = occluded["context"][:, : self.origin, RIVALS]
            occluded["context"][:, :, RIVALS] = past.mean(axis=1, keepdims=True)
        if "calendar" in groups:
            occluded["context"][:, :, CALENDAR] = 0.0
        return occluded

    def level(self) -> np.ndarray:
        """(N, 1) log units a week before the origin, promotions and calendar divided out."""
        units, started = (self.inputs[n][:, : self.origin] for n in ("units", "started"))
        levels = adjusted_levels(units, started, self._effect(self.inputs).astype("float32"))
        return np.asarray(ops.convert_to_numpy(levels)[:, -1, -1:], "float64")

    def _effect(self, inputs: Inputs) -> np.ndarray:
        """(N, origin) what the formula adds to each past week's log units."""
        past = inputs["effects"][:, : self.origin].astype("float64")
        days = inputs["context"][:, : self.origin, DAYS] @ self.days
        return np.asarray((past * self.weights[:, None]).sum(axis=-1) + days)


def split(
    model: StructuredDemand, panel: Panel, known: Inputs, origin: int
) -> dict[str, np.ndarray]:
    """Parts of the log mean of the weeks after the first `origin`, each (N, horizon).

    They sum to what the network returns. `known` are the panel's `covariates`; the network reads
    the whole panel, whose later weeks cannot reach a forecast made at `origin`.
    """
    inputs = window(panel, known, len(panel.weeks), model.horizon)
    inputs["codes"] = model.codes(panel.products)
    weights = ops.convert_to_numpy(coefficients(model.effects(inputs["codes"])))
    days = ops.convert_to_numpy(model.effects.calendar).astype("float64")
    occlusion = Occlusion(inputs, origin, weights.astype("float64"), days)
    level = occlusion.level()
    ahead = inputs["effects"][:, origin : origin + model.horizon].copy()
    ahead[..., REGULAR] = inputs["effects"][:, origin - 1 : origin, REGULAR]
    planned = ahead * occlusion.weights[:, None]
    formula = planned.sum(axis=-1) + level

    def network(groups: frozenset[str]) -> np.ndarray:
        predicted = model.predict(occlusion.without(ALL - groups), batch_size=500, verbose=0)
        return np.asarray(predicted[:, origin - 1, :, 0], "float64") - formula

    price, regular, display, mailer = np.moveaxis(planned, -1, 0)
    nothing, shares = shared_out(network, GROUPS)
    return {
        "level": np.broadcast_to(level, formula.shape),
        "similar_products": nothing,
        **shares,
        "price": price,
        "regular_price": regular,
        "display": display,
        "mailer": mailer,
    }


def shared_out(
    value: Callable[[frozenset[str]], np.ndarray], groups: Sequence[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The value of no group, and each group's share of what all add to it.

    `value` is asked for 2 * len(groups) sets of groups.
    """
    walks = []
    values: dict[frozenset[str], np.ndarray] = {}
    for order in (list(groups), list(groups)[::-1]):
        sets = [frozenset(order[:count]) for count in range(len(order) + 1)]
        for each in sets:
            if each not in values:
                values[each] = value(each)
        steps = zip(order, pairwise(sets), strict=True)
        walks.append({group: values[after] - values[before] for group, (before, after) in steps})
    return values[frozenset()], {g: (walks[0][g] + walks[1][g]) / 2 for g in groups}


def explanations(
    model: StructuredDemand, seen: ExpectedDemand, ahead: np.ndarray, forecasts: pd.DataFrame
) -> pd.DataFrame:
    """EXPLANATIONS' rows, without the version: parts that sum to the log of `mean_units`.

    `forecasts` holds FORECASTS' rows of the products in order, for each the weeks `ahead`
    (counted from the panel's last one, in order).
    """
    parts = split(model, seen.panel, seen.inputs, len(seen.panel.weeks))
    log_parts = {name: values[:, ahead - 1].ravel() for name, values in parts.items()}
    log_mean = np.log(np.maximum(forecasts["mean_units"].to_numpy(), LEAST_UNITS))
    log_parts["similar_products"] = (
        log_parts["similar_products"] + log_mean - sum(log_parts.values())
    )
    rows = forecasts[["product_id", "week_start_date"]]
    return pd.concat(
        [
            rows.assign(part=name, log_units=log_parts[name].round(DIGITS))
            for name in EXPLANATION_PARTS
        ],
        ignore_index=True,
    )


def importances(model: StructuredDemand, panel: Panel) -> dict[str, float]:
    """What moves forecasts in general, on the panel's last weeks as they were promoted.

    Returns:
        `contribution.<part>`: mean absolute log units; `occlusion.<part>`: the WAPE added when
        the part is replaced by its mean over all products and weeks, so that it carries no
        information.
    """
    weeks = min(WEEKS_JUDGED, model.horizon)
    origin = len(panel.weeks) - weeks
    parts = {n: v[:, :weeks] for n, v in split(model, panel, covariates(panel), origin).items()}
    units, total = panel.demand[:, origin:], sum(parts.values())
    error = wape(units, np.exp(total))
    importances_by_name = {}
    for name, values in parts.items():
        importances_by_name[f"contribution.{name}"] = float(np.abs(values).mean())
        occluded = wape(units, np.exp(total - values + values.mean()))
        importances_by_name[f"occlusion.{name}"] = occluded - error
    return importances_by_name
