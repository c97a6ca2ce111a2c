"""Effects from how sales spread over weeks: what they find, and what has no say in them."""

from dataclasses import replace

import numpy as np
import pytest
from keras import ops
from scipy import optimize

from ml.demand.data.calendar import month_starts
from ml.demand.fitting.fit import DemandFitting, fit, untrained
from ml.demand.network.effects import INFORMATION, WeeklySales, learn_effects
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.demand.network.priors import STARTS
from ml.demand.network.structured import coefficients

WEEKS = 30
TRUTH = {"price": -2.2, "display": 0.9, "mailer": 0.4}  # of the shop; its regular price is fixed


@pytest.fixture(scope="module")
def panel(shop):
    return shop()


def learnt(drafted, panel, weeks=WEEKS):
    model = drafted(panel, 3)
    learn_effects(model, panel.until(weeks))
    return model


def effects(model, panel):
    return ops.convert_to_numpy(coefficients(model.effects(model.codes(panel.products))))


def test_known_effects_are_recovered(drafted, panel):
    found = effects(learnt(drafted, panel), panel)

    assert np.median(found[:, 0]) == pytest.approx(TRUTH["price"], abs=0.2)
    assert np.median(found[:, 2]) == pytest.approx(TRUTH["display"], abs=0.15)
    assert np.median(found[:, 3]) == pytest.approx(TRUTH["mailer"], abs=0.1)


def test_the_slopes_are_those_of_the_value():
    rng = np.random.default_rng(2)
    sales = WeeklySales(
        units=rng.poisson(3.0, (5, 6)).astype(float),
        is_demand=np.arange(6) >= np.array([0, 0, 1, 2, 3])[:, None],
        plan=rng.normal(0, 0.5, (5, 6, 4)),
        days=rng.uniform(0, 1, (5, 6, 2)),
        codes=np.array([[1, 1, n % 2 + 1, n + 1] for n in range(5)]),
        rows=[2, 2, 3, 6],
    )
    sales = replace(sales, units=sales.units * sales.is_demand)
    terms = rng.normal(0, 0.3, 4 * (1 + sum(sales.rows)) + 2)

    found = sales.penalised(terms)[1]

    expected = optimize.approx_fprime(terms, lambda t: sales.penalised(t)[0], 1e-6)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_unit_is_less_informative_than_a_poisson_count():
    sales = WeeklySales(
        units=np.array([[3.0, 7.0]]),
        is_demand=np.ones((1, 2), bool),
        plan=np.zeros((1, 2, 4)),
        days=np.zeros((1, 2, 1)),
        codes=np.zeros((1, 4), int),
        rows=[1, 1, 1, 1],
    )

    value, _ = sales.penalised(np.zeros(4 * 5 + 1))  # both weeks are as likely; no deviations

    assert value == pytest.approx(INFORMATION * 10 * np.log(2))
    assert 0 < INFORMATION < 1


def test_weeks_that_do_not_count_and_later_ones_teach_nothing(drafted, panel):
    in_stock = panel.in_stock.copy()
    in_stock[:, 10:14] = False
    clean = replace(panel, in_stock=in_stock)
    units = panel.units.copy()
    units[:, 10:14], units[:, 20:] = 1e4, 1e4

    first = learnt(drafted, clean, 20)
    second = learnt(drafted, replace(clean, units=units), 20)

    np.testing.assert_array_equal(effects(first, panel), effects(second, panel))


def test_a_product_that_has_not_sold_has_its_groups_effects(drafted, panel):
    units, started = panel.units.copy(), panel.started.copy()
    units[0], started[0] = 0.0, False

    model = learnt(drafted, replace(panel, units=units, started=started))

    found = effects(model, panel)
    groups = effects(model, replace(panel, products=panel.products.assign(product_id="new")))
    np.testing.assert_allclose(found[0], groups[0], atol=0.01)
    assert np.abs(found[1:] - groups[1:]).max() > 0.05


def test_what_the_start_of_a_month_sells_more_is_found_and_is_no_promotions(drafted, panel):
    more = np.exp(0.3 * month_starts(panel.weeks[0], panel.units.shape[1]))
    lively = replace(panel, units=panel.units * more)

    without, found = learnt(drafted, panel), learnt(drafted, lively)

    moved = found.effects.calendar.numpy() - without.effects.calendar.numpy()
    np.testing.assert_allclose(moved, [0.3], atol=0.03)
    np.testing.assert_allclose(effects(found, panel), effects(without, panel), atol=0.15)


def test_only_elasticities_lifts_and_the_calendar_are_learnt(drafted, panel):
    model = drafted(panel, 3)
    before = model.get_weights()

    learn_effects(model, panel.until(WEEKS))

    tables = {w.path for w in [model.effects.start, *model.effects.deviations]}
    own = len(STARTS) - 1
    for weights, old in zip(model.weights, before, strict=True):
        if weights.path == model.effects.calendar.path:
            continue
        untouched = np.s_[..., own] if weights.path in tables else np.s_[...]
        np.testing.assert_array_equal(np.array(weights)[untouched], old[untouched])


def test_training_the_networks_leaves_the_effects_alone(panel):
    chosen = DemandHyperparameters.read().model_copy(update={"width": 4, "batch": 64})
    fitting = DemandFitting(2, 20, 7, chosen)
    alone = untrained(panel.until(12), fitting)
    learn_effects(alone, panel.until(12))

    trained = fit(panel, 12, fitting).model

    np.testing.assert_allclose(effects(trained, panel), effects(alone, panel), rtol=1e-4)
