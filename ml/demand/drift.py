"""Whether the demand model still fits: its past forecasts, and what it reads.

Forecasts made before a week are held against what the week sold. They were written for
products at regular price, so each is first moved by the responses written with it to the price,
display and mailer that the week turned out to have. Inputs of the last weeks are compared
with the weeks the model was trained on. Bounds are in `mlflow/gates.yml`, under `demand_drift`;
a measure with nothing to judge yet is written without a value and is no drift.
"""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml import lake
from ml.contracts.marts import DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS
from ml.contracts.outputs import DRIFT, FORECASTS, RESPONSES
from ml.demand.data.panel import WEEK, Panel, read_panel
from ml.demand.evaluation import metrics
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.evaluation.stability import input_shift
from ml.demand.network import NAME
from ml.errors import PolicyError
from ml.models import registry
from ml.settings import settings
from ml.weeks import monday_of

log = logging.getLogger(__name__)

BOUNDS = "demand_drift"  # section of gates.yml
RECENT_WEEKS = 4
LEAST_WEEKS = 2  # judged: one odd week is not drift
HORIZON_WEEKS = 4  # ahead; the backtest, whose error is the reference, looks no further
KEY = ["product_id", "week_start_date", "horizon"]
RESPONSE_COLUMNS = ["product_id", "elasticity", "display_lift", "mailer_lift", "dispersion"]
MEASURES = ("bias", "wape_over_backtest", "cov80")
MARTS = (DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS)
DIGITS = 6


@dataclass(frozen=True)
class JudgedForecasts:
    """Past forecasts as expected at the prices that came, and what was sold: (rows,)."""

    units: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    weeks: int

    def measures(self, backtest_wape: float) -> dict[str, float]:
        """Nothing when too few weeks, or no unit, can be judged."""
        if self.weeks < LEAST_WEEKS or not self.units.sum():
            return {}
        inside = (self.units >= self.low) & (self.units <= self.high)
        bias = metrics.bias(self.units, self.mean)
        error = metrics.wape(self.units, self.mean) / backtest_wape
        return dict(zip(MEASURES, (bias, error, float(inside.mean())), strict=True))


def write_drift(as_of: date) -> None:
    """Write DRIFT for the model that forecast `as_of`.

    Raises:
        LakeError: nothing was forecast for that date.
        PolicyError: gates.yml has no `demand_drift`, or bounds a measure there is none of.
    """
    version = lake.manifest(FORECASTS, as_of).models[NAME]
    trained = registry.trained_as_of(NAME)
    panel = read_panel(as_of, settings().demand_products)
    forecasts, read = earlier_forecasts(as_of, panel, trained)
    judged = judge(forecasts, panel)
    reference = registry.metrics(NAME, version).get("all.wape", np.nan)
    seen = int((panel.weeks + WEEK <= np.datetime64(trained[version])).sum())
    shift = input_shift(panel, max(seen, 1), RECENT_WEEKS)
    counts = (len(judged.units), int(panel.is_demand[:, -RECENT_WEEKS:].sum()))
    rows = rows_of(judged.measures(reference), shift, counts)
    lake.write(DRIFT, as_of, rows.assign(model_version=version), read, {NAME: version})
    log.info("drift of demand version %s: %s", version, list(rows.loc[rows["drifted"], "measure"]))


def retraining_is_due(as_of: date) -> bool:
    """Whether something drifted, and no version was trained on the same complete weeks or later."""
    if not lake.read(DRIFT, as_of, ["drifted"])["drifted"].any():
        return False
    newest = max(registry.trained_as_of(NAME).values())
    return monday_of(newest) < monday_of(as_of)


def earlier_forecasts(
    as_of: date, panel: Panel, trained: dict[str, date]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Forecasts of the last complete weeks made before `as_of`, and hashes of what was read.

    Of each product, week and number of weeks ahead the newest is kept, beside the responses
    written with it. Those of a version trained after their date saw what they forecast: they are
    left out, as are those of versions the registry no longer knows (`trained` maps versions to
    the as-of date of their training).
    """
    first = panel.weeks[-RECENT_WEEKS:][0].item()
    oldest = first - timedelta(weeks=HORIZON_WEEKS + 1)
    responses = set(lake.partitions(RESPONSES))
    frames, read = [], lake.inputs(MARTS, as_of)
    for day in (d for d in lake.partitions(FORECASTS) if oldest <= d < as_of and d in responses):
        manifest = lake.manifest(FORECASTS, day)
        if trained.get(manifest.models[NAME], date.max) > day:
            continue
        rows = lake.read(FORECASTS, day)
        weeks = rows["week_start_date"]
        rows = rows[(weeks >= first) & (weeks <= panel.weeks[-1].item())]
        rows = rows[rows["horizon"] <= HORIZON_WEEKS]
        frames.append(rows.merge(lake.read(RESPONSES, day)[RESPONSE_COLUMNS], on="product_id"))
        read[f"{FORECASTS.uri}/{day}"] = manifest.content_hash
    columns = [*FORECASTS.column_names, *RESPONSE_COLUMNS[1:]]
    forecasts = pd.concat(frames) if frames else pd.DataFrame(columns=columns)
    return forecasts.drop_duplicates(KEY, keep="last").sort_values(KEY), read


def judge(forecasts: pd.DataFrame, panel: Panel) -> JudgedForecasts:
    """Hold `earlier_forecasts` against the panel.

    Products no longer in it are left out, and weeks in which one was out of stock.
    """
    row = pd.Index(panel.products["product_id"]).get_indexer(pd.Index(forecasts["product_id"]))
    weeks = forecasts["week_start_date"].to_numpy("datetime64[D]")
    week = ((weeks - panel.weeks[0]) // WEEK).astype(int)
    observed = (row >= 0) & panel.in_stock[row, week]
    forecasts, at = forecasts[observed], (row[observed], week[observed])
    numbers = forecasts[["mean_units", *RESPONSE_COLUMNS[1:]]].to_numpy("float64").T
    mean, elasticity, display, mailer, dispersion = numbers
    lift = (
        elasticity * panel.log_price_ratio[at]
        + display * panel.display[at]
        + mailer * panel.mailer[at]
    )
    mean = mean * np.exp(lift)
    levels = quantiles(mean, dispersion)
    return JudgedForecasts(panel.units[at], mean, levels[0], levels[-1], len(np.unique(weeks)))


def rows_of(
    judged: dict[str, float], shift: dict[str, float], counts: tuple[int, int]
) -> pd.DataFrame:
    """A row per bound of gates.yml, without the version; `counts` are product-weeks judged."""
    values = judged | shift
    rows = []
    for gate in registry.read_gates(BOUNDS):
        if gate.metric not in (*shift, *MEASURES):
            raise PolicyError(
                f"{settings().gates_path}: {BOUNDS}.{gate.name} bounds {gate.metric!r}; known are "
                f"{sorted((*shift, *MEASURES))}"
            )
        value = values.get(gate.metric, np.nan)
        measured = gate.metric in values
        kind = "inputs" if gate.metric in shift else "forecasts"
        rows.append(
            {
                "measure": gate.metric,
                "kind": kind,
                "value": round(value, DIGITS) if measured else None,
                "minimum": gate.minimum if np.isfinite(gate.minimum) else None,
                "maximum": gate.maximum if np.isfinite(gate.maximum) else None,
                "product_weeks": counts[kind == "inputs"] if measured else 0,
                "drifted": measured and not gate.minimum <= value <= gate.maximum,
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(("value", "minimum", "maximum"), "float64"))
