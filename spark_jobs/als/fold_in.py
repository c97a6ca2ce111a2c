"""Customers' factors by an ALS half step from products' factors fitted on an earlier day."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from ml import lake
from ml.affinity.hyperparameters import AlsHyperparameters
from ml.contracts.outputs import ITEM_FACTORS
from ml.settings import settings
from spark_jobs.als.factors import Affinity, bought_by, buyers, indexed_purchases
from spark_jobs.als.ranking import Products, habits

NAME = "als"
LISTED = "customer_id string, factors array<float>, items array<int>, habits array<float>"


@dataclass(frozen=True)
class Fitted:
    """Products' factors, float32 (products, rank), where they were read, and of which fit."""

    day: date
    version: str
    ids: list[str]
    factors: np.ndarray


@dataclass(frozen=True)
class HalfStep:
    """What every customer's equations share: `gram` is Y'Y, of products' factors Y."""

    factors: np.ndarray
    gram: np.ndarray
    alpha: float
    regularisation: float

    @staticmethod
    def of(factors: np.ndarray, hyper: AlsHyperparameters) -> "HalfStep":
        exact = factors.astype(np.float64)
        return HalfStep(exact, exact.T @ exact, hyper.alpha, hyper.regularisation)

    def solve(self, items: np.ndarray, habits: np.ndarray) -> np.ndarray:
        """One customer's factors, from the positions bought and their habits > 0.

        (Y'Y + Y'(C - 1)Y + λnI) x = Y'C1 over the n products bought, which C weighs
        1 + alpha * habit and all others 1: as `ALS` ends an iteration, so with the pairs it was
        fitted on these are its own factors.

        Sources: Hu, Koren and Volinsky (2008), equation 4; n, Zhou et al. (2008).
        """
        bought, extra = self.factors[items], self.alpha * habits
        shrinkage = self.regularisation * len(items) * np.eye(len(self.gram))
        left = self.gram + (bought.T * extra) @ bought + shrinkage
        return np.linalg.solve(left, bought.T @ (1 + extra))


def version(fitted_on: date, hyper: AlsHyperparameters) -> str:
    """Names a fit: its day and a hash of its parameters."""
    parameters = hyper.model_dump(exclude=set(asdict(hyper.comparison))) | {"seed": settings().seed}
    named = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    return f"{fitted_on}-{named[:8]}"


def fitted_before(as_of: date, hyper: AlsHyperparameters) -> Fitted | None:
    """The last earlier day's factors, if their fit is recent and has the same parameters."""
    earlier = [day for day in lake.partitions(ITEM_FACTORS) if day < as_of]
    if not earlier:
        return None
    fit_version = lake.manifest(ITEM_FACTORS, earlier[-1]).models.get(NAME)
    ages = range(1, hyper.days_between_fits)
    if fit_version not in [version(as_of - timedelta(days=age), hyper) for age in ages]:
        return None
    rows = lake.read(ITEM_FACTORS, earlier[-1])
    factors = np.stack(rows["factors"].to_list())
    return Fitted(earlier[-1], fit_version, rows["product_id"].to_list(), factors)


def fold_in(
    purchases: DataFrame, before: date, fitted: Fitted, hyper: AlsHyperparameters
) -> Affinity:
    """Factors from what `factors.learn` reads, of the products that were fitted."""
    # erasing a customer may leave a product without buyers
    still_bought = np.isin(fitted.ids, bought_by(purchases, 1))
    ids, factors = list(np.array(fitted.ids)[still_bought]), fitted.factors[still_bought]
    pairs = indexed_purchases(purchases, ids).cache()
    shared = purchases.sparkSession.sparkContext.broadcast(HalfStep.of(factors, hyper))

    def solve(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _solved(batch, shared.value)

    recent = buyers(pairs, before).toArrow()
    popularity = np.zeros(len(ids), np.float32)
    popularity[np.asarray(recent["item"])] = np.asarray(recent["buyers"])
    return Affinity(
        Products(ids, factors, popularity), habits(pairs).mapInArrow(solve, LISTED).cache()
    )


def _solved(batch: pa.RecordBatch, step: HalfStep) -> pa.RecordBatch:
    """The rows of `ranking.habits` with factors beside them."""
    items, weights = (np.asarray(batch[name].flatten()) for name in ("items", "habits"))
    ends = np.cumsum(np.asarray(batch["items"].value_lengths()))[:-1]
    solved = [
        step.solve(bought, strength)
        for bought, strength in zip(np.split(items, ends), np.split(weights, ends), strict=True)
    ]
    flat = np.asarray(solved, np.float32).reshape(batch.num_rows, -1)
    factors = pa.FixedSizeListArray.from_arrays(flat.ravel(), flat.shape[1])
    return pa.RecordBatch.from_arrays(
        [
            batch["customer_id"],
            factors.cast(pa.list_(pa.float32())),
            batch["items"],
            batch["habits"],
        ],
        ["customer_id", "factors", "items", "habits"],
    )
