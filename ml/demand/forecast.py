"""Write the forecasts and the price responses of an as-of date, with a registered model."""

import logging
from datetime import date

import numpy as np
import pandas as pd

from ml import lake
from ml.contracts.marts import DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS
from ml.contracts.outputs import EXPLANATIONS, FORECASTS, LEVEL_FORECASTS, QUANTILES, RESPONSES
from ml.demand.data.panel import WEEK, Panel, read_panel
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.forecasting.expected_demand import ExpectedDemand, expected_demand
from ml.demand.forecasting.explanations import explanations
from ml.demand.forecasting.hierarchy import level_rows
from ml.demand.forecasting.new_products import never_sold, newcomers
from ml.demand.forecasting.responses import responses
from ml.demand.network import NAME
from ml.demand.network.loading import load
from ml.demand.scores import scores_path
from ml.errors import PolicyError
from ml.files import replace_text, to_json
from ml.models import registry
from ml.models.devices import prepare_tensorflow
from ml.settings import settings
from ml.weeks import next_monday

log = logging.getLogger(__name__)

DECIMALS = 6
MARTS = (DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS)


def write_forecasts(as_of: date, version: str, horizon_weeks: int | None = None) -> None:
    """Forecast the weeks from the first Monday on or after `as_of`, not promoted.

    Beside the products that sell most, those that have never sold and have a list price.

    Raises:
        PolicyError: the model was trained for fewer weeks ahead.
        GateError: the version does not load.
    """
    prepare_tensorflow(settings().seed)
    model = load(version)
    catalog = lake.read(DIM_PRODUCTS, as_of)
    panel = read_panel(as_of, settings().demand_products, catalog=catalog)
    ahead = weeks_ahead(panel, as_of, horizon_weeks or settings().horizon_weeks)
    if ahead[-1] > model.horizon:
        raise PolicyError(
            f"horizon_weeks={horizon_weeks or settings().horizon_weeks} reaches {ahead[-1]} weeks "
            f"past the last sales, but demand version {version} was trained for {model.horizon}; "
            "lower it, or train with PROMOLOOP_HORIZON_WEEKS set to it"
        )
    inputs, models = fingerprint(as_of), {NAME: version}
    seen, most = expected_demand(model, panel), settings().demand_newcomers
    new = never_sold(catalog, as_of)
    if most and len(new):
        seen = seen.joined(newcomers(model, panel, new, most, settings().seed))
    forecasts = baseline_forecasts(seen, ahead).assign(model_version=version)
    lake.write(FORECASTS, as_of, forecasts, inputs, models)
    sums = level_rows(panel, forecasts, seen.panel.products["category"], settings().seed)
    sums = sums.assign(model_version=version)
    lake.write(LEVEL_FORECASTS, as_of, sums, inputs, models)
    reasons = explanations(model, seen, ahead, forecasts).assign(model_version=version)
    lake.write(EXPLANATIONS, as_of, reasons, inputs, models)
    rows = responses(model, seen.panel, seen.dispersion).round(DECIMALS)
    rows = rows.assign(model_version=version)
    lake.write(RESPONSES, as_of, rows, inputs, models)
    replace_text(scores_path(version), to_json(registry.metrics(NAME, version)))
    log.info(
        "forecast %d products, %d of %d that never sold, %d weeks from %s",
        len(rows),
        len(rows) - len(panel.products),
        len(new),
        len(ahead),
        as_of,
    )


def fingerprint(as_of: date) -> dict[str, str]:
    """Content hashes of the marts the model reads."""
    return lake.inputs(MARTS, as_of)


def weeks_ahead(panel: Panel, as_of: date, weeks: int) -> np.ndarray:
    """Weeks past the panel's last one, from the first Monday on or after `as_of`."""
    monday = np.datetime64(next_monday(as_of))
    first = int((monday - panel.weeks[-1]) // WEEK)
    return np.arange(first, first + weeks)


def baseline_forecasts(seen: ExpectedDemand, ahead: np.ndarray) -> pd.DataFrame:
    """One row per product and week: mean and quantiles at regular price, not promoted."""
    panel, mean, dispersion = seen.panel, seen.mean[:, ahead - 1], seen.dispersion[:, ahead - 1]
    levels = quantiles(mean, dispersion)
    products, weeks = mean.shape
    return pd.DataFrame(
        {
            "product_id": np.repeat(panel.products["product_id"].to_numpy(), weeks),
            "week_start_date": np.tile((panel.weeks[-1] + WEEK * ahead).astype(object), products),
            "horizon": np.tile(ahead, products),
            "mean_units": mean.ravel().round(DECIMALS),
            **{f"p{int(q * 100)}": v.ravel() for q, v in zip(QUANTILES, levels, strict=True)},
        }
    )
