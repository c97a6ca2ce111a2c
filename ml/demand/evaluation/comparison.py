"""Whether a challenger forecasts worse than the champion, beyond noise.

Both are scored by quantile loss on the same product-weeks of the challenger's backtest:

* Where the champion was trained on fewer weeks, on the target weeks its training ended before.
  It forecasts them from the backtest's own origins, knowing of sales what the challenger's
  model of that origin knows. Where its training lies between origin and target it has seen more
  than its rival: the challenger is not flattered.
* Where it was trained on the same weeks, both backtests have the same origins: the losses stored
  with the champion's run are used.

What is compared is the ratio of summed losses, challenger over champion; its interval is a
paired bootstrap over products, because a product's weeks err together.
"""

import logging
from dataclasses import replace
from functools import partial
from io import StringIO

import numpy as np
import pandas as pd

from ml.demand.data.covariates import covariates
from ml.demand.data.panel import WEEK
from ml.demand.evaluation import metrics
from ml.demand.evaluation.backtest import HORIZON, OURS, Backtest
from ml.demand.evaluation.checks import everywhere
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.network import NAME
from ml.demand.network.loading import load
from ml.demand.network.structured import StructuredDemand
from ml.models import registry
from ml.models.comparison import ChampionComparison, compare_with_champion

log = logging.getLogger(__name__)

LOSSES = "losses.csv"
METRIC = "wql_over_champion"
KEY = ["origin", "product_id"]
LEAST_PRODUCTS = 2  # a bootstrap of one is no interval


def compare(backtest: Backtest, seed: int) -> ChampionComparison:
    """The backtest of a challenger against the champion, where there is one."""
    return compare_with_champion(NAME, METRIC, load, partial(paired_losses, backtest), seed)


def paired_losses(
    backtest: Backtest, version: str, champion: StructuredDemand
) -> tuple[np.ndarray, np.ndarray] | None:
    """Each product's summed loss, the challenger's and the champion's; None where too few."""
    panel = backtest.panel
    trained = np.datetime64(registry.trained_as_of(NAME)[version])
    seen = int((panel.weeks + WEEK <= trained).sum())
    if seen < len(panel.weeks):
        ours, theirs = losses(backtest, seen), losses(rescored(champion, backtest), seen)
        log.info("compared on the weeks from %s, after the champion's", panel.weeks[seen])
    else:
        ours, text = losses(backtest), registry.run_text(NAME, version, LOSSES)
        theirs = ours[:0] if text is None else pd.read_csv(StringIO(text), dtype={KEY[1]: str})
        log.info("compared by the losses of the champion's own backtest")
    both = ours.merge(theirs, on=KEY, suffixes=("", "_champion")).groupby(KEY[1], sort=True).sum()
    if len(both) < LEAST_PRODUCTS or not both["loss_champion"].sum():
        return None
    return both["loss"].to_numpy(), both["loss_champion"].to_numpy()


def losses(backtest: Backtest, since: int = 0) -> pd.DataFrame:
    """Our quantile loss per origin and product, summed over the target weeks from week `since`."""
    panel, frames = backtest.panel, []
    for forecast in (f for f in backtest.forecasts if f.method == OURS):
        ahead = slice(max(since, forecast.origin), forecast.origin + HORIZON)
        units = panel.demand[:, ahead]
        levels = forecast.quantiles[:, :, ahead.start - forecast.origin :]
        loss = np.nansum(metrics.quantile_losses(units, levels), axis=1)
        row = {
            "origin": str(panel.weeks[forecast.origin]),
            "product_id": panel.products["product_id"],
        }
        if units.size:
            frames.append(pd.DataFrame(row | {"units": np.nansum(units, axis=1), "loss": loss}))
    return pd.concat(frames, ignore_index=True)


def rescored(model: StructuredDemand, backtest: Backtest) -> Backtest:
    """The same backtest with `model`, as it is, in the place of those trained at the origins."""
    panel = backtest.panel
    values = np.exp(everywhere(model, panel, covariates(panel))[:, :, :HORIZON].astype("float64"))
    forecasts = []
    for old in (f for f in backtest.forecasts if f.method == OURS):
        mean, dispersion = np.moveaxis(values[:, old.origin - 1], -1, 0)
        forecasts.append(replace(old, mean=mean, quantiles=quantiles(mean, dispersion)))
    return replace(backtest, forecasts=forecasts)
