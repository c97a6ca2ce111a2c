from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.config.policy import load_policy
from ml.promotions.economics.options import make_options, support_shares
from ml.promotions.mechanics.deal import price_cut
from ml.promotions.mechanics.price_ladder import ladder_price, prices_on_ladder

ASKED = np.array([0.1, 0.15, 0.2, 0.25, 0.3, 0.4])


@pytest.mark.parametrize(
    ("price", "ending", "ladder"),
    [
        (3.42, 0.09, 3.39),
        (3.45, 0.09, 3.49),
        (2.69, 0.09, 2.69),
        (7.2, 0.99, 6.99),
        (2.0, 0.0, 2),
        (3.42, [0.99, 0.49], 3.49),
        (3.3, [0.99, 0.49], 3.49),
        (3.24, [0.49, 0.99], 2.99),
    ],
)
def test_prices_move_to_the_nearest_one_with_the_ending(price, ending, ladder):
    assert ladder_price(np.array([price]), ending) == pytest.approx([ladder])


def test_the_depth_is_that_of_the_price_on_the_ladder():
    regular = np.array([2.99])
    price = prices_on_ladder(regular, ASKED, 0.09)[:, 0]

    options = make_options(regular, [price_cut("percent_off", regular, price)], load_policy())

    # asked 10 % is 2.691: 2.69
    assert options.price[0] == pytest.approx([2.69] * 4)
    assert options.depth[0] == pytest.approx([0.30 / 2.99] * 4)
    assert options.support.tolist() == ["none", "display", "mailer", "display+mailer"]
    assert options.support_cost.tolist() == [0.0, 0.5, 0.5, 1.0]


def test_two_depths_never_lead_to_one_price():
    prices = prices_on_ladder(np.array([0.99]), ASKED, 0.09)[0]

    # asked 10 and 15 % both land on .89 (10.1 % off), 15 % less near; 20 and 25 % on .79
    kept = prices[np.isfinite(prices)]
    assert len(set(kept)) == len(kept)
    assert prices[0] == pytest.approx(0.89)
    assert np.isnan(prices[1])


def test_a_cheap_product_gets_no_price_far_from_the_asked_depth():
    prices = prices_on_ladder(np.array([0.16]), ASKED, 0.09)[0]

    assert np.isnan(prices[:5]).all()  # .09 is 44 % off: near enough to 40 % only
    assert prices[5] == pytest.approx(0.09)


def test_support_is_planned_at_the_share_its_category_shows():
    monday = date(2017, 11, 27)
    weeks = pd.DataFrame(
        {
            "product_id": ["a", "a", "b", "b", "c"],
            "week_start_date": monday,
            "display_share": [0.05, 0.2, 0.4, 0.0, 0.0],
            "mailer_share": [0.0, 0.0, 0.0, 0.0, 0.0],
        }
    )
    categories = pd.Series({"a": "TEA", "b": "TEA", "c": "JAM"})

    shares = support_shares(weeks, categories, least=0.1)

    assert shares.loc["TEA", "display"] == pytest.approx(0.3)  # .05 is no planned display
    assert shares.loc["JAM", "display"] == pytest.approx(0.3)  # none seen: every category's
    assert (shares["mailer"] == 0).all()
