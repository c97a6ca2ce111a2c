import numpy as np

from ml.inventory.replenishment import base_stock, newsvendor


def test_the_newsvendor_stocks_what_the_textbook_does():
    # Snyder and Shen (2019), ch. 4: underage .70, overage .18, Poisson demand of mean 50.
    assert newsvendor(50.0, 50.0, 0.70 / 0.88) == 56


def test_more_spread_at_the_same_mean_takes_more_stock():
    calm, wild = newsvendor([50.0, 50.0], [50.0, 200.0], 0.95)

    assert wild > calm


def test_what_never_sells_is_not_stocked():
    assert newsvendor(0.0, 0.0, 0.95) == 0


def test_base_stock_covers_review_and_lead_time_together():
    # Poisson tables, mean 4: P(D <= 7) = .9489, P(D <= 8) = .9786.
    levels = base_stock(2.0, 2.0, 1, np.array([1, 0]), 0.95)

    assert levels.tolist() == [8, 5]  # mean 2 alone: P(D <= 4) = .9473, P(D <= 5) = .9834
