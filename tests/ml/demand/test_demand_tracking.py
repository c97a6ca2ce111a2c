"""A registered version: what it carries, and what comes back when it is loaded."""

from dataclasses import replace
from datetime import date
from io import StringIO

import mlflow
import numpy as np
import pandas as pd
import pytest

from ml.demand.data.covariates import EFFECTS, covariates
from ml.demand.evaluation.backtest import (
    HORIZON,
    OURS,
    Backtest,
    Forecast,
    naive_forecasts,
    score,
)
from ml.demand.evaluation.checks import everywhere
from ml.demand.evaluation.comparison import losses
from ml.demand.evaluation.quantiles import quantiles
from ml.demand.fitting.fit import DemandFit
from ml.demand.forecasting.explanations import importances
from ml.demand.forecasting.responses import responses
from ml.demand.network import loading
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.demand.network.structured import coefficients
from ml.demand.pyfunc import COLUMNS, NUMBERS, DemandForecaster, panel_of, table_of
from ml.demand.tracking import DemandCandidate, by_category, registration
from ml.errors import ContractError
from ml.models import registry
from ml.models.comparison import ChampionComparison
from ml.models.register import register
from ml.settings import Settings

WEEKS, ORIGIN, AS_OF = 16, 12, date(2017, 4, 24)


@pytest.fixture(scope="module")
def panel(shop):
    """A shop that sells of everything every week, its products in the order of their names."""
    made = shop(products=20, weeks=WEEKS)
    units = np.maximum(made.units, 1.0)
    order = made.products["product_id"].argsort().to_numpy()
    grids = ("started", "in_stock", "regular_price", "log_price_ratio", "display", "mailer")
    return replace(
        made,
        products=made.products.iloc[order].reset_index(drop=True),
        units=units[order],
        **{name: getattr(made, name)[order] for name in grids},
    )


@pytest.fixture(scope="module")
def trained(panel, drafted):
    return DemandFit(drafted(panel, HORIZON), losses=[2.0, 1.0])


def network(model, panel, origin):
    """Mean and size of the weeks after the first `origin`."""
    made = everywhere(model, panel, covariates(panel))[:, origin - 1]
    return np.exp(made[..., 0].astype(float)), np.exp(made[..., 1].astype(float))


@pytest.fixture(scope="module")
def candidate(panel, trained):
    mean, size = network(trained.model, panel, ORIGIN)
    ours = Forecast(OURS, ORIGIN, mean, quantiles(mean, size))
    forecasts = [ours, *naive_forecasts(panel.until(ORIGIN), ORIGIN)]
    scores = pd.DataFrame([score(panel, f, n) for f in forecasts for n in (10, 20)])
    return DemandCandidate(
        as_of=AS_OF,
        panel=panel,
        fit=trained,
        backtest=Backtest(panel, forecasts, scores, 1.0),
        responses=responses(trained.model, panel),
        checks={"leak_largest_move": 0.0},
        fingerprint={"fct_product_weeks": "abc"},
        importances=importances(trained.model, panel),
        comparison=ChampionComparison({"wql_over_champion_low": 0.8}, {registry.COMPARED: "4"}),
        hyperparameters=DemandHyperparameters.read(),
    )


@pytest.fixture(scope="module")
def version(candidate, tmp_path_factory):
    """Registered on MLflow's own SQL store."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        store = property(lambda self: f"sqlite:///{folder}/registry.db")
        patch.setattr(Settings, "tracking_uri", store)
        registry.client().create_experiment("demand", str(folder / "artifacts"))
        yield register(registration(candidate))
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def test_the_table_forecasts_what_the_network_does(trained, panel):
    scored = DemandForecaster(trained.model).predict(table_of(panel, HORIZON))

    mean, size = network(trained.model, panel, WEEKS - HORIZON)
    np.testing.assert_allclose(scored["mean_units"], mean.ravel(), rtol=1e-4)
    np.testing.assert_allclose(scored["p90"], quantiles(mean, size)[-1].ravel(), rtol=1e-4)
    assert (
        scored["product_id"].tolist() == np.repeat(panel.products["product_id"], HORIZON).tolist()
    )
    assert scored["week_start_date"].tolist()[:HORIZON] == list(
        pd.to_datetime(panel.weeks[-HORIZON:])
    )


def test_a_product_that_never_sold_borrows_from_the_table_once_it_has_a_price(trained, panel):
    table = table_of(panel, HORIZON)
    planned = table["units"].isna()
    new = table[planned & (table["product_id"] == "p3")].assign(product_id="new")
    new = new.assign(depth=0.0, display_share=0.0, mailer_share=0.0)
    priced = new.assign(regular_price=2.0)
    model = DemandForecaster(trained.model)

    alone, without, both = (
        model.predict(pd.concat([table, *more])).set_index("product_id")
        for more in ([], [new.assign(regular_price=None)], [priced])
    )

    usual = panel.units[:, :-HORIZON].mean()
    assert usual / 2 < both.loc["new", "mean_units"].mean() < usual * 2
    assert without.loc["new", "mean_units"].mean() < usual / 2
    pd.testing.assert_frame_equal(both.drop("new"), alone, rtol=1e-5)
    assert (both.loc["new", "p90"] / both.loc["new", "mean_units"]).min() > 1.5


def test_a_planned_discount_raises_the_tables_forecast_by_the_elasticity(trained, panel):
    plain = table_of(panel, HORIZON)
    planned = plain["units"].isna()
    week = planned & (plain["week_start_date"] == plain["week_start_date"].max())
    mine = week & (plain["product_id"] == "p3")
    plain.loc[mine, "depth"] = 0.0
    cut = plain.assign(depth=plain["depth"].mask(mine, 0.2))
    model = DemandForecaster(trained.model)

    before, after = (
        model.predict(t).set_index(["product_id", "week_start_date"]) for t in (plain, cut)
    )

    row = ("p3", plain.loc[mine, "week_start_date"].item())
    answers = responses(trained.model, panel).set_index("product_id")
    ratio = after.loc[row, "mean_units"] / before.loc[row, "mean_units"]
    assert ratio == pytest.approx(0.8 ** answers.loc["p3", "elasticity"], rel=1e-4)


def test_a_new_regular_price_moves_the_forecast_of_its_product_by_its_elasticity(trained, panel):
    plain = table_of(panel, HORIZON)
    ahead = (plain["product_id"] == "p3") & plain["units"].isna()
    dearer = plain.assign(regular_price=plain["regular_price"].mask(ahead, 2.2))
    model = DemandForecaster(trained.model)

    before, after = (model.predict(t).set_index("product_id") for t in (plain, dearer))

    ratio = (after["mean_units"] / before["mean_units"]).groupby("product_id").first()
    codes = trained.model.codes(panel.products)
    terms = np.asarray(coefficients(trained.model.effects(codes)))[:, EFFECTS.index("regular")]
    row = panel.products.index[panel.products["product_id"] == "p3"][0]
    assert ratio["p3"] == pytest.approx(1.1 ** terms[row], rel=1e-5)
    assert ratio["p3"] < 0.99
    assert (ratio.drop("p3") == 1).all()
    absurd = model.predict(plain.assign(regular_price=plain["regular_price"].mask(ahead, 1e-9)))
    most = absurd.set_index("product_id").loc["p3", "mean_units"] / before.loc["p3", "mean_units"]
    assert most.to_numpy() == pytest.approx(np.exp(-terms[row]), rel=1e-5)


def test_sales_written_into_the_plan_are_history_and_a_plan_too_long_is_refused(trained, panel):
    with pytest.raises(ContractError, match=f"{HORIZON + 1} weeks are planned"):
        DemandForecaster(trained.model).predict(table_of(panel, HORIZON + 1))
    with pytest.raises(ContractError, match="expected history"):
        panel_of(table_of(panel, 0))
    with pytest.raises(ContractError, match="'depth'"):
        panel_of(table_of(panel, 1).drop(columns="depth"))


def test_a_week_of_history_that_is_marked_or_without_units_is_one_out_of_stock(panel):
    rows = table_of(panel, HORIZON)
    mine = rows["product_id"] == "p0"
    rows.loc[mine & (rows["week_start_date"] == "2017-01-23"), "units"] = np.nan
    rows.loc[mine & (rows["week_start_date"] == "2017-01-30"), "out_of_stock"] = True

    found, past = panel_of(rows)

    assert past == WEEKS - HORIZON
    assert np.argwhere(~found.in_stock).tolist() == [[0, 3], [0, 4]]
    assert found.units[0, 3] == 0
    again = table_of(found, HORIZON)
    assert np.flatnonzero(again["out_of_stock"]).tolist() == [3, 4]
    assert again["units"].notna().sum() == rows["units"].notna().sum() + 1


def test_rows_missing_before_a_first_sale_are_weeks_not_started(panel):
    rows = table_of(panel, HORIZON)
    late = (rows["product_id"] == "p0") & (rows["week_start_date"] < "2017-01-23")

    found, past = panel_of(rows[~late])

    assert past == WEEKS - HORIZON
    assert found.started[0].tolist() == [False] * 3 + [True] * (WEEKS - 3)
    assert set(COLUMNS) == set(rows.columns)


def test_a_version_loads_as_a_table_scorer_and_as_the_keras_model(version, trained, panel):
    scorer = mlflow.pyfunc.load_model(f"models:/demand/{version}")
    network = loading.load(version)

    table = table_of(panel, HORIZON)
    expected = DemandForecaster(trained.model).predict(table)
    pd.testing.assert_frame_equal(scorer.predict(table), expected)
    for a, b in zip(network.get_weights(), trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_version_carries_no_code(version, panel):
    folder = mlflow.artifacts.download_artifacts(artifact_uri=f"models:/demand/{version}")
    described = mlflow.models.Model.load(folder)

    assert described.flavors["python_function"]["loader_module"] == "ml.demand.pyfunc"
    assert not {"python_model", "code"} & described.flavors["python_function"].keys()
    assert described.signature.inputs.input_names() == list(table_of(panel, 1).columns)
    optional = {column.name for column in described.signature.inputs if not column.required}
    assert optional == set(NUMBERS)
    assert described.load_input_example(folder) is not None


def test_a_version_carries_what_a_reviewer_needs(version, candidate):
    made = registry.client().get_model_version("demand", version)
    run = registry.client().get_run(made.run_id).data

    assert made.tags[registry.COMPARED] == "4"
    assert run.tags["data.fct_product_weeks"] == "abc"
    assert run.tags["code_version"]
    assert run.params["as_of"] == str(AS_OF)
    assert run.metrics["wql_over_champion_low"] == 0.8
    assert run.metrics["occlusion.price"] == candidate.importances["occlusion.price"]
    paths = {a.path for a in registry.client().list_artifacts(made.run_id)}
    paths |= {a.path for a in registry.client().list_artifacts(made.run_id, "plots")}
    assert paths >= {"model_card.md", "backtest.csv", "categories.csv", "losses.csv"} | {
        f"plots/{name}.png"
        for name in ("loss", "elasticity", "calibration", "errors", "importance", "fans")
    }
    stored = pd.read_csv(StringIO(registry.run_text("demand", version, "losses.csv")))
    pd.testing.assert_frame_equal(stored, losses(candidate.backtest))


def test_categories_are_scored_apart(candidate, panel):
    found = by_category(candidate.backtest).set_index("category")

    own = (panel.products["category"] == "c1").to_numpy()
    units = panel.units[own, ORIGIN : ORIGIN + HORIZON]
    ours = candidate.backtest.forecasts[0].mean[own]
    assert found.loc["c1", "wape"] == pytest.approx(np.abs(units - ours).sum() / units.sum())
    assert found["units"].sum() == panel.units[:, ORIGIN : ORIGIN + HORIZON].sum()
    assert found["products"].sum() == 20
