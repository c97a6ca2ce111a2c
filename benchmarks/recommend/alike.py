"""How each way to compare products, and customers, ranks alone."""

import logging
from typing import get_args

import numpy as np

from benchmarks.recommend.ours import local_session
from benchmarks.recommend.peers import log_lines, ndcg
from benchmarks.recommend.split import Shop
from ml.affinity.neighbours import Measure, Neighbourhood, Similarity
from ml.affinity.weighting import Weights
from spark_jobs.ranker.item_cosine import similar_products

log = logging.getLogger(__name__)


def alike(shop: Shop) -> dict[str, dict]:
    """{"alike": {"products", "customers": NDCG@10 on both lists by measure and weights}}."""
    given, ids = shop.given, np.array(shop.given.customers)
    lines = log_lines(given)
    measures: dict[str, dict] = {"products": {}, "customers": {}}
    with local_session() as spark:
        for how in ways():
            name = f"{how.likeness}_{how.product_weights}"
            products = similar_products(spark, lines, how)
            customers = Neighbourhood.of(ids, lines, how)
            scores = {
                "products": lambda rows, model=products: model.scores(lines[rows]),
                "customers": lambda rows, model=customers: model.scores(ids[rows], lines[rows]),
            }
            for which, scored in scores.items():
                measures[which][name] = ndcg(given, scored)
                log.info("%s by %s: %s", which, name, measures[which][name])
    return {"alike": measures}


def ways() -> list[Similarity]:
    """Every measure with every weights, the same of products and of customers."""
    return [
        Similarity(likeness, weights, weights)
        for weights in get_args(Weights)
        for likeness in get_args(Measure)
    ]
