"""Intervals around elasticities and lifts hold the truth about as often as they say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ml.demand.fitting.fit import DemandFitting, fit
from ml.demand.forecasting.responses import STEPS, responses, term_information
from ml.demand.network.effects import INFORMATION
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.demand.network.priors import PRIOR_SD, STARTS

PRODUCTS, WEEKS, SIZE = 128, 30, 6.0
SMALL = DemandHyperparameters.read().model_copy(update={"width": 8, "batch": 64})
TERMS = {"elasticity": 0, "display_lift": 2, "mailer_lift": 3}


@pytest.fixture(scope="module")
def panel(shop):
    """A shop in four departments of four categories of three subcategories."""
    made = shop(products=PRODUCTS, weeks=WEEKS)
    numbers = np.arange(PRODUCTS)
    groups = {"department": 4, "category": 16, "subcategory": 48}
    named = {level: [f"{level} {n % count}" for n in numbers] for level, count in groups.items()}
    return replace(made, products=made.products.assign(**named))


@pytest.fixture(scope="module")
def truth(panel):
    """(N, 4) coefficients drawn as the model's priors say."""
    rng = np.random.default_rng(1)
    terms = np.tile(np.array(STARTS[:4]), (PRODUCTS, 1))
    for level, sd in PRIOR_SD.items():
        group = pd.factorize(panel.products[level])[0]
        terms += rng.normal(0, sd, (group.max() + 1, 4))[group]
    return np.concatenate([-np.log1p(np.exp(terms[:, :2])), terms[:, 2:]], axis=1)


@pytest.fixture(scope="module")
def sold(panel, truth):
    rng = np.random.default_rng(2)
    effects = np.stack(
        [panel.log_price_ratio, 0 * panel.log_price_ratio, panel.display, panel.mailer], axis=-1
    )
    base = rng.lognormal(2.0, 0.8, (PRODUCTS, 1))
    mean = base * np.exp((effects * truth[:, None]).sum(-1))
    units = rng.negative_binomial(SIZE, SIZE / (SIZE + mean)).astype(float)
    units[:, 0] = np.maximum(units[:, 0], 1)
    return replace(panel, units=units)


@pytest.fixture(scope="module")
def standard_errors(sold, truth):
    """How many of its standard deviations each estimate lies from the truth."""
    found = responses(fit(sold, WEEKS, DemandFitting(2, 100, 7, SMALL)).model, sold)
    return {
        name: (found[name] - truth[:, column]) / found[f"{name}_sd"]
        for name, column in TERMS.items()
    }


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_intervals_hold_the_truth_about_as_often_as_they_say(standard_errors, level):
    z = stats.norm.ppf(0.5 + level / 2)

    held = np.mean([(errors.abs() < z).mean() for errors in standard_errors.values()])

    assert held == pytest.approx(level, abs=0.08)


@pytest.mark.parametrize("name", TERMS)
def test_no_term_is_far_too_sure_or_far_too_modest(standard_errors, name):
    assert 0.8 < standard_errors[name].std() < 1.3


def test_units_that_vary_more_are_less_informative(sold, truth):
    slope, prior = np.ones_like(truth), 1 / (STEPS**2).sum()

    varied = term_information(sold, truth, slope, np.full(PRODUCTS, SIZE))
    poisson = term_information(sold, truth, slope, np.full(PRODUCTS, 1e9))

    sold_at_all = poisson > 1e-6
    assert (1 / (varied + prior) >= 1 / (poisson + prior) - 1e-9)[sold_at_all].all()
    assert varied[sold_at_all].sum() < 0.8 * poisson[sold_at_all].sum()


def test_information_is_what_the_effects_were_learnt_from(sold, truth):
    alone = replace(
        sold, log_price_ratio=0 * sold.log_price_ratio, mailer=0 * sold.mailer
    )  # only display varies
    prior, counts = 1 / (STEPS**2).sum(), sold.is_demand
    weeks = counts.sum(axis=1, keepdims=True)
    away = sold.display - (sold.display * counts).sum(axis=1, keepdims=True) / weeks
    poisson = sold.units.sum(axis=1) * (away**2 * counts).sum(axis=1) / weeks[:, 0]

    found = term_information(alone, 0 * truth, np.ones_like(truth), np.full(PRODUCTS, 1e9))

    variance = (INFORMATION**2 * poisson + prior) / (INFORMATION * poisson + prior) ** 2
    np.testing.assert_allclose(found[:, 2] + prior, 1 / variance, rtol=1e-3)
