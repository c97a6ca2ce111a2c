"""Weeks in which a product ran out: demand is estimated, and no forecast of them is judged."""

from dataclasses import replace

import numpy as np
import pytest

from ml.demand.data.covariates import covariates
from ml.demand.data.lifts import surprises
from ml.demand.data.stockouts import LEVEL_WEEKS
from ml.demand.data.survival import log_alive
from ml.demand.evaluation import metrics
from ml.demand.fitting.examples import FIRST_ORIGIN, examples
from ml.demand.fitting.fit import predict

WEEKS, HORIZON = 30, 2
EMPTY = (3, 20)  # product, week


@pytest.fixture(scope="module")
def panel(shop):
    """Product 3 was out of stock in week 20 and of product 5 none was left from week 25 on."""
    made = shop(products=12, weeks=WEEKS)
    in_stock = made.in_stock.copy()
    in_stock[EMPTY] = False
    in_stock[5, 25:] = False
    return replace(made, in_stock=in_stock, units=made.units * in_stock)  # none was sold


def unmarked(panel):
    return replace(panel, in_stock=np.ones_like(panel.in_stock))


def test_of_such_a_week_the_estimate_is_learnt_and_no_forecast_judged(panel):
    (batch,) = examples(panel.until(WEEKS), HORIZON)
    product, week = EMPTY

    before = [week - 1, week - 2], [0, 1]
    assert (batch["target"][product][before][:, 0] == np.float32(panel.unconstrained[EMPTY])).all()
    assert (batch["weight"][product][before] > 0).all()
    assert (batch["weight"][product, FIRST_ORIGIN:-HORIZON] > 0).all()
    assert np.isnan(panel.demand[EMPTY])
    assert np.isnan(panel.demand).sum() == 1 + 5


def test_an_empty_shelf_lowers_no_forecast(shop, panel, drafted):
    def forecast(seen):
        model = drafted(seen, HORIZON)
        return predict(model, seen, covariates(seen, planned_weeks=HORIZON), WEEKS)[0][5]

    usual = forecast(shop(products=12, weeks=WEEKS))

    np.testing.assert_allclose(forecast(panel), usual, rtol=0.33)
    assert (forecast(unmarked(panel)) < 0.7 * usual).all()


def test_an_empty_shelf_is_no_sign_of_a_product_taken_off_sale():
    units = np.array([[4.0, 3, 5, 4, 0, 0, 0, 0]])
    is_demand = np.array([[True] * 4 + [False] * 4])

    assert log_alive(units, is_demand)[0, -1] == 0
    assert log_alive(units, np.ones_like(is_demand))[0, -1] < -1


def test_an_empty_shelf_is_no_surprise(panel):
    product, week = EMPTY
    found = surprises(panel)

    assert np.isnan(found[product, week - 1])
    assert np.isfinite(found[product, LEVEL_WEEKS : week - 1]).all()


def test_scores_leave_out_what_is_not_known():
    units = np.array([[4.0, np.nan], [2.0, 6.0]])
    mean, spread = np.array([[3.0, 900.0], [2.0, 8.0]]), np.linspace(-1, 1, 9)[:, None, None]

    assert metrics.wape(units, mean) == pytest.approx(3 / 12)
    assert metrics.bias(units, mean) == pytest.approx(1 / 12)
    assert metrics.coverage(units, mean + spread) == pytest.approx(2 / 3)
    assert metrics.mase(units, mean, np.array([1.0, 2.0])) == pytest.approx((1 + 0.5) / 2)
    kept = np.isfinite(units)
    assert metrics.weighted_quantile_loss(units, mean + spread) == pytest.approx(
        metrics.weighted_quantile_loss(units[kept], (mean + spread)[:, kept])
    )
