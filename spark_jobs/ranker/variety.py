"""What lists less alike would have cost: NDCG@10 of a past window at each turn of the knob."""

from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as f
from scipy import sparse

from ml.affinity.ranker import Ranker
from ml.affinity.reranking import ndcg_ratio_by_variety
from spark_jobs.ranker.candidates import CANDIDATES_PER_CUSTOMER, POOLED, propensities
from spark_jobs.ranker.examples import wanted
from spark_jobs.ranker.histories import Snapshot

POOL = POOLED * CANDIDATES_PER_CUSTOMER  # what served lists are made of
BEST = ["customer_id", "product_id", "rank", "score"]


def accuracy_by_variety(
    snapshot: Snapshot, ranker: Ranker, lines: DataFrame, start: date
) -> dict[float, float]:
    """`ndcg_ratio_by_variety` of the lists that would have been served on `start`.

    Of the customers of `snapshot` who bought something in the window; the ranker has not learned
    from it.
    """
    bought = wanted(lines, snapshot, start)
    bought = bought.join(
        snapshot.customers.select("customer_id"), "customer_id", "left_semi"
    ).cache()
    who = snapshot.customers.join(bought.select("customer_id"), "customer_id", "left_semi")
    ranked = propensities(Snapshot(who, snapshot.catalog), ranker, POOL).where(
        f.col("rank") <= POOL
    )
    customers, truth = _truth(bought.toPandas(), len(snapshot.catalog.ids))
    return ndcg_ratio_by_variety(
        ranked.select(*BEST).toPandas(), customers, truth, snapshot.catalog, POOL
    )


def _truth(bought: pd.DataFrame, products: int) -> tuple[list[str], sparse.csr_array]:
    """Customers, and what they bought: bool (customers, products)."""
    sizes = bought["wanted"].map(len).to_numpy()
    row = np.repeat(np.arange(len(bought)), sizes)
    column = np.concatenate([np.zeros(0, int), *bought["wanted"]])
    cells = (np.ones(len(row), bool), (row, column))
    return bought["customer_id"].to_list(), sparse.csr_array(cells, (len(bought), products))
