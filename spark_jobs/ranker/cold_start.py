"""Products and customers that purchases do not place yet: content and popularity stand in."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from ml.affinity.cold_start import factors_from_content
from ml.affinity.content import content
from spark_jobs.als.ranking import Products, top
from spark_jobs.ranker.candidates import NEW_PLACES, PROPENSITIES, SHOWN

FRESH = timedelta(weeks=4)  # since its first sale a product is new


def with_new_products(ranked: Products, products: pd.DataFrame, as_of: date) -> Products:
    """The ranked products and merchandise too new to be among them, in the order of ids.

    `products` are rows of DIM_PRODUCTS; one that never sold is new where it has a list price. What
    few have bought gets its factors from its content.
    """
    first_sold_on = pd.to_datetime(products["first_sold_on"])
    to_come = first_sold_on.isna() & products["list_price"].notna()
    is_fresh = to_come | (first_sold_on >= pd.Timestamp(as_of - FRESH))
    is_fresh &= products["is_merchandise"]
    fresh = products.loc[is_fresh & ~products["product_id"].isin(ranked.ids), "product_id"]
    if fresh.empty:
        return ranked
    ids = sorted([*ranked.ids, *fresh])
    place = pd.Index(ids).get_indexer(pd.Index(ranked.ids))
    has_factors = np.isin(np.arange(len(ids)), place)
    factors = np.zeros((len(ids), ranked.factors.shape[1]))
    popularity = np.zeros(len(ids), np.float32)
    factors[place], popularity[place] = ranked.factors, ranked.popularity
    described = content(products.set_index("product_id").loc[ids])
    return Products(ids, factors_from_content(described, factors, has_factors), popularity)


def for_new_customers(
    customers: DataFrame, products: Products, buyers: int, limit: int
) -> DataFrame:
    """Rows of PROPENSITIES for customers (customer_id) none of whose purchases is ranked.

    They are shown what most of the `buyers`, all customers with purchases, bought in four weeks.
    """
    bought = products.popularity.astype(np.int64)[None]
    best, counts = top(bought, limit)
    places = np.arange(1, best.shape[1] + 1)
    rows = pa.table(
        {
            "product_id": pa.array(products.ids).take(pa.array(best[0])),
            "rank": places,
            "new_rank": places,
            "score": counts[0] / buyers,
            "popularity": np.log((counts[0] + 0.5) / buyers),
        }
    )
    listed = f.broadcast(customers.sparkSession.createDataFrame(rows))
    unknown = {name: f.lit(None).cast("double") for name in SHOWN if name != "popularity"}
    rows_by_customer = customers.select("customer_id").crossJoin(listed).withColumns(unknown)
    is_named = f.col("new_rank") <= NEW_PLACES
    return rows_by_customer.withColumn("new_rank", f.when(is_named, f.col("new_rank"))).select(
        *[column.split()[0] for column in PROPENSITIES.split(", ")]
    )
