"""What a list more varied costs in accuracy: the knob `variety` of mlflow/ranker.yml, turned."""

import numpy as np
import pandas as pd

from ml.affinity.catalog import Catalog
from ml.affinity.measures import PLACES, ranking_measures
from ml.affinity.reranking import EMPTY, varied
from ml.affinity.spread import spread_measures
from spark_jobs.benchmark.split import Split
from spark_jobs.propensity import POOLED

TURNED = (0.0, 0.05, 0.1, 0.2, 0.3)
POOL = POOLED * PLACES  # places of `rank` that lists are made of


def variety(found: pd.DataFrame, catalog: Catalog, given: Split) -> dict[str, dict[str, float]]:
    """NDCG@10 and `spread_measures` of our lists at each turn of the knob.

    `found` are rows of propensities, to place POOL at least; the catalog's products are the
    split's.
    """
    pool = found[found["rank"] <= POOL]
    row = pd.Index(given.customers).get_indexer(pd.Index(pool["customer_id"]))
    place = pool["rank"].to_numpy(int) - 1
    lists = np.full((len(given.customers), POOL), EMPTY)
    scores = np.zeros(lists.shape)
    lists[row, place] = pd.Index(catalog.ids).get_indexer(pd.Index(pool["product_id"]))
    scores[row, place] = pool["score"]
    made = {}
    for turn in TURNED:
        columns = varied(lists, scores, catalog, turn, PLACES)
        chosen = np.take_along_axis(lists, columns, axis=1)
        full = chosen[(chosen != EMPTY).all(axis=1)]
        accuracy = ranking_measures(chosen, given.wanted)["ndcg10"]
        made[str(turn)] = {"ndcg10": accuracy, **spread_measures(full, catalog)}
    return made
