"""Complete Journey as the benchmark reads it, and who is judged on what."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy import sparse

from ml.affinity.measures import PLACES, ranking_measures


@dataclass(frozen=True)
class Split:
    """Purchases before a date, and what was bought in the four weeks from it.

    `pairs` holds customer, product (positions) and age of every line before the date, among
    products with at least five buyers; `wanted` and `wanted_new` are bool (customers,
    products), the latter without what a customer had bought before.
    """

    customers: list[str]
    products: list[str]
    pairs: pd.DataFrame
    wanted: sparse.csr_array
    wanted_new: sparse.csr_array

    def matrix(self, values: np.ndarray) -> sparse.csr_array:
        """Line values summed to (customers, products)."""
        places = (self.pairs["customer"], self.pairs["product"])
        return sparse.coo_array((values, places), shape=self.wanted.shape).tocsr()

    def drawn(self, customers: np.ndarray) -> "Split":
        """The same of other customers: positions of these, some perhaps more than once."""
        ids = pd.DataFrame({"customer": customers, "place": np.arange(len(customers))})
        pairs = ids.merge(self.pairs, on="customer").drop(columns="customer")
        return Split(
            [self.customers[place] for place in customers],
            self.products,
            pairs.rename(columns={"place": "customer"}),
            self.wanted[customers],
            self.wanted_new[customers],
        )

    def measures(self, ranked: np.ndarray, ranked_new: np.ndarray) -> dict[str, dict[str, float]]:
        """Of lists of positions (customers, 10), with and without what was bought before."""
        return {
            "repeat": ranking_measures(ranked, self.wanted),
            "new": ranking_measures(ranked_new, self.wanted_new),
        }


@dataclass(frozen=True)
class Shop:
    """What the parts of the benchmark are given: lines of all time, products, and the split."""

    lines: pd.DataFrame
    products: pd.DataFrame
    before: date
    given: Split


def split(lines: pd.DataFrame, before: date, days: int = 28, minimum_buyers: int = 5) -> Split:
    """The split at a date of lines with customer_id, product_id and sold_on."""
    start, end = pd.Timestamp(before), pd.Timestamp(before + timedelta(days=days))
    past = lines[lines["sold_on"] < start]
    buyers = past.drop_duplicates(["customer_id", "product_id"])["product_id"].value_counts()
    products = sorted(buyers.index[buyers >= minimum_buyers])
    customers = sorted(past["customer_id"].unique())
    past = past[past["product_id"].isin(products)]
    number = pd.Index(customers), pd.Index(products)

    def placed(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "customer": number[0].get_indexer(frame["customer_id"]),
                "product": number[1].get_indexer(frame["product_id"]),
                "age": (start - frame["sold_on"]).dt.days.to_numpy() - 1,
            }
        )

    later = placed(lines[(lines["sold_on"] >= start) & (lines["sold_on"] < end)])
    later = later[(later["customer"] >= 0) & (later["product"] >= 0)]
    pairs, shape = placed(past), (len(customers), len(products))
    wanted = _cells(later, shape)
    return Split(customers, products, pairs, wanted, _cells(later, shape, _cells(pairs, shape)))


def _cells(
    frame: pd.DataFrame, shape: tuple[int, int], without: sparse.csr_array | None = None
) -> sparse.csr_array:
    places = frame.drop_duplicates(["customer", "product"])
    if without is not None:
        left_out = without.tocoo()
        old = pd.MultiIndex.from_arrays([left_out.row, left_out.col])
        places = places[~pd.MultiIndex.from_frame(places[["customer", "product"]]).isin(old)]
    values = np.ones(len(places), bool)
    return sparse.coo_array((values, (places["customer"], places["product"])), shape=shape).tocsr()


def lists(frame: pd.DataFrame, place: str, customers: list[str], products: list[str]) -> np.ndarray:
    """Positions (customers, 10) from rows of customer_id, product_id and a place from 1 on."""
    top = frame[frame[place] <= PLACES]
    positions = np.full((len(customers), PLACES), -1)
    rows = pd.Index(customers).get_indexer(pd.Index(top["customer_id"]))
    positions[rows, top[place].to_numpy(int) - 1] = pd.Index(products).get_indexer(
        pd.Index(top["product_id"])
    )
    return positions
