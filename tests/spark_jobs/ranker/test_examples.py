from datetime import date

import numpy as np
import pytest

from ml.affinity.ranker import NAMES
from spark_jobs.ranker.examples import Examples, judge, paired_precisions, windows


class Says:
    """A ranker with these scores."""

    def __init__(self, *scores):
        self.scores = np.array(scores)

    def predict(self, signals):
        return self.scores


@pytest.fixture
def seen():
    """Two customers: the first bought the second of three rows, the other a new product."""
    signals = np.zeros((5, len(NAMES)), np.float32)
    signals[:, NAMES.index("days")] = [2, 1, 1, 0, 0]
    signals[:, NAMES.index("decayed_112")] = [3, 2, 1, 0, 0]
    signals[:, NAMES.index("popularity_28")] = [0, 0, 0, 2, 1]
    return Examples(
        customer=np.array([0, 0, 0, 1, 1]),
        item=np.arange(5),
        signals=signals,
        bought=np.array([False, True, False, False, True]),
        weights=np.array([4.0, 1, 4, 4, 1]),
    )


def test_windows_end_where_the_next_begins():
    assert windows(date(2017, 12, 4), 2) == [date(2017, 11, 6), date(2017, 10, 9)]


def test_a_ranker_that_puts_purchases_first_has_a_precision_of_one(seen):
    found = judge(Says(0.1, 0.9, 0.2, 0.1, 0.8), seen)

    habit = (1 / 5 + 1 / 5) / 2  # one negative row, four before sampling, stands before each
    assert found["precision_over_habit"] == pytest.approx(1 / habit)
    assert found["new_precision_over_popularity"] == pytest.approx(1 / (1 / 5))


def test_calibration_compares_with_the_share_bought_before_sampling(seen):
    assert judge(Says(*[2 / 14] * 5), seen)["calibration"] == pytest.approx(1)


def test_a_ranker_is_compared_with_another_on_the_same_purchases(seen):
    first, last = Says(0, 0.9, 0, 0.1, 0.8), Says(0.9, 0.1, 0.8, 0.9, 0.1)

    ours, theirs = paired_precisions(first, last, seen)

    assert ours.sum() / theirs.sum() == pytest.approx(2 / (1 / 9 + 1 / 5))
    assert sorted(ours / theirs) == pytest.approx([5, 9])  # by customer
