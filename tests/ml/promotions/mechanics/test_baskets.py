from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.promotions.mechanics.baskets import observe

IDS = np.array(["a", "b", "new"], object)
CATEGORIES = np.array(["TEA", "TEA", "JAM"], object)


def baskets(**changed):
    quantities = pd.DataFrame(
        [
            {"product_id": "a", "on_promotion": True, "units": 2, "baskets": 150},
            {"product_id": "a", "on_promotion": False, "units": 1, "baskets": 900},
            {"product_id": "gone", "on_promotion": True, "units": 9, "baskets": 900},
        ]
    )
    spend = pd.DataFrame({"category": ["TEA"], "sales_from": [10], "baskets": [50]})
    pairs = pd.DataFrame(
        [
            {"product_id": "a", "partner_id": "gone", "baskets": 50, "baskets_together": 40},
            {"product_id": "a", "partner_id": "b", "baskets": 50, "baskets_together": 20},
            {"product_id": "a", "partner_id": "new", "baskets": 50, "baskets_together": 10},
        ]
    )
    rows = {"quantities": quantities, "spend": spend, "pairs": pairs}
    rows |= {"sold_on": pd.Series([date(2017, 12, 4)] * 50), **changed}
    return observe(IDS, CATEGORIES, **rows)


def test_few_baskets_are_drawn_to_the_category_and_it_to_the_shop():
    found = baskets().quantities

    # shop: (150 x two + 50 x one) / 200; category: (150 + 50 x .75) / 200
    category = (150 + 50 * 0.75) / 200
    assert found[0, 1] == pytest.approx((150 + 50 * category) / 200)
    assert found[1, 1] == pytest.approx(category)  # no basket of its own
    assert found[2, 1] == pytest.approx(0.75)  # nor of its category
    assert found.sum(axis=1) == pytest.approx(np.ones(3))


def test_units_in_a_basket_are_the_mean_of_the_shares():
    found = baskets()

    assert found.units == pytest.approx(1 + found.quantities[:, 1])


def test_a_category_without_baskets_spends_as_the_shop():
    found = baskets().spend

    assert found[0, 2] == pytest.approx((50 + 50 * 0.5) / 100)
    assert found[2, 2] == pytest.approx(0.5)
    assert found.sum(axis=1) == pytest.approx(np.ones(3))


def test_the_partner_is_the_closest_product_that_may_be_promoted():
    found = baskets()

    assert found.partner.tolist() == [1, -1, -1]
    assert found.together.tolist() == pytest.approx([20 / 100, 0.0, 0.0])


def test_few_days_say_little_about_the_weekday():
    found = baskets().weekdays

    assert found[0] == pytest.approx((50 + 50 / 7) / 100)
    assert found.sum() == pytest.approx(1.0)


def test_a_shop_without_pairs_or_promotions_has_single_units_and_no_partner():
    nothing = pd.DataFrame(columns=["product_id", "partner_id", "baskets", "baskets_together"])
    none = pd.DataFrame(columns=["product_id", "on_promotion", "units", "baskets"])

    found = baskets(pairs=nothing, quantities=none.astype({"on_promotion": bool}))

    assert found.quantities[:, 0] == pytest.approx(np.ones(3))
    assert found.partner.tolist() == [-1, -1, -1]
