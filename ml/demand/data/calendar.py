"""What of the calendar moves every product's sales alike."""

import numpy as np

FIRST_DAYS = 7  # of a month: wages and benefits come in them, and are soon spent


def month_starts(monday: np.datetime64, weeks: int) -> np.ndarray:
    """(weeks,) the share of each week's days, from `monday` on, that begin a month."""
    days = (monday + np.arange(7 * weeks)).astype("datetime64[D]")
    day = (days - days.astype("datetime64[M]")).astype(int)
    return (day < FIRST_DAYS).reshape(weeks, 7).mean(axis=1)
