"""Group customers who shop alike: k-means on their profile and their ALS factors."""

import logging
from collections.abc import Sequence
from datetime import date

import numpy as np
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.feature import ElementwiseProduct, StandardScaler, VectorAssembler
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.ml.linalg import Vectors
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f
from sklearn.cluster import KMeans as SampleKMeans
from sklearn.metrics import silhouette_score

from ml import lake
from ml.contracts.marts import DIM_CUSTOMER_PROFILES, DIM_CUSTOMERS
from ml.contracts.outputs import CUSTOMER_FACTORS
from ml.contracts.profiles import CUSTOMER_SEGMENTS, CUSTOMER_VALUES, DIM_AUDIENCES
from ml.contracts.profiles import SEGMENT_WORDS as PROFILE
from spark_jobs.audiences import audiences, rand_index
from spark_jobs.tables import inputs, read, write

log = logging.getLogger(__name__)

CHOICES = range(4, 9)  # how many segments there may be; people have to tell them apart
CHOSEN_ON = 5_000  # customers at most, however many there are
PARTS = 2  # a sum of two parts does not depend on which part is ready first
FACTORS_WEIGHT = 2.0  # all factors together count as this many profile columns
SKEWED = ("recency_days", "visits", "sales", "mean_basket_sales")
TRAITS = 2  # in a name, more where two segments would share one


def features(customers: DataFrame, factors: DataFrame) -> DataFrame:
    """customer_id, sales, `z` (standardised profile, then factors) and weighted `features`.

    A customer without factors, who bought only rare products, gets zeros: ALS's prior.
    """
    [(rank,)] = factors.select(f.size("factors")).head(1)
    taste = f.coalesce("factors", f.array_repeat(f.lit(0.0).cast("float"), rank))
    profile = [_unskewed(name).alias(f"_{name}") for name in PROFILE]
    rows = customers.join(factors, "customer_id", "left").select(
        "customer_id", "sales", *profile, array_to_vector(taste).alias("taste")
    )
    placed = rows.repartition(PARTS, "customer_id").sortWithinPartitions("customer_id").cache()
    weights = [1.0] * len(PROFILE) + [(FACTORS_WEIGHT / rank) ** 0.5] * rank
    columns = [*(f"_{name}" for name in PROFILE), "taste"]
    raw = VectorAssembler(inputCols=columns, outputCol="raw").transform(placed)
    scaled = StandardScaler(withMean=True, inputCol="raw", outputCol="z").fit(raw).transform(raw)
    weighting = ElementwiseProduct(
        scalingVec=Vectors.dense(weights), inputCol="z", outputCol="features"
    )
    return weighting.transform(scaled).cache()


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


def cluster(described: DataFrame, segments: int, seed: int) -> tuple[DataFrame, float]:
    """The rows with their `cluster`, and the silhouette (-1 to 1, higher is better apart)."""
    model = KMeans(k=segments, seed=seed, predictionCol="cluster").fit(described)
    clustered = model.transform(described).cache()
    return clustered, ClusteringEvaluator(predictionCol="cluster").evaluate(clustered)


def named(clustered: DataFrame) -> DataFrame:
    """customer_id, audience_id, segment_id and segment; segment 0 has the highest mean sales."""
    z = vector_to_array(f.col("z"))
    traits = [f.avg(z[place]).alias(name) for place, name in enumerate(PROFILE)]
    means = clustered.groupBy("cluster").agg(f.avg("sales").alias("mean_sales"), *traits).collect()
    ordered = sorted(means, key=lambda row: (-row["mean_sales"], row["cluster"]))
    names = segment_names([{name: row[name] for name in PROFILE} for row in ordered])
    segments = [
        (row["cluster"], f"segment-{place}", place, names[place])
        for place, row in enumerate(ordered)
    ]
    known = clustered.sparkSession.createDataFrame(
        segments, "cluster int, audience_id string, segment_id long, segment string"
    )
    return clustered.join(f.broadcast(known), "cluster").drop("cluster")


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

    `segments` None: as many of CHOICES as are best apart.
    """
    made_from = inputs(
        as_of, DIM_CUSTOMERS, DIM_CUSTOMER_PROFILES, CUSTOMER_VALUES, CUSTOMER_FACTORS
    )
    customers = read(spark, DIM_CUSTOMERS, as_of)
    for more in (DIM_CUSTOMER_PROFILES, CUSTOMER_VALUES):
        customers = customers.join(read(spark, more, as_of), "customer_id")
    described = features(customers, read(spark, CUSTOMER_FACTORS, as_of))
    segments = segments or best_number(points(described), CHOICES, seed)
    clustered, silhouette = cluster(described, segments, seed)
    members = named(clustered).cache()
    write(CUSTOMER_SEGMENTS, as_of, members, made_from)
    groups = audiences(members, customers, tuple(PROFILE))
    stability = _stability(spark, members, as_of)
    log.info("segments: silhouette %.3f, stability %s", silhouette, stability)
    lake.write(
        DIM_AUDIENCES, as_of, groups.assign(silhouette=silhouette, stability=stability), made_from
    )


def _stability(spark: SparkSession, members: DataFrame, as_of: date) -> float | None:
    """How alike the segments are to those of the run before, where there was one."""
    before = [day for day in lake.partitions(CUSTOMER_SEGMENTS) if day < as_of]
    return rand_index(members, read(spark, CUSTOMER_SEGMENTS, before[-1])) if before else None


def _unskewed(column: str) -> Column:
    value = f.col(column).cast("double")
    return f.log1p(f.greatest(value, f.lit(0.0))) if column in SKEWED else value
