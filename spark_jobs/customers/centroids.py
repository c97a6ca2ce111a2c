"""Where segments lie among customers: by k-means, reused while their factors' fit serves."""

import logging
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from pyspark.ml.clustering import KMeans, KMeansModel
from pyspark.ml.feature import ElementwiseProduct
from pyspark.ml.functions import vector_to_array
from pyspark.ml.linalg import Vectors
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from scipy.optimize import linear_sum_assignment

from ml import lake
from ml.contracts.profiles import SEGMENT_CENTRES
from spark_jobs.als.fold_in import NAME as ALS

log = logging.getLogger(__name__)

STARTS = 3  # k-means ends where it started near: the best of so many
NAME = "segments"
SIDES = ("new", "old")


@dataclass(frozen=True)
class Centres:
    """The day of the fit, ids, names, centres (segments, columns) and scale (columns,).

    Centres are in scales: a customer belongs to the one nearest to their columns over `scale`.
    """

    version: str
    ids: list[int]
    names: list[str]
    centres: np.ndarray
    scale: np.ndarray

    def assign(self, placed: DataFrame) -> DataFrame:
        """`placed`, which has the columns as `at`, in scales and with segment_id."""
        near = f.array(*(_distance(f.col("features"), centre) for centre in self.centres))
        place = f.array_position(near, f.array_min(near)).cast("int")
        ids = f.element_at(f.lit(self.ids), place).cast("long")
        return in_scales(placed, self.scale).withColumn("segment_id", ids)

    def rows(self) -> pd.DataFrame:
        """Rows of SEGMENT_CENTRES."""
        return pd.DataFrame(
            {
                "segment_id": self.ids,
                "segment": self.names,
                "centre": list(self.centres),
                "scale": [self.scale] * len(self.ids),
            }
        )


def in_scales(placed: DataFrame, scale: np.ndarray) -> DataFrame:
    """`placed` with `features`: its `at` over `scale` (columns,)."""
    per = ElementwiseProduct(
        scalingVec=Vectors.dense(1 / scale), inputCol="at", outputCol="features"
    )
    return per.transform(placed)


def reusable_centres(as_of: date, als: str) -> tuple[Centres, date] | None:
    """The last earlier day's centres and that day, where its ALS fit is `als` too.

    Factors of another fit have axes of their own: centres among them say nothing of these.
    """
    earlier = [day for day in lake.partitions(SEGMENT_CENTRES) if day < as_of]
    if not earlier:
        return None
    models = lake.manifest(SEGMENT_CENTRES, earlier[-1]).models
    if models[ALS] != als:
        return None
    rows = lake.read(SEGMENT_CENTRES, earlier[-1])
    ids, names = (rows[name].to_list() for name in ("segment_id", "segment"))
    centres, scale = np.stack(rows["centre"].to_list()), np.asarray(rows["scale"].iloc[0])
    return Centres(models[NAME], ids, names, centres, scale), earlier[-1]


def fit_centres(described: DataFrame, segments: int, seed: int) -> np.ndarray:
    """The centres of `features`, float32 (segments, columns): of STARTS tries the closest."""

    def fit(start: int) -> KMeansModel:
        return KMeans(k=segments, seed=seed + start).fit(described)

    tries = [fit(start) for start in range(STARTS)]
    costs = [model.summary.trainingCost for model in tries]
    log.info("%d segments: sums of squares %s", segments, [round(cost, 1) for cost in costs])
    return np.array(tries[int(np.argmin(costs))].clusterCenters(), np.float32)


def matched_ids(current: DataFrame, previous: DataFrame) -> dict[int, int]:
    """What the segment_id of `current` become, so that a segment keeps its number in `previous`."""
    of = [rows.select("customer_id", "segment_id") for rows in (current, previous)]
    new, old = (
        rows.withColumnRenamed("segment_id", name) for rows, name in zip(of, SIDES, strict=True)
    )
    return renumbered(new.join(old, "customer_id", "full").groupBy(*SIDES).count().toPandas())


def renumbered(counts: pd.DataFrame) -> dict[int, int]:
    """The old number of each new segment that goes on, numbers not yet used for the others.

    The pairing leaves as many customers as possible together (the assignment problem: Kuhn, 1955);
    a segment goes on where these are more than half of the smaller of the two.

    Args:
        counts: customers by `new` and `old` segment, null where a customer is in none.
    """
    shared = counts.pivot_table("count", "new", "old", "sum", fill_value=0, dropna=False)
    current, used = (sorted(map(int, counts[side].dropna().unique())) for side in SIDES)
    both = shared.reindex(index=current, columns=used, fill_value=0).to_numpy()
    smaller = np.minimum(both.sum(axis=1)[:, None], both.sum(axis=0))
    goes_on = {
        current[new]: used[old]
        for new, old in zip(*linear_sum_assignment(both, maximize=True), strict=True)
        if both[new, old] > smaller[new, old] / 2
    }
    free = max(used, default=-1) + 1
    others = [new for new in current if new not in goes_on]
    return goes_on | {new: free + place for place, new in enumerate(others)}


def _distance(at: Column, centre: np.ndarray) -> Column:
    """The squared distance of a vector column from `centre` (columns,)."""
    to = f.lit(centre.astype(float).tolist())
    squares = f.zip_with(vector_to_array(at), to, lambda a, c: (a - c) * (a - c))
    return f.aggregate(squares, f.lit(0.0), lambda total, square: total + square)
