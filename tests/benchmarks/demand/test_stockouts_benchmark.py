"""Stock that is cut off: only what was wanted beyond it, and only where it ran out."""

import numpy as np
import pytest

from benchmarks.demand.stockouts import rows, sold_out


@pytest.fixture(scope="module")
def whole(shop):
    return shop(products=60, weeks=24)


def test_what_ran_out_sold_no_more_than_its_stock_and_the_rest_is_as_it_was(whole):
    cut = sold_out(whole)

    assert 0.05 < (~cut.in_stock).mean() < 0.5
    assert (cut.units <= whole.units).all()
    assert (cut.units[~cut.in_stock] < whole.units[~cut.in_stock]).any()
    np.testing.assert_array_equal(cut.units[cut.in_stock], whole.units[cut.in_stock])


def test_forecasts_are_judged_on_all_that_was_wanted(whole):
    low = sold_out(whole)
    low.units[:, 20:] = 0.0

    (found,) = rows(whole, low, 20, steps=20, seed=3)

    assert found["products"] == 60
    assert abs(found["bias"]) < 0.6  # of nothing sold it would be without bounds
    assert 0 < found["wql"] < found["wape"] < 1.5
