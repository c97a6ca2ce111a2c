"""Estimate what promotions take from or bring to other weeks and products; write EFFECTS."""

import logging
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from ml import lake
from ml.arrays import Floats
from ml.config.assumptions import SpilloverPrior, SpilloverPriors, load_assumptions
from ml.contracts.marts import DIM_PRODUCTS, FCT_PRODUCT_PAIRS, FCT_PRODUCT_WEEKS
from ml.contracts.outputs import EFFECTS, RESPONSES
from ml.demand.data.panel import read_panel
from ml.promotions.spillovers.regression import Fit, fit
from ml.promotions.spillovers.series import LEAST, Series, make_series
from ml.promotions.spillovers.shrinkage import pool
from ml.settings import settings

log = logging.getLogger(__name__)

INPUTS = (FCT_PRODUCT_WEEKS, DIM_PRODUCTS, FCT_PRODUCT_PAIRS, RESPONSES)
EVERY = "all"
AFTER = 4  # weeks that a dip lasts
WEEKS_APART = (-2, -1, *range(1, AFTER + 1))
AHEAD = AFTER + 2  # of a placebo: later than any real effect
Z05 = 1.6448536269514722
DECIMALS = 6


def write_effects(as_of: date) -> None:
    """Write the EFFECTS partition of as_of.

    Raises:
        LakeError: a table of as_of is missing.
        PolicyError: assumptions.yml holds an unusable value.
    """
    series, onto = read_series(as_of)
    rows = effects(series, onto, load_assumptions().displacement)
    inputs = lake.inputs(INPUTS, as_of)
    lake.write(EFFECTS, as_of, rows, inputs, lake.manifest(RESPONSES, as_of).models)
    for row in rows[rows["category"] == EVERY].to_dict("records"):
        log.info("%s: %.2f units per extra unit, sd %.2f", *(row[c] for c in SAID))


SAID = ("effect", "share", "share_sd")


def read_series(as_of: date) -> tuple[Series, np.ndarray]:
    """The modelled products' weeks before as_of, and each category's partner."""
    panel = read_panel(as_of, settings().demand_products)
    series = make_series(panel, lake.read(RESPONSES, as_of))
    products = lake.read(DIM_PRODUCTS, as_of, columns=["product_id", "category"])
    pairs = lake.read(FCT_PRODUCT_PAIRS, as_of)
    return series, partners_of(pairs, products, series.categories)


def effects(series: Series, onto: np.ndarray, prior: SpilloverPriors) -> pd.DataFrame:
    """EFFECTS' rows; `onto` (categories,) is each category's partner, -1 for none."""
    names = series.categories.to_numpy(object)
    partner = np.where(onto >= 0, names[onto], EVERY)
    codes = range(len(names))

    def within(ahead: int) -> list[Fit]:
        return [_within(series, code, ahead) for code in codes]

    def beyond(ahead: int) -> list[Fit]:
        return [_beyond(series, code, int(onto[code]), ahead) for code in codes]

    return pd.concat(
        [
            _rows("dip", names, names, prior.pull_forward, _estimates(within, 0, -1)),
            _rows("cannibalisation", names, names, prior.cannibalised, _estimates(within, 1, -1)),
            _rows("halo", names, partner, prior.halo, _estimates(beyond, 0, 1)),
        ],
        ignore_index=True,
    )


def over_time(series: Series) -> Fit:
    """Units lost per extra unit, over all categories, by weeks since the promotion.

    From two weeks before it, a placebo that should find nothing, to AFTER weeks after.
    """
    columns = [_shifted(series.extra, after) for after in WEEKS_APART]
    columns += [series.extra, series.mean * _busy(series, -1)]
    fitted = fit(series.left, [series.residual(each) for each in columns], series.precision)
    return Fit(fitted.value[: len(WEEKS_APART)], fitted.se[: len(WEEKS_APART)])


def partners_of(pairs: pd.DataFrame, products: pd.DataFrame, categories: pd.Index) -> np.ndarray:
    """The category most often in a basket with each one's products, -1 for none, (categories,)."""
    of = products.set_index("product_id")["category"]
    both = pd.DataFrame(
        {
            "category": categories.get_indexer(pd.Index(pairs["product_id"].map(of))),
            "partner": categories.get_indexer(pd.Index(pairs["partner_id"].map(of))),
            "baskets": pairs["baskets_together"].to_numpy(),
        }
    )
    apart = (both["category"] != both["partner"]) & (both["category"] >= 0) & (both["partner"] >= 0)
    sums = both[apart].groupby(["category", "partner"], as_index=False)[["baskets"]].sum()
    ranked = sums.sort_values(["baskets", "partner"], ascending=[False, True])
    best = ranked.drop_duplicates("category").set_index("category")["partner"]
    return best.reindex(range(len(categories)), fill_value=-1).to_numpy()


def _within(series: Series, code: int, ahead: int) -> Fit:
    """What a category's promotions take from their own later weeks, and from each other.

    With `ahead`, of promotions so many weeks later: a placebo.
    """
    own = series.only(series.category == code)
    extra, weight = _shifted(own.extra, -ahead), own.weight
    taken = extra / np.maximum(weight.sum(axis=0) - weight, LEAST)
    from_rivals = weight * (taken.sum(axis=0) - taken)
    before = np.mean([_shifted(extra, weeks) for weeks in range(1, AFTER + 1)], axis=0)
    columns = [before, from_rivals, own.extra, own.mean * _busy(series, code)]
    return fit(own.left, [own.residual(each) for each in columns], own.precision)


def _beyond(series: Series, code: int, onto: int, ahead: int) -> Fit:
    """What a category's promotions, `ahead` weeks later, do to its partner's sales."""
    if onto < 0:
        return Fit(np.full(1, np.nan), np.full(1, np.nan))
    other = series.only(series.category == onto)
    drawn = _shifted(series.only(series.category == code).extra, -ahead).sum(axis=0)
    spread = other.weight / np.maximum(other.weight.sum(axis=0), LEAST)
    columns = [drawn * spread, other.extra, other.mean * _busy(series, onto)]
    return fit(other.left, [other.residual(each) for each in columns], other.precision)


def _busy(series: Series, code: int) -> Floats:
    """How much more than expected the rest of the shop sold, a share, (weeks,)."""
    rest = series.category != code
    left, expected = (grid[rest].sum(axis=0) for grid in (series.left, series.mean))
    return np.divide(left, expected, out=np.zeros_like(left), where=expected > 0)


def _shifted(values: Floats, weeks: int) -> Floats:
    """Values of `weeks` before (after, where negative), 0 where there are none."""
    shifted = np.zeros_like(values)
    last = values.shape[1] - abs(weeks)
    here, there = (weeks, 0) if weeks > 0 else (0, -weeks)
    shifted[:, here : here + last] = values[:, there : there + last]
    return shifted


def _estimates(fits: Callable[[int], list[Fit]], column: int, sign: int) -> tuple[Floats, Floats]:
    """One coefficient of every category, and its error as placebos show it to be.

    Promotions AHEAD weeks later have no effect now. Where their estimates scatter more than
    their errors say, all errors are widened by as much (Schuemie et al., "Interpreting
    observational studies: why empirical calibration is needed to correct p-values", Statistics
    in Medicine 33, 2014).
    """
    value, se = _column(fits(0), column)
    none, none_se = _column(fits(AHEAD), column)
    scatter = none / none_se
    widened = np.sqrt(np.nanmean(scatter**2)) if np.isfinite(scatter).any() else 1.0
    return sign * value, se * max(1.0, widened)


def _column(fits: list[Fit], column: int) -> tuple[Floats, Floats]:
    return np.array([f.value[column] for f in fits]), np.array([f.se[column] for f in fits])


def _rows(
    effect: str,
    names: np.ndarray,
    onto: np.ndarray,
    prior: SpilloverPrior,
    estimates: tuple[Floats, Floats],
) -> pd.DataFrame:
    pooled = pool(*estimates, prior.share, prior.sd)
    share = np.append(pooled.mean, pooled.common)
    sd = np.append(pooled.sd, np.hypot(pooled.between, pooled.common_sd))
    return pd.DataFrame(
        {
            "effect": effect,
            "category": [*names, EVERY],
            "onto": [*onto, EVERY],
            "share": share,
            "share_sd": sd,
            "share_p05": share - Z05 * sd,
            "share_p95": share + Z05 * sd,
            "estimate": np.append(estimates[0], np.nan),
            "estimate_se": np.append(estimates[1], np.nan),
            "is_identified": np.append(pooled.is_identified, np.isfinite(estimates[0]).any()),
        }
    ).round(DECIMALS)
