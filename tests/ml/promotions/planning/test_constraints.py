"""Each limit of the policy reaches the plan: a tight one binds, a wide one does not."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from plain_items import plain_items

from ml.config.policy import Duration, load_policy
from ml.errors import InfeasibleError, PolicyError
from ml.promotions.planning.constraints import make_problem
from ml.promotions.planning.names import named, require_in_catalog
from ml.solver.checker import violations
from ml.solver.problem import NOTHING
from ml.solver.solve import solve

WEEKS = [date(2017, 12, 4), date(2017, 12, 11), date(2017, 12, 18)]
PRODUCTS = ["10", "11", "20", "21"]
CATALOG = pd.DataFrame(
    {
        "product_id": PRODUCTS,
        "category": ["TEA", "TEA", "CUPS", "CUPS"],
        "department": ["GROCERY", "GROCERY", "HOME", "HOME"],
    }
)


def worth(allowed=True):
    """The part of Economics that states a problem: one option at 10 a week, worth 4 and more."""
    shape = (4, 3, 1)
    return SimpleNamespace(
        money=SimpleNamespace(
            value=4.0 + np.arange(12.0).reshape(shape) / 10, cost=np.full(shape, 10.0)
        ),
        limits=SimpleNamespace(allowed=np.broadcast_to(allowed, shape)),
        demand=SimpleNamespace(mean=np.full(shape, 8.0)),
    )


def items():
    grid = np.full((4, 3), 5.0)
    return plain_items(
        PRODUCTS,
        np.array(WEEKS, object),
        grid,
        grid * 4,
        category=CATALOG["category"].to_numpy(object),
        dispersion=np.full(4, 1e9),
    )


def policy(**changes):
    wide = {"budget": 999.0, "slots_per_category_week": 9, "maximum_per_product": 2}
    return load_policy().model_copy(update=wide | changes)


def plan(**changes):
    """Chosen product-weeks as (product, week number)."""
    chosen = policy(**changes)
    problem = make_problem(items(), worth(), chosen, chosen.budget)
    choice = solve(problem).choice
    assert violations(problem, choice) == []
    return {(PRODUCTS[i], int(w)) for i, w in np.argwhere(choice != NOTHING)}


FREE = plan()
LIMITS = {
    "week_budgets": ({"default": 20.0}, {"default": 40.0}),
    "category_budgets": ({"tea": 20.0}, {"TEA": 40.0, "default": 50.0}),
    "slots_by_category": ({"Cups": 1}, {"CUPS": 2}),
    "slots_per_week": (3, 4),
    "maximum_per_product": (1, 2),
    "never_together": ([["10", "20"]], [["10", "999"]]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_tight_limit_binds_and_a_wide_one_does_not(name):
    tight, wide = LIMITS[name]

    assert plan(**{name: wide}) == FREE
    assert len(plan(**{name: tight})) < len(FREE)


def test_without_limits_every_product_is_promoted_as_often_as_its_gap_allows():
    assert {(product, week) for product in PRODUCTS for week in (0, 2)} == FREE


def test_a_weeks_own_budget_holds_in_that_week_alone():
    found = plan(week_budgets={WEEKS[2]: 10.0})

    assert sum(week == 2 for _, week in found) == 1
    assert sum(week != 2 for _, week in found) >= 3


def test_a_categorys_own_slots_hold_for_it_alone():
    found = plan(slots_by_category={"cups": 0})

    assert {product for product, _ in found} == {"10", "11"}


def test_products_that_move_together_share_every_promotion():
    def weeks(**changes):
        found = plan(maximum_per_product=1, **changes)
        return [[week for product, week in found if product == p] for p in ("20", "21")]

    apart, (one, other) = weeks(slots_per_week=1), weeks(move_together=[["20", "21"]])

    assert apart[0] != apart[1]
    assert one == other != []


def test_a_must_have_is_promoted_though_it_earns_less():
    assert not any(product == "10" for product, _ in plan(budget=20.0))
    assert any(product == "10" for product, _ in plan(budget=20.0, must_promote=["10"]))


def test_a_promotion_lasts_as_long_as_it_must():
    found = plan(duration_weeks=Duration(least=2, most=2), maximum_per_product=1)

    assert {(product, week) for product in PRODUCTS for week in (1, 2)} == found


def test_a_long_promotion_sells_no_more_than_is_in_stock():
    """A week sells up to 12, of which 7 beyond the baseline of 5; 8 of 13 in stock, or 15 of 20."""
    long = policy(duration_weeks=Duration(least=1, most=3), maximum_per_product=1)

    def longest(stock):
        held = replace(items(), stock=np.full((4, 3), stock))
        choice = solve(make_problem(held, worth(), long, 999.0)).choice
        return (choice != NOTHING).sum(axis=1).max()

    assert (longest(13.0), longest(20.0), longest(40.0)) == (1, 2, 3)


def test_a_must_have_that_nothing_allows_is_refused_by_name():
    barred = worth(allowed=np.arange(4)[:, None, None] > 0)

    with pytest.raises(InfeasibleError, match=r"must_promote: .* products \['10'\]"):
        make_problem(items(), barred, policy(must_promote=["10", "20"]), 99.0)


def test_a_promotion_longer_than_the_horizon_is_refused():
    long = policy(duration_weeks=Duration(least=4, most=4))

    with pytest.raises(PolicyError, match=r"duration_weeks\.least is 4, but 3 weeks are planned"):
        make_problem(items(), worth(), long, 99.0)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"category_budgets": {"TAE": 1.0}}, r"category_budgets: \['TAE'\] are no categories"),
        ({"slots_by_category": {"CUP": 1}}, r"slots_by_category: \['CUP'\]"),
        ({"must_promote": ["77"]}, r"must_promote: \['77'\] are no product_ids"),
        ({"move_together": [["10", "78"]]}, r"move_together: \['78'\]"),
        ({"never_together": [["10", "79"]]}, r"never_together: \['79'\]"),
        ({"move_together": [["10", "20"]]}, "of several categories"),
    ],
)
def test_a_name_that_the_catalog_does_not_hold_is_refused(changes, rule):
    with pytest.raises(PolicyError, match=rule):
        require_in_catalog(policy(**changes), CATALOG)


def test_known_names_in_any_case_are_accepted():
    require_in_catalog(policy(category_budgets={"tea": 1.0, "default": 2.0}), CATALOG)

    assert named(CATALOG, ["home"], "exclude").tolist() == ["20", "21"]


@pytest.mark.parametrize("categories", [40, 127, 128])
def test_a_shop_of_any_number_of_categories_is_planned(categories):
    """Codes of fewer than 128 categories are int8, and 32 x 4 weeks no longer fit."""
    ids = [str(number) for number in range(categories)]
    shape = (categories, 4)
    grid = np.full(shape, 5.0)
    weeks = np.array([*WEEKS, date(2017, 12, 25)], object)
    many = plain_items(ids, weeks, grid, grid * 4, category=np.array(ids, object))
    options = (*shape, 1)
    economics = SimpleNamespace(
        money=SimpleNamespace(value=np.ones(options), cost=np.ones(options)),
        limits=SimpleNamespace(allowed=np.ones(options, bool)),
        demand=SimpleNamespace(mean=grid[:, :, None]),
    )

    problem = make_problem(many, economics, policy(), 1.5 * categories)

    choice = solve(problem).choice
    assert violations(problem, choice) == []
    assert (choice != NOTHING).sum() == int(1.5 * categories)
