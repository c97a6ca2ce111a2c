"""From marts to the forecasts' and responses' partitions, on a small lake."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from counted_reads import read_twice

from ml import lake
from ml.contracts.marts import DIM_DATES, DIM_PRODUCTS, FCT_PRODUCT_WEEKS
from ml.contracts.outputs import EXPLANATIONS, FORECASTS, LEVEL_FORECASTS, RESPONSES
from ml.demand.data.covariates import covariates
from ml.demand.data.panel import read_panel
from ml.demand.evaluation.backtest import naive_forecasts, rolling_origins
from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.forecast import write_forecasts
from ml.demand.forecasting.new_products import never_sold
from ml.demand.forecasting.responses import pooled_variance
from ml.errors import ContractError, PolicyError
from ml.models import registry

AS_OF = date(2017, 6, 5)
WEEKS = 20


def weekly(as_of: date = AS_OF, weeks: int = WEEKS) -> pd.DataFrame:
    """Three products: p0 sells most, p1 skips every third week, p2 starts in week 5."""
    rows = []
    for number in range(3):
        for week in range(5 if number == 2 else 0, weeks):
            units = 0 if number == 1 and week % 3 == 2 else 12 - 3 * number
            price = 1.6 if week % 4 == 1 else 2.0
            rows.append(
                {
                    "product_id": f"p{number}",
                    "week_start_date": as_of - timedelta(weeks=weeks - week),
                    "units": units,
                    "sales": units * price,
                    "regular_price": 2.0 if units else None,
                    "shelf_price": price if units else None,
                    "depth": 1 - price / 2 if units else None,
                    "display_share": 0.0,
                    "mailer_share": float(week % 4 == 1),
                    "stores_selling": int(units > 0),
                    "baskets": units,
                    "days_out_of_stock": 0,
                }
            )
    return pd.DataFrame(rows)


def write_marts(
    sales: pd.DataFrame, as_of: date = AS_OF, catalog: pd.DataFrame | None = None
) -> None:
    """`catalog` holds the rows of products that never sold, where they differ from p0's."""
    days = pd.date_range(as_of - timedelta(weeks=30), as_of + timedelta(weeks=52))
    products = [f"p{n}" for n in range(3)]
    names = {c: ["x"] * 3 for c in ("brand", "manufacturer_id", "package_size")}
    groups = {"department": ["d"] * 3, "category": ["a", "a", "b"], "subcategory": ["s"] * 3}
    dates = {
        "first_sold_on": [as_of - timedelta(1)] * 3,
        "last_sold_on": [as_of - timedelta(1)] * 3,
    }
    extra = {"is_merchandise": [True] * 3, "exclusion_reason": [None] * 3}
    extra |= dict.fromkeys(("unit_cost", "list_price"), [None] * 3)
    frame = pd.DataFrame({"product_id": products} | names | groups | dates | extra)
    if catalog is not None:
        alike = frame.iloc[[0]].drop(columns=["first_sold_on", "last_sold_on"])
        rest = alike[[c for c in alike if c not in catalog]]
        frame = pd.concat([frame, catalog.merge(rest, how="cross")])
    lake.write(DIM_PRODUCTS, as_of, frame)
    lake.write(
        DIM_DATES,
        as_of,
        pd.DataFrame(
            {
                "date_day": days.date,
                "week_start_date": (days - pd.to_timedelta(days.dayofweek, unit="D")).date,
                "day_of_week": days.dayofweek + 1,
                "week_of_year": days.isocalendar().week.to_numpy("int64"),
                "month": days.month,
                "holiday": ["May Day" if d == pd.Timestamp(2017, 5, 1) else None for d in days],
            }
        ),
    )
    lake.write(FCT_PRODUCT_WEEKS, as_of, sales)


@pytest.fixture
def marts(home):
    write_marts(weekly())


@pytest.fixture(scope="module")
def model(shop):
    return fit(shop(products=12, weeks=12), 12, DemandFitting(horizon=5, steps=1, seed=7)).model


@pytest.fixture
def trained(marts, model, monkeypatch):
    """A registry whose every version is a model of another shop: all its products are new."""
    monkeypatch.setattr("ml.demand.forecast.load", lambda version: model)
    monkeypatch.setattr(registry, "metrics", lambda name, version: {"wape": 0.3})


def test_unsold_weeks_get_the_usual_price_and_a_series_starts_at_its_first_sale(marts):
    panel = read_panel(AS_OF, 10)

    assert panel.products["product_id"].tolist() == ["p0", "p1", "p2"]
    assert not panel.started[2, :5].any()
    assert panel.started[2, 5:].all()
    assert panel.units[1, 2] == 0
    assert panel.log_price_ratio[1, 1] == pytest.approx(np.log(0.8))
    assert panel.log_price_ratio[1, 2] == 0
    assert panel.regular_price[1, 2] == 2.0
    assert np.flatnonzero(panel.holiday).tolist() == [15]


def test_what_was_sold_of_a_product_that_ran_out_is_the_least_that_was_wanted(home):
    sales = weekly()
    ran_out = (sales["product_id"] == "p0") & (sales.groupby("product_id").cumcount() == 7)
    write_marts(sales.assign(days_out_of_stock=ran_out.astype(int)))

    panel = read_panel(AS_OF, 10)

    assert np.argwhere(~panel.in_stock).tolist() == [[0, 7]]
    assert np.isnan(panel.demand[0, 7])
    assert panel.unconstrained[0, 7] > panel.units[0, 7] > 0
    assert panel.started[0, 7]
    assert not panel.is_demand[0, 7]
    assert panel.is_demand.sum() == panel.started.sum() - 1


def test_products_are_ranked_on_what_was_sold_before_the_date(marts):
    first_weeks = AS_OF - timedelta(weeks=WEEKS - 4)

    assert read_panel(AS_OF, 1).products["product_id"].tolist() == ["p0"]
    assert read_panel(AS_OF, 3, first_weeks).products["product_id"].tolist() == ["p0", "p1"]


def test_weeks_not_over_before_the_date_are_not_read(home):
    late = weekly(AS_OF + timedelta(weeks=2), WEEKS + 2)
    late.loc[late["week_start_date"] >= AS_OF, "units"] = 10**6
    write_marts(late)
    poisoned = read_panel(AS_OF, 10)
    write_marts(late[late["week_start_date"] < AS_OF])
    clean = read_panel(AS_OF, 10)

    np.testing.assert_array_equal(poisoned.units, clean.units)
    assert poisoned.weeks[-1] == np.datetime64(AS_OF - timedelta(weeks=1))


def test_missing_last_weeks_are_an_error_not_zero_sales(home):
    sales = weekly()
    write_marts(sales[sales["week_start_date"] < AS_OF - timedelta(weeks=2)])

    with pytest.raises(ContractError, match="2017-05-29"):
        read_panel(AS_OF, 10)


def test_planned_weeks_are_at_regular_price_and_rivals_promote_as_usual(marts):
    panel = read_panel(AS_OF, 10)

    known = covariates(panel, planned_weeks=2)

    assert (known["effects"][:, WEEKS:] == 0).all()
    usual = known["context"][0, WEEKS - 8 : WEEKS, 1].mean()
    assert known["context"][0, -1, 1] == pytest.approx(usual)
    assert known["context"][0, 1, 1] == panel.mailer[1, 1]  # its only rival's


@pytest.mark.parametrize(("day", "first"), [(5, 1), (6, 2), (11, 2)])
def test_forecasts_start_on_the_first_monday_not_before_the_date(trained, day, first):
    as_of = date(2017, 6, day)
    if as_of != AS_OF:
        write_marts(weekly(), as_of)

    write_forecasts(as_of, "1")

    made = lake.read(FORECASTS, as_of)
    assert made["week_start_date"].min() == AS_OF + timedelta(weeks=first - 1)
    assert (
        made.groupby("product_id")["horizon"].agg(list).tolist()
        == [list(range(first, first + 4))] * 3
    )
    levels = made[[f"p{k}0" for k in range(1, 10)]].to_numpy()
    assert (np.diff(levels, axis=1) >= 0).all()
    assert np.isfinite(made["mean_units"]).all()
    assert lake.manifest(FORECASTS, as_of).models == {"demand": "1"}


def test_a_second_run_writes_the_same_bytes(trained):
    def run():
        write_forecasts(AS_OF, "1")
        return [
            lake.manifest(table, AS_OF).content_hash
            for table in (FORECASTS, RESPONSES, EXPLANATIONS)
        ]

    assert run() == run()


def test_the_parts_of_an_explanation_sum_to_the_forecast(trained):
    write_forecasts(AS_OF, "1")

    key = ["product_id", "week_start_date"]
    made = lake.read(FORECASTS, AS_OF).set_index(key)["mean_units"]
    parts = lake.read(EXPLANATIONS, AS_OF)
    assert parts.groupby(key)["part"].nunique().eq(10).all()
    total = parts.groupby(key)["log_units"].sum()
    np.testing.assert_allclose(total, np.log(made.loc[total.index]), atol=1e-6)
    assert lake.manifest(EXPLANATIONS, AS_OF).models == {"demand": "1"}


CATALOG = pd.DataFrame({"product_id": ["new", "unpriced"], "list_price": [2.5, None]})


def written() -> dict[str, pd.DataFrame]:
    write_forecasts(AS_OF, "1")
    return {t.name: lake.read(t, AS_OF) for t in (FORECASTS, RESPONSES, EXPLANATIONS)}


def test_a_product_that_never_sold_is_forecast_once_it_has_a_list_price(trained):
    before = written()
    write_marts(weekly(), catalog=CATALOG)

    after = written()

    for name, rows in after.items():
        assert set(rows["product_id"]) == {"p0", "p1", "p2", "new"}, name
        sold = rows[rows["product_id"] != "new"].reset_index(drop=True)
        pd.testing.assert_frame_equal(sold, before[name], atol=1e-5)
    new = after["forecasts"].query("product_id == 'new'")
    assert (new["horizon"].tolist(), (new["mean_units"] > 0).all()) == ([1, 2, 3, 4], True)
    parts = after["explanations"].query("product_id == 'new'")
    total = parts.groupby("week_start_date")["log_units"].sum()
    np.testing.assert_allclose(total, np.log(new["mean_units"]), atol=1e-6)
    assert after["responses"].set_index("product_id").loc["new", "regular_price"] == 2.5
    sums = lake.read(LEVEL_FORECASTS, AS_OF).set_index("name")
    assert (sums.loc["total", "products"] == 4).all()


def test_sales_after_the_date_do_not_move_the_forecast_of_a_product_that_never_sold(trained):
    write_marts(weekly(), catalog=CATALOG)
    before = written()
    late = weekly().query("product_id == 'p0'").tail(1)
    late = late.assign(product_id="new", week_start_date=AS_OF, units=10**6)
    write_marts(pd.concat([weekly(), late]), catalog=CATALOG)

    for name, rows in written().items():
        pd.testing.assert_frame_equal(rows, before[name])


def test_a_product_first_sold_in_the_week_under_way_is_new_and_one_that_is_not_for_sale_never(home):
    catalog = pd.DataFrame({"product_id": ["this week", "last week", "never", "fuel"]})
    wednesday = AS_OF + timedelta(days=2)
    first = [AS_OF, AS_OF - timedelta(days=1), None, None]
    catalog = catalog.assign(
        list_price=2.0, first_sold_on=first, is_merchandise=[True, True, True, False]
    )
    write_marts(weekly(), as_of=wednesday, catalog=catalog)

    products = lake.read(DIM_PRODUCTS, wednesday)
    assert never_sold(products, wednesday)["product_id"].tolist() == ["never", "this week"]


def test_forecasting_reads_no_table_twice(trained, reads):
    reads.clear()

    write_forecasts(AS_OF, "1")

    assert f"marts/dim_products@{AS_OF}" in reads
    assert read_twice(reads) == []


def test_a_horizon_the_model_was_not_trained_for_is_refused(trained):
    with pytest.raises(PolicyError, match="PROMOLOOP_HORIZON_WEEKS"):
        write_forecasts(AS_OF, "1", horizon_weeks=6)


def test_responses_count_weeks_sold_below_regular_price(trained):
    write_forecasts(AS_OF, "1")

    answers = lake.read(RESPONSES, AS_OF).set_index("product_id")
    assert answers["promoted_weeks"].to_dict() == {"p0": 5, "p1": 3, "p2": 4}
    assert (answers["elasticity"] <= 0).all()


def test_pooled_variance_is_that_of_the_joint_gaussian():
    groups = pd.DataFrame(
        {
            "department": ["d", "d", "d", "e"],
            "category": ["a", "a", "b", "c"],
            "subcategory": ["s", "s", "t", "u"],
            "product_id": ["1", "2", "3", "4"],
        }
    )
    information = np.array([4.0, 0.0, 10.0, 2.0])
    sds = {"department": 0.5, "category": 0.5, "subcategory": 0.4, "product_id": 0.4}
    same = {c: np.equal.outer(groups[c].to_numpy(), groups[c].to_numpy()) for c in sds}
    prior = sum(sd**2 * same[c] for c, sd in sds.items()) + 1e6
    joint = np.linalg.inv(np.linalg.inv(prior) + np.diag(information))

    found = pooled_variance(information[:, None], groups)[:, 0]

    np.testing.assert_allclose(found, np.diag(joint), rtol=1e-3)


def test_naive_forecasts_repeat_the_last_season_and_the_last_week(shop):
    panel = shop(products=5, weeks=12)

    seasonal, last = naive_forecasts(panel, 12)

    np.testing.assert_array_equal(seasonal.mean, panel.units[:, 8:12])
    np.testing.assert_array_equal(last.mean, panel.units[:, [11, 11, 11, 11]])


def test_origins_end_four_weeks_before_the_last_week():
    assert rolling_origins(51) == [39, 43, 47]
    assert rolling_origins(13) == [9]
    with pytest.raises(ContractError, match="12"):
        rolling_origins(11)
