"""Limits that contradict each other are named, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest

from ml.errors import InfeasibleError
from ml.solver.problem import FREE, NOTHING, SOMETHING, Names, PlanProblem
from ml.solver.solve import solve


def shop(**changes):
    """Four items, three weeks, one option that costs 10 and earns 3; room for everything."""
    shape = (4, 3, 1)
    problem = PlanProblem(
        value=np.full(shape, 3.0),
        cost=np.full(shape, 10.0),
        allowed=np.ones(shape, bool),
        category=np.array([0, 0, 1, 1]),
        slots=np.full((2, 3), 4),
        gap=np.ones(4, int),
        max_promotions=2,
        budget=1000.0,
    )
    return replace(problem, **changes)


def must(*items):
    return np.isin(np.arange(4), items)


def pins(**at):
    pinned = np.full((4, 3), FREE)
    for cell, option in at.items():
        pinned[int(cell[1]), int(cell[2])] = option
    return pinned


def refusal(problem):
    with pytest.raises(InfeasibleError) as raised:
        solve(problem)
    return str(raised.value)


def test_must_haves_beyond_the_budget_are_named_with_what_is_missing():
    message = refusal(shop(must=must(0, 1, 3), budget=24.5))

    assert "items 0, 1 of category 0 and items 3 of category 1" in message
    assert "the budget (24.5)" in message
    assert "5.50 too little" in message


def test_only_the_limits_that_contradict_are_named():
    slots = np.array([[4, 4, 4], [1, 4, 4]])
    pinned = pins(c20=SOMETHING, c30=SOMETHING)

    message = refusal(shop(slots=slots, pinned=pinned, must=must(0), budget=50.0))

    assert "items 2, 3 of category 1" in message
    assert "the slots of category 1 in week 0 (1)" in message
    assert "1.00 too little" in message
    assert "budget" not in message


def test_two_limits_that_only_together_contradict_are_both_named():
    # both weeks' budgets would do for one promotion each, three items must be promoted
    message = refusal(shop(must=must(0, 1, 2), week_budget=np.array([10.0, 10.0, 0.0])))

    assert "the budget of week 0 (10)" in message
    assert "the budget of week 1 (10)" in message
    assert "10.00 too little" in message


def test_an_items_own_rules_that_contradict_its_pins_are_named():
    message = refusal(shop(pinned=pins(c10=0, c11=0)))

    assert "items 1 of category 0: has pinned promotions in week 0, week 1" in message
    assert "no calendar keeps gap (1 weeks; 0 would do) and duration and pinned" in message
    assert "max_promotions" not in message


def test_a_must_have_without_an_allowed_option_says_so():
    allowed = np.ones((4, 3, 1), bool)
    allowed[2] = False

    message = refusal(shop(allowed=allowed, must=must(2)))

    assert "items 2 of category 1: must be promoted, and no calendar keeps allowed" in message


def test_a_must_have_that_the_stock_cannot_serve_says_so():
    units, stock = np.full((4, 3, 1), 5.0), np.full((4, 3), 4.0)

    assert "keeps stock (1.0 units too little)" in refusal(
        shop(units=units, stock=stock, must=must(1))
    )


def test_more_pinned_promotions_than_an_item_may_have_say_how_many_would_do():
    message = refusal(shop(pinned=pins(c10=0, c12=0), max_promotions=1))

    assert "keeps max_promotions (1; 2 would do) and duration and pinned" in message


def test_groups_pinned_apart_are_refused():
    message = refusal(shop(group=np.array([0, 0, 1, 2]), pinned=pins(c00=0, c10=NOTHING)))

    assert "items 0, 1 move together but are pinned apart in week 0" in message


NAMES = Names(
    items=["tea", "pot", "cup", "jug"],
    categories=["LEAVES", "CHINA"],
    weeks=["2017-12-04", "2017-12-11", "2017-12-18"],
)


def test_products_categories_and_weeks_are_called_by_their_names():
    slots = np.array([[4, 4, 4], [4, 1, 4]])

    message = refusal(shop(names=NAMES, slots=slots, pinned=pins(c21=0, c31=0)))

    assert message.startswith(
        "the demanded promotions of products cup, jug of CHINA do not fit the slots of CHINA in "
        "the week of 2017-12-11 (1): 1.00 too little"
    )


def test_exclusive_products_that_must_be_promoted_in_one_week_are_named():
    exclusive, pinned = (np.array([0, 2]),), pins(c02=0, c22=0)

    message = refusal(shop(names=NAMES, exclusive=exclusive, pinned=pinned))

    assert "one at a time of products tea, cup in the week of 2017-12-18" in message


def test_a_group_is_called_by_all_its_products():
    message = refusal(shop(names=NAMES, group=np.array([0, 0, 1, 2]), must=must(1), budget=15.0))

    assert "products tea+pot of LEAVES do not fit the budget (15): 5.00 too little" in message


def test_demands_that_fit_are_met():
    solution = solve(shop(must=must(3), value=np.full((4, 3, 1), -1.0)))

    assert (solution.choice != NOTHING).sum() == 1
    assert (solution.choice[3] != NOTHING).sum() == 1
    assert solution.objective == pytest.approx(-1.0)
