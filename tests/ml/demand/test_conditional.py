"""Effects given each product's total: found again, free of its level, at the mode."""

from dataclasses import replace

import numpy as np
import pytest
from keras import ops
from scipy.optimize import check_grad

from ml.demand import conditional
from ml.demand.conditional import fit_effects
from ml.demand.fitting import untrained
from ml.demand.hyperparameters import read_hyperparameters
from ml.demand.model import coefficients

WEEKS = 30
SMALL = read_hyperparameters().model_copy(update={"width": 4, "members": 1})


@pytest.fixture(scope="module")
def panel(shop):
    return shop()


def fitted(panel):
    """(N, 4) coefficients of a model whose networks never trained."""
    model = untrained(panel, len(panel.weeks), 2, SMALL)
    return ops.convert_to_numpy(coefficients(model.effects(model.codes(panel.products))))


def test_known_effects_are_found_again(panel):
    price, _, display, mailer = np.median(fitted(panel), axis=0)

    assert (price, display, mailer) == pytest.approx((-2.2, 0.9, 0.4), abs=0.1)


def test_a_products_level_tells_nothing(panel):
    """Weights apart: they are those of the mean, which a level moves."""
    few = replace(panel, units=np.round(panel.units))
    half = np.repeat([[1.0], [3.0]], len(panel.products) // 2, axis=0)
    conditional_weight = conditional.unit_weight
    with pytest.MonkeyPatch.context() as patch:
        kept = conditional_weight(few)
        patch.setattr(conditional, "unit_weight", lambda seen: kept)
        plain = fitted(few)
        patch.setattr(conditional, "unit_weight", lambda seen: kept / half)
        larger = fitted(replace(few, units=few.units * half))

    np.testing.assert_allclose(larger, plain, atol=0.01)


def test_the_slope_is_that_of_the_loss(panel):
    model = untrained(panel, WEEKS, 2, SMALL)
    sales = conditional._sales(model, panel)
    count = 4 * (1 + sum(sales.sizes))
    rng = np.random.default_rng(0)

    def loss(terms):
        return conditional._loss(terms, sales)[0]

    def slope(terms):
        return conditional._loss(terms, sales)[1]

    at = rng.normal(0, 0.1, count)
    size = np.linalg.norm(slope(at))
    assert check_grad(loss, slope, at, direction="random", rng=rng) < 1e-4 * size


def test_a_shop_that_sold_nothing_has_the_priors_effects(panel):
    nothing = replace(panel, units=0 * panel.units)
    found = fitted(nothing)

    assert found == pytest.approx(np.tile([-1.6, -0.9, 0.8, 0.3], (len(found), 1)), abs=0.01)


def test_nothing_after_the_origin_is_read(panel):
    later = panel.units.copy()
    later[:, 20:] = 1e4
    before, after = (
        untrained(replace(panel, units=units), 20, 2, SMALL).effects.get_weights()
        for units in (panel.units, later)
    )

    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_fitting_twice_gives_the_same_effects(panel):
    model = untrained(panel, WEEKS, 2, SMALL)
    first = model.effects.get_weights()
    fit_effects(model, panel)

    for a, b in zip(first, model.effects.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
