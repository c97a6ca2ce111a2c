"""The simulated shop: what it pays for a plan, and rival plans that keep its limits."""

import numpy as np
import pandas as pd
import pytest
from plain_items import alike, plain_items

from benchmarks.simulation import rivals
from benchmarks.simulation.outcome import simulate
from benchmarks.simulation.truth import TERMS, Truth, refit
from ml.config.policy import load_policy
from ml.demand.data.panel import Panel
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import evaluate
from ml.promotions.mechanics.deal import price_cut
from ml.promotions.planning.proposal import Draft, Proposal
from ml.promotions.spillovers.valuation import Spillovers
from ml.solver.checker import violations
from ml.solver.greedy import Packing
from ml.solver.problem import NOTHING, PlanProblem
from ml.solver.solve import solve

REGULAR = np.array([10.0, 10.0, 10.0])
IDS = ["a", "b", "c"]
WEEKS = np.array(["2017-12-04", "2017-12-11"])
RESPONSES = pd.DataFrame({"product_id": IDS, "dispersion": 1e6}).assign(
    **dict.fromkeys(TERMS, 0.0), **{f"{name}_sd": 0.0 for name in TERMS}
)
NOBODY_LOSES = pd.DataFrame(
    {"effect": ["dip"], "category": "all", "onto": "all", "share": 0.0, "share_sd": 0.0}
)


@pytest.fixture
def proposal():
    """Three products that sell 100, 50 and 20 a week; 20 % off earns on each."""
    cut = price_cut("percent_off", REGULAR, np.full(3, 8.0))
    options = Options(
        deals=(cut,),
        deal=np.array([0]),
        support=np.array(["none"]),
        support_cost=np.array([0.0]),
        regular_price=REGULAR,
    )
    items = plain_items(
        RESPONSES["product_id"],
        WEEKS,
        np.tile(np.array([[100.0], [50.0], [20.0]]), (1, 2)),
        np.full((3, 2), 10_000.0),
        unit_cost=np.full(3, 4.0),
        funding=np.zeros(3),
        dispersion=RESPONSES["dispersion"].to_numpy(float),
        responses=alike(3, elasticity=-4.0, display_lift=0.0, mailer_lift=0.0),
    )
    policy = load_policy()
    shares = pd.DataFrame({"display": np.zeros(3), "mailer": np.zeros(3)})
    nothing = Spillovers(*np.zeros((3, 3)))
    economics = evaluate(items, options, shares, policy, nothing)
    problem = PlanProblem(
        value=economics.money.value,
        cost=economics.money.cost,
        allowed=economics.limits.allowed,
        category=np.zeros(3, int),
        slots=np.full((1, 2), 8.0),
        gap=items.gap,
        max_promotions=2,
        budget=400.0,
    )
    none = pd.Series(dtype=object)
    draft = Draft(items, options, economics, problem, policy, nothing, [], none)
    return Proposal(draft, solve(problem))


def play(proposal, plans, effects=NOBODY_LOSES, **truth):
    shares = pd.DataFrame({"display": np.zeros(3), "mailer": np.zeros(3)})
    return simulate(proposal, shares, Truth(RESPONSES.assign(**truth), effects), plans, seed=1)


def one(option=0):
    plan = np.full((3, 2), NOTHING)
    plan[0, 0] = option
    return plan


def test_a_plan_earns_what_the_truth_says_not_what_the_planner_thought(proposal):
    strong, weak = (
        play(proposal, [one()], elasticity=elasticity)[0] for elasticity in (-4.0, -1.0)
    )

    assert strong.margin.mean() == pytest.approx(100 * (0.8**-4 * 4 - 6), rel=0.05)
    assert weak.margin.mean() == pytest.approx(100 * (0.8**-1 * 4 - 6), rel=0.1)
    assert weak.discount.mean() == pytest.approx(100 * 0.8**-1 * 2, rel=0.05)


def test_nothing_planned_earns_nothing(proposal):
    (none,) = play(proposal, [np.full((3, 2), NOTHING)], elasticity=-3.0)

    assert not none.margin.any()
    assert not none.discount.any()


def test_a_dip_takes_from_what_a_plan_earns(proposal):
    plain = play(proposal, [one()], elasticity=-4.0)[0]
    dipped = play(proposal, [one()], NOBODY_LOSES.assign(share=0.5), elasticity=-4.0)[0]

    lost = 0.5 * 6 * 100 * (0.8**-4 - 1)
    assert (plain.margin - dipped.margin).mean() == pytest.approx(lost, rel=0.05)


def test_no_more_is_sold_than_there_is(proposal):
    proposal.draft.items.stock[0, 0] = 110.0

    sold = play(proposal, [one()], elasticity=-6.0)[0]

    assert sold.discount.max() == pytest.approx(110 * 2)


def test_a_draw_never_makes_a_price_cut_sell_less():
    truth = Truth(RESPONSES.assign(elasticity=-0.1, elasticity_sd=2.0), NOBODY_LOSES)

    draws = [truth.draw(np.random.default_rng(seed))[0] for seed in range(5)]

    assert max(draw["elasticity"].max() for draw in draws) <= 0
    assert min(draw["elasticity"].min() for draw in draws) < -0.5
    assert all((draw["elasticity_sd"] == 0).all() for draw in draws)


def test_every_rival_keeps_the_limits(proposal):
    packing = Packing.of(proposal.draft.problem)
    rng = np.random.default_rng(2)
    plans = [rivals.rule(proposal, packing), *(rivals.random(packing, rng) for _ in range(5))]

    assert all(violations(proposal.draft.problem, plan) == [] for plan in plans)
    # 244 units of the best seller cost 488: too much; 122 and 49 units fit
    assert (plans[0][0] == NOTHING).all()
    assert plans[0][1, 0] == 0


def test_the_retailers_plan_is_read_from_what_it_did(proposal):
    weeks = pd.DataFrame(
        {
            "product_id": ["a", "b", "c"],
            "week_start_date": WEEKS[0],
            "depth": [0.25, 0.02, np.nan],
            "display_share": 0.0,
            "mailer_share": 0.0,
        }
    )

    did = rivals.retailer(proposal, weeks)

    assert did.tolist() == [[0, NOTHING], [NOTHING, NOTHING], [NOTHING, NOTHING]]
    within = rivals.within_limits(did, proposal, Packing.of(proposal.draft.problem))
    assert (within == NOTHING).all()  # too dear for the budget


def test_a_refit_moves_towards_what_later_weeks_show():
    rng = np.random.default_rng(5)
    products, weeks = 40, 60
    ratio = np.where(rng.random((products, weeks)) < 0.3, np.log(0.8), 0.0)
    units = rng.poisson(40 * np.exp(-2.5 * ratio))
    ids = [f"p{k}" for k in range(products)]
    catalog = pd.DataFrame({"product_id": ids, "category": "HAM"})
    zero = np.zeros((products, weeks))
    panel = Panel(
        products=catalog,
        weeks=np.arange(weeks),
        units=units.astype(float),
        started=np.ones((products, weeks), bool),
        in_stock=np.ones((products, weeks), bool),
        regular_price=zero + 10,
        log_price_ratio=ratio,
        display=zero,
        mailer=zero,
        holiday=np.zeros(weeks),
    )
    before = pd.DataFrame({"product_id": ids, "dispersion": 1e6}).assign(
        elasticity=-2.0, display_lift=0.3, mailer_lift=0.1, display_lift_sd=0.1, mailer_lift_sd=0.1
    )

    after = refit(panel, before)

    assert after["elasticity"].mean() == pytest.approx(-2.5, abs=0.15)
    assert after["elasticity_sd"].between(0.005, 0.5).all()
    assert after["display_lift"].mean() == pytest.approx(0.3)  # never displayed: nothing learnt
