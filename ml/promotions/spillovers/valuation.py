"""What a promotion's extra unit costs and earns in other sales, in money."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.promotions.spillovers.estimate import EVERY

LEAST_UNITS = 1e-9  # by which a category's margin is averaged


@dataclass(frozen=True)
class Spillovers:
    """What other sales lose per extra unit: margin, money, with its sd, and units; (products,)."""

    money: Floats
    sd: Floats
    units: Floats


def value_spillovers(
    category: np.ndarray, unit_margin: Floats, baseline: Floats, effects: pd.DataFrame
) -> Spillovers:
    """Value EFFECTS' shares at the regular margins of the sales that are lost or gained.

    A promotion is not believed to earn by dip or cannibalisation: below 0 their shares count as
    0. A category without rows in EFFECTS counts as all do.

    Args:
        category: of each product, (products,).
        unit_margin: at the regular price, money, (products,).
        baseline: usual units, by which a category's margins are averaged, (products,).
        effects: rows of EFFECTS.
    """
    categories = pd.Series(category)
    sold = pd.DataFrame({"units": baseline, "money": unit_margin * baseline})
    sums = sold.groupby(category)[["units", "money"]].sum()
    mean = sums["money"] / sums["units"].clip(lower=LEAST_UNITS)
    everywhere = float(sums["money"].sum() / max(sums["units"].sum(), LEAST_UNITS))
    money, variance, units = np.zeros((3, len(category)))
    for effect, rows in effects.groupby("effect"):
        by_category = rows.set_index("category")
        place = categories.where(categories.isin(by_category.index), EVERY)
        share, sd, onto = (
            place.map(by_category[name]).to_numpy() for name in ("share", "share_sd", "onto")
        )
        worth = pd.Series(onto).map(mean).fillna(everywhere).to_numpy(float)
        if effect == "dip":
            worth = unit_margin
        lost = -share if effect == "halo" else np.maximum(share, 0.0)
        units += lost.astype(float)
        money += lost.astype(float) * worth
        variance += (sd.astype(float) * worth) ** 2
    return Spillovers(money, np.sqrt(variance), units)
