import numpy as np
import pytest
from scipy.stats import nbinom

from ml.inventory.distribution import coverage, expected_sales, quantile

MEAN, SIZE = 7.0, 2.5
UNITS = np.arange(2000)
PROBABILITY = nbinom.pmf(UNITS, SIZE, SIZE / (SIZE + MEAN))


@pytest.mark.parametrize("stock", [0.0, 1.0, 9.0, 9.7, 400.0])
def test_sales_and_coverage_are_sums_over_the_distribution(stock):
    whole = int(stock)

    sold = expected_sales(stock, MEAN, SIZE)

    assert sold == pytest.approx((np.minimum(UNITS, whole) * PROBABILITY).sum(), abs=1e-9)
    assert coverage(stock, MEAN, SIZE) == pytest.approx(PROBABILITY[: whole + 1].sum())


def test_the_newsvendors_published_cost_follows_from_expected_sales():
    # Snyder and Shen (2019), problem of ch. 4 with Poisson demand: h = .18, p = .70,
    # mean 50, S* = 56, cost 1.797235 (stockpyl, newsvendor_poisson(.18, .70, 50)).
    sold = expected_sales(56, 50, np.inf)

    assert 0.18 * (56 - sold) + 0.70 * (50 - sold) == pytest.approx(1.797235211809178)


def test_the_quantile_is_the_least_stock_that_covers():
    q = quantile(0.9, MEAN, SIZE)

    assert coverage(q, MEAN, SIZE) >= 0.9 > coverage(q - 1, MEAN, SIZE)


def test_an_empty_shelf_sells_nothing_and_covers_only_no_demand():
    assert expected_sales(0.9, 4.0, 2.0) == 0.0
    assert coverage(0.9, 4.0, 2.0) == pytest.approx((2 / 6) ** 2)
