"""Effects on other sales, on shops whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from ml.config.assumptions import load_assumptions
from ml.promotions.spillovers.estimate import effects, over_time, partners_of
from ml.promotions.spillovers.regression import fit
from ml.promotions.spillovers.series import Series
from ml.promotions.spillovers.shrinkage import LEAST_SPREAD, pool
from ml.promotions.spillovers.valuation import value_spillovers

DIP, TAKEN, HALO = 0.4, 0.3, 0.2
PRODUCTS, WEEKS = 8, 200


def shop(seed=1, noise=1.0, promoted=True):
    """Two categories of four products; promotions of the first draw on the second."""
    rng = np.random.default_rng(seed)
    category = np.repeat([0, 1], PRODUCTS // 2)
    level = np.tile(rng.uniform(30, 60, PRODUCTS)[:, None], (1, WEEKS))
    on = rng.random((PRODUCTS, WEEKS)) < 0.12
    if not promoted:
        on[category == 1] = False
    lift = np.where(on, 2.0, 1.0)
    extra = level * (lift - 1)
    season = 1 + 0.2 * np.sin(np.arange(WEEKS) / 52 * 2 * np.pi)
    units = level * lift * season
    for weeks in range(1, 5):
        units[:, weeks:] -= DIP / 4 * extra[:, :-weeks]
    for code in (0, 1):
        part = np.flatnonzero(category == code)
        for giver in part:
            rest = part[part != giver]
            units[rest] -= TAKEN * extra[giver] * level[rest] / level[rest].sum(axis=0)
    second = category == 1
    drawn = extra[~second].sum(axis=0)
    units[second] += HALO * drawn * level[second] / level[second].sum(axis=0)
    units += rng.normal(0, noise, units.shape)
    return Series(
        units=units,
        lift=lift,
        level=level,
        precision=np.full(units.shape, 1 / noise**2),
        started=np.ones(units.shape, bool),
        category=category,
        categories=pd.Index(["HAM", "WINE"]),
    )


def found(series):
    rows = effects(series, np.array([1, -1]), load_assumptions().displacement)
    return rows.set_index(["effect", "category"])


def test_dip_cannibalisation_and_halo_of_a_known_shop_are_recovered():
    rows = found(shop())

    for category in ("HAM", "WINE"):
        assert rows.loc[("dip", category), "estimate"] == pytest.approx(DIP, abs=0.08)
        assert rows.loc[("cannibalisation", category), "estimate"] == pytest.approx(TAKEN, abs=0.1)
    halo = rows.loc[("halo", "HAM")]
    assert halo["estimate"] == pytest.approx(HALO, abs=0.1)
    assert halo["onto"] == "WINE"
    assert halo["share_p05"] < HALO < halo["share_p95"]


def test_what_has_not_happened_yet_moves_nothing():
    fitted = over_time(shop())

    before, after = fitted.value[:2], fitted.value[2:]
    assert np.abs(before).max() < 0.04
    assert after == pytest.approx(np.full(4, -DIP / 4), abs=0.04)


def test_a_category_without_promotions_takes_the_others_share_and_says_so():
    rows = found(shop(promoted=False))

    wine, every = rows.loc[("dip", "WINE")], rows.loc[("dip", "all")]
    assert np.isnan(wine["estimate"])
    assert not wine["is_identified"]
    assert rows.loc[("dip", "HAM"), "is_identified"]
    assert wine["share"] == every["share"]


def test_noise_leaves_what_is_published():
    rows = found(shop(noise=4000.0))

    prior = load_assumptions().displacement.pull_forward
    assert rows.loc[("dip", "all"), "share"] == pytest.approx(prior.share, abs=0.05)
    assert not rows.loc[("dip", "HAM"), "is_identified"]


def test_estimates_are_drawn_to_their_mean_by_how_uncertain_they_are():
    # spread too small to be seen, so both weigh 1 / (se^2 + LEAST_SPREAD^2)
    value, se = np.array([0.3, 0.5]), np.array([0.1, 0.3])
    weight = 1 / (se**2 + LEAST_SPREAD**2)

    pooled = pool(value, se, prior=0.0, prior_sd=1.0)

    common = (weight * value).sum() / (weight.sum() + 1)
    assert pooled.common == pytest.approx(common)
    own = LEAST_SPREAD**2 / (LEAST_SPREAD**2 + se**2)
    assert pooled.mean == pytest.approx(own * value + (1 - own) * common)


def test_what_scatters_more_than_its_errors_is_left_apart():
    pooled = pool(np.array([-1.0, 0.0, 1.0]), np.full(3, 0.01), prior=0.0, prior_sd=1.0)

    assert pooled.between == pytest.approx(1.0, abs=0.01)
    assert pooled.mean == pytest.approx([-1.0, 0.0, 1.0], abs=0.01)
    assert pooled.is_identified.all()


def test_no_estimate_leaves_the_prior():
    pooled = pool(np.array([np.nan]), np.array([np.nan]), prior=0.33, prior_sd=0.15)

    assert pooled.mean == pytest.approx([0.33])
    assert pooled.sd == pytest.approx([np.hypot(0.15, LEAST_SPREAD)])


def test_weeks_that_go_wrong_together_widen_the_error():
    rng = np.random.default_rng(3)
    column = np.tile(rng.normal(0, 1, 60), (10, 1))
    apart, together = rng.normal(0, 1, (10, 60)), np.tile(rng.normal(0, 1, 60), (10, 1))
    weight = np.ones((10, 60))

    wide, narrow = (fit(error, [column], weight).se[0] for error in (together, apart))

    assert wide > 2 * narrow


def test_an_effect_seen_in_few_weeks_is_not_estimated():
    column = np.zeros((3, 60))
    column[:, :4] = 1.0

    fitted = fit(np.ones((3, 60)), [column], np.ones((3, 60)))

    assert np.isnan(fitted.value).all()


def test_the_partner_is_the_category_most_often_in_the_same_baskets():
    products = pd.DataFrame({"product_id": ["h", "w", "t"], "category": ["HAM", "WINE", "TEA"]})
    pairs = pd.DataFrame(
        {
            "product_id": ["h", "h", "w"],
            "partner_id": ["w", "t", "h"],
            "baskets_together": [5, 7, 5],
        }
    )

    onto = partners_of(pairs, products, pd.Index(["HAM", "TEA", "WINE"]))

    assert onto.tolist() == [1, -1, 0]


def test_an_extra_unit_costs_its_shares_of_the_margins_they_fall_on():
    category = np.array(["HAM", "HAM", "WINE"], object)
    rows = pd.DataFrame(
        [
            ("dip", "HAM", "HAM", 0.5, 0.1),
            ("cannibalisation", "HAM", "HAM", 0.2, 0.0),
            ("halo", "HAM", "WINE", 0.1, 0.05),
            ("dip", "all", "all", 0.3, 0.2),
            ("cannibalisation", "all", "all", -0.1, 0.0),
            ("halo", "all", "all", 0.0, 0.0),
        ],
        columns=["effect", "category", "onto", "share", "share_sd"],
    )

    lost = value_spillovers(category, np.array([2.0, 1.0, 4.0]), np.array([30.0, 10.0, 10.0]), rows)

    ham = (30 * 2 + 10 * 1) / 40
    assert lost.money[:2] == pytest.approx(
        [0.5 * 2 + 0.2 * ham - 0.1 * 4, 0.5 * 1 + 0.2 * ham - 0.1 * 4]
    )
    assert lost.units == pytest.approx([0.6, 0.6, 0.3])
    assert lost.money[2] == pytest.approx(0.3 * 4)  # nothing is earned by cannibalisation
    assert lost.sd == pytest.approx([np.hypot(0.2, 0.2), np.hypot(0.1, 0.2), 0.8])
