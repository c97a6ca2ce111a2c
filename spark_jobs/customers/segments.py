"""Group customers who shop alike: k-means on their profile and their ALS factors."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from sklearn.cluster import KMeans as SampleKMeans
from sklearn.metrics import silhouette_score

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS
from ml.contracts.outputs import CUSTOMER_FACTORS
from ml.contracts.profiles import (
    CUSTOMER_SEGMENTS,
    CUSTOMER_VALUES,
    DIM_AUDIENCES,
    SEGMENT_CENTRES,
)
from ml.contracts.profiles import SEGMENT_WORDS as PROFILE
from spark_jobs.als.fold_in import NAME as ALS
from spark_jobs.customers.audiences import audiences, rand_index
from spark_jobs.customers.centroids import (
    NAME,
    Centres,
    fit_centres,
    in_scales,
    matched_ids,
    reusable_centres,
)
from spark_jobs.tables import read, write

log = logging.getLogger(__name__)

CHOICES = range(4, 9)  # how many segments there may be; people have to keep them apart
CHOSEN_ON = 5_000  # customers at most, however many there are
PARTS = 2  # a sum of two parts does not depend on which part is ready first
FACTORS_WEIGHT = 2.0  # all factors together count as this many profile columns
SKEWED = ("recency_days", "visits", "sales", "mean_basket_sales")
TRAITS = 2  # in a name, more where two segments would share one


def place(customers: DataFrame, factors: DataFrame) -> tuple[DataFrame, np.ndarray]:
    """Where customers are: customer_id, sales, `at` (profile, then factors) and standardised `z`.

    Beside it each column's scale (columns,), its spread over its weight: all factors together
    weigh as FACTORS_WEIGHT profile columns. A customer without factors, who bought only rare
    products, gets zeros: ALS's prior.
    """
    [(rank,)] = factors.select(f.size("factors")).head(1)
    taste = f.coalesce("factors", f.array_repeat(f.lit(0.0).cast("float"), rank))
    profile = [_unskewed(name).alias(f"_{name}") for name in PROFILE]
    rows = customers.join(factors, "customer_id", "left").select(
        "customer_id", "sales", *profile, array_to_vector(taste).alias("taste")
    )
    parted = rows.repartition(PARTS, "customer_id").sortWithinPartitions("customer_id").cache()
    columns = [*(f"_{name}" for name in PROFILE), "taste"]
    raw = VectorAssembler(inputCols=columns, outputCol="at").transform(parted)
    scaler = StandardScaler(withMean=True, inputCol="at", outputCol="z").fit(raw)
    placed = scaler.transform(raw).select("customer_id", "sales", "at", "z").cache()
    weights = np.array([1.0] * len(PROFILE) + [(FACTORS_WEIGHT / rank) ** 0.5] * rank)
    spread = scaler.std.toArray()
    return placed, (np.where(spread > 0, spread, 1.0) / weights).astype(np.float32)


def points(described: DataFrame) -> np.ndarray:
    """The weighted features of at most CHOSEN_ON customers, (customers, features)."""
    every = -(-described.count() // CHOSEN_ON)
    drawn = described.where(f.pmod(f.hash("customer_id"), f.lit(every)) == 0)
    at = vector_to_array(f.col("features")).alias("at")
    return np.array(drawn.orderBy("customer_id").select(at).toPandas()["at"].tolist())


def best_number(customers: np.ndarray, choices: Sequence[int], seed: int) -> int:
    """How many segments of `customers` (customers, features) lie best apart.

    Of equal silhouettes (Rousseeuw, 1987) the fewest segments win, as they do where there are
    too few customers to choose.
    """
    best, silhouette = choices[0], -1.0
    for segments in (number for number in choices if number < len(customers)):
        groups = SampleKMeans(segments, n_init=3, random_state=seed).fit_predict(customers)
        apart = round(float(silhouette_score(customers, groups)), 3)
        log.info("%d segments of %d customers: silhouette %.3f", segments, len(customers), apart)
        if apart > silhouette:
            best, silhouette = segments, apart
    return best


def fit_segments(
    as_of: date, placed: DataFrame, scale: np.ndarray, segments: int | None, seed: int
) -> Centres:
    """New centres, of the best number of segments where `segments` is None; 0 spends most."""
    described = in_scales(placed, scale).cache()
    number = segments or best_number(points(described), CHOICES, seed)
    numbers = list(range(number))
    raw = Centres(
        as_of.isoformat(), numbers, [""] * number, fit_centres(described, number, seed), scale
    )
    z = vector_to_array(f.col("z"))
    traits = [f.avg(z[at]).alias(name) for at, name in enumerate(PROFILE)]
    members = raw.assign(placed).groupBy("segment_id")
    means = members.agg(f.avg("sales").alias("mean_sales"), *traits).collect()
    ordered = sorted(means, key=lambda row: (-row["mean_sales"], row["segment_id"]))
    names = segment_names([{name: row[name] for name in PROFILE} for row in ordered])
    centres = raw.centres[[row["segment_id"] for row in ordered]]
    return replace(raw, ids=list(range(len(ordered))), names=names, centres=centres)


def segment_names(means: list[dict[str, float]]) -> list[str]:
    """A different name for each segment, from its standardised profile means.

    The traits furthest from the average customer, furthest first; as many more as it takes
    to tell two segments apart, then a number.
    """
    names: list[str] = []
    for mean in means:
        furthest = sorted(mean, key=lambda column: (-abs(mean[column]), column))
        traits = [PROFILE[column][mean[column] < 0] for column in furthest]
        choices = [", ".join(traits[:count]) for count in range(TRAITS, len(traits) + 1)]
        numbered = f"{choices[-1]} ({len(names) + 1})"
        names.append(next(name for name in [*choices, numbered] if name not in names))
    return names


def write_segments(spark: SparkSession, as_of: date, segments: int | None, seed: int) -> None:
    """Write the segments of one as-of date, from its customers' profiles, values and factors.

    They are fitted anew on the day of an ALS fit and else those of the day before, so that a
    segment stays what it is. `segments` fits so many anew; None: as many of CHOICES as are best
    apart.
    """
    made_from = lake.inputs((DIM_CUSTOMERS, CUSTOMER_VALUES, CUSTOMER_FACTORS), as_of)
    values = read(spark, CUSTOMER_VALUES, as_of)
    customers = read(spark, DIM_CUSTOMERS, as_of).join(values, "customer_id")
    placed, scale = place(customers, read(spark, CUSTOMER_FACTORS, as_of))
    before = [day for day in lake.partitions(CUSTOMER_SEGMENTS) if day < as_of][-1:]
    previous = read(spark, CUSTOMER_SEGMENTS, before[0]) if before else None
    made_from |= lake.inputs([CUSTOMER_SEGMENTS], before[0]) if before else {}
    als = lake.manifest(CUSTOMER_FACTORS, as_of).models[ALS]
    taken = None if segments else reusable_centres(as_of, als)
    if taken is None:
        centres = fit_segments(as_of, placed, scale, segments, seed)
        new = {} if previous is None else matched_ids(centres.assign(placed), previous)
        centres = replace(centres, ids=[new.get(number, number) for number in centres.ids])
    else:
        centres, day = taken
        made_from |= lake.inputs([SEGMENT_CENTRES], day)
    log.info("%d segments, of %s", len(centres.ids), centres.version)
    models = {ALS: als, NAME: centres.version}
    lake.write(SEGMENT_CENTRES, as_of, centres.rows(), made_from, models)
    members = named(centres, placed).cache()
    write(CUSTOMER_SEGMENTS, as_of, members, made_from, models=models)
    silhouette = ClusteringEvaluator(predictionCol="segment_id").evaluate(members)
    stability = None if previous is None else rand_index(members, previous)
    log.info("segments: silhouette %.3f, stability %s", silhouette, stability)
    groups = audiences(members, customers, tuple(PROFILE))
    quality = groups.assign(silhouette=silhouette, stability=stability)
    lake.write(DIM_AUDIENCES, as_of, quality, made_from, models)


def named(centres: Centres, placed: DataFrame) -> DataFrame:
    """Each customer's segment: `placed` with features, segment_id, audience_id and segment."""
    named = zip(centres.ids, centres.names, strict=True)
    names = f.create_map(*(f.lit(value) for pair in named for value in pair))
    return centres.assign(placed).withColumns(
        {
            "audience_id": f.concat(f.lit("segment-"), f.col("segment_id").cast("string")),
            "segment": names[f.col("segment_id").cast("int")],
        }
    )


def _unskewed(column: str) -> Column:
    value = f.col(column).cast("double")
    return f.log1p(f.greatest(value, f.lit(0.0))) if column in SKEWED else value
