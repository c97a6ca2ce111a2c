"""Tea and coffee come with a cup, of which there are too few for both."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from plain_items import plain_items

from ml.config.policy import load_policy
from ml.errors import InfeasibleError
from ml.inventory.distribution import coverage, max_mean_demand
from ml.promotions.economics.options import Options
from ml.promotions.mechanics.deal import Companion, price_cut
from ml.promotions.planning.companion_stock import shared_stock
from ml.solver.checker import violations
from ml.solver.problem import FREE, NOTHING, Names, PlanProblem
from ml.solver.shared_stock import SharedStock
from ml.solver.solve import solve

TEA, COFFEE, CUP = range(3)
POLICY = load_policy().model_copy(update={"stock_service_level": 0.9})
PRICE = np.array([8.0, 8.0, np.nan])
WITH_A_CUP = replace(
    price_cut("gift", np.full(3, 10.0), PRICE),
    companion=Companion(np.array([CUP, CUP, -1]), np.ones(3)),
)
OPTIONS = Options(
    deals=(WITH_A_CUP,),
    deal=np.array([0]),
    support=np.array(["none"]),
    support_cost=np.zeros(1),
    regular_price=np.full(3, 10.0),
)


def sold(mean, allowed):
    """The part of Economics that is read; half of the units take the deal."""
    wide = np.ones((3, 3, 1))
    return SimpleNamespace(
        demand=SimpleNamespace(
            mean=np.array(mean)[:, None, None] * wide, taken=np.array([[0.5], [0.5], [0.0]])
        ),
        limits=SimpleNamespace(allowed=np.array(allowed)[:, None, None] * wide > 0),
    )


SOLD = sold([12.0, 12.0, 3.0], [True, True, False])  # so 6 cups go with each
CUPS_TOO = sold([12.0, 12.0, 5.0], [True, True, True])  # promoted itself, 3 more than its 2


def items(cups=13.0, cup_gap=1):
    """The cup's baseline is 2 a week: of 13, mean demand 9.47 is covered nine times in ten."""
    return plain_items(
        ["tea", "coffee", "cup"],
        np.arange(3),
        np.array([[8.0], [8.0], [2.0]]) * np.ones(3),
        np.array([[99.0], [99.0], [cups]]) * np.ones(3),
        dispersion=np.full(3, np.inf),
        gap=np.array([2, 2, cup_gap]),
    )


def problem(shop, sold=SOLD, **changes):
    made = PlanProblem(
        value=np.array([5.0, 4.0, 3.0])[:, None, None] * np.ones((3, 3, 1)),
        cost=np.ones((3, 3, 1)),
        allowed=sold.limits.allowed,
        category=np.zeros(3, int),
        slots=np.full((1, 3), 9.0),
        gap=shop.gap,
        max_promotions=1,
        budget=99.0,
        shared_stock=shared_stock(shop, OPTIONS, sold, POLICY, changes.get("pinned")),
        names=Names(["tea", "coffee", "cup"], ["HOT"], ["one", "two", "three"]),
    )
    return replace(made, **changes)


def weeks_of(choice):
    return [np.flatnonzero(row != NOTHING).tolist() for row in choice]


def test_the_largest_demand_that_stock_covers():
    for size in (4.0, np.inf):
        mean = max_mean_demand(0.9, 13.0, size)
        assert coverage(13.0, mean, size) == pytest.approx(0.9)
    assert max_mean_demand(0.9, 13.9, np.inf) == max_mean_demand(0.9, 13.0, np.inf)


def test_two_offers_share_what_their_companion_has_to_spare_until_it_is_replenished():
    found = problem(items()).shared_stock

    assert found.units.tolist() == [[6.0] * 3] * 2
    assert found.room == pytest.approx(np.full((1, 3), max_mean_demand(0.9, 13, np.inf) - 2))
    assert found.lasts.tolist() == [2]
    tea, coffee, _ = weeks_of(solve(problem(items())).choice)
    assert (len(tea), len(coffee)) == (1, 1)
    assert abs(tea[0] - coffee[0]) == 2


def test_offers_that_their_companions_stock_covers_together_share_nothing():
    assert problem(items(cups=99.0)).shared_stock is None


def test_a_companions_own_promotion_takes_of_the_same_stock():
    held = problem(items(cups=13.0, cup_gap=2), CUPS_TOO)

    chosen = solve(held).choice

    # cups last all three weeks: the tea's 6 leave less than the coffee's 6 or the cup's own 3
    assert [len(weeks) for weeks in weeks_of(chosen)] == [1, 0, 0]
    every = np.zeros((3, 3), int) + NOTHING
    every[[TEA, CUP], [0, 2]] = 0
    assert violations(held, every) == [
        "products cup in the week of three: promotions take 9.00 of a stock of 7.47 that they share"
    ]


def test_one_promotion_alone_is_never_ruled_out_by_stock_that_falls_later():
    shop = items()
    shop.stock[CUP] = [13.0, 2.0, 2.0]

    found = problem(shop).shared_stock

    assert (found.room >= 6.0).all()


def test_promotions_that_were_announced_together_stay():
    pinned = np.full((3, 3), FREE)
    pinned[[TEA, COFFEE], 0] = 0

    held = problem(items(), pinned=pinned)

    assert weeks_of(solve(held).choice)[:2] == [[0], [0]]


def test_demands_on_one_companions_stock_that_contradict_are_named():
    asked = problem(items(cup_gap=2), must=np.array([True, True, False]))

    with pytest.raises(InfeasibleError, match=r"tea, coffee .* the stock of products cup"):
        solve(asked)


def test_the_price_of_shared_stock_brings_the_bound_down_to_what_it_allows():
    # thirty equal offers, each worth 3, take 2 of a stock of 9 in their one week
    count = 30
    draws = SharedStock(
        item=np.arange(count),
        option=np.zeros(count, int),
        stock=np.zeros(count, int),
        units=np.full((count, 1), 2.0),
        room=np.array([[9.0]]),
        lasts=np.array([1]),
        owner=np.array([0]),
    )
    shape = (count, 1, 1)
    made = PlanProblem(
        value=np.full(shape, 3.0),
        cost=np.ones(shape),
        allowed=np.ones(shape, bool),
        category=np.zeros(count, int),
        slots=np.array([[99.0]]),
        gap=np.zeros(count, int),
        max_promotions=1,
        budget=99.0,
        shared_stock=draws,
    )

    found = solve(made)

    assert found.objective == pytest.approx(12.0)
    assert found.bound <= 13.5 + 1e-6
    assert found.prices.shared_stock == pytest.approx(np.array([[1.5]]))
