"""An audience: all customers, or a segment with its size, purchases and response."""

from dataclasses import dataclass

import pandas as pd

from ml.contracts import profiles


@dataclass(frozen=True)
class Audience:
    """Whom an offer is for.

    of_units:     of a product's demand, bought by its members, by product_id.
    of_customers: of all customers, its members.
    response:     of members to a price cut, over that of all customers: elasticities' ratio.
    """

    audience_id: str
    name: str
    of_units: pd.Series
    of_customers: float = 1.0
    response: float = 1.0

    @property
    def is_everybody(self) -> bool:
        return self.audience_id == profiles.EVERYBODY


EVERYBODY = Audience(profiles.EVERYBODY, "all customers", pd.Series(dtype=float))
