"""Stock-outs simulated on real sales: what a forecast loses to them, and what estimates bring back.

    python -m benchmarks.demand.stockouts --as-of 2017-12-04 [--products 2000]

Every week each product's stock is `COVER` times what the level of its last weeks and the usual
effects of its promotion make expected, and one more; what would have sold beyond it is cut off.
From `ORIGINS` weeks of that the next four are forecast, and judged on all that was wanted. The
model has seen sales as they were ("whole"), the cut ones for whole ("taken as demand"), and the
cut ones marked ("estimated"). The last line is one JSON object.
"""

import json
import logging
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from ml import commands
from ml.demand.data.covariates import covariates
from ml.demand.data.lifts import summed
from ml.demand.data.panel import Panel, read_panel
from ml.demand.data.stockouts import LEVEL_WEEKS, USUAL
from ml.demand.evaluation.backtest import HORIZON, LARGEST, measures
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.fitting.fit import DemandFitting, fit, predict
from ml.settings import settings

log = logging.getLogger(__name__)

COVER = 1.3
ORIGINS = (28, 32, 36)
SHOWN = ("wape", "wape_median", "mase", "wql", "bias", "cov80")


def sold_out(whole: Panel) -> Panel:
    """The panel when stock was for what was expected of each week, and a little more."""
    usual = np.exp(whole.realised @ np.array(USUAL)) * whole.started
    sums = (summed(values.astype(float), LEVEL_WEEKS)[:, :-1] for values in (whole.units, usual))
    sold, there = (np.pad(values, [(0, 0), (1, 0)]) for values in sums)
    stock = np.ceil(COVER * (sold + 0.5) / (there + 0.5) * usual) + 1
    out = whole.started & (whole.units >= stock)
    return replace(whole, units=np.where(out, stock, whole.units), in_stock=~out)


def rows(whole: Panel, seen: Panel, origin: int, steps: int, seed: int) -> list[dict]:
    """Scores of the forecasts made from `seen`, judged by `whole`."""
    model = fit(seen, origin, DemandFitting(HORIZON, steps, seed)).model
    mean, size = predict(model, seen, covariates(seen), origin)
    levels = quantiles(mean, size)
    scores = []
    for products in sorted({min(LARGEST, len(mean)), len(mean)}):
        largest = whole.head(products)
        values = measures(
            largest.units[:, : origin + HORIZON],
            largest.is_demand[:, :origin],
            mean[:products],
            levels[:, :products],
        )
        scores.append({"products": products, **{name: values[name] for name in SHOWN}})
    return scores


def benchmark(
    as_of: date, products: int, steps: int, seed: int
) -> tuple[dict[str, float], pd.DataFrame]:
    """Shares of weeks and units lost; each way's mean scores, by way and number of products."""
    weeks = read_panel(as_of, 1).weeks
    whole = read_panel(as_of, products, ranked_before=weeks[ORIGINS[0]].item())
    cut = sold_out(whole)
    ways = {"whole": whole, "taken as demand": replace(cut, in_stock=whole.in_stock)}
    ways |= {"estimated": cut}
    records = []
    for origin in ORIGINS:
        for way, seen in ways.items():
            scored = rows(whole, seen, origin, steps, seed)
            log.info("from week %d, %s: %s", origin, way, scored[-1])
            records += [{"way": way, **row} for row in scored]
    scores = pd.DataFrame(records).groupby(["way", "products"], sort=False).mean()
    past, total = np.s_[:, : ORIGINS[-1]], whole.units[:, : ORIGINS[-1]].sum()
    shares = {
        "weeks_out": float((~cut.in_stock[past])[whole.started[past]].mean()),
        "units_lost": float(1 - cut.units[past].sum() / total),
        "units_lost_after_estimates": float(1 - cut.unconstrained[past].sum() / total),
    }
    return shares, scores


def main() -> None:
    """Print the table and the JSON line."""
    parser = commands.parser(main.__doc__)
    commands.add_as_of(parser)
    parser.add_argument("--products", type=int, default=settings().demand_products)
    parser.add_argument("--steps", type=int, default=140)
    given = parser.parse_args()
    commands.log_to_terminal()
    shares, scores = benchmark(given.as_of, given.products, given.steps, settings().seed)
    print(scores.round(4).to_string())  # noqa: T201  the command's result
    print(json.dumps(shares | scores.reset_index().to_dict("list")))  # noqa: T201


if __name__ == "__main__":
    main()
