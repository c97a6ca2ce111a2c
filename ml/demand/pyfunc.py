"""A registered demand model behind a table: `mlflow.pyfunc.load_model("models:/demand@champion")`.

One row per product and week, history and plan together, and back come the planned weeks with
their mean and quantiles. The Keras file is read in safe mode: a version carries no code.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops

from ml.contracts.outputs import QUANTILES
from ml.demand.data.covariates import covariates
from ml.demand.data.depths import filled_depths
from ml.demand.data.groups import numbered
from ml.demand.data.panel import STATIC, WEEK, Panel
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.fitting.fit import predict_once
from ml.demand.forecasting.borrowed_level import widened
from ml.demand.forecasting.new_products import level_sd_share, unseen
from ml.demand.network.structured import REGULAR, StructuredDemand, coefficients
from ml.errors import ContractError
from ml.settings import settings

FILE = "model.keras"  # as mlflow.keras names it
NUMBERS = ("units", "regular_price", "depth", "display_share", "mailer_share")
COLUMNS = (*STATIC, "week_start_date", *NUMBERS, "holiday", "out_of_stock")
YEAR = 52


class DemandForecaster:
    """What MLflow calls to score a table with a loaded version."""

    def __init__(self, model: StructuredDemand) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Forecast the weeks whose `units` are missing for every product.

        Args:
            model_input: a row per product and week with the columns of `COLUMNS`. Weeks are
                Mondays. History has `units`; the weeks after it are the plan, with `depth`,
                `display_share` and `mailer_share` as planned and none where they are missing, and
                with another `regular_price` where that changes. A product's rows may be missing
                before its first sale and where it did not sell. `out_of_stock` says that more might
                have sold than the `units` of the week; a row of history without `units` is such a
                week, too. Give whole categories: a product's rivals are those in the table. One
                that has never sold needs a `regular_price` in the first week of the plan; its level
                is borrowed from the table's other products.
            params: not used.

        Returns:
            `product_id`, `week_start_date`, `mean_units` and `p10` … `p90`, by product and week.

        Raises:
            ContractError: a column is missing, nothing is planned or nothing was sold, or the
                plan reaches further than the model was trained for.
        """
        panel, past = panel_of(model_input)
        planned = len(panel.weeks) - past
        if planned > self.model.horizon:
            raise ContractError(
                f"{planned} weeks are planned, but the model was trained for "
                f"{self.model.horizon}; plan fewer"
            )
        mean, dispersion = self._forecast(panel, past, planned)
        levels = quantiles(mean, dispersion)
        ids, weeks = panel.products["product_id"].to_numpy(), panel.weeks[past:]
        keys = {"product_id": np.repeat(ids, planned), "week_start_date": np.tile(weeks, len(ids))}
        named = {f"p{int(q * 100)}": v.ravel() for q, v in zip(QUANTILES, levels, strict=True)}
        return pd.DataFrame(keys | {"mean_units": mean.ravel()} | named)

    def _forecast(self, panel: Panel, past: int, planned: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and dispersion (N, planned)."""
        mean, dispersion = predict_once(self.model, panel, covariates(panel), past)
        mean[:, :planned] *= self._repriced(panel, past)
        sold = panel.started[:, past - 1]
        new = ~sold & np.isfinite(panel.regular_price[:, past])
        if new.any() and sold.any():
            mean[new], dispersion[new], sd = unseen(self.model, panel, new, past)
            sd *= level_sd_share(self.model, panel.rows(~new), past, settings().seed)
            dispersion[new] = widened(dispersion[new], sd)
        return mean[:, :planned], dispersion[:, :planned]

    def _repriced(self, panel: Panel, past: int) -> np.ndarray:
        """(N, planned) factors on demand where the plan changes a regular price, else 1."""
        terms = self.model.effects(self.model.codes(panel.products))
        elasticity = ops.convert_to_numpy(coefficients(terms))[:, REGULAR, None]
        log_change = np.log(panel.regular_price[:, past:] / panel.regular_price[:, past - 1, None])
        return np.exp(elasticity.astype("float64") * np.nan_to_num(np.clip(log_change, -1.0, 1.0)))


def panel_of(rows: pd.DataFrame) -> tuple[Panel, int]:
    """The table's panel, planned weeks included, and how many weeks of it are history."""
    missing = [name for name in COLUMNS if name not in rows.columns]
    if missing:
        raise ContractError(f"columns {missing} are missing; received {list(rows.columns)}")
    products = rows[list(STATIC)].drop_duplicates("product_id").sort_values("product_id")
    products = products.reset_index(drop=True).astype(str)
    monday = rows["week_start_date"].to_numpy("datetime64[D]")
    weeks = np.arange(monday.min(), monday.max() + WEEK, WEEK)
    sold = rows["units"].notna().to_numpy()
    past = int((monday[sold].max() - weeks[0]) // WEEK) + 1 if sold.any() else 0
    if not 0 < past < len(weeks):
        raise ContractError(
            f"{past} weeks with units of {len(weeks)}; expected history, then weeks to forecast"
        )
    return _panel(rows, products, weeks, past), past


def _panel(rows: pd.DataFrame, products: pd.DataFrame, weeks: np.ndarray, past: int) -> Panel:
    monday = rows["week_start_date"].to_numpy("datetime64[D]")
    at = (
        products["product_id"].searchsorted(rows["product_id"].astype(str)),
        ((monday - weeks[0]) // WEEK).astype(int),
    )
    shape = len(products), len(weeks)
    given = np.zeros(shape, bool)
    given[at] = True

    def grid(name: str) -> pd.DataFrame:
        values = np.full(shape, np.nan)
        values[at] = rows[name].to_numpy("float64")
        return pd.DataFrame(values)

    values = {name: grid(name) for name in NUMBERS}
    filled = {name: values[name].fillna(0.0).to_numpy() for name in NUMBERS}
    support = filled["display_share"], filled["mailer_share"]
    in_stock = ~(given & np.isnan(values["units"].to_numpy()))
    in_stock[at] &= ~rows["out_of_stock"].to_numpy(bool)
    in_stock[:, past:] = True
    depth = filled["depth"]
    depth[:, :past] = np.where(filled["units"][:, :past] == 0, np.nan, depth[:, :past])
    depth = filled_depths(depth, *support, numbered(products["category"]))
    festive = np.isin(weeks, monday[rows["holiday"].to_numpy(bool)])
    return Panel(
        products=products,
        weeks=weeks,
        units=filled["units"],
        started=np.cumsum(filled["units"], axis=1) > 0,
        in_stock=in_stock,
        regular_price=values["regular_price"].ffill(axis=1).to_numpy(),
        log_price_ratio=np.log1p(-depth),
        display=support[0],
        mailer=support[1],
        holiday=np.concatenate([festive, np.zeros(YEAR)]),
    )


def table_of(panel: Panel, planned: int) -> pd.DataFrame:
    """The rows `DemandForecaster` takes for a panel, its last `planned` weeks being the plan."""
    products, weeks = panel.units.shape
    past = weeks - planned
    ahead = np.arange(weeks) >= past
    units = np.where(ahead, np.nan, panel.units)
    shown = {
        "units": units,
        "regular_price": panel.regular_price,
        "depth": 1 - np.exp(panel.log_price_ratio),
        "display_share": panel.display,
        "mailer_share": panel.mailer,
        "holiday": np.broadcast_to(panel.holiday[:weeks] > 0, units.shape),
        "out_of_stock": ~panel.in_stock & ~ahead,
    }
    named = {s: np.repeat(panel.products[s].to_numpy(), weeks) for s in STATIC}
    named |= {"week_start_date": np.tile(panel.weeks.astype("datetime64[ns]"), products)}
    return pd.DataFrame(named | {name: values.ravel() for name, values in shown.items()})


def _load_pyfunc(path: str) -> DemandForecaster:
    """Called by MLflow with the folder of the version's data."""
    loaded = keras.saving.load_model(Path(path) / FILE, safe_mode=True)
    return DemandForecaster(loaded)
