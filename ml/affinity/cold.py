"""Products and customers of whom little is known yet: what stands in for a history."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import linalg, sparse

PENALTY = 10.0  # on squared weights of terms; chosen on weeks 46 to 49
DRAWN = 200.0  # customers whose weight everybody's rates have beside a segment's own


def factors_from_content(
    described: sparse.csr_array, factors: np.ndarray, is_known: np.ndarray
) -> np.ndarray:
    """Factors of every product: those known, and for the others what their content foretells.

    Args:
        described: what `ml.affinity.content.content` returns, (products, terms).
        factors: float (products, rank); rows of unknown products are not read.
        is_known: bool (products,).

    Ridge regression of factors on terms, less the mean factor. Source: Gantner et al. (2010),
    "Learning Attribute-to-Feature Mappings for Cold-Start Recommendations".
    """
    known, terms = described[is_known], described.shape[1]
    usual = factors[is_known].mean(axis=0)
    gram = (known.T @ known).toarray() + PENALTY * np.eye(terms)
    weights = linalg.solve(gram, known.T @ (factors[is_known] - usual), assume_a="pos")
    foretold = usual + described @ weights
    return np.where(is_known[:, None], factors, foretold).astype(np.float32)


@dataclass(frozen=True)
class NewcomerPrior:
    """What is expected of customers whose own purchases say little.

    `rates` float (segments + 1, products): the share of a segment's customers who bought the
    product lately, its last row that of everybody; `again` (products,): the share of buyers who
    bought it on another day too.
    """

    rates: np.ndarray
    again: np.ndarray

    @classmethod
    def of(cls, days: sparse.csr_array, lately: sparse.csr_array, segment: np.ndarray) -> Self:
        """From customers whose purchases are known.

        Args:
            days: on which each bought each product, (customers, products).
            lately: bool, the same shape: bought in the last eight weeks, say.
            segment: int code of each customer's segment, (customers,).

        A segment's rates are drawn towards everybody's as if by DRAWN more customers.
        """
        people, count = len(segment), int(segment.max()) + 1
        members = sparse.coo_array((np.ones(people), (segment, np.arange(people)))).tocsr()
        everybody = lately.sum(axis=0) / people
        bought = (members @ lately).toarray() + DRAWN * everybody
        rates = bought / (np.bincount(segment, minlength=count) + DRAWN)[:, None]
        buyers = (days > 0).sum(axis=0)
        return cls(np.vstack([rates, everybody]), ((days > 1).sum(axis=0) + 0.5) / (buyers + 5))

    def scores(self, days: sparse.csr_array, segment: np.ndarray) -> np.ndarray:
        """What newcomers are expected to buy of each product: float (customers, products).

        `days` as above, perhaps without any; `segment` -1 where it is unknown. Each day of
        purchase brings the product back with the chance `again`, the segment brings the rest.
        """
        own = days.tocoo()
        made = self.rates[segment]
        made[own.row, own.col] += self.again[own.col] * own.data
        return made
