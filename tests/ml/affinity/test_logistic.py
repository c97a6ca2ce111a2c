import numpy as np
import pytest
from scipy.special import expit

from ml.affinity.logistic import CROSSED, READ, Curves

ROWS = 1_500


def signals(rows=ROWS):
    rng = np.random.default_rng(7)
    return {name: rng.uniform(0, 1, rows).astype(np.float32) for name in READ}


def learned(made, chance, odds):
    """Learned from each row both bought and not, weighed by its chance: no noise."""
    twice = {name: np.tile(values, 2) for name, values in made.items()}
    bought = np.repeat([True, False], len(chance))
    return Curves.fit(twice, bought, np.concatenate([chance, 1 - chance]), np.tile(odds, 2))


def test_a_hump_and_a_product_of_signals_are_learned():
    made = signals()
    repeats, popular = made["repeats"], made["popularity"]
    odds = np.full(ROWS, -1.0)
    truth = odds + 8 * (repeats - 0.5) ** 2 - 6 * (repeats - 0.5) * (popular - 0.5)

    found = odds + learned(made, expit(truth), odds).predict(made)

    assert {"repeats", "popularity"} <= set(CROSSED)
    assert np.abs(found - truth).mean() < 0.1


def test_what_the_odds_say_already_is_not_learned_again():
    made = signals()
    odds = 3 * made["als"] - 2

    found = learned(made, expit(odds), odds).predict(made)

    assert np.abs(found).max() < 0.01


def test_a_signal_far_beyond_those_seen_says_no_more_than_three_deviations():
    made = signals()
    odds = np.zeros(ROWS)
    curves = learned(made, expit(2 * made["als"]), odds)
    first = {name: values[:1] for name, values in made.items()}
    three = made["als"].mean() + 3 * made["als"].std()

    far, edge = (curves.predict(first | {"als": np.float32([at])}) for at in (1e6, three))

    assert far[0] == pytest.approx(edge[0], abs=1e-4)


def test_an_unknown_signal_and_no_rows_are_taken():
    empty = Curves.fit(signals(0), np.zeros(0), np.zeros(0), np.zeros(0))
    unknown = {name: np.full(2, np.nan, np.float32) for name in READ}

    assert empty.predict(unknown).tolist() == [0, 0]


def test_blocks_of_rows_change_nothing(monkeypatch):
    made = signals(300)
    odds, bought = np.zeros(300), made["als"] > 0.5
    whole = Curves.fit(made, bought, np.ones(300), odds)
    monkeypatch.setattr("ml.affinity.logistic.ROWS", 100)

    assert whole.predict(made) == pytest.approx(
        Curves.fit(made, bought, np.ones(300), odds).predict(made), abs=1e-3
    )
