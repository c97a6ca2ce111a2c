"""Simple recommenders: each gives dense scores (customers, products) for some customers.

The half-life, EASE's weight beside it and BM25's settings were chosen on weeks 46 to 49,
learned from weeks 1 to 45.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks.recommend.split import Shop, Split
from ml.affinity.item_item import fit_item_item
from ml.affinity.measures import PLACES
from ml.contracts.dbt_vars import PURCHASE_HALF_LIFE_DAYS

if TYPE_CHECKING:
    from implicit.als import AlternatingLeastSquares

log = logging.getLogger(__name__)

Scores = Callable[[np.ndarray], np.ndarray]
BLOCK = 250  # customers scored at once


@dataclass(frozen=True)
class Settings:
    """Of all peers; half-lives in days."""

    half_life: int = PURCHASE_HALF_LIFE_DAYS
    ease_ridge: float = 500.0
    ease_weight: float = 1.0
    bm25_k1: float = 1.2
    bm25_b: float = 0.2
    bm25_neighbours: int = 100
    als_factors: int = 64
    als_regularisation: float = 0.05
    als_alpha: float = 1.0
    als_iterations: int = 10


def own_history(given: Split, _: Settings) -> Scores:
    counts = given.matrix(np.ones(len(given.pairs)))
    return lambda rows: counts[rows].toarray()


def decayed_history(given: Split, settings: Settings) -> Scores:
    weights = given.matrix(2.0 ** (-given.pairs["age"].to_numpy() / settings.half_life))
    return lambda rows: weights[rows].toarray()


def ease(given: Split, settings: Settings) -> Scores:
    lines = log_lines(given)
    model = fit_item_item(lines, settings.ease_ridge, max_weights=lines.shape[1])
    return lambda rows: model.scores(lines[rows])


def decayed_history_and_ease(given: Split, settings: Settings) -> Scores:
    recent, similar = decayed_history(given, settings), ease(given, settings)
    return lambda rows: recent(rows) + settings.ease_weight * similar(rows)


def item_knn(given: Split, settings: Settings) -> Scores:
    from implicit.nearest_neighbours import BM25Recommender

    lines = given.matrix(np.ones(len(given.pairs)))
    model = BM25Recommender(
        K=settings.bm25_neighbours, K1=settings.bm25_k1, B=settings.bm25_b, num_threads=2
    )
    model.fit(sparse.csr_matrix(lines), show_progress=False)
    similar = sparse.csr_array(model.similarity)
    return lambda rows: (lines[rows] @ similar).toarray()


def implicit_als(given: Split, settings: Settings) -> Scores:
    return liking(fit_implicit(log_lines(given), settings))


def liking(model: "AlternatingLeastSquares") -> Scores:
    """What factors say of each product."""
    return lambda rows: model.user_factors[rows] @ model.item_factors.T


def fit_implicit(
    weights: sparse.csr_array, settings: Settings, exact: bool = False
) -> "AlternatingLeastSquares":
    """`implicit`'s ALS on weights (customers, products).

    It solves each system by three steps of conjugate gradients, or exactly, as Spark does.
    """
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=settings.als_factors,
        regularization=settings.als_regularisation,
        alpha=settings.als_alpha,
        iterations=settings.als_iterations,
        num_threads=2,
        use_cg=not exact,
        random_state=7,
    )
    with threadpool_limits(1, "blas"):
        model.fit(sparse.csr_matrix(weights, dtype=np.float32), show_progress=False)
    return model


def fit_implicit_as_spark(
    weights: sparse.csr_array, settings: Settings, exact: bool = False
) -> "AlternatingLeastSquares":
    """`fit_implicit` with the confidence that Spark's ALS has: 1 + alpha * weight."""
    confidence = weights.copy()
    confidence.data = 1 + settings.als_alpha * confidence.data
    return fit_implicit(confidence, replace(settings, als_alpha=1.0), exact)


def popularity(given: Split, _: Settings) -> Scores:
    recent = given.matrix((given.pairs["age"] < 28).to_numpy(float))
    buyers = np.asarray((recent > 0).sum(axis=0), float).ravel()
    return lambda rows: np.tile(buyers, (len(rows), 1))


PEERS: dict[str, Callable[[Split, Settings], Scores]] = {
    "own_history": own_history,
    "decayed_history": decayed_history,
    "decayed_history_ease": decayed_history_and_ease,
    "ease": ease,
    "item_knn_bm25": item_knn,
    "implicit_als": implicit_als,
    "popularity_4_weeks": popularity,
}


def all_peers(shop: Shop) -> dict[str, dict]:
    """{"peers": each one's NDCG@10 on both lists, and the seconds it took to fit}."""
    measures = {}
    for name in PEERS:
        measures[name] = peer_measures(shop.given, name, Settings())
        log.info("%s %s", name, measures[name])
    return {"peers": measures}


def log_lines(given: Split) -> sparse.csr_array:
    lines = given.matrix(np.ones(len(given.pairs)))
    lines.data = np.log1p(lines.data)
    return lines


def judged(given: Split, scores: Scores) -> dict[str, dict[str, float]]:
    """Measures of the ten highest scores; ties go to the product listed first."""
    bought = given.matrix(np.ones(len(given.pairs)))
    everything, new = [], []
    for start in range(0, bought.shape[0], BLOCK):
        rows = np.arange(start, min(start + BLOCK, bought.shape[0]))
        predicted = np.array(scores(rows), np.float64)
        everything.append(best(predicted))
        predicted[bought[rows].nonzero()] = -np.inf
        new.append(best(predicted))
    return given.measures(np.vstack(everything), np.vstack(new))


def ndcg(given: Split, scores: Scores) -> dict[str, float]:
    """NDCG@10 on both lists."""
    return {
        f"ndcg10_{name}": measures["ndcg10"] for name, measures in judged(given, scores).items()
    }


def best(scores: np.ndarray) -> np.ndarray:
    """The columns of each row's ten highest scores."""
    top = np.sort(np.argpartition(-scores, PLACES, axis=1)[:, :PLACES], axis=1)
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def peer_measures(given: Split, name: str, settings: Settings) -> dict[str, float]:
    """One peer's NDCG@10 on both lists, and the seconds it took to fit."""
    return _timed(given, lambda: PEERS[name](given, settings))


def implicit_beside(given: Split, settings: Settings) -> dict[str, float]:
    """`implicit`'s ALS with the confidence that Spark's has: 1 + alpha * log(1 + lines)."""
    weights = log_lines(given)
    return _timed(given, lambda: liking(fit_implicit_as_spark(weights, settings)))


def _timed(given: Split, fit: Callable[[], Scores]) -> dict[str, float]:
    started = time.perf_counter()
    scores = fit()
    seconds = time.perf_counter() - started
    return ndcg(given, scores) | {"fit_s": seconds}
