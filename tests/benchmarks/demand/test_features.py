"""Features of the past end at the week they are known at, and rows line up with targets."""

import numpy as np

from benchmarks.demand.features import design, past_features, plain, shifted, since
from ml.demand.data.covariates import EFFECTS, covariates
from ml.demand.data.lifts import summed

LIFT = np.array([-2.0, -1.0, 0.8, 0.3])


def test_sums_reach_back_over_a_span():
    values = np.array([[1.0, 2, 3, 4, 5]])

    np.testing.assert_array_equal(summed(values, 2), [[1, 3, 5, 7, 9]])
    np.testing.assert_array_equal(summed(values, 9), [[1, 3, 6, 10, 15]])
    np.testing.assert_array_equal(values, [[1, 2, 3, 4, 5]])


def test_lags_and_weeks_since_count_from_the_week_itself():
    np.testing.assert_array_equal(shifted(np.array([[1.0, 2, 3]]), 1), [[np.nan, 1, 2]])
    np.testing.assert_array_equal(since(np.array([[0, 1, 0, 0, 1]])), [[1, 0, 1, 2, 0]])


def test_no_feature_of_the_past_moves_when_later_weeks_do(shop):
    panel = shop(products=20)
    longer, shorter = (
        past_features(p, p.realised, covariates(p)["history"], LIFT)
        for p in (panel, panel.until(20))
    )

    for name, grid in shorter.items():
        np.testing.assert_allclose(grid, longer[name][:, :20], err_msg=name)


def test_a_row_holds_its_own_week_and_the_plan_of_its_target(shop):
    panel = shop(products=20)
    known, seen = covariates(panel), panel.until(24)
    past = past_features(seen, seen.realised, known["history"][:, :24], LIFT)
    weeks, ahead = np.arange(10, 24), np.arange(1, 4)

    rows = design(past, known, seen, weeks, ahead, LIFT)

    at = (7 * len(weeks) + 5) * len(ahead) + 2  # product 7, week 15, three ahead
    row = rows.iloc[at]
    assert row["lag_0"] == np.float32(panel.units[7, 15])
    assert row["lag_3"] == np.float32(panel.units[7, 12])
    assert row["ahead"] == 3
    for number, name in enumerate(EFFECTS):
        assert row[f"{name}_planned"] == known["effects"][7, 18, number]
    expected = past["level_8"][7, 15] + known["effects"][7, 18] @ LIFT
    assert np.isclose(row["expected"], expected, atol=1e-5)


def test_the_plain_rows_hold_the_raw_plan_and_nothing_of_our_model(shop):
    panel = shop(products=20)
    known, seen = covariates(panel), panel.until(24)
    weeks, ahead = np.arange(10, 24), np.arange(1, 4)
    made = []
    for lift in (LIFT, 2 * LIFT):
        past = past_features(seen, seen.realised, known["history"][:, :24], lift)
        made.append(plain(design(past, known, seen, weeks, ahead, lift), 20))

    np.testing.assert_array_equal(made[0], made[1])  # estimated effects go into no column
    assert {"lag_0", "mean_13", "sd_8", "price_planned", "rivals_price_planned"} <= set(made[0])
    assert not [name for name in made[0] if name.startswith(("level", "log_alive", "expected"))]
    assert (made[0].groupby("product").size() == len(weeks) * len(ahead)).all()
