import numpy as np
import pytest

from ml.models.bootstrap import paired_ratio


def test_noise_alone_leaves_one_inside_the_interval_and_harm_does_not():
    rng = np.random.default_rng(0)
    theirs = rng.gamma(2.0, 1.0, 500)
    noisy, worse = theirs * rng.uniform(0.8, 1.2, 500), theirs * rng.uniform(1.0, 1.2, 500)

    ratio, low, high = paired_ratio(noisy, theirs, seed=7)

    assert low < 1 < high
    assert low < ratio < high
    assert paired_ratio(worse, theirs, seed=7)[1] > 1.05
    assert paired_ratio(noisy, theirs, seed=7) == (ratio, low, high)


def test_the_interval_is_paired():
    """Two methods that err together differ by less than either's own spread."""
    theirs = np.random.default_rng(1).lognormal(0, 2, 300)

    _, low, high = paired_ratio(1.02 * theirs, theirs, seed=7)

    assert low == pytest.approx(1.02)
    assert high == pytest.approx(1.02)
