"""How likely a product that has not sold for some weeks is still on sale."""

import numpy as np

ENDS = 0.005  # chance that a product's sales end, a week
LEAST = -5.0  # log
SURE = 20.0  # log of one in so many: nothing is surer


def log_alive(units: np.ndarray, is_demand: np.ndarray) -> np.ndarray:
    """(N, W) log probability after each week that the product has not ended; 0 where it sold.

    A product on sale sells in a week with the chance it had up to its last sale, and ends with
    chance `ENDS`: the longer a product that used to sell every week does not, the surer its end.
    Source: Fader, Hardie and Shang (2010), "Customer-Base Analysis in a Discrete-Time
    Noncontractual Setting", Marketing Science 29, with fixed chances.

    `units` and `is_demand` are (N, W); the latter is False before a product's first sale and in
    weeks without stock, which say nothing.
    """
    sold = (units > 0) & is_demand
    weeks = np.cumsum(is_demand, axis=1)
    until_last = np.maximum.accumulate(np.where(sold, weeks, 0), axis=1)
    silent = weeks - until_last
    share = (np.cumsum(sold, axis=1) + 0.5) / (until_last + 1)
    stays = (1 - share) * (1 - ENDS)
    surprise = np.minimum(-silent * np.log(stays), SURE)
    return np.maximum(-np.log1p(ENDS * np.expm1(surprise) / (1 - stays)), LEAST)
