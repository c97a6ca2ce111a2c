"""Which promotions one schedule has and another has not, and which are on other terms."""

import numpy as np
import pandas as pd

from ml.contracts.outputs import NUMBER_TERMS, PARTNER_TERMS

KEY = ["product_id", "week"]
TERMS = ("mechanic", "promo_price", "support", "audience_id", *NUMBER_TERMS, *PARTNER_TERMS)


def difference(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Rows of both schedules, by week and product, the old one's columns ending in `_before`.

    Both are PLAN's rows with a `week`; promotions are the same when product and week are.
    `change` is added, removed, changed (other terms) or kept.
    """
    both = new.merge(old, on=KEY, how="outer", suffixes=("", "_before"), indicator=True)
    both = both.sort_values(["week", "product_id"], ignore_index=True)
    differs = np.zeros(len(both), bool)
    for name in TERMS:
        now, before = both[name], both[f"{name}_before"]
        differs |= (now.ne(before) & ~(now.isna() & before.isna())).to_numpy(bool)
    added, removed = both["_merge"] == "left_only", both["_merge"] == "right_only"
    change = np.select([added, removed, differs], ["added", "removed", "changed"], "kept")
    return both.assign(change=change).drop(columns="_merge")
