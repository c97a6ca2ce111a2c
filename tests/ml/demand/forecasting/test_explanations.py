"""A forecast's split into parts: exact, closed-form where the model is, blind to the future."""

from dataclasses import replace

import numpy as np
import pytest

from ml.contracts.outputs import EXPLANATION_PARTS
from ml.demand.data.covariates import CONTEXT, covariates
from ml.demand.evaluation.checks import everywhere
from ml.demand.forecasting.explanations import GROUPS, importances, shared_out, split
from ml.demand.forecasting.responses import responses

WEEKS, HORIZON, ORIGIN = 16, 3, 12


@pytest.fixture(scope="module")
def panel(shop):
    return shop(products=40, weeks=WEEKS)


@pytest.fixture(scope="module")
def model(panel, drafted):
    return drafted(panel, HORIZON)


@pytest.fixture(scope="module")
def parts(model, panel):
    return split(model, panel, covariates(panel), ORIGIN)


def test_groups_that_interact_in_pairs_get_their_shapley_values():
    def value(groups):
        alone = {"a": 1.0, "b": 2.0, "c": 4.0}
        both = 0.5 * ({"a", "b"} <= groups) - 3.0 * ({"b", "c"} <= groups)
        return np.array([10 + sum(alone[g] for g in groups) + both])

    nothing, shares = shared_out(value, ("a", "b", "c"))

    assert nothing == 10
    found = {name: share.item() for name, share in shares.items()}
    assert found == {"a": 1 + 0.25, "b": 2 + 0.25 - 1.5, "c": 4 - 1.5}


def test_the_parts_sum_to_what_the_network_forecasts(model, panel, parts):
    forecast = everywhere(model, panel, covariates(panel))[:, ORIGIN - 1, :, 0]

    assert tuple(parts) == EXPLANATION_PARTS
    np.testing.assert_allclose(sum(parts.values()), forecast, atol=1e-5)


def test_price_display_and_mailer_are_the_closed_forms(model, panel, parts):
    answers = responses(model, panel)
    ahead = slice(ORIGIN, ORIGIN + HORIZON)

    for name, column, planned in (
        ("price", "elasticity", panel.log_price_ratio),
        ("display", "display_lift", panel.display),
        ("mailer", "mailer_lift", panel.mailer),
    ):
        expected = answers[column].to_numpy()[:, None] * planned[:, ahead]
        np.testing.assert_allclose(parts[name], expected, atol=1e-5)
        assert np.abs(expected).max() > 0.1


def test_a_deeper_discount_moves_the_price_part_alone(model, panel, parts):
    cut = panel.log_price_ratio.copy()
    cut[0, ORIGIN] = np.log(0.5)

    before, after = (
        split(
            model,
            replace(panel, log_price_ratio=ratio),
            covariates(replace(panel, log_price_ratio=ratio)),
            ORIGIN,
        )
        for ratio in (panel.log_price_ratio, cut)
    )

    elasticity = responses(model, panel)["elasticity"][0]
    moved = elasticity * (np.log(0.5) - panel.log_price_ratio[0, ORIGIN])
    assert after["price"][0, 0] - before["price"][0, 0] == pytest.approx(moved, abs=1e-5)
    for name in set(EXPLANATION_PARTS) - {"price"}:
        np.testing.assert_allclose(after[name][0], before[name][0], atol=1e-4)


def test_only_holidays_and_starts_of_months_make_a_calendar_part(model, panel, parts):
    assert not panel.holiday.any()
    plain = {name: values.copy() for name, values in covariates(panel).items()}
    plain["context"][..., CONTEXT.index("month_start")] = 0.0

    found = split(model, panel, plain, ORIGIN)

    np.testing.assert_array_equal(found["calendar"], 0)
    assert (parts["calendar"] != 0).all()


def test_a_product_that_sold_as_its_level_says_owes_nothing_to_recent_sales(model, panel, parts):
    never = np.zeros(panel.units.shape)
    plain = replace(panel, log_price_ratio=never, display=never, mailer=never)
    steady = replace(plain, units=np.full(panel.units.shape, 12.0))

    calm = split(model, steady, covariates(steady), ORIGIN)

    smoothing = 0.05  # half a unit and half a week in each level
    assert np.abs(calm["recent_sales"]).max() < smoothing < np.abs(parts["recent_sales"]).max()
    np.testing.assert_allclose(calm["level"], np.log(12), atol=0.1)


def test_sales_after_the_origin_do_not_move_the_split(model, panel, parts):
    units = panel.units.copy()
    units[:, ORIGIN:] = 1000.0
    late = split(model, replace(panel, units=units), covariates(panel), ORIGIN)

    for name, values in parts.items():
        np.testing.assert_array_equal(late[name], values)


def test_what_sells_the_shops_goods_matters_most(model, panel):
    found = importances(model, panel)

    assert {name.partition(".")[2] for name in found} == set(EXPLANATION_PARTS)
    assert abs(found["occlusion.calendar"]) < 1e-3  # no holidays, and months begin alike
    for measure in ("contribution", "occlusion"):
        moves = {p: found[f"{measure}.{p}"] for p in ("level", "price", "display", "rivals")}
        assert moves["level"] > moves["display"] > moves["rivals"], moves
        assert moves["price"] > moves["rivals"], moves
    assert set(GROUPS) < set(EXPLANATION_PARTS)
