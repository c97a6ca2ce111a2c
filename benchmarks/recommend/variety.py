"""What a list more varied costs in accuracy: `variety`, turned."""

import pandas as pd

from benchmarks.recommend.diversity import spread_measures
from benchmarks.recommend.split import Split
from ml.affinity.catalog import Catalog
from ml.affinity.measures import PLACES, ranking_measures
from ml.affinity.reranking import EMPTY, VARIETIES, best, pooled
from spark_jobs.ranker.candidates import POOLED

POOL = POOLED * PLACES  # places of `rank` that lists are made of


def variety(
    propensities: pd.DataFrame, catalog: Catalog, given: Split
) -> dict[str, dict[str, float]]:
    """NDCG@10 and `spread_measures` of our lists at each turn of the knob.

    `propensities` reach to place POOL at least; the catalog's products are the split's.
    """
    lists, scores = pooled(propensities, given.customers, catalog, POOL)
    measures = {}
    for turn in VARIETIES:
        chosen = best(lists, scores, catalog, turn)
        full = chosen[(chosen != EMPTY).all(axis=1)]
        accuracy = ranking_measures(chosen, given.wanted)["ndcg10"]
        measures[str(turn)] = {"ndcg10": accuracy, **spread_measures(full, catalog)}
    return measures
