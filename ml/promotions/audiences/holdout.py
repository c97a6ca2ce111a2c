"""Which customers get no offer, so that what offers do can be measured.

The holdout is drawn from a keyed hash of the customer, so it is the same on every machine and in
every plan, and knows nothing of what is on offer.
"""

import hashlib

import pandas as pd

HOLDOUT_KEY = "promoloop-offers"


def hold_out(customer_ids: pd.Series, share: float) -> pd.DataFrame:
    """Draw the holdout: customer_id, is_held_out, propensity."""
    draws = customer_ids.map(_uniform).astype(float)
    return pd.DataFrame(
        {
            "customer_id": customer_ids,
            "is_held_out": draws < share,
            "propensity": 1.0 - share,
        }
    ).reset_index(drop=True)


def _uniform(customer_id: str) -> float:
    digest = hashlib.blake2b(customer_id.encode(), key=HOLDOUT_KEY.encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big") / 2**64
