"""The paired bootstrap, where the answer is known."""

import numpy as np
import pytest

from benchmarks.demand.bootstrap import paired_difference


def test_a_constant_difference_per_unit_has_no_uncertainty():
    rng = np.random.default_rng(0)
    units, theirs = rng.uniform(1, 9, (3, 40)), rng.uniform(0, 5, (3, 40))

    found = paired_difference(theirs - 0.1 * units, theirs, units, seed=1)

    assert (found.estimate, found.low, found.high) == pytest.approx((-0.1, -0.1, -0.1))


def test_the_interval_is_the_normal_one_for_many_products():
    rng = np.random.default_rng(0)
    products = 4000
    theirs = np.full((1, products), 1.0)
    ours = theirs + rng.normal(0.02, 0.5, (1, products))

    found = paired_difference(ours, theirs, np.ones((1, products)), seed=1)

    error = (ours - theirs).std() / np.sqrt(products)
    assert found.estimate == pytest.approx((ours - theirs).mean())
    assert found.high - found.estimate == pytest.approx(1.96 * error, rel=0.08)
    assert found.estimate - found.low == pytest.approx(1.96 * error, rel=0.08)


def test_origins_weigh_alike_however_much_was_sold():
    ours = np.array([[1.0, 1.0], [100.0, 100.0]])
    units = np.array([[10.0, 10.0], [1000.0, 1000.0]])

    assert paired_difference(ours, 0 * ours, units, seed=1).estimate == pytest.approx(0.1)


def test_a_products_losses_stay_together_at_every_origin():
    # One product is lost by 1 at one origin and won by 1 at the other: drawn together, it cancels.
    ours = np.zeros((2, 30))
    ours[:, 0] = 1, -1

    found = paired_difference(ours, np.zeros((2, 30)), np.ones((2, 30)), seed=1)

    assert (found.low, found.high) == pytest.approx((0, 0))
