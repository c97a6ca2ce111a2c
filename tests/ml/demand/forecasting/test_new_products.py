"""Products that never sold: forecast from their groups and list price, surely less sure."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.demand.forecasting import new_products as module
from ml.demand.forecasting.expected_demand import expected_demand
from ml.demand.forecasting.new_products import held_out, level_sd_share, newcomers, unseen
from ml.demand.forecasting.responses import responses

WEEKS, HORIZON, SOLD = 26, 5, 160


@pytest.fixture(scope="module")
def panel(shop):
    """A shop whose levels fall with the price and differ by subcategory."""
    made = shop(products=SOLD, weeks=WEEKS)
    rng = np.random.default_rng(2)
    numbers = np.arange(SOLD)
    price = rng.uniform(1, 9, (SOLD, 1))
    level = 3 + 0.3 * (numbers % 8)[:, None] - 0.8 * np.log(price) + rng.normal(0, 0.3, (SOLD, 1))
    units = rng.poisson(np.exp(level) * np.ones(WEEKS)).astype(float)
    return replace(made, units=units, regular_price=price * np.ones(WEEKS))


@pytest.fixture(scope="module")
def model(panel, drafted):
    return drafted(panel, HORIZON)


@pytest.fixture(scope="module")
def catalog(panel):
    """Four products alike but for the list price, and one of no group that sells."""
    alike = pd.concat([panel.products.iloc[[7]]] * 4, ignore_index=True)
    strange = dict.fromkeys(("department", "category", "subcategory"), "new")
    made = pd.concat([alike, pd.DataFrame([strange])], ignore_index=True)
    names = [f"new{n}" for n in range(5)]
    return made.assign(product_id=names, list_price=[2.0, 4.0, 8.0, 4.0, 4.0])


def test_what_costs_more_is_expected_to_sell_less_and_equals_sell_alike(model, panel, catalog):
    made = newcomers(model, panel, catalog, most=9, seed=1)

    units = dict(zip(made.panel.products["product_id"], made.mean.mean(axis=1), strict=True))
    assert units["new0"] > 1.3 * units["new1"] > 1.6 * units["new2"]
    assert units["new1"] == units["new3"]
    assert np.isfinite(made.mean).all()
    assert (made.panel.regular_price[:, -1] == [2, 4, 8, 4, 4]).all()


def test_those_expected_to_sell_for_most_money_are_forecast(model, panel, catalog):
    dear = catalog.assign(list_price=[0.01, 4.0, 8.0, 4.0, 0.02])

    made = newcomers(model, panel, dear, most=3, seed=1)

    assert made.panel.products["product_id"].tolist() == ["new1", "new2", "new3"]


def test_how_far_levels_lie_from_what_is_expected_of_them_widens_the_forecast(
    model, panel, catalog, monkeypatch
):
    made = newcomers(model, panel, catalog, most=9, seed=1)
    monkeypatch.setattr(module, "level_sd_share", lambda *_: 0.0)
    sure = newcomers(model, panel, catalog, most=9, seed=1)

    np.testing.assert_array_equal(made.mean, sure.mean)
    sd = np.sqrt(np.log((1 + 1 / made.dispersion) / (1 + 1 / sure.dispersion)))
    np.testing.assert_allclose(sd, sd[0, 0])
    assert 0.2 < sd[0, 0] < 0.5


def test_they_answer_as_their_groups_do_and_move_nobody_else(model, panel, catalog):
    seen = expected_demand(model, panel)
    both = seen.joined(newcomers(model, panel, catalog, most=9, seed=1))

    alone = responses(model, panel, seen.dispersion).set_index("product_id")
    found = responses(model, both.panel, both.dispersion).set_index("product_id")

    pd.testing.assert_frame_equal(found.loc[alone.index], alone, rtol=1e-9)
    stranger = panel.products.assign(product_id="")
    group = responses(model, replace(panel, products=stranger))["elasticity"][7]
    assert found.loc["new1", "elasticity"] == pytest.approx(group)
    sure = found["display_lift_sd"]
    assert sure["new4"] > 1.1 * sure["new1"] > 1.2 * sure["p7"]
    assert (found.loc[catalog["product_id"], "promoted_weeks"] == 0).all()
    assert not found.loc["new4", "price_identified"]


def test_a_product_held_out_is_forecast_without_its_past(model, panel):
    new = held_out(panel.products, seed=1)
    poisoned = replace(panel, units=np.where(new[:, None], 1e5, panel.units))

    clean, dirty = (unseen(model, p, new, WEEKS - HORIZON) for p in (panel, poisoned))

    assert clean[0].shape == (16, HORIZON)
    for a, b in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_product_not_yet_sold_does_not_inform_the_uncertainty_of_levels(model, panel):
    late = np.arange(SOLD)[:, None] % 3 == 0
    started = ~(late & (np.arange(WEEKS) < WEEKS - 2))
    price = np.where(started, panel.regular_price, np.nan)
    young = replace(panel, units=panel.units * started, started=started, regular_price=price)

    share = level_sd_share(model, young, WEEKS, seed=1)

    assert 0.2 <= share <= 1.2


def test_without_enough_weeks_the_spread_is_taken_whole(model, panel, monkeypatch):
    monkeypatch.setattr(module, "unseen", None)

    assert level_sd_share(model, panel.until(8), 8, seed=1) == 1.0
