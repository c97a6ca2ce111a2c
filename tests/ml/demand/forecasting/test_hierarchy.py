"""Sums of products: what adds up, and how wide a sum is."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ml.demand.evaluation.metrics import LEVELS
from ml.demand.forecasting.hierarchy import Correlation, add_up, correlation, draw, level_rows

INDEPENDENT = Correlation(0.0, 0.0)
CATEGORIES = pd.Series(["b", "a", "b", "a"])


def normal_products(means: list[float], sd: float) -> tuple[np.ndarray, np.ndarray]:
    mean = np.array(means)[:, None]
    return mean, mean + sd * stats.norm.ppf(LEVELS)[:, None, None]


def test_means_add_up_to_categories_and_the_total():
    found = add_up(*normal_products([1.0, 20, 300, 4000], 0.1), CATEGORIES, INDEPENDENT, seed=1)

    assert found.categories == ["a", "b"]
    np.testing.assert_allclose(found.category_mean[:, 0], [4020, 301])
    np.testing.assert_allclose(found.total_mean, [4321])


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_a_sums_spread_grows_with_the_correlation(rho):
    products = 16
    mean, quantiles = normal_products([100.0] * products, 10)
    together = Correlation(within=rho, across=0.0)

    found = add_up(mean, quantiles, pd.Series(["a"] * products), together, seed=1)

    sd = 10 * np.sqrt(products + rho * products * (products - 1))
    width = found.category_quantiles[-1, 0, 0] - found.category_quantiles[0, 0, 0]
    assert width == pytest.approx(sd * (stats.norm.ppf(0.9) - stats.norm.ppf(0.1)), rel=0.1)


def test_categories_correlate_only_as_much_as_given():
    products = 16
    mean, quantiles = normal_products([100.0] * products, 10)
    alone = pd.Series([f"c{n}" for n in range(products)])

    widths = [
        np.ptp(add_up(mean, quantiles, alone, Correlation(0.6, across), 1).total_quantiles)
        for across in (0.0, 0.6)
    ]

    assert widths[1] / widths[0] == pytest.approx(np.sqrt(1 + 0.6 * 15), rel=0.15)


def test_nothing_is_negative_nor_crosses():
    mean = np.array([[0.0, 0.2], [0.0, 3.0], [0.1, 0.0], [5.0, 0.0]])
    levels = np.stack([mean * q * 2 for q in LEVELS])

    found = add_up(mean, levels, CATEGORIES, Correlation(0.3, 0.1), seed=1)

    for quantiles in (found.category_quantiles, found.total_quantiles):
        assert (quantiles >= 0).all()
        assert (np.diff(quantiles, axis=0) >= 0).all()
    assert found.category_quantiles[:, 1, 0].max() == pytest.approx(0.2, abs=0.2)


def test_draws_average_to_the_mean_and_are_never_negative():
    skewed = np.array([0.5, 1, 1.5, 2, 3, 4, 6, 9, 15.0])[:, None, None]
    normal = np.random.default_rng(0).standard_normal((5000, 1, 1))

    found = draw(np.array([[5.0]]), skewed, normal)

    assert found.mean() == pytest.approx(5.0)
    assert found.min() == 0
    assert np.corrcoef(found.ravel(), normal.ravel())[0, 1] > 0.7


def test_correlations_of_surprises_are_found_again():
    rng = np.random.default_rng(0)
    groups, products, weeks = 10, 20, 400
    within, across = 0.4, 0.15
    every = np.sqrt(across) * rng.normal(size=(1, weeks))
    group = np.sqrt(within - across) * np.repeat(rng.normal(size=(groups, weeks)), products, axis=0)
    own = np.sqrt(1 - within) * rng.normal(size=(groups * products, weeks))
    surprises = 3 * (every + group + own) + 1
    surprises[:, :3] = np.nan
    categories = pd.Series(np.repeat([f"c{n}" for n in range(groups)], products))

    found = correlation(surprises, categories)

    assert found.within == pytest.approx(within, abs=0.05)
    assert found.across == pytest.approx(across, abs=0.05)


def test_the_same_seed_gives_the_same_sums():
    given = (*normal_products([5.0, 6, 7, 8], 2), CATEGORIES, Correlation(0.2, 0.1))

    np.testing.assert_array_equal(
        add_up(*given, seed=1).total_quantiles, add_up(*given, seed=1).total_quantiles
    )


def test_rows_name_every_category_and_the_total_week_by_week(shop):
    panel = shop(products=40, weeks=20)
    mean = np.arange(80.0).reshape(40, 2)
    forecasts = pd.DataFrame(
        {
            "product_id": np.repeat(panel.products["product_id"].to_numpy(), 2),
            "week_start_date": np.tile(["2017-05-22", "2017-05-29"], 40),
            "mean_units": mean.ravel(),
            **{f"p{10 * k}": mean.ravel() * k / 5 for k in range(1, 10)},
        }
    )

    rows = level_rows(panel, forecasts, panel.products["category"], seed=1)

    categories, total = rows[rows["level"] == "category"], rows[rows["level"] == "total"]
    assert categories["name"].unique().tolist() == ["c0", "c1", "c2", "c3"]
    assert rows["products"].tolist() == [10] * 8 + [40] * 2
    assert categories["mean_units"].tolist()[2:4] == mean[1::4].sum(axis=0).tolist()
    assert total["week_start_date"].tolist() == ["2017-05-22", "2017-05-29"]
    assert total["mean_units"].tolist() == mean.sum(axis=0).tolist()
    columns = [f"p{10 * k}" for k in range(1, 10)]
    assert (np.diff(rows[columns].to_numpy(), axis=1) >= 0).all()
    assert rows["p10"].iloc[-1] < mean[:, 1].sum() < rows["p90"].iloc[-1]
