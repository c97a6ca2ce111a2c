"""What a promotion's extra unit costs and earns in other sales, in money."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.arrays import Floats
from ml.promotions.spillovers.estimate import EVERY


@dataclass(frozen=True)
class Displaced:
    """What other sales lose per extra unit: margin, money, with its sd, and units; (products,)."""

    money: Floats
    sd: Floats
    units: Floats


def displaced(table: pd.DataFrame, baseline: Floats, effects: pd.DataFrame) -> Displaced:
    """Value EFFECTS' shares at the regular margins of what is moved.

    `table` (products,) holds category, regular_price and unit_cost; `baseline` (products,) are
    usual units, by which a category's margins are averaged. A promotion is not believed to earn
    by dip or cannibalisation: below 0 their shares count as 0. A category that EFFECTS does not
    know counts as all do.
    """
    category = table["category"]
    usual = (table["regular_price"] - table["unit_cost"]).to_numpy(float)
    sold = pd.DataFrame({"units": baseline, "money": usual * baseline})
    sums = sold.groupby(category.to_numpy())[["units", "money"]].sum()
    mean = sums["money"] / sums["units"].clip(lower=1e-9)
    everywhere = float(sums["money"].sum() / max(sums["units"].sum(), 1e-9))
    money, variance, units = np.zeros((3, len(table)))
    for effect, rows in effects.groupby("effect"):
        told = rows.set_index("category")
        known = category.where(category.isin(told.index), EVERY)
        share, sd, onto = (
            known.map(told[name]).to_numpy() for name in ("share", "share_sd", "onto")
        )
        worth = pd.Series(onto).map(mean).fillna(everywhere).to_numpy(float)
        if effect == "dip":
            worth = usual
        lost = -share if effect == "halo" else np.maximum(share, 0.0)
        units += lost.astype(float)
        money += lost.astype(float) * worth
        variance += (sd.astype(float) * worth) ** 2
    return Displaced(money, np.sqrt(variance), units)
