import numpy as np
import pytest

from ml.affinity.logistic import READ
from ml.affinity.ranker import NAMES, SIGNALS, SIMPLE, Ranker, negative_sampling_rate

DECIDES = "bought_again"


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(7)
    signals = rng.uniform(0, 1, (4_000, len(NAMES))).astype(np.float32)
    signals[:, [NAMES.index(name) for name in SIMPLE]] = 0.5
    chance = 0.05 + 0.4 * signals[:, NAMES.index(DECIDES)]
    bought = rng.uniform(0, 1, 4_000) < chance
    return signals, bought, Ranker.fit(signals, bought, np.where(bought, 1.0, 2.0), seed=7)


def test_the_signal_that_decides_is_the_most_important(learned):
    importances = learned[2].importances()

    assert next(iter(importances)) == DECIDES
    assert sum(importances.values()) == pytest.approx(1)


def test_more_of_a_monotone_signal_never_lowers_a_propensity(learned):
    signals, _, ranker = learned
    for name, direction in SIGNALS.items():
        if direction:
            more = signals[:200].copy()
            more[:, NAMES.index(name)] += direction
            assert (ranker.predict(more) >= ranker.predict(signals[:200])).all()


def test_weights_make_up_for_negatives_left_out(learned):
    signals, bought, ranker = learned

    share = bought.sum() / (bought.sum() + 2 * (~bought).sum())

    found = np.average(ranker.predict(signals), weights=np.where(bought, 1.0, 2.0))
    assert found == pytest.approx(share, abs=0.005)


def test_the_same_rows_give_the_same_text_and_the_text_the_same_ranker(learned):
    signals, bought, ranker = learned

    again = Ranker.fit(signals, bought, np.where(bought, 1.0, 2.0), seed=7)

    assert again == ranker
    assert Ranker(ranker.text, ranker.own, ranker.new).predict(signals[:5]).tolist() == (
        ranker.predict(signals[:5]).tolist()
    )


def test_no_curve_reads_a_signal_whose_direction_is_given():
    assert not {name for name in READ if SIGNALS[name]}


def test_more_is_learned_from_what_was_likely_and_not_bought():
    signals = np.zeros((4, len(NAMES)), np.float32)
    signals[:, NAMES.index("lines_112")] = [0, 0.5, 1, 20]

    assert negative_sampling_rate(signals).tolist() == pytest.approx(
        [0.15, 0.3607, 0.5960, 1], abs=1e-4
    )
    assert negative_sampling_rate(signals, least=1.0).tolist() == [1] * 4


def test_with_nothing_learned_the_decayed_purchases_and_item_item_order():
    signals = np.zeros((4, len(NAMES)), np.float32)
    signals[:, NAMES.index("lines_112")] = [0, 1, 0, 3]
    signals[:, NAMES.index("item_item")] = [-1, 0, 2, 0.5]

    ranker = Ranker.fit(signals, np.array([1, 0, 0, 0]), np.full(4, 1e-9), seed=7)

    found = ranker.predict(signals)
    assert np.argsort(found).tolist() == [0, 1, 2, 3]
    odds = found / (1 - found)
    assert odds[2] / odds[1] == pytest.approx(2**0.8)
    assert odds[1] / odds[0] == pytest.approx(100**0.8)  # no total counts less than a hundredth
